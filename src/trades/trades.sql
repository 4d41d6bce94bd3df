-- The trade: one table of legal moves, one function that takes an offer, one that moves a trade along the table.
-- Locks are taken in one order everywhere: offer, trade, escrow, then ledger accounts by id, then profiles by user.
grant select, insert on public.crypto_trades to fairlock_engine;
grant update (status, funded_at, paid_at, completed_at, cancelled_at, deadline, expires_at, ended_by_actor,
  cancel_reason, dispute_id, dispute_reason, dispute_status, updated_at) on public.crypto_trades to fairlock_engine;
grant select on public.crypto_trades to fairlock_app;
grant select, insert, delete on fairlock.trade_transitions to fairlock_engine;
grant select on fairlock.trade_transitions to fairlock_app;

alter table public.crypto_trades enable row level security, force row level security;
create policy "the engine moves trades" on public.crypto_trades to fairlock_engine using (true);
create policy "both sides see the trade" on public.crypto_trades for select to fairlock_app
  using (user_id = (select fairlock.acting_user()) or buyer_id = (select fairlock.acting_user()));
alter table fairlock.trade_transitions enable row level security, force row level security;
create policy "the table of moves is public" on fairlock.trade_transitions for select to fairlock_app using (true);
create policy "the engine keeps the table of moves" on fairlock.trade_transitions to fairlock_engine using (true);

set local role fairlock_engine;

delete from fairlock.trade_transitions;
insert into fairlock.trade_transitions (from_status, event, actor, to_status, escrow_from, escrow_to) values
  ('pending', 'fund', 'seller', 'funded', 'pending', 'funded'),
  ('pending', 'cancel', 'seller', 'cancelled', 'pending', 'pending'),
  ('pending', 'cancel', 'buyer', 'cancelled', 'pending', 'pending'),
  ('pending', 'expire', 'clock', 'expired', 'pending', 'pending'),
  ('funded', 'pay', 'buyer', 'paid', 'funded', 'funded'),
  ('funded', 'cancel', 'buyer', 'cancelled', 'funded', 'refunded'),
  ('funded', 'expire', 'clock', 'expired', 'funded', 'refunded'),
  ('paid', 'release', 'seller', 'completed', 'funded', 'released'),
  ('paid', 'cancel', 'buyer', 'cancelled', 'funded', 'refunded'),
  ('paid', 'dispute', 'seller', 'disputed', 'funded', 'disputed'),
  ('paid', 'dispute', 'buyer', 'disputed', 'funded', 'disputed'),
  ('paid', 'dispute', 'clock', 'disputed', 'funded', 'disputed'),
  ('disputed', 'release', 'seller', 'completed', 'disputed', 'released'),
  ('disputed', 'cancel', 'buyer', 'cancelled', 'disputed', 'refunded'),
  ('disputed', 'rule_release', 'arbitrator', 'completed', 'disputed', 'released'),
  ('disputed', 'rule_split', 'arbitrator', 'completed', 'disputed', 'released'),
  ('disputed', 'rule_refund', 'arbitrator', 'cancelled', 'disputed', 'refunded');

-- The trade as the API shows it to its two sides.
create view fairlock.trade_views with (security_invoker = true) as
  select t.id, t.user_id as seller_id, t.buyer_id, t.status, t.created_at,
    jsonb_build_object(
      'id', t.id, 'offerId', t.offer_id, 'offerVersion', t.offer_version, 'status', t.status, 'side', t.side,
      'pair', t.pair, 'price', t.price::text, 'amount', t.amount::text, 'totalValue', t.total_value::text,
      'fee', t.fee::text, 'feeCurrency', t.fee_currency, 'sellerFee', t.seller_fee::text,
      'buyerFee', t.buyer_fee::text, 'paymentMethodType', t.payment_method,
      'paymentWindowMinutes', t.payment_window_minutes, 'takerId', t.taker_id,
      'seller', fairlock.trader_json(seller), 'buyer', fairlock.trader_json(buyer),
      'deadline', fairlock.rfc3339(t.deadline), 'createdAt', fairlock.rfc3339(t.created_at),
      'fundedAt', fairlock.rfc3339(t.funded_at), 'paidAt', fairlock.rfc3339(t.paid_at),
      'completedAt', fairlock.rfc3339(t.completed_at), 'cancelledAt', fairlock.rfc3339(t.cancelled_at),
      'endedBy', t.ended_by_actor, 'cancelReason', t.cancel_reason,
      'escrow', jsonb_build_object('id', e.id, 'status', e.status, 'amount', e.amount::text, 'currency', e.currency,
        'releasedAmount', e.released_amount::text, 'refundedAmount', e.refunded_amount::text,
        'feeAmount', e.fee_amount::text)) as body
  from public.crypto_trades t
  join public.crypto_escrows e on e.trade_id = t.id
  join fairlock.traders seller on seller.user_id = t.user_id
  join fairlock.traders buyer on buyer.user_id = t.buyer_id;
