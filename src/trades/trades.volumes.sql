-- What a trade counts against the limits of its two sides: its value in US dollars at its own price, from the take on. It
-- is given back when the trade ends without a sale, as long as it still counts.
set local role fairlock_engine;

-- The largest amount whose value, rounded as a take rounds it, is not above p_left US dollars.
create function fairlock.most_within(p_left numeric, p_rate numeric, p_price numeric, p_decimals integer) returns numeric
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_unit numeric := power(10::numeric, -p_decimals);
  v_value numeric := div(p_left, p_rate * v_unit) * v_unit;
  v_units numeric;
begin
  -- A value is rounded half up: it stays v_value below half a unit more.
  v_units := ceil((v_value + v_unit / 2) * 100000000 / p_price) - 1;
  -- The quotient is cut off at some digit; the product is not.
  if v_units * p_price >= (v_value + v_unit / 2) * 100000000 then
    v_units := v_units - 1;
  end if;
  return greatest(v_units, 0) / 100000000;
end $$;

-- What a take at p_price is worth in US dollars, on which day it would count, and why it may not be: the limit of who takes
-- it, or of the maker. Of the maker's no number is told, or everybody could read off what they trade in a day: only whether
-- the smallest amount of the offer would do. Asked under the offer's lock; count_volume asks again under the profiles'.
create function fairlock.weigh_take(
  o fairlock.offers, p_taker uuid, p_price numeric, p_value numeric,
  out value numeric, out day date, out refusal jsonb
)
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_rate numeric := fairlock.limit_rate(o.quote_currency);
  v_decimals integer;
  v_left numeric;
  v_makers numeric;
  l record;
begin
  if v_rate is null then
    refusal := fairlock.refuse('no_reference_rate', jsonb_build_object('currency', o.quote_currency));
    return;
  end if;
  value := round(p_value * v_rate, 8);
  -- A side whose volumes are of a later day takes the trade there: one day for both.
  with sides as (
    select p from public.crypto_profiles p where p.user_id in (p_taker, o.maker_id)
  ), today as (
    select greatest(fairlock.day_of(clock_timestamp()), max((p).volume_day)) as day from sides
  )
  select t.day, min(fairlock.room_of(p, t.day)) filter (where (p).user_id = p_taker),
    min(fairlock.room_of(p, t.day)) filter (where (p).user_id = o.maker_id)
  into day, v_left, v_makers from sides, today t group by t.day;
  -- Who has no profile may trade nothing, not even what is worth nothing.
  day := coalesce(day, fairlock.day_of(clock_timestamp()));
  v_left := coalesce(v_left, -1);
  v_makers := coalesce(v_makers, -1);
  if value <= least(v_left, v_makers) then
    return;
  end if;
  v_decimals := (select decimals from fairlock.currencies where code = o.quote_currency);
  if value <= v_left then
    refusal := fairlock.refuse('counterparty_limit', jsonb_build_object('field', 'amount', 'smallerMayWork',
      round(round(o.min_amount * p_price, v_decimals) * v_rate, 8) <= v_makers));
    return;
  end if;
  select * into l from fairlock.limits_of(p_taker, day::timestamp at time zone 'UTC');
  refusal := fairlock.refuse('limit_exceeded', jsonb_build_object('field', 'amount', 'kycLevel', l.level,
      'currency', 'USD', 'needed', value::text, 'leftInCurrency', least(o.max_amount, o.total_amount - o.taken_amount,
        fairlock.most_within(greatest(v_left, 0), v_rate, p_price, v_decimals))::numeric(20, 8)::text)
    || case when l.daily_limit - l.daily_used < l.monthly_limit - l.monthly_used
      then jsonb_build_object('window', 'daily') || fairlock.window_json(l.daily_limit, l.daily_used, day + 1)
      else jsonb_build_object('window', 'monthly') || fairlock.window_json(l.monthly_limit, l.monthly_used,
        (fairlock.month_of(day) + interval '1 month')::date) end);
end $$;

-- Counts a take for both sides, as the last that it does: nothing is locked after the profiles. Whoever was quicker, or
-- counted on a later day, after weigh_take had looked, makes the API repeat the request, which is refused then if need be.
create function fairlock.count_volume(p_seller uuid, p_buyer uuid, p_value numeric, p_day date) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if not (
    select bool_and(coalesce((s.p).volume_day <= p_day, true) and p_value <= fairlock.room_of(s.p, p_day)) from (
      select p from public.crypto_profiles p where p.user_id in (p_seller, p_buyer) order by p.user_id for no key update
    ) s
  ) then
    raise exception using errcode = '40001', message = 'another trade of one of the two was counted at this moment';
  end if;
  update public.crypto_profiles set
    current_daily_volume = p_value + case when volume_day = p_day then current_daily_volume else 0 end,
    current_monthly_volume = p_value
      + case when fairlock.month_of(volume_day) = fairlock.month_of(p_day) then current_monthly_volume else 0 end,
    volume_day = p_day
  where user_id in (p_seller, p_buyer);
end $$;

-- Gives back what a trade counted and did not sell, where its day or month is still the counter's. Before anything else
-- that locks a profile: it locks both. A counter that was wrong holds up nobody's coins: it stops at zero.
create function fairlock.uncount_volume(p_seller uuid, p_buyer uuid, p_value numeric, p_day date) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(p_value, 0) = 0 then
    return;
  end if;
  perform from public.crypto_profiles where user_id in (p_seller, p_buyer) order by user_id for no key update;
  update public.crypto_profiles set
    current_daily_volume = case when volume_day = p_day then greatest(current_daily_volume - p_value, 0)
      else current_daily_volume end,
    current_monthly_volume = greatest(current_monthly_volume - p_value, 0)
  where user_id in (p_seller, p_buyer) and fairlock.month_of(volume_day) = fairlock.month_of(p_day);
end $$;
reset role;
