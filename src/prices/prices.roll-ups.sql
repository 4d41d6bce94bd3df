set local role fairlock_engine;
-- Keeps the prices of one moment, each in its minute; returns the currencies whose history it changed. Within a minute
-- only what is newer than the newest counts, so that the same round twice is one. Other minutes may come in any order,
-- as long as their day is still kept.
create function fairlock.keep_minutes(p_at timestamptz, p_prices jsonb) returns text[]
language sql volatile set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
  with kept as (
    insert into fairlock.price_history as old (currency, is_sample, at, open, high, low, close, samples, first_at, last_at)
    select r.currency, r."isSample", date_trunc('minute', p_at), r."priceUsd", r."priceUsd", r."priceUsd", r."priceUsd",
      1, p_at, p_at
    from jsonb_to_recordset(p_prices) r (currency text, "priceUsd" numeric, "isSample" boolean)
    where p_at >= (select minutes from fairlock.prices_kept_since())
    on conflict (currency, is_sample, at) do update set high = greatest(old.high, excluded.high),
      low = least(old.low, excluded.low), close = excluded.close, samples = old.samples + 1, last_at = excluded.last_at
    where excluded.last_at > old.last_at
    returning currency
  )
  select coalesce(array_agg(currency), '{}') from kept
$$;

-- Makes the hour and the day of a moment anew from their minutes and hours. A roll-up never loses prices: where some of
-- what it was made of is no longer there, it stays as it is.
create function fairlock.roll_up_prices(p_at timestamptz, p_currencies text[]) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
  v_hour timestamptz := date_trunc('hour', p_at);
  v_day timestamptz := date_trunc('day', p_at);
begin
  insert into fairlock.price_hours as old (currency, is_sample, at, open, high, low, close, samples, first_at, last_at)
  select currency, is_sample, v_hour, (array_agg(open order by at))[1], max(high), min(low),
    (array_agg(close order by at desc))[1], sum(samples), min(first_at), max(last_at)
  from fairlock.price_history
  where currency = any (p_currencies) and at >= v_hour and at < v_hour + interval '1 hour'
  group by currency, is_sample
  on conflict (currency, is_sample, at) do update set open = excluded.open, high = excluded.high, low = excluded.low,
    close = excluded.close, samples = excluded.samples, first_at = excluded.first_at, last_at = excluded.last_at
  where excluded.samples > old.samples;
  insert into fairlock.price_days as old (currency, is_sample, at, open, high, low, close, samples, first_at, last_at)
  select currency, is_sample, v_day, (array_agg(open order by at))[1], max(high), min(low),
    (array_agg(close order by at desc))[1], sum(samples), min(first_at), max(last_at)
  from fairlock.price_hours
  where currency = any (p_currencies) and at >= v_day and at < v_day + interval '1 day'
  group by currency, is_sample
  on conflict (currency, is_sample, at) do update set open = excluded.open, high = excluded.high, low = excluded.low,
    close = excluded.close, samples = excluded.samples, first_at = excluded.first_at, last_at = excluded.last_at
  where excluded.samples > old.samples;
end $$;

-- The newest price at a moment or before it, not older than the tolerance; nothing when there is none. From the finest
-- bars there are; a bar whose last price came later does not count.
create function fairlock.price_before(p_currency text, p_sample boolean, p_at timestamptz, p_tolerance interval)
returns numeric
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select close from (
    (select close, last_at from fairlock.price_history
     where currency = p_currency and is_sample = p_sample and at <= p_at
       and at > p_at - p_tolerance - interval '1 minute' and last_at <= p_at
     order by at desc limit 1)
    union all
    (select close, last_at from fairlock.price_hours
     where currency = p_currency and is_sample = p_sample and at <= p_at
       and at > p_at - p_tolerance - interval '1 hour' and last_at <= p_at
     order by at desc limit 1)
    union all
    (select close, last_at from fairlock.price_days
     where currency = p_currency and is_sample = p_sample and at <= p_at
       and at > p_at - p_tolerance - interval '1 day' and last_at <= p_at
     order by at desc limit 1)
  ) found where last_at >= p_at - p_tolerance order by last_at desc limit 1
$$;

-- Highest and lowest price of the 24 hours before a moment, where each of its hours has prices; else a row of nulls. The
-- first hour is begun within, so its minutes are read one by one.
create function fairlock.price_range(p_currency text, p_sample boolean, p_at timestamptz, out high numeric, out low numeric)
language sql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
  select case when hours.count = 24 then greatest(hours.high, minutes.high) end,
    case when hours.count = 24 then least(hours.low, minutes.low) end
  from (
    select count(*), max(h.high) as high, min(h.low) as low from fairlock.price_hours h
    where h.currency = p_currency and h.is_sample = p_sample and h.at <= p_at
      and h.at > date_trunc('hour', p_at) - interval '24 hours'
  ) hours, (
    select max(m.high) as high, min(m.low) as low from fairlock.price_history m
    where m.currency = p_currency and m.is_sample = p_sample and m.at >= p_at - interval '24 hours'
      and m.at < date_trunc('hour', p_at) - interval '23 hours'
  ) minutes
$$;
reset role;
