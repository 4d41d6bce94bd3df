grant select, insert, update on fairlock.price_board to fairlock_engine;
grant select on fairlock.price_board to fairlock_app;
grant insert, update, delete on public.crypto_prices to fairlock_engine;
alter table fairlock.price_board enable row level security, force row level security;
create policy "the engine keeps the board" on fairlock.price_board to fairlock_engine using (true);
create policy "everybody reads the board" on fairlock.price_board for select to fairlock_app using (true);

set local role fairlock_engine;
-- How much a price has moved since an earlier one, percent to eight decimals; nothing when there was none.
create function fairlock.price_change(p_now numeric, p_before numeric) returns numeric
language sql immutable set search_path = pg_catalog, pg_temp
as $$ select round((p_now - p_before) * 100 / p_before, 8) $$;

-- A value as numeric(digits + scale, scale) holds it, which is rounded; nothing when it is too large for that.
create function fairlock.fitted(p_value numeric, p_digits integer, p_scale integer) returns numeric
language sql immutable set search_path = pg_catalog, pg_temp
as $$ select case when abs(round(p_value, p_scale)) < 10::numeric ^ p_digits then round(p_value, p_scale) end $$;

-- The columns of public.crypto_prices that cannot hold what the board says: too large, or so small that nothing is left.
create function fairlock.not_fitting(b fairlock.price_board) returns text[]
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(name order by name), '{}')
  from (values
    ('price_usd', b.price_usd, 12, 8), ('price_btc', b.price_btc, 12, 8), ('price_eth', b.price_eth, 12, 8),
    ('price_change_1h', b.change_1h, 6, 2), ('price_change_24h', b.change_24h, 6, 2),
    ('price_change_7d', b.change_7d, 6, 2), ('price_change_30d', b.change_30d, 6, 2),
    ('high_24h', b.high_24h, 12, 8), ('low_24h', b.low_24h, 12, 8),
    ('volume_24h', b.volume_24h, 22, 8), ('market_cap', b.market_cap, 22, 8),
    ('circulating_supply', b.circulating_supply, 22, 8), ('total_supply', b.total_supply, 22, 8),
    ('max_supply', b.max_supply, 22, 8), ('macd', b.macd, 12, 8), ('macd_signal', b.macd_signal, 12, 8)
  ) held (name, value, digits, scale)
  -- A change of 0.001 % is nothing in two decimals, and nothing is lost by that; a price of nothing would be a lie.
  where fairlock.fitted(value, digits, scale) is null and value is not null
    or fairlock.fitted(value, digits, scale) = 0 and value <> 0 and name not like 'price_change%'
$$;

-- The prices of a round on the board, if they are newer than what stands there, or real where that was made up, or if that
-- is of the future: the clock was wrong then. What a source told of the whole market stays from round to round, but made-up
-- facts do not stay with real prices.
create function fairlock.put_on_board(p_at timestamptz, p_prices jsonb) returns text[]
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  with round as (
    select r.*, c.name from jsonb_to_recordset(p_prices) r (currency text, "priceUsd" numeric, "isSample" boolean,
      rsi numeric, macd numeric, "macdSignal" numeric) join fairlock.currencies c on c.code = r.currency
  ), news as (
    select r.*, p_at as at,
      r."priceUsd" / (select b."priceUsd" from round b where b.currency = 'BTC' and b."isSample" = r."isSample") as btc,
      r."priceUsd" / (select e."priceUsd" from round e where e.currency = 'ETH' and e."isSample" = r."isSample") as eth
    from round r
  ), put as (
    insert into fairlock.price_board as old (currency, is_sample, at, price_usd, price_btc, price_eth, change_1h,
      change_24h, change_7d, change_30d, rsi_14, macd, macd_signal)
    select n.currency, n."isSample", n.at, n."priceUsd", trim_scale(n.btc), trim_scale(n.eth),
      fairlock.price_change(n."priceUsd",
        fairlock.price_before(n.currency, n."isSample", n.at - interval '1 hour', '10 minutes')),
      fairlock.price_change(n."priceUsd",
        fairlock.price_before(n.currency, n."isSample", n.at - interval '24 hours', '1 hour')),
      fairlock.price_change(n."priceUsd",
        fairlock.price_before(n.currency, n."isSample", n.at - interval '7 days', '6 hours')),
      fairlock.price_change(n."priceUsd",
        fairlock.price_before(n.currency, n."isSample", n.at - interval '30 days', '24 hours')),
      n.rsi, n.macd, n."macdSignal"
    from news n
    order by n.currency
    on conflict (currency) do update set is_sample = excluded.is_sample, at = excluded.at,
      price_usd = excluded.price_usd, price_btc = excluded.price_btc, price_eth = excluded.price_eth,
      change_1h = excluded.change_1h, change_24h = excluded.change_24h, change_7d = excluded.change_7d,
      change_30d = excluded.change_30d, rsi_14 = excluded.rsi_14, macd = excluded.macd, macd_signal = excluded.macd_signal,
      facts_at = case when old.is_sample = excluded.is_sample then old.facts_at end
    where excluded.at > old.at or old.is_sample and not excluded.is_sample
      or old.at > clock_timestamp() + interval '1 minute'
    returning currency
  )
  select coalesce(array_agg(currency), '{}') from put
