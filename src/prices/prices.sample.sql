set local role fairlock_engine;
-- A made-up past for the sample market: points in time, each kept from its finest bar on. It is made in one go, so bars
-- are made from points at once. p: [{currency, at, price, bar}], bar: minute, hour or day.
create function fairlock.backfill_sample_prices(p jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
  v_bar text;
begin
  perform pg_advisory_xact_lock(hashtextextended('price round', 0));
  foreach v_bar in array array['minute', 'hour', 'day'] loop
    execute format($sql$
      insert into fairlock.%I (currency, is_sample, at, open, high, low, close, samples, first_at, last_at)
      select currency, true, date_trunc(%L, at), (array_agg(price order by at))[1], max(price), min(price),
        (array_agg(price order by at desc))[1], count(*), min(at), max(at)
      from jsonb_to_recordset($1) r (currency text, at timestamptz, price numeric, bar text)
      join fairlock.currencies c on c.code = r.currency
      where %L = any (array['day', bar, case bar when 'minute' then 'hour' end])
      group by 1, 3
      on conflict do nothing
    $sql$, case v_bar when 'minute' then 'price_history' else 'price_' || v_bar || 's' end, v_bar, v_bar) using p;
  end loop;
end $$;
reset role;
