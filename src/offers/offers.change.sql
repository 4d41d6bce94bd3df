-- Making, changing and ending offers.
set local role fairlock_engine;

-- Fills the changeable columns of an offer from a request; what the request leaves out stays as it is.
create function fairlock.fill_offer(o fairlock.offers, p jsonb) returns fairlock.offers
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  r jsonb := p -> 'requirements';
  w jsonb := p -> 'workingHours';
begin
  if p ? 'pricing' then
    o.pricing := p -> 'pricing' ->> 'type';
    o.price := (p -> 'pricing' ->> 'price')::numeric;
    o.margin_percent := (p -> 'pricing' ->> 'marginPercent')::numeric;
    o.floor_price := (p -> 'pricing' ->> 'floorPrice')::numeric;
    o.ceiling_price := (p -> 'pricing' ->> 'ceilingPrice')::numeric;
  end if;
  o.total_amount := coalesce((p ->> 'totalAmount')::numeric, o.total_amount);
  o.min_amount := coalesce((p ->> 'minAmount')::numeric, o.min_amount);
  o.max_amount := coalesce((p ->> 'maxAmount')::numeric, o.max_amount);
  o.payment_window_minutes := coalesce((p ->> 'paymentWindowMinutes')::integer, o.payment_window_minutes, 30);
  o.status := coalesce(p ->> 'status', o.status, 'open');
  if p ? 'paymentMethodTypes' then
    o.payment_method_types := array(select distinct m from jsonb_array_elements_text(p -> 'paymentMethodTypes') m order by m);
  end if;
  if p ? 'terms' then o.terms := p ->> 'terms'; end if;
  if p ? 'expiresAt' then o.expires_at := (p ->> 'expiresAt')::timestamptz; end if;
  if p ? 'requirements' then
    o.min_kyc_level := nullif(r ->> 'minKycLevel', 'none');
    o.min_completed_trades := (r ->> 'minCompletedTrades')::integer;
    o.verified_traders_only := coalesce((r ->> 'verifiedTradersOnly')::boolean, false);
    o.trusted_only := coalesce((r ->> 'trustedOnly')::boolean, false);
    o.countries := case when jsonb_typeof(r -> 'countries') = 'array'
      then array(select jsonb_array_elements_text(r -> 'countries')) end;
    o.first_trade_limit := (r ->> 'firstTradeLimit')::numeric;
  end if;
  if p ? 'workingHours' then
    o.working_zone := w ->> 'timeZone';
    o.working_days := case when jsonb_typeof(w -> 'days') = 'array'
      then array(select d::smallint from jsonb_array_elements_text(w -> 'days') d) end;
    o.working_from_minute := split_part(w ->> 'from', ':', 1)::integer * 60 + split_part(w ->> 'from', ':', 2)::integer;
    o.working_to_minute := split_part(w ->> 'to', ':', 1)::integer * 60 + split_part(w ->> 'to', ':', 2)::integer;
  end if;
  return o;
end $$;

-- The first rule that a filled offer breaks, as a refusal with the field; nothing when it is sound. The table's CHECKs
-- say the same once more, without a field.
create function fairlock.refuse_unsound_offer(o fairlock.offers) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  -- The least and the most that it may cost, as far as is known; what the market makes of it later, the take looks at.
  v_least numeric := coalesce(o.price, o.floor_price, fairlock.price_of(o));
  v_most numeric := coalesce(o.price, o.ceiling_price, o.floor_price, fairlock.price_of(o));
  v_unknown text := (select min(m) from unnest(o.payment_method_types) m
    where not exists (select from fairlock.payment_method_types where slug = m));
