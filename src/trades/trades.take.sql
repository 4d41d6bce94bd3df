-- Taking an offer: the trade, its escrow and the hold in one transaction.
set local role fairlock_engine;

create function fairlock.refuse_requirement(p_requirement text, p_needed jsonb) returns jsonb
language sql immutable
as $$
  select fairlock.refuse('requirements_not_met', jsonb_build_object('requirement', p_requirement, 'needed', p_needed))
$$;

-- Why this person may not take this offer now, as a refusal; nothing when they may. Reads no row twice that the caller
-- has locked.
create function fairlock.refuse_take(
  o fairlock.offers, p_taker uuid, p_amount numeric, p_method text, p_version integer
) returns jsonb
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
  elsif o.pricing = 'floating' and fairlock.price_of(o) is null then
    return fairlock.refuse('no_market_price');
  end if;
  if num_nonnulls(o.min_kyc_level, o.min_completed_trades, o.countries, o.first_trade_limit) = 0
    and not (o.verified_traders_only or o.trusted_only) then
    return null;
  end if;
  select * into p from public.crypto_profiles where user_id = p_taker;
  return case
    when array_position(v_levels, fairlock.kyc_level(p.kyc_status)) < array_position(v_levels, o.min_kyc_level)
      then fairlock.refuse_requirement('minKycLevel', to_jsonb(o.min_kyc_level))
    when p.total_trades < o.min_completed_trades
      then fairlock.refuse_requirement('minCompletedTrades', to_jsonb(o.min_completed_trades))
    when o.verified_traders_only and not p.is_verified_trader
      then fairlock.refuse_requirement('verifiedTradersOnly', 'true')
    when o.trusted_only and not fairlock.trusts(o.maker_id, p_taker)
      then fairlock.refuse_requirement('trustedOnly', 'true')
    when o.countries is not null and coalesce(p.country <> all (o.countries), true)
      then fairlock.refuse_requirement('countries', to_jsonb(o.countries))
    when o.first_trade_limit < p_amount and p.total_trades = 0
      then fairlock.refuse_requirement('firstTradeLimit', to_jsonb(o.first_trade_limit::text))
  end;
end $$;

-- Why these two may not begin anything together, whatever the offer says; nothing when they may. A block is refused with
-- the same words on both sides of it.
create function fairlock.refuse_together(p_taker uuid, p_maker uuid) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return case when fairlock.are_apart(p_taker, p_maker) then fairlock.refuse('offer_not_for_you')
    when fairlock.cooldown_until(p_maker) is not null then fairlock.refuse('offer_not_open')
    else fairlock.refuse_cooldown(p_taker) end;
end $$;

