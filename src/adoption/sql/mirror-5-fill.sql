-- The values of the columns that the take-over added to the old tables, from the new schema's rows. Secrets and what is
-- sealed are no part of it. Called after a carry, with the same keys.

-- Triggers and rules of the old platform that an update of such a column would set off: they might change something else
-- (updated_at, a history), and the old rows have to stay what they are. Tables that have one are not filled.
create or replace view fairlock_adoption.fill_obstacles as
  with tables as (
    select c.oid, c.relname::text as table_name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relname in (
      'crypto_profiles', 'crypto_wallets', 'crypto_transactions', 'crypto_trades', 'crypto_prices')
  )
  select t.table_name, g.tgname::text as name
  from tables t join pg_trigger g on g.tgrelid = t.oid join pg_proc p on p.oid = g.tgfoid
  -- 16 is UPDATE; one that names columns cannot name these, which came later.
  where not g.tgisinternal and g.tgenabled <> 'D' and g.tgtype & 16 <> 0 and g.tgattr::text = ''
    and p.pronamespace <> 'fairlock_adoption'::regnamespace
  union all
  select t.table_name, r.rulename::text from tables t join pg_rewrite r on r.ev_class = t.oid and r.ev_type = '2';

-- Writes these values where they differ. A row that somebody holds is not waited for: it is marked, and comes again.
create or replace function fairlock_adoption.write_added(p_table text, p_columns text[], p_rows jsonb) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_settings text[] := fairlock_adoption.mirror_settings();
  v_key text;
  v_type text;
  v_rows jsonb;
begin
  select column_name, type into v_key, v_type from fairlock_adoption.old_columns
  where table_name = p_table and name = 'id';
  execute format('with wanted as (
      select (r ->> ''key'')::%2$s as key, r, n.* from jsonb_array_elements($1) r
      cross join lateral (select %4$s from jsonb_populate_record(null::public.%1$I, r -> ''row'')) n
    ), differing as (
      select o.%3$I as key from public.%1$I o join wanted w on w.key = o.%3$I
      where (%5$s) is distinct from (%6$s)
    ), free as (
      select o.%3$I as key from public.%1$I o where o.%3$I = any (array(select key from differing))
      order by o.%3$I for no key update skip locked
    ), again as (
      insert into fairlock_adoption.marks (table_name, key)
      select %1$L, key::text from differing where key not in (select key from free)
    )
    select jsonb_agg(w.r) from free join wanted w using (key)', p_table, v_type, v_key,
    (select string_agg(quote_ident(c), ', ') from unnest(p_columns) c),
    (select string_agg(format('o.%I', c), ', ') from unnest(p_columns) c),
    (select string_agg(format('w.%I', c), ', ') from unnest(p_columns) c))
  into v_rows using p_rows;
  if v_rows is null then
    return 0;
  end if;
  perform fairlock_adoption.begin_mirror('rows');
  perform fairlock_adoption.there(format('update public.%1$I o set %2$s
      from pg_catalog.jsonb_array_elements($1::jsonb) r cross join lateral
        pg_catalog.jsonb_populate_record(null::public.%1$I, r operator(pg_catalog.->) ''row''::text) n
      where o.%3$I operator(pg_catalog.=) (r operator(pg_catalog.->>) ''key''::text)::%4$s returning null::text',
    p_table, (select string_agg(format('%1$I = n.%1$I', c), ', ') from unnest(p_columns) c), v_key, v_type),
    v_rows::text, null);
  perform fairlock_adoption.end_mirror(v_settings);
  return jsonb_array_length(v_rows);
end $$;

-- How many old rows were filled. Run as fairlock_engine, which sees the new rows.
create or replace function fairlock_adoption.fill(p_table text, p_keys text[]) returns integer
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_columns text[] := array(
    select e.name from fairlock_adoption.expansion e join pg_attribute a
      on a.attrelid = to_regclass('public.' || p_table) and a.attname = e.name and not a.attisdropped
    where e.kind = 'column' and e.table_name = p_table and e.is_filled order by e.name);
  v_rows jsonb;
begin
  if v_columns = '{}' or exists (select from fairlock_adoption.fill_obstacles where table_name = p_table) then
    return 0;
  end if;
  execute format('select jsonb_agg(jsonb_build_object(''key'', c.key, ''row'', jsonb_build_object(%s)))
      from fairlock_adoption.carried c join fairlock_next.%I n on n.id = c.target_id
      where c.table_name = $1 and c.key = any ($2)',
    (select string_agg(format('%1$L, n.%1$I', name), ', ') from unnest(v_columns) name), p_table)
  into v_rows using p_table, p_keys;
  return case when v_rows is null then 0 else fairlock_adoption.write_added(p_table, v_columns, v_rows) end;
end $$;

do $$
declare
  v_table text;
begin
  foreach v_table in array
    array['crypto_profiles', 'crypto_wallets', 'crypto_transactions', 'crypto_trades', 'crypto_prices']
  loop
    execute format('create or replace function fairlock_adoption.fill_%1$s(p_keys text[]) returns integer
      language sql as $f$ select fairlock_adoption.fill(%1$L, p_keys) $f$', v_table);
  end loop;
end $$;

revoke execute on function fairlock_adoption.write_added(text, text[], jsonb) from public;