begin
  if o.margin_percent not between -50 and 100 then
    return fairlock.refuse('invalid_pricing', '{"field": "pricing.marginPercent", "problem": "is not between -50 and 100"}');
  elsif o.floor_price > o.ceiling_price then
    return fairlock.refuse('invalid_pricing', '{"field": "pricing.floorPrice", "problem": "is above ceilingPrice"}');
  elsif o.min_amount > o.max_amount then
    return fairlock.refuse('invalid_amounts', '{"field": "minAmount", "problem": "is above maxAmount"}');
  elsif o.max_amount > o.total_amount then
    return fairlock.refuse('invalid_amounts', '{"field": "maxAmount", "problem": "is above totalAmount"}');
  elsif o.total_amount < o.taken_amount then
    return fairlock.refuse('invalid_amounts', jsonb_build_object('field', 'totalAmount', 'problem',
      'is below what trades have already taken, ' || o.taken_amount));
  elsif o.total_amount > 900000000000 or o.total_amount * v_most >= 1000000000000 then
    return fairlock.refuse('invalid_amounts', '{"field": "totalAmount", "problem": "times the price is above what can be kept"}');
  elsif round(o.min_amount * v_least, 8) = 0 then
    return fairlock.refuse('invalid_amounts', '{"field": "minAmount", "problem": "is worth nothing at this price"}');
  elsif v_unknown is not null then
    return fairlock.refuse('unknown_payment_method', jsonb_build_object('field', 'paymentMethodTypes', 'problem',
      v_unknown || ' is not in the catalogue'));
  elsif o.expires_at <= clock_timestamp() then
    return fairlock.refuse('invalid_expiry', '{"field": "expiresAt", "problem": "is in the past"}');
  elsif o.working_zone is not null and not exists (select from pg_catalog.pg_timezone_names where name = o.working_zone) then
    return fairlock.refuse('invalid_working_hours', '{"field": "workingHours.timeZone", "problem": "is not a known time zone"}');
  elsif o.working_from_minute >= o.working_to_minute then
    return fairlock.refuse('invalid_working_hours', '{"field": "workingHours.to", "problem": "is not after from"}');
  end if;
  return null;
end $$;

