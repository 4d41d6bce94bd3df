-- What is read of disputes: by their sides, by who arbitrates them, by staff with a grant for the case.
set local role fairlock_engine;

-- The facts of a dispute; p_staff: also who arbitrates it, and a ruling that no side knows yet.
create function fairlock.dispute_json(p_dispute uuid, p_staff boolean) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'id', d.id, 'tradeId', d.trade_id, 'reason', d.reason, 'status', d.status, 'stage',
      case when d.stage = 'consent' and not p_staff then 'open' else d.stage end,
    'openedBy', d.opened_by, 'raisedBy', d.raised_by, 'against', d.against_user_id,
    'createdAt', fairlock.rfc3339(d.created_at),
    'answer', jsonb_build_object('dueAt', fairlock.rfc3339(d.answer_due_at), 'answeredAt', fairlock.rfc3339(d.answered_at),
      'isLate', coalesce(d.answered_at > d.answer_due_at, false),
      'isSilent', coalesce(d.answered_at is null and d.answer_due_at <= coalesce(d.resolved_at, clock_timestamp()), false)),
    'rulingDueAt', fairlock.rfc3339(d.ruling_due_at), 'escalatedAt', fairlock.rfc3339(d.escalated_at),
    'isAssigned', exists (select from fairlock.dispute_assignments a where a.dispute_id = d.id and a.ended_at is null),
    'ruling', case when r.id is not null then jsonb_build_object('outcome', r.outcome,
      'buyerAmount', r.buyer_amount::text, 'faultOf', r.fault_of, 'isFinal', r.is_final, 'state', r.state,
      'ruledAt', fairlock.rfc3339(r.ruled_at), 'consentedAt', fairlock.rfc3339(r.consented_at),
      'appealUntil', fairlock.rfc3339(r.appeal_until)) end,
    'resolution', d.resolution, 'resolvedAt', fairlock.rfc3339(d.resolved_at),
    'settlement', case when d.status <> 'pending' then jsonb_build_object('currency', e.currency,
      'toBuyer', e.released_amount::text, 'toSeller', e.refunded_amount::text, 'fee', e.fee_amount::text) end,
    'evidence', coalesce(d.evidence, '[]'))
    || case when p_staff then jsonb_build_object('arbitrators', (
      select coalesce(jsonb_agg(jsonb_build_object('id', a.arbitrator_id, 'part', a.part,
        'assignedAt', fairlock.rfc3339(a.assigned_at), 'assignedBy', a.assigned_by,
        'endedAt', fairlock.rfc3339(a.ended_at), 'endedAs', a.ended_as) order by a.assigned_at, a.id), '[]')
      from fairlock.dispute_assignments a where a.dispute_id = d.id)) else '{}' end
  from public.crypto_disputes d
  left join public.crypto_escrows e on e.id = d.escrow_id
  left join lateral (
    select * from fairlock.dispute_rulings r where r.dispute_id = d.id
      and (p_staff or r.state in ('appeal', 'appealed', 'settled') or r.state = 'overtaken' and r.consented_at is not null)
    order by r.ruled_at desc, r.id desc limit 1
  ) r on true
  where d.id = p_dispute
$$;