grant select on fairlock.trade_views to fairlock_app;

-- I7 and I8: a trade and its escrow stand in one of the table's pairs. It looks when the whole statement is done, so a
-- statement that moves one of the two without the other is refused.
create function fairlock.check_pair(p_trade uuid) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_trade text;
  v_escrow text;
begin
  select t.status, e.status into v_trade, v_escrow
  from public.crypto_trades t join public.crypto_escrows e on e.trade_id = t.id where t.id = p_trade;
  if not found then
    raise exception using errcode = 'FL096', message = format('trade %s and its escrow do not belong together', p_trade);
  end if;
  if (v_trade, v_escrow) <> ('pending', 'pending') and not exists (
    select from fairlock.trade_transitions where to_status = v_trade and escrow_to = v_escrow
  ) then
    raise exception using errcode = 'FL096', message = format('a trade that is %s cannot have an escrow that is %s', v_trade, v_escrow);
  end if;
end $$;

create function fairlock.guard_trade() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    if new.status not in ('pending', 'funded') then
      raise exception using errcode = 'FL095', message = format('a trade does not begin as %s', new.status);
    end if;
  else
    if (new.id, new.user_id, new.buyer_id, new.taker_id, new.offer_id, new.escrow_id, new.amount, new.price, new.seller_fee, new.buyer_fee)
      is distinct from
      (old.id, old.user_id, old.buyer_id, old.taker_id, old.offer_id, old.escrow_id, old.amount, old.price, old.seller_fee, old.buyer_fee) then
      raise exception using errcode = 'FL094', message = 'the two sides, the escrow and the terms of a trade never change';
    elsif old.paid_at is not null and new.paid_at is distinct from old.paid_at then
      raise exception using errcode = 'FL094', message = 'that a trade was marked paid is never undone';
    elsif new.status <> old.status and not exists (
      select from fairlock.trade_transitions where from_status = old.status and to_status = new.status
    ) then
      raise exception using errcode = 'FL095', message = format('a trade does not go from %s to %s', old.status, new.status);
    end if;
  end if;
  perform fairlock.check_pair(new.id);
  return null;
end $$;
grant execute on function fairlock.guard_trade() to session_user;

-- Why this person may not take this offer now, as a refusal; nothing when they may. Reads no row twice that the caller
-- has locked.
create function fairlock.refuse_take(o fairlock.offers, p_taker uuid, p_amount numeric, p_method text, p_version integer)
returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  p public.crypto_profiles;
  v_levels constant text[] := array['none', 'basic', 'full', 'institution'];
