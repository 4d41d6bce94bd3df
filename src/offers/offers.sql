-- Offers: everybody sees what is on the market, makers see and change their own.
grant select, insert on fairlock.offers to fairlock_engine;
grant update (pricing, price, margin_percent, floor_price, ceiling_price, total_amount, taken_amount, min_amount, max_amount,
  payment_method_types, payment_window_minutes, terms, min_kyc_level, min_completed_trades, verified_traders_only, trusted_only,
  countries, first_trade_limit, working_zone, working_days, working_from_minute, working_to_minute, status, version, expires_at,
  updated_at, closed_at)
  on fairlock.offers to fairlock_engine;
grant select on fairlock.offers to fairlock_app;

alter table fairlock.offers enable row level security, force row level security;
create policy "the engine keeps offers" on fairlock.offers to fairlock_engine using (true);
create policy "the market is public, the rest the maker's" on fairlock.offers for select to fairlock_app
  using (listed and (hidden_until is null or hidden_until <= now()) or maker_id = (select fairlock.acting_user()));

set local role fairlock_engine;

-- What an offer is and who made it never change; a closed one stays closed.
create function fairlock.guard_offer() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if (new.id, new.maker_id, new.side, new.base_currency, new.quote_currency)
    is distinct from (old.id, old.maker_id, old.side, old.base_currency, old.quote_currency) then
    raise exception using errcode = 'FL094', message = 'maker, side and pair of an offer never change';
  elsif old.status = 'closed' and new.status <> 'closed' then
    raise exception using errcode = 'FL095', message = 'a closed offer stays closed';
  end if;
  return new;
end $$;
grant execute on function fairlock.guard_offer() to session_user;

create function fairlock.is_working(p_offer fairlock.offers, p_at timestamptz) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select p_offer.working_zone is null or (
    extract(isodow from p_at at time zone p_offer.working_zone)::smallint = any (p_offer.working_days)
    and extract(hour from p_at at time zone p_offer.working_zone) * 60
      + extract(minute from p_at at time zone p_offer.working_zone)
      between p_offer.working_from_minute and p_offer.working_to_minute - 1)
$$;
grant execute on function fairlock.is_working(fairlock.offers, timestamptz) to fairlock_app;

-- What a floating offer costs at a price of the market, exactly: the margin on it, held by floor and ceiling. Nothing
-- without a price. fairlock.price_at is what people see and pay.
create function fairlock.exact_price(p_market numeric, p_margin numeric, p_floor numeric, p_ceiling numeric) returns numeric
language sql immutable
as $$
  select case when p_market is not null
    then least(greatest(p_market * (1 + p_margin * 0.01), p_floor), p_ceiling) end
$$;
grant execute on function fairlock.exact_price(numeric, numeric, numeric, numeric) to fairlock_app;

-- What an offer costs when the market is at this price: to 8 decimals, half away from zero. Nothing where that is nothing
-- or more than can be kept. effectivePrice in pricing.ts says the same.
create function fairlock.price_at(o fairlock.offers, p_market numeric) returns numeric
language sql immutable
as $$
  select case when o.pricing = 'fixed' then o.price
    when fairlock.exact_price(p_market, o.margin_percent, o.floor_price, o.ceiling_price)
      between 0.000000005 and 999999999999.99999999
      then round(fairlock.exact_price(p_market, o.margin_percent, o.floor_price, o.ceiling_price), 8) end
$$;
grant execute on function fairlock.price_at(fairlock.offers, numeric) to fairlock_app;

-- What an offer costs now; nothing while a floating one has no good quote.
create function fairlock.price_of(o fairlock.offers) returns numeric
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return fairlock.price_at(o, case o.pricing when 'floating' then (fairlock.good_quote(o.pair)).price end);
end $$;
grant execute on function fairlock.price_of(fairlock.offers) to fairlock_app;
reset role;

create trigger guard before update on fairlock.offers for each row execute function fairlock.guard_offer();
