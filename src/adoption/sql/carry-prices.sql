-- Prices: market data, one row for each symbol. What market data has too many decimals of is rounded; figures that cannot
-- be are left out.

-- A figure of market data, rounded; nothing where it is none, or too large for a column of so many digits before the point.
create or replace function fairlock_adoption.figure(p_text text, p_digits integer, p_decimals integer, p_may_be_negative boolean)
returns numeric
language sql immutable
as $$
  select case when abs(m) < 10::numeric ^ p_digits - 1 and (m >= 0 or p_may_be_negative) then round(m, p_decimals) end
  from fairlock_adoption.money(p_text) m
$$;

-- Why a price cannot be carried.
create or replace function fairlock_adoption.refuse_price(o fairlock_adoption.old_crypto_prices) returns jsonb
language sql immutable
as $$
  select case
    when coalesce(btrim(o.symbol), '') = '' then jsonb_build_array(
      fairlock_adoption.reason('symbol_missing', 'symbol', 'a price of nothing'))
    when m is null or m in ('NaN', 'Infinity', '-Infinity') then jsonb_build_array(
      fairlock_adoption.reason('price_not_a_number', 'price_usd', format('%s is no price', coalesce(o.price_usd, 'nothing'))))
    when round(m, 8) <= 0 then jsonb_build_array(
      fairlock_adoption.reason('price_not_positive', 'price_usd', format('%s is no price', o.price_usd)))
    when m >= 1000000000000 then jsonb_build_array(
      fairlock_adoption.reason('amount_too_large', 'price_usd', format('%s has too many digits', o.price_usd)))
  end from fairlock_adoption.money(o.price_usd) m
$$;

-- The figures that are left out.
create or replace function fairlock_adoption.price_remnants(o fairlock_adoption.old_crypto_prices)
returns setof fairlock_adoption.remnant
language sql stable
as $$
  select o.key, f.name, 'number_impossible', f.old
  from (values
    ('price_change_24h', o.price_change_24h, fairlock_adoption.figure(o.price_change_24h, 6, 2, true)),
    ('volume_24h', o.volume_24h, fairlock_adoption.figure(o.volume_24h, 22, 8, false)),
    ('market_cap', o.market_cap, fairlock_adoption.figure(o.market_cap, 22, 8, false)),
    ('market_cap_rank', o.market_cap_rank, nullif(fairlock_adoption.figure(o.market_cap_rank, 9, 0, false), 0)),
    ('high_24h', o.high_24h, fairlock_adoption.figure(o.high_24h, 12, 8, false)),
    ('low_24h', o.low_24h, fairlock_adoption.figure(o.low_24h, 12, 8, false)),
    ('circulating_supply', o.circulating_supply, fairlock_adoption.figure(o.circulating_supply, 22, 8, false)),
    ('total_supply', o.total_supply, fairlock_adoption.figure(o.total_supply, 22, 8, false)),
    ('max_supply', o.max_supply, fairlock_adoption.figure(o.max_supply, 22, 8, false))
  ) f (name, old, new) where btrim(f.old) <> '' and f.new is null
  union all
  select o.key, f.name, 'time_impossible', coalesce(f.at::text, o.extra ->> f.name)
  from (values ('last_updated', o.last_updated), ('created_at', o.created_at)) f (name, at)
  where (f.at is not null or o.extra ? f.name) and fairlock_adoption.possible(f.at) is null
$$;

create or replace function fairlock_adoption.write_prices(p_rows fairlock_adoption.old_crypto_prices[]) returns void
language sql
as $$
  insert into fairlock_next.crypto_prices as p (id, symbol, name, price_usd, price_change_24h, volume_24h, market_cap,
    market_cap_rank, high_24h, low_24h, circulating_supply, total_supply, max_supply, last_updated, created_at)
  select fairlock_adoption.id_of('crypto_prices', o.key), upper(btrim(o.symbol)), o.name,
    fairlock_adoption.figure(o.price_usd, 12, 8, false), fairlock_adoption.figure(o.price_change_24h, 6, 2, true),
    fairlock_adoption.figure(o.volume_24h, 22, 8, false), fairlock_adoption.figure(o.market_cap, 22, 8, false),
    nullif(fairlock_adoption.figure(o.market_cap_rank, 9, 0, false), 0)::integer,
    fairlock_adoption.figure(o.high_24h, 12, 8, false), fairlock_adoption.figure(o.low_24h, 12, 8, false),
    fairlock_adoption.figure(o.circulating_supply, 22, 8, false), fairlock_adoption.figure(o.total_supply, 22, 8, false),
    fairlock_adoption.figure(o.max_supply, 22, 8, false), fairlock_adoption.possible(o.last_updated),
    coalesce(fairlock_adoption.possible(o.created_at), fairlock_adoption.possible(o.last_updated), s.adopted_at)
  from unnest(p_rows) o join fairlock_adoption.state s on s.one
  on conflict (symbol) do update set id = excluded.id, name = excluded.name, price_usd = excluded.price_usd,
    price_change_24h = excluded.price_change_24h, volume_24h = excluded.volume_24h, market_cap = excluded.market_cap,
    market_cap_rank = excluded.market_cap_rank, high_24h = excluded.high_24h, low_24h = excluded.low_24h,
    circulating_supply = excluded.circulating_supply, total_supply = excluded.total_supply,
    max_supply = excluded.max_supply, last_updated = excluded.last_updated, created_at = excluded.created_at