create function fairlock.create_offer(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  o fairlock.offers;
  v_limit integer;
  v_refusal jsonb;
begin
  if fairlock.is_banned(me) then
    return fairlock.refuse('banned');
  end if;
  v_refusal := fairlock.refuse_cooldown(me);
  if v_refusal is not null then
    return v_refusal;
  end if;
  o.id := fairlock.new_id();
  o.maker_id := me;
  o.side := p ->> 'side';
  -- The column is made from the two others when the row is written; what the market says is asked before.
  o.pair := p ->> 'pair';
  o.base_currency := split_part(p ->> 'pair', '/', 1);
  o.quote_currency := split_part(p ->> 'pair', '/', 2);
  if not exists (select from fairlock.currencies where code = o.base_currency and kind = 'crypto')
    or not exists (select from fairlock.currencies where code = o.quote_currency and kind = 'fiat') then
    return fairlock.refuse('unknown_pair', '{"field": "pair"}');
  end if;
  o.taken_amount := 0;
  o := fairlock.fill_offer(o, p);
  v_refusal := fairlock.refuse_unsound_offer(o);
  if v_refusal is not null then
    return v_refusal;
  end if;
  -- One maker's creations wait for each other here, so that two at once cannot both be the fiftieth.
  perform pg_advisory_xact_lock(hashtextextended('offers of ' || me, 0));
  select open_offers_per_user into v_limit from fairlock.settings;
  if (select count(*) from fairlock.offers where maker_id = me and status <> 'closed') >= v_limit then
    return fairlock.refuse('too_many_offers', jsonb_build_object('limit', v_limit));
  end if;
  insert into fairlock.offers (id, maker_id, side, base_currency, quote_currency, pricing, price, margin_percent,
    floor_price, ceiling_price, total_amount, min_amount, max_amount, payment_method_types, payment_window_minutes, terms,
    min_kyc_level, min_completed_trades, verified_traders_only, trusted_only, countries, first_trade_limit, working_zone,
    working_days, working_from_minute, working_to_minute, status, expires_at)
  values (o.id, me, o.side, o.base_currency, o.quote_currency, o.pricing, o.price, o.margin_percent, o.floor_price,
    o.ceiling_price, o.total_amount, o.min_amount, o.max_amount,
    o.payment_method_types, o.payment_window_minutes, o.terms, o.min_kyc_level, o.min_completed_trades,
    coalesce(o.verified_traders_only, false), coalesce(o.trusted_only, false), o.countries,
    o.first_trade_limit, o.working_zone, o.working_days, o.working_from_minute, o.working_to_minute, o.status, o.expires_at)
  returning * into o;
  perform fairlock.record_event('offer.created', 'offers', o.id);
  return fairlock.offer_json(o);
end $$;

-- Changes an offer of the acting person; every change is a new version, so that a taker who saw the old one is told.
create function fairlock.change_offer(p_offer uuid, p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  o fairlock.offers;
  before fairlock.offers;
  v_refusal jsonb;
begin
  select * into o from fairlock.offers where id = p_offer and maker_id = fairlock.acting_user() for no key update;
  if not found then
    return fairlock.refuse('not_found');
  elsif o.status = 'closed' then
    return fairlock.refuse('offer_closed');
  end if;
  before := o;
  o := fairlock.fill_offer(o, p);
  -- Pausing and closing must work however late it is; only what puts terms on the market is checked.
  if o.status <> 'closed' and p - 'status' <> '{}' or o.status = 'open' and before.status <> 'open' then
    v_refusal := fairlock.refuse_unsound_offer(o);
    if v_refusal is null and o.status = 'open' and fairlock.is_banned(o.maker_id) then
      v_refusal := fairlock.refuse('banned');
    elsif v_refusal is null and o.status = 'open' and before.status <> 'open' then
      v_refusal := fairlock.refuse_cooldown(o.maker_id);
    end if;
    if v_refusal is not null then
      return v_refusal;
    end if;
  end if;
  update fairlock.offers set pricing = o.pricing, price = o.price, margin_percent = o.margin_percent,
    floor_price = o.floor_price, ceiling_price = o.ceiling_price, total_amount = o.total_amount, min_amount = o.min_amount,
    max_amount = o.max_amount, payment_method_types = o.payment_method_types,
    payment_window_minutes = o.payment_window_minutes, terms = o.terms, min_kyc_level = o.min_kyc_level,
    min_completed_trades = o.min_completed_trades, verified_traders_only = o.verified_traders_only,
    trusted_only = o.trusted_only,
    countries = o.countries, first_trade_limit = o.first_trade_limit, working_zone = o.working_zone,
    working_days = o.working_days, working_from_minute = o.working_from_minute,
    working_to_minute = o.working_to_minute, status = o.status, expires_at = o.expires_at, version = o.version + 1,
    updated_at = now(), closed_at = case when o.status = 'closed' then now() end
  where id = p_offer returning * into o;
  -- The log keeps no text of people's own, which it could not forget with them.
  perform fairlock.record_event('offer.changed', 'offers', o.id, null,
    case when p ->> 'terms' is not null then p || '{"terms": "***"}' else p end);
  return fairlock.offer_json(o);
end $$;

-- Takes offers off the market whose time is over; returns how many. At most p_most, so that one run stays short.
create function fairlock.close_expired_offers(p_most integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_offer uuid;
  v_closed integer := 0;
begin
  for v_offer in
    select id from fairlock.offers where status <> 'closed' and expires_at <= clock_timestamp()
    order by expires_at limit p_most for no key update skip locked
  loop
    update fairlock.offers set status = 'closed', closed_at = now(), updated_at = now(), version = version + 1
    where id = v_offer;
    perform fairlock.record_event('offer.expired', 'offers', v_offer);
    v_closed := v_closed + 1;
  end loop;
  return v_closed;
end $$;
grant execute on function fairlock.close_expired_offers(integer) to fairlock_app;
reset role;