-- Everything that happened, in order. The words are sealed: with each come the row and the owner of the key. Sides see
-- neither notes nor what arbitrators tell each other, and of arbitrators only that there are some.
create function fairlock.dispute_timeline(p_dispute uuid, p_staff boolean) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with d as (select * from public.crypto_disputes where id = p_dispute),
  t as (select t.* from public.crypto_trades t join d on d.trade_id = t.id),
  lines (at, kind, actor, actor_id, facts, sealed) as (
    select created_at, 'trade.taken', case taker_id when user_id then 'seller' else 'buyer' end, taker_id,
      '{}'::jsonb, null::jsonb from t
    union all select funded_at, 'trade.funded', 'seller', user_id, '{}', null from t where funded_at is not null
    union all select paid_at, 'trade.paid', 'buyer', buyer_id, '{}', null from t where paid_at is not null
    union all select d.created_at, 'dispute.opened', d.opened_by, case when d.opened_by <> 'clock' then d.raised_by end,
      jsonb_build_object('reason', d.reason), case when d.description is not null then jsonb_build_object(
        'table', 'public.crypto_disputes', 'column', 'description', 'row', d.id, 'owner', d.raised_by,
        'text', d.description) end
      from d
    union all select a.assigned_at, 'dispute.assigned', case when a.assigned_by is null then 'clock' else 'admin' end,
      case when p_staff then a.assigned_by end, jsonb_build_object('part', a.part)
        || case when p_staff then jsonb_build_object('arbitratorId', a.arbitrator_id, 'endedAs', a.ended_as) else '{}' end,
      null
      from fairlock.dispute_assignments a where a.dispute_id = p_dispute and (p_staff or a.part <> 'second')
    union all select n.at, 'dispute.' || n.kind, n.author_part,
      case when p_staff or n.owner_id is not null then n.author_id end,
      jsonb_strip_nulls(jsonb_build_object('entryId', n.id,
        'to', case n.asked_id when t.user_id then 'seller' when t.buyer_id then 'buyer' end,
        'dueAt', fairlock.rfc3339(n.due_at), 'questionId', n.question_id,
        'isLate', case when n.kind in ('answer', 'reply') then n.is_late end,
        'outcome', r.outcome, 'buyerAmount', r.buyer_amount::text, 'faultOf', r.fault_of, 'isFinal', r.is_final)),
      jsonb_build_object('table', 'fairlock.dispute_entries', 'column', 'body', 'row', n.id, 'owner', n.owner_id,
        'text', n.body)
      from t, fairlock.dispute_entries n left join fairlock.dispute_rulings r on r.id = n.ruling_id and n.kind = 'ruling'
      where n.dispute_id = p_dispute and (p_staff or n.kind in ('answer', 'question', 'reply', 'appeal')
        or n.kind = 'ruling' and (r.state in ('appeal', 'appealed', 'settled')
          or r.state = 'overtaken' and r.consented_at is not null))
    union all select (f ->> 'at')::timestamptz, 'dispute.evidence', f ->> 'actor', (f ->> 'by')::uuid,
      f - '{at,actor,by}'::text[], null from d, jsonb_array_elements(d.evidence) f
    union all select d.escalated_at, 'dispute.escalated', 'clock', null, '{}', null from d where d.escalated_at is not null
    union all select d.resolved_at, fairlock.dispute_end(d.status, d.resolution),
      t.ended_by_actor, case when p_staff or t.ended_by_actor in ('seller', 'buyer') then
        case t.ended_by_actor when 'seller' then t.user_id when 'buyer' then t.buyer_id else d.resolved_by end end,
      jsonb_build_object('resolution', d.resolution), null from d, t where d.status <> 'pending'
  )
  select coalesce(jsonb_agg(jsonb_build_object('at', fairlock.rfc3339(at), 'kind', kind, 'actor', actor,
    'actorId', actor_id, 'facts', facts, 'sealed', sealed) order by at, kind <> 'trade.taken', kind), '[]')
  from lines
$$;

-- Begins a look at a dispute: a side at its own; its arbitrator or staff with a grant for the case on the record, with
-- which the trade's rows are shown to them for the rest of the transaction. No row for everybody else.
create function fairlock.look_at_dispute(p_dispute uuid)
returns table (trade_id uuid, seen_by text, dispute jsonb, timeline jsonb)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  d public.crypto_disputes := (select d from public.crypto_disputes d where id = p_dispute);
  v_seen_by text;