begin
  if o.maker_id = p_taker then
    return fairlock.refuse('own_offer');
  elsif o.status <> 'open' or o.expires_at <= clock_timestamp() then
    return fairlock.refuse('offer_not_open');
  elsif p_version <> o.version then
    return fairlock.refuse('offer_changed', jsonb_build_object('field', 'offerVersion', 'version', o.version));
  elsif p_method <> all (o.payment_method_types) then
    return fairlock.refuse('payment_method_not_offered', '{"field": "paymentMethodType"}');
  elsif p_amount < o.min_amount or p_amount > o.max_amount then
    return fairlock.refuse('amount_outside_offer', jsonb_build_object('field', 'amount',
      'minAmount', o.min_amount::text, 'maxAmount', o.max_amount::text));
  elsif p_amount > o.total_amount - o.taken_amount then
    return fairlock.refuse('not_enough_left', jsonb_build_object('field', 'amount',
      'remainingAmount', (o.total_amount - o.taken_amount)::text));
  elsif not fairlock.is_working(o, clock_timestamp()) then
    return fairlock.refuse('outside_working_hours');
  elsif fairlock.is_banned(o.maker_id) then
    return fairlock.refuse('offer_not_open');
  end if;
  if num_nonnulls(o.min_kyc_level, o.min_completed_trades, o.countries, o.first_trade_limit) = 0
    and not o.verified_traders_only then
    return null;
  end if;
  select * into p from public.crypto_profiles where user_id = p_taker;
  if array_position(v_levels, fairlock.kyc_level(p.kyc_status)) < array_position(v_levels, o.min_kyc_level) then
    return fairlock.refuse('requirements_not_met', jsonb_build_object('requirement', 'minKycLevel', 'needed', o.min_kyc_level));
  elsif coalesce(p.total_trades, 0) < o.min_completed_trades then
    return fairlock.refuse('requirements_not_met', jsonb_build_object('requirement', 'minCompletedTrades', 'needed', o.min_completed_trades));
  elsif o.verified_traders_only and not coalesce(p.is_verified_trader, false) then
    return fairlock.refuse('requirements_not_met', '{"requirement": "verifiedTradersOnly"}');
  elsif o.countries is not null and coalesce(p.country <> all (o.countries), true) then
    return fairlock.refuse('requirements_not_met', jsonb_build_object('requirement', 'countries', 'needed', to_jsonb(o.countries)));
  elsif o.first_trade_limit < p_amount and coalesce(p.total_trades, 0) = 0 then
    return fairlock.refuse('requirements_not_met', jsonb_build_object('requirement', 'firstTradeLimit', 'needed', o.first_trade_limit::text));
  end if;
  return null;
end $$;

-- One row of a person's statement for a movement of a trade.
create function fairlock.record_movement(
  p_user uuid, p_wallet uuid, p_trade uuid, p_type text, p_amount numeric, p_fee numeric, p_currency text, p_price numeric
) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  insert into public.crypto_transactions (id, user_id, wallet_id, trade_id, amount, currency, platform_fee, status,
    transaction_type, category, exchange_rate)
  values (fairlock.new_id(), p_user, p_wallet, p_trade, p_amount, p_currency, p_fee, 'completed', p_type, 'trade', p_price)
$$;

-- Takes part of an offer. The wallets are opened and everything that needs no lock is read before the offer's row is
-- locked, because from there to the commit every other taker of the offer waits. When the seller has the coins they
-- are held at once and the trade begins funded; otherwise it waits for the seller to fund it.
create function fairlock.take_offer(p_offer uuid, p_amount numeric, p_method text, p_version integer)
returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  s fairlock.settings;
  o fairlock.offers;
  v_trade uuid := fairlock.new_id();
  v_escrow uuid := fairlock.new_id();
  v_seller uuid;
  v_buyer uuid;
  v_seller_wallet uuid;
  v_maker_fee numeric;
  v_taker_fee numeric;
  v_seller_fee numeric;
  v_buyer_fee numeric;
  v_value numeric;
  v_funded boolean;
  v_deadline timestamptz;
  v_refusal jsonb;
