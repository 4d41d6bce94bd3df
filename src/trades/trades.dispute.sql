-- A trade into a dispute and out of it: trade, escrow and dispute are written in one statement, so that none of the
-- three guards ever sees a part of it.
grant select, insert on public.crypto_disputes to fairlock_engine;
grant update (status, stage, resolution, resolved_by, resolved_at, lost_by, answered_at, ruling_due_at, escalated_at,
  evidence, description, updated_at) on public.crypto_disputes to fairlock_engine;
grant update (disputed_trades) on public.crypto_profiles to fairlock_engine;

set local role fairlock_engine;

-- Opens the dispute of a paid trade, for one of its sides or (p_actor 'clock') for the buyer. The dispute that is open
-- already is refused with its id. p_description is sealed.
create function fairlock.start_dispute(p_trade uuid, p_actor text, p_dispute uuid, p_reason text, p_description text)
returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  t record;
  e record;
  s fairlock.settings;
  v_now timestamptz;
begin
  select ct.id, ct.status, ct.user_id as seller, ct.buyer_id as buyer, ct.escrow_id, ct.deadline, ct.dispute_id
  into t from public.crypto_trades ct where ct.id = p_trade for no key update;
  select es.id, es.status into e from public.crypto_escrows es where es.id = t.escrow_id for no key update;
  v_now := clock_timestamp();
  if not exists (select from fairlock.trade_transitions where from_status = t.status and event = 'dispute'
      and actor = p_actor and escrow_from = e.status) then
    return case when t.dispute_id is not null
      then fairlock.refuse('disputed_already', jsonb_build_object('status', t.status, 'disputeId', t.dispute_id))
      else fairlock.refuse('move_not_allowed',
        jsonb_build_object('status', t.status, 'event', 'dispute', 'actor', p_actor)) end;
  elsif p_actor = 'clock' and t.deadline > v_now then
    return fairlock.refuse('deadline_not_reached');
  end if;
  select * into s from fairlock.settings;
  with opened as (
    insert into public.crypto_disputes (id, trade_id, escrow_id, raised_by, against_user_id, reason, description, opened_by,
      answer_due_at, ruling_due_at, created_at, updated_at)
    values (p_dispute, t.id, e.id, case p_actor when 'seller' then t.seller else t.buyer end,
      case p_actor when 'seller' then t.buyer else t.seller end, p_reason, p_description, p_actor,
      v_now + make_interval(hours => s.dispute_answer_hours), v_now + make_interval(hours => s.dispute_ruling_hours),
      v_now, v_now)
  ), moved as (
    update public.crypto_trades set status = 'disputed', updated_at = v_now, dispute_id = p_dispute,
      dispute_reason = p_reason, dispute_status = 'pending',
      deadline = v_now + make_interval(hours => s.dispute_ruling_hours)
    where id = t.id and status = t.status
  )
  update public.crypto_escrows set status = 'disputed', disputed_at = v_now where id = e.id and status = e.status;
  return jsonb_build_object('disputeId', p_dispute);
end $$;

-- Counts the dispute for both sides: after whatever else is locked, by user id.
create function fairlock.count_dispute(p_trade uuid) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_sides uuid[] := (select array[user_id, buyer_id] from public.crypto_trades where id = p_trade);
begin
  perform from public.crypto_profiles where user_id = any (v_sides) order by user_id for no key update;
  update public.crypto_profiles set disputed_trades = disputed_trades + 1 where user_id = any (v_sides);
end $$;

-- Ends a disputed trade and with it its dispute: by a ruling (p_event rule_release, rule_refund or rule_split, p_by the
-- arbitrator), by the seller's release or by the buyer's concession. Who so gives in to a ruling that blames them, before
-- it takes effect, has lost the dispute as if they had waited. The caller has locked offer, trade and escrow;
-- the dispute is locked here, the ledger's accounts by the posting, the profiles last.
create function fairlock.end_dispute(
  p_trade uuid, p_event text, p_actor text, p_resolution text, p_reason text, p_buyer_amount numeric, p_by uuid,
  p_lost_by uuid
) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  t record;
  e record;
  w record;
  move fairlock.trade_transitions;
  v_pay record;
  v_outcome text := case when p_event in ('release', 'rule_release') then 'release' when p_event = 'rule_split'
    then 'split' else 'refund' end;
  v_value numeric;
  v_now timestamptz;