$$;

create or replace function fairlock_adoption.step_crypto_prices(p_keys text[]) returns fairlock_adoption.outcome
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_rows fairlock_adoption.old_crypto_prices[] := array(select o from fairlock_adoption.read_crypto_prices(p_keys) o);
  v_gone text[] := array(select unnest(p_keys) except select key from unnest(v_rows));
  v_unchanged integer := cardinality(v_rows);
  v_removed integer := 0;
  v_refused fairlock_adoption.refusal[];
  v_winners text[];
  v_ended text[];
begin
  v_rows := array(select o from unnest(v_rows) o where not exists (select from fairlock_adoption.carried c
    where c.table_name = 'crypto_prices' and c.key = o.key and c.hash = fairlock_adoption.row_hash(o)));
  v_unchanged := v_unchanged - cardinality(v_rows);
  -- The newest of a symbol is carried; a price that the market itself has written is nobody's rival and makes way.
  with candidates as (
    select o.key, upper(btrim(o.symbol)) as symbol, fairlock_adoption.possible(o.last_updated) as at,
      fairlock_adoption.possible(o.created_at) as since
    from unnest(v_rows) o where fairlock_adoption.refuse_price(o) is null
    union all
    select o.key, upper(btrim(o.symbol)), fairlock_adoption.possible(o.last_updated),
      fairlock_adoption.possible(o.created_at)
    from fairlock_adoption.read_crypto_prices(array(
      select c.key from fairlock_adoption.carried c join fairlock_next.crypto_prices p on p.id = c.target_id
      where c.table_name = 'crypto_prices' and c.key <> all (v_gone) and c.key <> all (array(select key from unnest(v_rows)))
        and p.symbol = any (array(select upper(btrim(symbol)) from unnest(v_rows)))
    )) o
  ), ranked as (
    select key, symbol, first_value(key) over newest as winner from candidates
    window newest as (partition by symbol order by at desc nulls last, since desc nulls last, key desc)
  )
  select array(select key from ranked where key = winner),
    array(select (r.key, jsonb_build_array(fairlock_adoption.reason('price_repeated', 'symbol',
        format('%s has a newer price in the row %s', r.symbol, r.winner))), array['crypto_prices:' || r.winner], null)
      ::fairlock_adoption.refusal from ranked r where r.key <> r.winner)
  into v_winners, v_refused;
  v_refused := array(
    select (r.key, r.reasons, r.waits_for, to_jsonb(o) - 'id')::fairlock_adoption.refusal
    from unnest(v_refused) r
    join fairlock_adoption.read_crypto_prices(array(select key from unnest(v_refused))) o on o.key = r.key
    union all
    select (o.key, fairlock_adoption.refuse_price(o), null, to_jsonb(o) - 'id')::fairlock_adoption.refusal
    from unnest(v_rows) o where fairlock_adoption.refuse_price(o) is not null);
  v_rows := array(select o from unnest(v_rows) o where o.key = any (v_winners));
  -- What is carried no longer leaves its price to nobody; the same for one that is of another symbol now.
  v_ended := v_gone || array(select key from unnest(v_refused));
  delete from fairlock_next.crypto_prices p using fairlock_adoption.carried c
  where c.table_name = 'crypto_prices' and c.target_id = p.id and (c.key = any (v_ended)
    or exists (select from unnest(v_rows) o where o.key = c.key and upper(btrim(o.symbol)) <> p.symbol));
  perform fairlock_adoption.write_prices(v_rows), fairlock_adoption.quarantine_all('crypto_prices', v_refused);
  perform fairlock_adoption.keep_aside('crypto_prices', array(select key from unnest(v_rows)),
    array(select r::fairlock_adoption.remnant from unnest(v_rows) o cross join fairlock_adoption.price_remnants(o) r));
  perform fairlock_adoption.note_carried('crypto_prices', 'crypto_prices', array(
    select (o.key, fairlock_adoption.row_hash(o), fairlock_adoption.id_of('crypto_prices', o.key))::fairlock_adoption.carriage
    from unnest(v_rows) o));
  if v_gone <> '{}' then
    v_removed := fairlock_adoption.forget('crypto_prices', v_gone);
  end if;
  return (cardinality(v_rows), v_unchanged, cardinality(v_refused), v_removed)
    ::fairlock_adoption.outcome;
end $$;

create or replace function fairlock_adoption.carry_crypto_prices(p_keys text[]) returns fairlock_adoption.outcome
language sql
as $$ select fairlock_adoption.carry_in_parts('step_crypto_prices', 'crypto_prices', p_keys) $$;
