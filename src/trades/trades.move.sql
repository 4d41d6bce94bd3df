-- Moving a trade along the table of moves.
set local role fairlock_engine;

-- Looks the move up by the state of the locked row, the event and who asks, moves the coins, and writes trade and
-- escrow in one statement. Refuses what the table does not have. p_clock: the background work asks, not a person. The
-- moves into and out of a dispute are in trades.dispute.sql.
create function fairlock.move_trade(p_trade uuid, p_event text, p_clock boolean, p_reason text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  t record;
  e record;
  move fairlock.trade_transitions;
  v_actor text;
  -- When the move was asked for, which is what has to be in time, and when it was made: others may hold the locks between.
  v_asked timestamptz := clock_timestamp();
  v_now timestamptz;
  v_deadline timestamptz;
begin
  if p_event in ('cancel', 'expire') then
    -- These two give the amount back to the offer, whose lock comes before the trade's.
    perform from fairlock.offers o join public.crypto_trades ct on ct.offer_id = o.id where ct.id = p_trade
      for no key update of o;
  end if;
  -- Two lookups by primary key, not one join: a join planned while the tables were small stays slow in a connection that
  -- lives on (measured on a fresh database: 12 ms instead of 0.05).
  select ct.id, ct.status, ct.user_id as seller, ct.buyer_id as buyer, ct.offer_id, ct.escrow_id, ct.amount, ct.price, ct.pair,
    ct.seller_fee, ct.buyer_fee, ct.deadline, ct.payment_window_minutes, ct.payment_method, ct.funded_at, ct.paid_at,
    ct.reference_value, ct.counted_on
  into t from public.crypto_trades ct where ct.id = p_trade and ct.offer_id is not null for no key update;
  if not found or not (p_clock or me in (t.seller, t.buyer)) then
    return fairlock.refuse('not_found');
  end if;
  select es.id, es.status, es.amount, es.currency,
    (select id from public.crypto_wallets where user_id = t.seller and currency = es.currency) as seller_wallet,
    (select id from public.crypto_wallets where user_id = t.buyer and currency = es.currency) as buyer_wallet
  into e from public.crypto_escrows es where es.id = t.escrow_id for no key update;
  v_now := clock_timestamp();
  v_actor := case when p_clock then 'clock' when me = t.seller then 'seller' else 'buyer' end;
  select * into move from fairlock.trade_transitions
  where from_status = t.status and event = p_event and actor = v_actor and escrow_from = e.status;
  if not found then
    return fairlock.refuse('move_not_allowed',
      jsonb_build_object('status', t.status, 'event', p_event, 'actor', v_actor));
  elsif t.status = 'disputed' then
    return fairlock.end_dispute(p_trade, p_event, v_actor, case p_event when 'release' then 'seller_released'
      else 'buyer_conceded' end, p_reason, null, null, null);
  elsif p_clock and t.deadline > v_asked then
    return fairlock.refuse('deadline_not_reached');
  elsif p_event in ('fund', 'pay') and t.deadline <= v_asked then
    return fairlock.refuse('deadline_passed', jsonb_build_object('deadline', fairlock.rfc3339(t.deadline)));
  end if;

  if p_event = 'fund' then
    if not fairlock.escrow_hold(e.id, t.id, e.seller_wallet, e.currency, e.amount) then
      return fairlock.refuse('insufficient_funds', jsonb_build_object('needed', e.amount::text, 'currency', e.currency));
    end if;
  elsif move.escrow_to = 'released' then
    perform fairlock.escrow_release(e.id, t.id, e.buyer_wallet, e.currency, e.amount, t.amount - t.buyer_fee);
  elsif move.escrow_to = 'refunded' then
    perform fairlock.escrow_refund(e.id, t.id, e.seller_wallet, e.amount);
  end if;

  v_deadline := case move.to_status
    when 'funded' then v_now + make_interval(mins => t.payment_window_minutes)
    when 'paid' then v_now + make_interval(mins => greatest(
      (select release_window_minutes from fairlock.settings), (select usual_minutes from fairlock.payment_method_types
        where slug = t.payment_method))) end;
  with moved as (
    update public.crypto_trades set status = move.to_status, updated_at = v_now, deadline = v_deadline,
      funded_at = case move.to_status when 'funded' then v_now else funded_at end,
      expires_at = case move.to_status when 'funded' then v_deadline else expires_at end,
      paid_at = case move.to_status when 'paid' then v_now else paid_at end,
      completed_at = case move.to_status when 'completed' then v_now end,
      cancelled_at = case when move.to_status in ('cancelled', 'expired') then v_now end,
      ended_by_actor = case when v_deadline is null then v_actor end, cancel_reason = p_reason
    where id = t.id and status = t.status
  )
  update public.crypto_escrows set status = move.escrow_to,
    funded_at = case when p_event = 'fund' then v_now else funded_at end,
    released_at = case move.escrow_to when 'released' then v_now end,
    refunded_at = case move.escrow_to when 'refunded' then v_now end,
    released_amount = case move.escrow_to when 'released' then t.amount - t.buyer_fee else 0 end,
    fee_amount = case move.escrow_to when 'released' then e.amount - t.amount + t.buyer_fee else 0 end,
    refunded_amount = case move.escrow_to when 'refunded' then e.amount else 0 end,
    closed_at = case when v_deadline is null then v_now end
  where id = e.id and status = e.status;

  insert into public.crypto_transactions (id, user_id, wallet_id, trade_id, amount, currency, platform_fee, status,
    transaction_type, timestamp, created_at, network_fee, category, exchange_rate, fiat_value, fiat_currency,
    destination_name, destination_description)
  select fairlock.new_id(), m.person, m.wallet, t.id, m.amount, e.currency, m.fee, 'completed', m.type, clock_timestamp(),
    clock_timestamp(), f.*
  from (values
    ('fund', 'funded', t.seller, e.seller_wallet, 'hold', e.amount, 0),
    (p_event, 'released', t.buyer, e.buyer_wallet, 'buy', t.amount - t.buyer_fee, t.buyer_fee),
    (p_event, 'released', t.seller, e.seller_wallet, 'sell', e.amount, t.seller_fee),
    (p_event, 'refunded', t.seller, e.seller_wallet, 'refund', e.amount, 0)
  ) m(event, escrow_to, person, wallet, type, amount, fee),
    lateral fairlock.movement_facts(m.type, m.amount, t.price, split_part(t.pair, '/', 2), t.id) f
  where m.event = p_event and m.escrow_to = move.escrow_to;

  if move.to_status in ('cancelled', 'expired') then
    update fairlock.offers set taken_amount = taken_amount - t.amount where id = t.offer_id;
    perform fairlock.uncount_volume(t.seller, t.buyer, t.reference_value, t.counted_on);
    perform fairlock.blame(t.id, t.seller, t.buyer, t.status, v_actor);
  elsif move.to_status = 'completed' then
    perform fairlock.count_sale(t.seller, t.buyer, e.currency, t.amount, t.reference_value, t.paid_at - t.funded_at,
      case p_event when 'release' then v_now - t.paid_at end);
  end if;
  return (select jsonb_build_object('me', me, 'body', body) from fairlock.trade_views where id = t.id);
end $$;
reset role;
