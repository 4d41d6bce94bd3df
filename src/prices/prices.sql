-- What the market says. Prices hold nothing personal: everybody reads them.
grant select on public.crypto_prices to fairlock_engine, fairlock_app;
grant select, insert, update, delete on fairlock.market_quotes to fairlock_engine;
grant select on fairlock.market_quotes to fairlock_app;

alter table public.crypto_prices enable row level security, force row level security;
create policy "the engine keeps prices" on public.crypto_prices to fairlock_engine using (true);
create policy "everybody reads prices" on public.crypto_prices for select to fairlock_app using (true);
alter table fairlock.market_quotes enable row level security, force row level security;
create policy "the engine keeps quotes" on fairlock.market_quotes to fairlock_engine using (true);
create policy "everybody reads quotes" on fairlock.market_quotes for select to fairlock_app using (true);

set local role fairlock_engine;

-- Whether a price may be made from this quote now: young enough, of enough sources, and they agree. A price of a coin
-- has to be minutes old, a rate of exchange days. What is of the future was kept while the clock was wrong, and would be
-- young for long. Called with a row, so that a search asks it once.
create function fairlock.is_good(q fairlock.market_quotes) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return q.source_count >= s.quote_least_sources and q.spread_percent <= s.quote_most_spread_percent
    and q.as_of > clock_timestamp() - case when c.kind = 'fiat' then make_interval(hours => s.reference_max_age_hours)
      else make_interval(secs => s.quote_max_age_seconds) end
    and q.as_of <= clock_timestamp() + interval '1 minute'
    and (q.rate_as_of is null or q.rate_as_of > clock_timestamp() - make_interval(hours => s.reference_max_age_hours))
  from fairlock.settings s, fairlock.currencies c where c.code = q.base_currency;
end $$;
grant execute on function fairlock.is_good(fairlock.market_quotes) to fairlock_app;

-- The quote of a pair that prices may be made from; a row of nulls when there is none.
create function fairlock.good_quote(p_pair text) returns fairlock.market_quotes
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  q fairlock.market_quotes;
begin
  select * into q from fairlock.market_quotes m where m.pair = p_pair and fairlock.is_good(m);
  return q;
end $$;
grant execute on function fairlock.good_quote(text) to fairlock_app;

-- US dollars for one unit of a currency; nothing when nobody can tell. A reference: for limits and for reports, where an
-- hour-old price of a coin does, so both kinds may be as old as a rate of exchange. Offers are priced by good_quote.
create function fairlock.reference_rate(p_currency text) returns numeric
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case when p_currency = 'USD' then 1 else (
    select q.price from fairlock.market_quotes q, fairlock.settings s
    where q.pair = p_currency || '/USD' and q.source_count >= s.quote_least_sources
      and q.spread_percent <= s.quote_most_spread_percent
      and q.as_of > clock_timestamp() - make_interval(hours => s.reference_max_age_hours)
      and q.as_of <= clock_timestamp() + interval '1 minute') end
$$;
grant execute on function fairlock.reference_rate(text) to fairlock_app;

-- US dollars for one unit of a currency as they were on 2026-06-11, when Fairlock was shipped with them. They count limits
-- where no source can be reached and nothing else: a limit that is some percent off is better than a market that stands
-- still. The bolívar is not among them: it loses in months what others lose in decades.
create function fairlock.shipped_rate(p_currency text) returns numeric
language sql immutable
as $$
  select dollars from (values
    ('EUR', 1.155), ('GBP', 1.338), ('CHF', 1.252), ('SEK', 0.1053), ('NOK', 0.1058), ('DKK', 0.1545),
    ('PLN', 0.2717), ('CZK', 0.04775), ('HUF', 0.003239), ('RON', 0.2206), ('BGN', 0.5904),
    ('TRY', 0.02167), ('UAH', 0.0222), ('CAD', 0.7174), ('AUD', 0.7005), ('NZD', 0.5796), ('JPY', 0.00623),
    ('CNY', 0.1476), ('HKD', 0.1276), ('SGD', 0.777), ('INR', 0.01046), ('PKR', 0.003593),
    ('IDR', 0.00005565), ('PHP', 0.01633), ('THB', 0.03037), ('VND', 0.00003799), ('KRW', 0.0006552),
    ('BRL', 0.1926), ('ARS', 0.0006977), ('MXN', 0.0575), ('COP', 0.0002811), ('CLP', 0.001092),
    ('PEN', 0.2939), ('NGN', 0.0007351), ('KES', 0.007724), ('GHS', 0.0868), ('ZAR', 0.06048),
    ('EGP', 0.0193), ('AED', 0.2723), ('ILS', 0.3365)
  ) shipped (currency, dollars) where currency = p_currency
$$;

-- The rate by which trades count against limits.
create function fairlock.limit_rate(p_currency text) returns numeric
language sql stable set search_path = pg_catalog, pg_temp
as $$ select coalesce(fairlock.reference_rate(p_currency), fairlock.shipped_rate(p_currency)) $$;

-- Keeps what the feed has found out; returns how many pairs have a newer quote than before. One that is older than what
-- is known, or from the future, changes nothing: unless too few sources made the one that is known, or they disagreed,
-- and the older one is sound. Such a one would last until even the slowest source has spoken after it, up to days. And
-- unless the one that is known is from the future itself: it was kept while the clock was wrong. What was made up is gone
-- as soon as anything is real, also for pairs of which nothing real is known.
-- p: [{pair, price, via, sources, sourceCount, spreadPercent, asOf, rateAsOf, isSample}].
create function fairlock.publish_quotes(p jsonb) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_changed integer;
  v_least smallint;
  v_most smallint;
begin
  select s.quote_least_sources, s.quote_most_spread_percent into v_least, v_most from fairlock.settings s;
  delete from fairlock.market_quotes where is_sample
    and exists (select from jsonb_to_recordset(p) r ("isSample" boolean) where not r."isSample");
  insert into fairlock.market_quotes as old (pair, base_currency, quote_currency, price, via, sources, source_count,
    spread_percent, as_of, rate_as_of, is_sample)
  select r.pair, base.code, quote.code, r.price, r.via, r.sources, r."sourceCount", r."spreadPercent", r."asOf",
    r."rateAsOf", r."isSample"
  from jsonb_to_recordset(p) r (pair text, price numeric, via text, sources jsonb, "sourceCount" smallint,
    "spreadPercent" numeric, "asOf" timestamptz, "rateAsOf" timestamptz, "isSample" boolean)
  join fairlock.currencies base on base.code = split_part(r.pair, '/', 1)
  join fairlock.currencies quote on quote.code = split_part(r.pair, '/', 2)
  where r."asOf" < clock_timestamp() + interval '1 minute'
  -- In one order, so that two feeds at once do not wait for each other.
  order by r.pair
  on conflict (pair) do update set price = excluded.price, via = excluded.via, sources = excluded.sources,
    source_count = excluded.source_count, spread_percent = excluded.spread_percent, as_of = excluded.as_of,
    rate_as_of = excluded.rate_as_of, is_sample = excluded.is_sample, published_at = clock_timestamp()
  where excluded.as_of > old.as_of or excluded.as_of = old.as_of and (excluded.rate_as_of > old.rate_as_of
    or excluded.sources <> old.sources)
    or (old.source_count < v_least or old.spread_percent > v_most)
      and excluded.source_count >= v_least and excluded.spread_percent <= v_most
    or old.as_of > clock_timestamp() + interval '1 minute';
  get diagnostics v_changed = row_count;
  return v_changed;
end $$;
grant execute on function fairlock.publish_quotes(jsonb) to fairlock_app;
reset role;