begin
  if fairlock.is_banned(me) then
    return fairlock.refuse('banned');
  end if;
  select * into o from fairlock.offers where id = p_offer;
  if not found then
    return fairlock.refuse('not_found');
  end if;
  select * into s from fairlock.settings;
  -- One person's takes wait for each other here, so that two at once cannot both be the last one allowed.
  perform pg_advisory_xact_lock(hashtextextended('takes of ' || me, 0));
  if (select count(*) from public.crypto_trades where taker_id = me and status in ('pending', 'funded', 'paid', 'disputed'))
    >= s.live_trades_per_user then
    return fairlock.refuse('too_many_live_trades', jsonb_build_object('limit', s.live_trades_per_user));
  end if;
  v_seller := case o.side when 'sell' then o.maker_id else me end;
  v_buyer := case o.side when 'sell' then me else o.maker_id end;
  if v_seller <> v_buyer then
    v_seller_wallet := fairlock.wallet_of(v_seller, o.base_currency);
    perform fairlock.wallet_of(v_buyer, o.base_currency);
  end if;
  v_value := round(p_amount * o.price, (select decimals from fairlock.currencies where code = o.quote_currency));
  v_maker_fee := fairlock.fee(p_amount, s.maker_fee_rate);
  v_taker_fee := fairlock.fee(p_amount, s.taker_fee_rate);
  v_seller_fee := case o.side when 'sell' then v_maker_fee else v_taker_fee end;
  v_buyer_fee := case o.side when 'sell' then v_taker_fee else v_maker_fee end;

  select * into o from fairlock.offers where id = p_offer for no key update;
  v_refusal := fairlock.refuse_take(o, me, p_amount, p_method, p_version);
  if v_refusal is not null then
    return v_refusal;
  end if;
  -- The price is read again under the lock: a take without a version takes the offer as it is now.
  v_value := round(p_amount * o.price, (select decimals from fairlock.currencies where code = o.quote_currency));
  if v_value = 0 then
    return fairlock.refuse('amount_outside_offer', '{"field": "amount", "problem": "is worth nothing at this price"}');
  end if;
  update fairlock.offers set taken_amount = taken_amount + p_amount where id = p_offer;
  v_funded := fairlock.escrow_hold(v_escrow, v_trade, v_seller_wallet, o.base_currency, p_amount + v_seller_fee);
  v_deadline := now() + make_interval(mins => case when v_funded then o.payment_window_minutes else s.funding_window_minutes end);

  with trade as (
    insert into public.crypto_trades (id, user_id, buyer_id, taker_id, offer_id, offer_version, escrow_id, pair, side,
      price, amount, total_value, fee, fee_currency, seller_fee, buyer_fee, status, order_type, payment_method,
      payment_window_minutes, deadline, expires_at, funded_at)
    values (v_trade, v_seller, v_buyer, me, p_offer, o.version, v_escrow, o.pair, o.side, o.price, p_amount, v_value,
      v_seller_fee + v_buyer_fee, o.base_currency, v_seller_fee, v_buyer_fee,
      case when v_funded then 'funded' else 'pending' end, 'p2p', p_method, o.payment_window_minutes, v_deadline,
      case when v_funded then v_deadline end, case when v_funded then now() end)
  )
  insert into public.crypto_escrows (id, trade_id, seller_id, buyer_id, amount, currency, status, funded_at, expires_at)
  values (v_escrow, v_trade, v_seller, v_buyer, p_amount + v_seller_fee, o.base_currency,
    case when v_funded then 'funded' else 'pending' end, case when v_funded then now() end, v_deadline);
  if v_funded then
    perform fairlock.record_movement(v_seller, v_seller_wallet, v_trade, 'hold', p_amount + v_seller_fee, 0,
      o.base_currency, o.price);
  end if;
  perform fairlock.record_event('trade.taken', 'crypto_trades', v_trade);
  return (select jsonb_build_object('me', me, 'body', body) from fairlock.trade_views where id = v_trade);
end $$;