begin
  select ct.id, ct.status, ct.user_id as seller, ct.buyer_id as buyer, ct.offer_id, ct.escrow_id, ct.amount, ct.price, ct.pair,
    ct.seller_fee, ct.buyer_fee, ct.dispute_id, ct.funded_at, ct.paid_at, ct.reference_value, ct.counted_on
  into t from public.crypto_trades ct where ct.id = p_trade for no key update;
  select es.id, es.status, es.amount, es.currency into e from public.crypto_escrows es where es.id = t.escrow_id
  for no key update;
  perform from public.crypto_disputes where id = t.dispute_id for no key update;
  v_now := clock_timestamp();
  select * into move from fairlock.trade_transitions
  where from_status = t.status and event = p_event and actor = p_actor and escrow_from = e.status;
  if not found then
    return fairlock.refuse('move_not_allowed',
      jsonb_build_object('status', t.status, 'event', p_event, 'actor', p_actor));
  end if;
  if p_by is null then
    select arbitrator_id, case p_actor when 'seller' then t.seller else t.buyer end into p_by, p_lost_by
    from fairlock.dispute_rulings where dispute_id = t.dispute_id and state in ('appeal', 'appealed') and fault_of = p_actor;
  end if;
  select * into v_pay from fairlock.settlement(v_outcome, t.amount, t.seller_fee, t.buyer_fee, p_buyer_amount);
  select (select id from public.crypto_wallets where user_id = t.seller and currency = e.currency) as seller,
    (select id from public.crypto_wallets where user_id = t.buyer and currency = e.currency) as buyer into w;
  case v_outcome
    when 'release' then perform fairlock.escrow_release(e.id, t.id, w.buyer, e.currency, e.amount, v_pay.to_buyer);
    when 'refund' then perform fairlock.escrow_refund(e.id, t.id, w.seller, e.amount);
    else perform fairlock.escrow_split(e.id, t.id, w.buyer, w.seller, e.currency, e.amount, v_pay.to_buyer,
      v_pay.to_seller);
  end case;

  with ended as (
    update public.crypto_disputes set status = case when p_by is null then 'closed' else 'resolved' end, stage = 'over',
      resolution = p_resolution, resolved_by = p_by, resolved_at = v_now, lost_by = p_lost_by, updated_at = v_now
    where id = t.dispute_id and status = 'pending'
  ), moved as (
    update public.crypto_trades set status = move.to_status, updated_at = v_now, deadline = null,
      dispute_status = case when p_by is null then 'closed' else 'resolved' end,
      completed_at = case move.to_status when 'completed' then v_now end,
      cancelled_at = case move.to_status when 'cancelled' then v_now end, ended_by_actor = p_actor,
      cancel_reason = p_reason
    where id = t.id and status = t.status
  )
  update public.crypto_escrows set status = move.escrow_to,
    released_at = case move.escrow_to when 'released' then v_now end,
    refunded_at = case move.escrow_to when 'refunded' then v_now end,
    released_amount = v_pay.to_buyer, refunded_amount = v_pay.to_seller, fee_amount = v_pay.buyer_fee + v_pay.seller_fee,
    closed_at = v_now
  where id = e.id and status = e.status;

  insert into public.crypto_transactions (id, user_id, wallet_id, trade_id, amount, currency, platform_fee, status,
    transaction_type, timestamp, created_at, network_fee, category, exchange_rate, fiat_value, fiat_currency,
    destination_name, destination_description)
  select fairlock.new_id(), m.person, m.wallet, t.id, m.amount, e.currency, m.fee, 'completed', m.type, clock_timestamp(),
    clock_timestamp(), f.*
  from (values
    (t.buyer, w.buyer, 'buy', v_pay.to_buyer, v_pay.buyer_fee),
    (t.seller, w.seller, 'sell', e.amount - v_pay.to_seller, v_pay.seller_fee),
    (t.seller, w.seller, 'refund', v_pay.to_seller, 0)
  ) m(person, wallet, type, amount, fee),
    lateral fairlock.movement_facts(m.type, m.amount, t.price, split_part(t.pair, '/', 2), t.id) f
  where m.amount > 0;

  if move.to_status = 'cancelled' then
    update fairlock.offers set taken_amount = taken_amount - t.amount where id = t.offer_id;
    perform fairlock.uncount_volume(t.seller, t.buyer, t.reference_value, t.counted_on);
    perform fairlock.blame(t.id, t.seller, t.buyer, t.status, p_actor);
  else
    -- What a split does not sell is given back; in any other case that is nothing.
    v_value := fairlock.part_of(t.reference_value, v_pay.to_buyer, t.amount - t.buyer_fee);
    perform fairlock.uncount_volume(t.seller, t.buyer, t.reference_value - v_value, t.counted_on);
    perform fairlock.count_sale(t.seller, t.buyer, e.currency,
      fairlock.part_of(t.amount, v_pay.to_buyer, t.amount - t.buyer_fee), v_value, t.paid_at - t.funded_at,
      case p_event when 'release' then v_now - t.paid_at end);
  end if;
  if p_lost_by is not null then
    perform fairlock.note_fault(p_lost_by, t.id, 'dispute_lost');
  end if;
  return (select jsonb_build_object('me', fairlock.acting_user(), 'body', body) from fairlock.trade_views where id = t.id);