$$;

-- What sources told of the whole market, if it is newer than what is known and no more than a day old.
create function fairlock.put_facts(p_at timestamptz, p_markets jsonb) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  update fairlock.price_board b set facts_at = f.at, facts_source = f.source, source_high_24h = f."high24h",
    source_low_24h = f."low24h", volume_24h = f."volume24h", market_cap = f."marketCap", market_cap_rank = f.rank,
    circulating_supply = f."circulatingSupply", total_supply = f."totalSupply", max_supply = f."maxSupply",
    dominance = f.dominance, sentiment = f.sentiment
  from jsonb_to_recordset(p_markets) f (currency text, at timestamptz, source text, rank integer, "marketCap" numeric,
    "volume24h" numeric, "high24h" numeric, "low24h" numeric, "circulatingSupply" numeric, "totalSupply" numeric,
    "maxSupply" numeric, dominance numeric, sentiment numeric)
  where b.currency = f.currency
    and (b.facts_at is null or f.at > b.facts_at or b.facts_at > clock_timestamp() + interval '1 minute')
    and f.at > p_at - interval '24 hours' and f.at < clock_timestamp() + interval '1 minute'
$$;

-- The specification's table as the board has it. A coin whose price in dollars does not fit has no row there: price_usd
-- cannot be empty, and any number in it would be wrong (docs/decisions/0030).
create function fairlock.copy_board(p_currencies text[]) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update fairlock.price_board b set not_fitting = fairlock.not_fitting(b)
  where b.currency = any (p_currencies) and b.not_fitting <> fairlock.not_fitting(b);
  delete from public.crypto_prices p using fairlock.price_board b
  where b.currency = any (p_currencies) and p.symbol = b.currency and fairlock.fitted(b.price_usd, 12, 8) is null;
  insert into public.crypto_prices (symbol, name, price_usd, price_btc, price_eth, price_change_1h, price_change_24h,
    price_change_7d, price_change_30d, high_24h, low_24h, volume_24h, market_cap, market_cap_rank, circulating_supply,
    total_supply, max_supply, dominance_percentage, sentiment_score, rsi_14, macd, macd_signal, last_updated)
  select b.currency, c.name, fairlock.fitted(b.price_usd, 12, 8), fairlock.fitted(b.price_btc, 12, 8),
    fairlock.fitted(b.price_eth, 12, 8), fairlock.fitted(b.change_1h, 6, 2), fairlock.fitted(b.change_24h, 6, 2),
    fairlock.fitted(b.change_7d, 6, 2), fairlock.fitted(b.change_30d, 6, 2), fairlock.fitted(b.high_24h, 12, 8),
    fairlock.fitted(b.low_24h, 12, 8), fairlock.fitted(b.volume_24h, 22, 8), fairlock.fitted(b.market_cap, 22, 8),
    b.market_cap_rank, fairlock.fitted(b.circulating_supply, 22, 8), fairlock.fitted(b.total_supply, 22, 8),
    fairlock.fitted(b.max_supply, 22, 8), b.dominance, b.sentiment, b.rsi_14, fairlock.fitted(b.macd, 12, 8),
    fairlock.fitted(b.macd_signal, 12, 8), b.at
  from fairlock.price_board b join fairlock.currencies c on c.code = b.currency
  where b.currency = any (p_currencies) and fairlock.fitted(b.price_usd, 12, 8) is not null
  order by b.currency
  on conflict (symbol) do update set name = excluded.name, price_usd = excluded.price_usd,
    price_btc = excluded.price_btc, price_eth = excluded.price_eth, price_change_1h = excluded.price_change_1h,
    price_change_24h = excluded.price_change_24h, price_change_7d = excluded.price_change_7d,
    price_change_30d = excluded.price_change_30d, high_24h = excluded.high_24h, low_24h = excluded.low_24h,
    volume_24h = excluded.volume_24h, market_cap = excluded.market_cap, market_cap_rank = excluded.market_cap_rank,
    circulating_supply = excluded.circulating_supply, total_supply = excluded.total_supply,
    max_supply = excluded.max_supply, dominance_percentage = excluded.dominance_percentage,
    sentiment_score = excluded.sentiment_score, rsi_14 = excluded.rsi_14, macd = excluded.macd,
    macd_signal = excluded.macd_signal, last_updated = excluded.last_updated;