begin
  if me in (d.raised_by, d.against_user_id) then
    v_seen_by := (select case me when t.user_id then 'seller' else 'buyer' end from public.crypto_trades t
      where t.id = d.trade_id);
  elsif d.id is not null and fairlock.arbitrates(d.trade_id) then
    v_seen_by := 'arbitrator';
    perform fairlock.record_event('case.viewed', 'crypto_trades', d.trade_id, 'assigned to the dispute',
      jsonb_build_object('dispute', d.id, 'what', 'dispute'));
    perform set_config('fairlock.case_id', d.trade_id::text, true);
  elsif d.id is not null and exists (select from fairlock.look('case', d.trade_id, 'dispute')) then
    v_seen_by := 'staff';
  end if;
  if v_seen_by is not null then
    return query select d.trade_id, v_seen_by, fairlock.dispute_json(d.id, v_seen_by in ('arbitrator', 'staff')),
      fairlock.dispute_timeline(d.id, v_seen_by in ('arbitrator', 'staff'));
  end if;
end $$;
grant execute on function fairlock.look_at_dispute(uuid) to fairlock_app;

-- The acting person's disputes as a side, newest first. Each side is asked for by its own index.
create function fairlock.my_disputes(p_status text, p_at timestamptz, p_id uuid, p_most integer)
returns table (at timestamptz, id uuid, body jsonb)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select mine.created_at, mine.id, fairlock.dispute_json(mine.id, false) from (
    (select d.created_at, d.id from public.crypto_disputes d where d.raised_by = fairlock.acting_user()
       and (p_status is null or d.status = p_status) and (p_at is null or (d.created_at, d.id) < (p_at, p_id))
     order by d.created_at desc, d.id desc limit p_most)
    union all
    (select d.created_at, d.id from public.crypto_disputes d where d.against_user_id = fairlock.acting_user()
       and (p_status is null or d.status = p_status) and (p_at is null or (d.created_at, d.id) < (p_at, p_id))
     order by d.created_at desc, d.id desc limit p_most)
  ) mine order by mine.created_at desc, mine.id desc limit p_most
$$;
grant execute on function fairlock.my_disputes(text, timestamptz, uuid, integer) to fairlock_app;

-- The open disputes that wait for arbitrators, longest waiting first: 'mine' those assigned to the acting arbitrator,
-- 'unassigned' those without one, 'open' all of them, for administrators. Facts alone; nobody's own dispute.
create function fairlock.dispute_queue(p_queue text, p_at timestamptz, p_id uuid, p_most integer)
returns table (at timestamptz, id uuid, body jsonb)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
begin
  if not (fairlock.has_role('admin') or p_queue <> 'open' and fairlock.has_role('arbitrator')) then
    return;
  end if;
  return query select d.created_at, d.id, jsonb_build_object('id', d.id, 'tradeId', d.trade_id, 'reason', d.reason,
      'stage', d.stage, 'openedBy', d.opened_by, 'amount', t.amount::text, 'currency', t.fee_currency,
      'createdAt', fairlock.rfc3339(d.created_at), 'rulingDueAt', fairlock.rfc3339(d.ruling_due_at),
      'escalatedAt', fairlock.rfc3339(d.escalated_at), 'isAnswered', d.answered_at is not null,
      'part', case p_queue when 'mine' then (select min(a.part) from fairlock.dispute_assignments a
        where a.dispute_id = d.id and a.arbitrator_id = me and a.ended_at is null) else fairlock.part_at(d.stage) end)
    from public.crypto_disputes d join public.crypto_trades t on t.id = d.trade_id
    where d.status = 'pending' and me not in (d.raised_by, d.against_user_id)
      and (p_at is null or (d.created_at, d.id) > (p_at, p_id))
      and case p_queue
        when 'mine' then exists (select from fairlock.dispute_assignments a where a.dispute_id = d.id
          and a.arbitrator_id = me and a.ended_at is null)
        when 'unassigned' then fairlock.part_at(d.stage) is not null and not exists (
          select from fairlock.dispute_assignments a where a.dispute_id = d.id and a.part = fairlock.part_at(d.stage)
            and a.ended_at is null)
        else true end
    order by d.created_at, d.id limit p_most;
end $$;
grant execute on function fairlock.dispute_queue(text, timestamptz, uuid, integer) to fairlock_app;
reset role;
