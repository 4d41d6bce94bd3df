-- The way back: what the old application would have written where Fairlock writes. Here: the old tables' columns, words
-- and ways to spell a pair, as they are and not as they are remembered.
create table if not exists fairlock_adoption.words (
  kind text not null,
  new  text not null,
  old  text not null,
  primary key (kind, new)
);

-- The columns of the old tables by the names that Fairlock has for them; the column of the primary key is `id`.
create or replace view fairlock_adoption.old_columns as
  with tables (table_name) as (
    values ('users'), ('crypto_profiles'), ('crypto_wallets'), ('crypto_transactions'), ('crypto_trades'), ('crypto_prices')
  ), named as (
    select t.table_name, c.key as name, c.value as column_name
    from fairlock_adoption.state s cross join tables t
    cross join lateral jsonb_each_text(coalesce(s.mapping #> array['tables', t.table_name], '{}')) c
    where c.value is not null
    union all
    select t.table_name, 'id', a.attname
    from tables t join pg_index i on i.indrelid = to_regclass('public.' || t.table_name) and i.indisprimary
      and i.indnkeyatts = 1
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    union all
    select table_name, name, name from fairlock_adoption.expansion where kind = 'column' and is_filled
  )
  select n.table_name, n.name, n.column_name, format_type(a.atttypid, a.atttypmod) as declared,
    format_type(a.atttypid, null) as type, y.typcategory as category,
    case when a.atttypid = 'numeric'::regtype and a.atttypmod > 0 then (a.atttypmod - 4) & 1023
      when a.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) then 0 end as scale,
    a.attgenerated = '' and a.attidentity <> 'a' as writable
  from named n
  join pg_attribute a on a.attrelid = to_regclass('public.' || n.table_name) and a.attname = n.column_name
    and not a.attisdropped
  join pg_type y on y.oid = a.atttypid;

-- How often the words of an old column are used, from at most some megabytes of it.
create or replace function fairlock_adoption.count_words(p_table text, p_name text)
returns table (word text, uses bigint)
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_column text := (select column_name from fairlock_adoption.old_columns where table_name = p_table and name = p_name);
begin
  if v_column is not null then
    return query execute format(
      'select btrim(%1$I::text), count(*) from public.%2$I tablesample system (%3$s) where %1$I is not null group by 1',
      v_column, p_table,
      least(100, 100.0 * 500 / greatest(pg_relation_size(to_regclass('public.' || p_table)) / 8192, 1)));
  end if;
end $$;

-- For each word of Fairlock's the old one that is used most; the mapping says which old words mean it.
create or replace function fairlock_adoption.learn_words() returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  delete from fairlock_adoption.words;
  insert into fairlock_adoption.words (kind, new, old)
  with kinds (kind, table_name, name, path) as (
    values ('trade_status', 'crypto_trades', 'status', '{statuses,trades}'::text[]),
      ('transaction_status', 'crypto_transactions', 'status', '{statuses,transactions}'),
      ('kyc_status', 'crypto_profiles', 'kyc_status', '{statuses,kyc}'),
      ('side', 'crypto_trades', 'side', '{sides}'), ('transaction_type', 'crypto_transactions', 'transaction_type', '{types}'),
      ('currency', 'crypto_wallets', 'currency', '{currencies}')
  ), used as (
    select k.kind, c.word, c.uses from kinds k
    cross join lateral fairlock_adoption.count_words(k.table_name, k.name) c
  ), meant as (
    select k.kind, m.key as old, m.value as new
    from fairlock_adoption.state s cross join kinds k
    cross join lateral jsonb_each_text(coalesce(s.mapping #> k.path, '{}')) m where m.value is not null
  )
  -- As it is spelled in the table, where it is there.
  select distinct on (m.kind, m.new) m.kind, m.new, coalesce(u.word, m.old)
  from meant m left join used u on u.kind = m.kind and lower(u.word) = lower(btrim(m.old))
  order by m.kind, m.new, u.uses desc nulls last, m.old;
  -- Between the two currencies of a pair; nothing where they are written as one word.
  insert into fairlock_adoption.words (kind, new, old)
  select 'pair', '/', coalesce((
    select coalesce(substring(c.word from '[^[:alnum:]]+'), '') as sign
    from fairlock_adoption.count_words('crypto_trades', 'pair') c group by 1 order by sum(c.uses) desc, 1 limit 1), '/');
  insert into fairlock_adoption.words (kind, new, old)
  select 'pair', 'case', coalesce((
    select case when c.word = lower(c.word) then 'lower' else 'upper' end
    from fairlock_adoption.count_words('crypto_trades', 'pair') c group by 1 order by sum(c.uses) desc, 1 limit 1), 'upper');
end $$;

-- What the old platform calls this; a word that it has none for is spelled as it spells the others.
create or replace function fairlock_adoption.old_word(p_kind text, p_new text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    (select old from fairlock_adoption.words where kind = p_kind and new = p_new),
    case when p_kind = 'trade_status' and p_new = 'expired' then
      (select old from fairlock_adoption.words where kind = p_kind and new = 'cancelled') end,
    (select case when old <> lower(old) and old = upper(old) then upper(p_new) when old <> lower(old) then initcap(p_new)
       else p_new end
     from fairlock_adoption.words where kind = p_kind order by new limit 1),
    p_new)
$$;

create or replace function fairlock_adoption.old_pair(p_pair text) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case (select old from fairlock_adoption.words where kind = 'pair' and new = 'case')
    when 'lower' then lower(replace(p_pair, '/', sign.old)) else replace(p_pair, '/', sign.old) end
  from fairlock_adoption.words sign where sign.kind = 'pair' and sign.new = '/'
$$;

-- The old key of something that was carried, and how it came there; of several the oldest to be carried.
create or replace function fairlock_adoption.old_key(p_table text, p_target uuid) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select key from fairlock_adoption.carried where target_id = p_target and table_name = p_table order by at, key limit 1
$$;

-- Values under Fairlock's names as the old table's columns take them: only those it has, moments without a zone in the
-- platform's own. A null is kept, so that a value can be taken away.
create or replace function fairlock_adoption.as_old(p_table text, p_values jsonb) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_object_agg(c.column_name, case
    when c.type = 'timestamp without time zone' and jsonb_typeof(v.value) = 'string' then
      to_jsonb((v.value #>> '{}')::timestamptz at time zone coalesce(s.mapping ->> 'zone', 'UTC'))
    else v.value end), '{}')
  from fairlock_adoption.state s cross join jsonb_each(p_values) v
  join fairlock_adoption.old_columns c on c.table_name = p_table and c.name = v.key and c.writable
  -- An id that counts is given by the table; moments that are numbers are left to it as well.
  where not (c.name = 'id' and c.category = 'N')
    and not (c.category = 'N' and v.value #>> '{}' ~ '^\d{4}-\d\d-\d\d')
$$;

-- Of a new row what the columns hold that the take-over added to the old table.
create or replace function fairlock_adoption.added_values(p_table text, p_row jsonb) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_object_agg(name, p_row -> name), '{}') from fairlock_adoption.expansion
  where kind = 'column' and table_name = p_table and is_filled
$$;