-- Takes part of an offer. The wallets are opened and everything that needs no lock is read before the offer's row is
-- locked, because from there to the commit every other taker of the offer waits. When the seller has the coins they
-- are held at once and the trade begins funded; otherwise it waits for the seller to fund it. p_method_id: the taker of
-- a buy offer names the account to be paid to; else it is the seller's of the type p_method, if there is one.
create function fairlock.take_offer(
  p_offer uuid, p_amount numeric, p_method text, p_method_id uuid, p_version integer, p_worst numeric,
  p_lock uuid
) returns jsonb
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
  v_account public.crypto_payment_methods;
  agreed record;
  v_provenance jsonb;
  v_locked_until timestamptz;
  w record;
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
  if (
    select count(*) from public.crypto_trades
    where taker_id = me and status in ('pending', 'funded', 'paid', 'disputed')
  ) >= s.live_trades_per_user then
    return fairlock.refuse('too_many_live_trades', jsonb_build_object('limit', s.live_trades_per_user));
  end if;
  v_seller := case o.side when 'sell' then o.maker_id else me end;
  v_buyer := case o.side when 'sell' then me else o.maker_id end;
  if num_nonnulls(p_method, p_method_id) <> 1 then
    return fairlock.refuse('invalid_request', jsonb_build_object('field', 'paymentMethodType',
      'problem', 'is needed, or paymentMethodId: one of the two'));
  elsif p_method_id is null then
    v_account := fairlock.account_for(v_seller, p_method);
  elsif o.side = 'sell' then
    return fairlock.refuse('payment_method_not_offered', jsonb_build_object('field', 'paymentMethodId',
      'problem', 'is for who sells: send paymentMethodType'));
  else
    v_account := fairlock.named_account(me, p_method_id);
    if v_account.id is null then
      return fairlock.refuse('not_your_payment_method');
    end if;
    p_method := v_account.type;
  end if;
  -- Asked once before the lock, so that a refusal opens no wallet and holds nobody up, and again under it.
  v_refusal := coalesce(fairlock.refuse_take(o, me, p_amount, p_method, p_version),
    fairlock.refuse_together(me, o.maker_id));
  if v_refusal is not null then
    return v_refusal;
  end if;
  -- Opened in the order of the people's ids, like every pair of locks: two who take each other's offers for the first time
  -- would wait for each other's wallets.
  if v_buyer < v_seller then
    perform fairlock.wallet_of(v_buyer, o.base_currency);
  end if;
  v_seller_wallet := fairlock.wallet_of(v_seller, o.base_currency);
  if v_buyer > v_seller then
    perform fairlock.wallet_of(v_buyer, o.base_currency);
  end if;
  v_maker_fee := fairlock.fee(p_amount, s.maker_fee_rate);
  v_taker_fee := fairlock.fee(p_amount, s.taker_fee_rate);
  v_seller_fee := case o.side when 'sell' then v_maker_fee else v_taker_fee end;
  v_buyer_fee := case o.side when 'sell' then v_taker_fee else v_maker_fee end;

  select * into o from fairlock.offers where id = p_offer for no key update;
  v_refusal := fairlock.refuse_take(o, me, p_amount, p_method, p_version);
  if v_refusal is not null then
    return v_refusal;
  end if;
  -- A take without a version takes the offer as it is now, so the price is the locked row's.
  if o.pricing = 'floating' or num_nonnulls(p_worst, p_lock) > 0 then
    select * into agreed from fairlock.agree_price(o, me, p_amount, p_worst, p_lock);
    if agreed.refusal is not null then
      return agreed.refusal;
    end if;
    o.price := agreed.price;
    v_provenance := agreed.provenance;
    v_locked_until := agreed.locked_until;
  end if;
  v_value := round(p_amount * o.price, (select decimals from fairlock.currencies where code = o.quote_currency));
  if v_value = 0 then
    return fairlock.refuse('amount_outside_offer', '{"field": "amount", "problem": "is worth nothing at this price"}');
  end if;
  select * into w from fairlock.weigh_take(o, me, o.price, v_value);
  if w.refusal is not null then
    return w.refusal;
  end if;
  update fairlock.offers set taken_amount = taken_amount + p_amount where id = p_offer;
  v_funded := fairlock.escrow_hold(v_escrow, v_trade, v_seller_wallet, o.base_currency, p_amount + v_seller_fee);
  v_deadline := now() + make_interval(mins =>
    case when v_funded then o.payment_window_minutes else s.funding_window_minutes end);

  with trade as (
    insert into public.crypto_trades (id, user_id, buyer_id, taker_id, offer_id, offer_version, escrow_id, pair, side,
      price, amount, total_value, fee, fee_currency, seller_fee, buyer_fee, status, order_type, payment_method,
      payment_method_id, payment_details, payment_window_minutes, deadline, expires_at, funded_at, chat_channel_id,
      price_provenance, price_locked_until, reference_value, counted_on)
    values (v_trade, v_seller, v_buyer, me, p_offer, o.version, v_escrow, o.pair, o.side, o.price, p_amount, v_value,
      v_seller_fee + v_buyer_fee, o.base_currency, v_seller_fee, v_buyer_fee,
      case when v_funded then 'funded' else 'pending' end, 'p2p', p_method, v_account.id,
      fairlock.account_facts(v_account), o.payment_window_minutes, v_deadline,
      case when v_funded then v_deadline end, case when v_funded then now() end,
      fairlock.new_id(), v_provenance, coalesce(v_locked_until, v_deadline), w.value, w.day)
  )
  insert into public.crypto_escrows (id, trade_id, seller_id, buyer_id, amount, currency, status, funded_at, expires_at)
  values (v_escrow, v_trade, v_seller, v_buyer, p_amount + v_seller_fee, o.base_currency,
    case when v_funded then 'funded' else 'pending' end, case when v_funded then now() end, v_deadline);
  if v_funded then
    insert into public.crypto_transactions (id, user_id, wallet_id, trade_id, amount, currency, platform_fee, status,
      transaction_type, timestamp, created_at, network_fee, category, exchange_rate, fiat_value, fiat_currency,
      destination_name, destination_description)
    select fairlock.new_id(), v_seller, v_seller_wallet, v_trade, p_amount + v_seller_fee, o.base_currency, 0, 'completed',
      'hold', clock_timestamp(), clock_timestamp(), f.*
    from fairlock.movement_facts('hold', p_amount + v_seller_fee, o.price, o.quote_currency, v_trade) f;
  end if;
  if p_lock is not null then
    delete from fairlock.price_locks where id = p_lock;
  end if;
  perform fairlock.count_volume(v_seller, v_buyer, w.value, w.day);
  return (select jsonb_build_object('me', me, 'body', body) from fairlock.trade_views where id = v_trade);
end $$;
reset role;