-- Moves a trade along the table: looks the move up by the state of the locked row, the event and who asks, moves the
-- coins, and writes trade and escrow in one statement. Refuses what the table does not have.
create function fairlock.move_trade(p_trade uuid, p_event text, p_clock boolean, p_reason text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  t public.crypto_trades;
  e public.crypto_escrows;
  move fairlock.trade_transitions;
  v_actor text;
  v_now timestamptz := clock_timestamp();
  v_deadline timestamptz;
  v_to_buyer numeric := 0;
  v_refunded numeric := 0;
  v_fee numeric := 0;
begin
  if p_event in ('cancel', 'expire') then
    -- These two give the amount back to the offer, whose lock comes before the trade's.
    perform from fairlock.offers o join public.crypto_trades ct on ct.offer_id = o.id where ct.id = p_trade
      for no key update of o;
  end if;
  select * into t from public.crypto_trades where id = p_trade for no key update;
  if not found or not (p_clock or me in (t.user_id, t.buyer_id)) then
    return fairlock.refuse('not_found');
  end if;
  v_actor := case when p_clock then 'clock' when me = t.user_id then 'seller' else 'buyer' end;
  select * into e from public.crypto_escrows where trade_id = p_trade for no key update;
  select * into move from fairlock.trade_transitions
  where from_status = t.status and event = p_event and actor = v_actor and escrow_from = e.status;
  if not found then
    return fairlock.refuse('move_not_allowed', jsonb_build_object('status', t.status, 'event', p_event, 'actor', v_actor));
  elsif p_clock and t.deadline > v_now then
    return fairlock.refuse('deadline_not_reached');
  elsif p_event in ('fund', 'pay') and t.deadline <= v_now then
    return fairlock.refuse('deadline_passed', jsonb_build_object('deadline', fairlock.rfc3339(t.deadline)));
  end if;

  if move.escrow_to = 'funded' and move.escrow_from = 'pending' then
    if not fairlock.escrow_hold(e.id, t.id, fairlock.wallet_of(t.user_id, e.currency), e.currency, e.amount) then
      return fairlock.refuse('insufficient_funds', jsonb_build_object('needed', e.amount::text, 'currency', e.currency));
    end if;
    perform fairlock.record_movement(t.user_id, fairlock.wallet_of(t.user_id, e.currency), t.id, 'hold', e.amount,
      0, e.currency, t.price);
  elsif move.escrow_to = 'released' then
    v_to_buyer := t.amount - t.buyer_fee;
    v_fee := e.amount - v_to_buyer;
    perform fairlock.escrow_release(e.id, t.id, fairlock.wallet_of(t.buyer_id, e.currency), e.currency, e.amount, v_to_buyer);
    perform fairlock.record_movement(t.buyer_id, fairlock.wallet_of(t.buyer_id, e.currency), t.id, 'buy',
      v_to_buyer, t.buyer_fee, e.currency, t.price);
    perform fairlock.record_movement(t.user_id, fairlock.wallet_of(t.user_id, e.currency), t.id, 'sell',
      e.amount, t.seller_fee, e.currency, t.price);
  elsif move.escrow_to = 'refunded' then
    v_refunded := e.amount;
    perform fairlock.escrow_refund(e.id, t.id, fairlock.wallet_of(t.user_id, e.currency), e.amount);
    perform fairlock.record_movement(t.user_id, fairlock.wallet_of(t.user_id, e.currency), t.id, 'refund', e.amount,
      0, e.currency, t.price);
  end if;

  v_deadline := case move.to_status
    when 'funded' then v_now + make_interval(mins => t.payment_window_minutes)
    when 'paid' then v_now + make_interval(mins => (select release_window_minutes from fairlock.settings))
    when 'disputed' then v_now + interval '72 hours' end;
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
    funded_at = case when move.to_status = 'funded' then v_now else funded_at end,
    released_at = case when move.escrow_to = 'released' then v_now end,
    refunded_at = case when move.escrow_to = 'refunded' then v_now end,
    released_amount = v_to_buyer, refunded_amount = v_refunded, fee_amount = v_fee,
    closed_at = case when v_deadline is null then v_now end
  where id = e.id and status = e.status;

  if move.to_status in ('cancelled', 'expired') then
    update fairlock.offers set taken_amount = taken_amount - t.amount where id = t.offer_id;
  elsif move.to_status = 'completed' then
    perform fairlock.count_completed(least(t.user_id, t.buyer_id));
    perform fairlock.count_completed(greatest(t.user_id, t.buyer_id));
  end if;
  perform fairlock.record_event('trade.' || move.to_status, 'crypto_trades', t.id, p_reason);
  return (select jsonb_build_object('me', me, 'body', body) from fairlock.trade_views where id = t.id);
end $$;

create function fairlock.count_completed(p_user uuid) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  update public.crypto_profiles set total_trades = coalesce(total_trades, 0) + 1,
    successful_escrows = coalesce(successful_escrows, 0) + 1 where user_id = p_user
$$;

-- For the background work: ends one trade whose deadline has passed. It decides again under the lock, so that it
-- never acts twice and never against somebody who was in time.
create function fairlock.expire_trade(p_trade uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('fairlock.user_id', '', true);
  return fairlock.move_trade(p_trade, 'expire', true, null);
end $$;
grant execute on function fairlock.expire_trade(uuid) to fairlock_app;

-- Trades whose open duty is over, oldest first. A paid trade is not among them: only a person ends it (the seller by
-- releasing, the buyer by conceding, an arbitrator by ruling).
create function fairlock.overdue_trades(p_most integer) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select id from public.crypto_trades where status in ('pending', 'funded') and deadline <= clock_timestamp() order by deadline limit p_most
$$;
grant execute on function fairlock.overdue_trades(integer) to fairlock_app;

-- For the metrics: live trades by status, and how many are past their deadline.
create function fairlock.count_live_trades() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('pending', count(*) filter (where status = 'pending'),
    'funded', count(*) filter (where status = 'funded'), 'paid', count(*) filter (where status = 'paid'),
    'overdue', count(*) filter (where deadline < clock_timestamp()))
  from public.crypto_trades where status in ('pending', 'funded', 'paid')
$$;
grant execute on function fairlock.count_live_trades() to fairlock_app;
reset role;

create trigger guard after insert or update on public.crypto_trades
  for each row execute function fairlock.guard_trade();
create trigger never_deleted before delete or truncate on public.crypto_trades
  for each statement execute function ledger.refuse_change();
