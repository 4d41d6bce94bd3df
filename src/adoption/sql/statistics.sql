-- What the old platform counted of people is counted anew from the records and trades that are there, in the same way as
-- the books look at it; where the old number was another, fairlock_adoption.differences says both.
create or replace function fairlock_adoption.recount(p_people uuid[]) returns integer
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_person uuid;
  v_counted integer := 0;
begin
  for v_person in select user_id from fairlock_next.crypto_profiles where user_id = any (p_people) order by user_id loop
    perform from fairlock_next.crypto_profiles where user_id = v_person for no key update;
    update fairlock_next.crypto_profiles p set volume_before = 0, total_trades = c.trades
    from (
      select count(*) filter (where t.same_as is null and t.status = 'completed')::integer as trades
      from fairlock_next.crypto_trades t where v_person in (t.user_id, t.buyer_id)
    ) c where p.user_id = v_person and (p.volume_before, p.total_trades) <> (0, c.trades);
    -- Whom they traded with by a record that is gone, or another now.
    delete from fairlock.counterparties c where v_person in (c.low_id, c.high_id) and c.low_ratings + c.high_ratings = 0
      and not exists (select from fairlock_next.crypto_trades t where t.status = 'completed'
        and t.user_id in (c.low_id, c.high_id) and t.buyer_id in (c.low_id, c.high_id));
    perform fairlock.recount_person(v_person);
    v_counted := v_counted + 1;
  end loop;
  perform fairlock_adoption.note_differences(p_people);
  return v_counted;
end $$;

create or replace function fairlock_adoption.note_differences(p_people uuid[]) returns void
language sql
as $$
  with counted as (
    select c.key, p.total_trades, p.trading_volume
    from fairlock_next.crypto_profiles p
    join fairlock_adoption.carried c on c.target_id = p.id and c.table_name = 'crypto_profiles'
    where p.user_id = any (p_people)
  ), found as (
    select o.key, n.column_name, n.old, n.new
    from fairlock_adoption.read_crypto_profiles(array(select key from counted)) o
    join counted c on c.key = o.key
    cross join lateral (values
      ('total_trades', o.total_trades, c.total_trades::text, c.total_trades::numeric, 0),
      ('trading_volume', o.trading_volume, c.trading_volume::text, c.trading_volume, 0.005)
    ) n (column_name, old, new, number, tolerance)
    where abs(fairlock_adoption.money(n.old) - n.number) <= n.tolerance is not true
  ), gone as (
    delete from fairlock_adoption.differences d using counted c
    where d.table_name = 'crypto_profiles' and d.key = c.key and d.column_name in ('total_trades', 'trading_volume')
      and not exists (select from found f where f.key = d.key and f.column_name = d.column_name)
  )
  insert into fairlock_adoption.differences as d (table_name, key, column_name, old, new)
  select 'crypto_profiles', key, column_name, old, new from found
  on conflict (table_name, key, column_name) do update set old = excluded.old, new = excluded.new, at = clock_timestamp()
    where (d.old, d.new) is distinct from (excluded.old, excluded.new)
$$;

-- Counts some of those who wait for it; returns how many there were: fewer than asked for, and nobody waits any more.
-- What comes to be carried meanwhile puts them back.
create or replace function fairlock_adoption.recount_waiting(p_most integer) returns integer
language plpgsql
as $$
declare
  v_people uuid[];
begin
  with taken as (
    delete from fairlock_adoption.to_recount where user_id in (
      select user_id from fairlock_adoption.to_recount order by user_id limit p_most for update skip locked)
    returning user_id
  )
  select array_agg(user_id) into v_people from taken;
  if v_people is not null then
    perform fairlock_adoption.recount(v_people);
  end if;
  return coalesce(cardinality(v_people), 0);
end $$;
