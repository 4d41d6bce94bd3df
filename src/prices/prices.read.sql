-- How the API says what the board and its history know. Numbers are text, exact, without zeros that say nothing.
set local role fairlock_engine;
create function fairlock.price_text(p_value numeric) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$ select trim_scale(p_value)::text $$;
grant execute on function fairlock.price_text(numeric) to fairlock_app;

create function fairlock.sample_note(p_sample boolean) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$ select jsonb_build_object('sample', p_sample, 'note', case when p_sample then 'sample prices' end) $$;
grant execute on function fairlock.sample_note(boolean) to fairlock_app;

create function fairlock.age_seconds(p_at timestamptz) returns integer
language sql volatile set search_path = pg_catalog, pg_temp
as $$ select greatest(0, floor(extract(epoch from clock_timestamp() - p_at)))::integer $$;
grant execute on function fairlock.age_seconds(timestamptz) to fairlock_app;

-- A coin of the house as the board has it; with nulls where there is no price yet.
create function fairlock.board_json(c fairlock.currencies, b fairlock.price_board) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select fairlock.sample_note(coalesce(b.is_sample, false)) || jsonb_build_object(
    'symbol', c.code, 'name', c.name, 'asOf', fairlock.rfc3339(b.at),
    'stale', coalesce(b.at <= clock_timestamp() - make_interval(secs => s.quote_max_age_seconds), true),
    'priceUsd', fairlock.price_text(b.price_usd), 'priceBtc', fairlock.price_text(b.price_btc),
    'priceEth', fairlock.price_text(b.price_eth), 'change1h', b.change_1h::text, 'change24h', b.change_24h::text,
    'change7d', b.change_7d::text, 'change30d', b.change_30d::text, 'high24h', fairlock.price_text(b.high_24h),
    'low24h', fairlock.price_text(b.low_24h), 'volume24h', fairlock.price_text(b.volume_24h),
    'marketCap', fairlock.price_text(b.market_cap), 'marketCapRank', b.market_cap_rank,
    'circulatingSupply', fairlock.price_text(b.circulating_supply), 'totalSupply', fairlock.price_text(b.total_supply),
    'maxSupply', fairlock.price_text(b.max_supply), 'dominance', fairlock.price_text(b.dominance),
    'sentiment', fairlock.price_text(b.sentiment), 'factsAsOf', fairlock.rfc3339(b.facts_at),
    'factsSource', b.facts_source)
    || jsonb_build_object('rsi14', fairlock.price_text(b.rsi_14), 'macd', fairlock.price_text(b.macd),
    'macdSignal', fairlock.price_text(b.macd_signal), 'notFitting', coalesce(to_jsonb(b.not_fitting), '[]'))
  from fairlock.settings s
$$;
grant execute on function fairlock.board_json(fairlock.currencies, fairlock.price_board) to fairlock_app;

create function fairlock.bar_json(p_open numeric, p_high numeric, p_low numeric, p_close numeric, p_samples integer,
  p_first timestamptz, p_last timestamptz, p_sample boolean, p_at timestamptz) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select fairlock.sample_note(p_sample) || jsonb_build_object('at', fairlock.rfc3339(p_at),
    'open', fairlock.price_text(p_open), 'high', fairlock.price_text(p_high), 'low', fairlock.price_text(p_low),
    'close', fairlock.price_text(p_close), 'samples', p_samples, 'firstAt', fairlock.rfc3339(p_first),
    'lastAt', fairlock.rfc3339(p_last))
$$;
grant execute on function fairlock.bar_json(numeric, numeric, numeric, numeric, integer, timestamptz, timestamptz, boolean,
  timestamptz) to fairlock_app;

-- What a coin costs in each other currency, or in one, with what each source said and how old that is.
create function fairlock.quotes_json(p_symbol text, p_currency text) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(fairlock.sample_note(q.is_sample) || jsonb_build_object(
    'pair', q.pair, 'currency', q.quote_currency, 'price', fairlock.price_text(q.price), 'via', q.via,
    'priced', fairlock.is_good(q), 'asOf', fairlock.rfc3339(q.as_of), 'rateAsOf', fairlock.rfc3339(q.rate_as_of),
    'ageSeconds', fairlock.age_seconds(q.as_of), 'spreadPercent', fairlock.price_text(q.spread_percent),
    'sourceCount', q.source_count, 'sources', (
      select jsonb_agg(jsonb_build_object('source', said ->> 'source', 'price', said ->> 'price',
        'at', fairlock.rfc3339((said ->> 'at')::timestamptz),
        'ageSeconds', fairlock.age_seconds((said ->> 'at')::timestamptz), 'used', said -> 'used') order by n)
      from jsonb_array_elements(q.sources) with ordinality each (said, n)
    )) order by q.quote_currency), '[]')
  from fairlock.market_quotes q
  where q.base_currency = p_symbol and (p_currency is null or q.quote_currency = p_currency)
$$;
grant execute on function fairlock.quotes_json(text, text) to fairlock_app;

-- How the history is, for the metrics. Rows that landed in no partition are counted up to a thousand.
create function fairlock.price_history_state() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
  select jsonb_build_object(
    'ageSeconds', (select fairlock.age_seconds(max(at)) from fairlock.price_board),
    'daysAhead', count(*) filter (where first ~ '_\d\d_' and to_date(first, 'YYYY_MM_DD') > current_date),
    'monthsAhead', count(*) filter (where first !~ '_\d\d_' and to_date(first, 'YYYY_MM') > current_date),
    'unopened', (select count(*) from (select from fairlock.price_history_default limit 1000) counted),
    'notFitting', (select count(*) from fairlock.price_board where not_fitting <> '{}'))
  from pg_inherits, lateral substring(inhrelid::regclass::text from '_(\d{4}_\d\d(?:_\d\d)?)$') first
  where inhparent in ('fairlock.price_history'::regclass, 'fairlock.price_hours'::regclass)
$$;
grant execute on function fairlock.price_history_state() to fairlock_app;
reset role;