end $$;

-- Keeps one round of the feed whole: history, roll-ups, the board and public.crypto_prices, in one transaction. A round
-- from the past completes the history and leaves the board as it is; one from the future does nothing. p: {at, prices:
-- [{currency, priceUsd, isSample, rsi, macd, macdSignal}], markets: [...]}. Returns {recorded, shown}: how many coins'
-- history and how many coins' rows on the board it changed.
create function fairlock.record_prices(p jsonb) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_at timestamptz := p ->> 'at';
  v_prices jsonb;
  v_recorded text[];
  v_shown text[];
begin
  if v_at >= clock_timestamp() + interval '1 minute' then
    return jsonb_build_object('recorded', 0, 'shown', 0);
  end if;
  -- Two rounds at once would roll up without each other.
  perform pg_advisory_xact_lock(hashtextextended('price round', 0));
  select coalesce(jsonb_agg(r.price), '[]') into v_prices
  from (
    select distinct on (each ->> 'currency') each as price
    from jsonb_array_elements(p -> 'prices') each join fairlock.currencies c on c.code = each ->> 'currency'
    where c.kind = 'crypto' and (each ->> 'priceUsd')::numeric > 0 and (each ->> 'priceUsd')::numeric < 'Infinity'
    order by each ->> 'currency'
  ) r;
  v_recorded := fairlock.keep_minutes(v_at, v_prices);
  perform fairlock.roll_up_prices(v_at, v_recorded);
  v_shown := fairlock.put_on_board(v_at, v_prices);
  perform fairlock.put_facts(v_at, p -> 'markets');
  -- Facts of yesterday are not what the market is today.
  update fairlock.price_board set facts_at = null where facts_at <= v_at - interval '24 hours';
  update fairlock.price_board set facts_source = null, source_high_24h = null, source_low_24h = null, volume_24h = null,
    market_cap = null, market_cap_rank = null, circulating_supply = null, total_supply = null, max_supply = null,
    dominance = null, sentiment = null
  where facts_at is null and facts_source is not null;
  update fairlock.price_board b set high_24h = coalesce(range.high, b.source_high_24h),
    low_24h = coalesce(range.low, b.source_low_24h)
  from fairlock.price_board mine, fairlock.price_range(mine.currency, mine.is_sample, mine.at) range
  where mine.currency = b.currency and b.currency = any (v_shown);
  perform fairlock.copy_board((select array_agg(currency) from fairlock.price_board));
  return jsonb_build_object('recorded', cardinality(v_recorded), 'shown', cardinality(v_shown));
end $$;
grant execute on function fairlock.record_prices(jsonb) to fairlock_app;
reset role;