end $$;

-- I7 and I8: a dispute is open exactly while its trade is disputed, the trade says of it what is so, it is about the two
-- sides of its trade, and it ends once.
create function fairlock.guard_dispute() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  t record;
begin
  select status, dispute_id, dispute_status, dispute_reason, escrow_id, user_id, buyer_id into t
  from public.crypto_trades where id = new.trade_id;
  if tg_op = 'INSERT' then
    if new.status <> 'pending' then
      raise exception using errcode = 'FL095', message = format('a dispute does not begin as %s', new.status);
    end if;
  elsif new.status <> old.status and old.status <> 'pending' then
    raise exception using errcode = 'FL095',
      message = format('a dispute does not go from %s to %s', old.status, new.status);
  elsif (new.id, new.trade_id, new.escrow_id, new.raised_by, new.against_user_id, new.reason, new.opened_by, new.created_at)
      is distinct from (old.id, old.trade_id, old.escrow_id, old.raised_by, old.against_user_id, old.reason, old.opened_by,
        old.created_at)
    or old.status <> 'pending' and (new.resolution, new.resolved_by, new.resolved_at, new.lost_by)
      is distinct from (old.resolution, old.resolved_by, old.resolved_at, old.lost_by) then
    raise exception using errcode = 'FL094', message = 'what a dispute is about and how it ended never change';
  end if;
  if t.dispute_id is distinct from new.id or t.dispute_status is distinct from new.status
    or t.dispute_reason is distinct from new.reason or (new.status = 'pending') <> (t.status = 'disputed') then
    raise exception using errcode = 'FL096', message = format('a trade that is %s and says of its dispute that it is %s '
      'cannot have one that is %s', t.status, coalesce(t.dispute_status, 'missing'), new.status);
  elsif t.escrow_id is distinct from new.escrow_id
    or not (new.raised_by in (t.user_id, t.buyer_id) and new.against_user_id in (t.user_id, t.buyer_id)) then
    raise exception using errcode = 'FL094', message = 'a dispute is between the two sides of its trade';
  end if;
  return null;
end $$;
grant execute on function fairlock.guard_dispute() to session_user;
reset role;
create trigger guard after insert or update on public.crypto_disputes
  for each row execute function fairlock.guard_dispute();
create trigger never_deleted before delete or truncate on public.crypto_disputes
  for each statement execute function ledger.refuse_change();
