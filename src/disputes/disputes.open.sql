-- Opening disputes, and the right to.
set local role fairlock_engine;

-- Until when somebody may open no dispute by hand: they lost too many that they had opened themselves. Empty: they may.
-- The clock still opens one for them.
create function fairlock.dispute_pause_of(p_user uuid) returns timestamptz
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select max(l.resolved_at) + make_interval(days => s.dispute_pause_days) from fairlock.settings s, (
    select resolved_at, lag(resolved_at, (select lost_disputes_most from fairlock.settings) - 1) over (order by resolved_at)
      as before
    from public.crypto_disputes where lost_by = p_user and raised_by = p_user and opened_by <> 'clock'
  ) l
  where l.resolved_at - l.before <= make_interval(days => s.lost_disputes_days)
  group by s.dispute_pause_days
  having max(l.resolved_at) + make_interval(days => s.dispute_pause_days) > clock_timestamp()
$$;

-- What follows when a dispute has been opened: an arbitrator, both counters, the news.
create function fairlock.begin_dispute(p_dispute uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  d public.crypto_disputes := (select d from public.crypto_disputes d where id = p_dispute);
begin
  perform fairlock.publish('dispute.opened', array[d.raised_by, d.against_user_id], d.trade_id,
    jsonb_build_object('disputeId', d.id, 'reason', d.reason, 'openedBy', d.opened_by, 'actor', d.opened_by,
      'answerDueAt', fairlock.rfc3339(d.answer_due_at)));
  perform fairlock.assign_arbitrator(d.id, 'first', null, null);
  perform fairlock.count_dispute(d.trade_id);
  return fairlock.dispute_json(d.id, false);
end $$;

-- One of the sides of a paid trade opens its dispute. The description comes sealed for the row whose id the API drew.
create function fairlock.open_dispute(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  t record;
  v_pause timestamptz;
  answer jsonb;
begin
  select id, status, user_id as seller, buyer_id as buyer into t from public.crypto_trades
  where id = (p ->> 'tradeId')::uuid and offer_id is not null;
  if not found or me not in (t.seller, t.buyer) then
    return fairlock.refuse('not_found');
  end if;
  v_pause := fairlock.dispute_pause_of(me);
  if v_pause is not null and t.status = 'paid' then
    return fairlock.refuse('dispute_right_limited', jsonb_build_object('until', fairlock.rfc3339(v_pause)));
  end if;
  answer := fairlock.start_dispute(t.id, case me when t.seller then 'seller' else 'buyer' end,
    (p ->> 'entryId')::uuid, p ->> 'reason', p ->> 'sealed');
  return case when answer ? 'refusal' then answer else fairlock.begin_dispute((answer ->> 'disputeId')::uuid) end;
end $$;
reset role;
