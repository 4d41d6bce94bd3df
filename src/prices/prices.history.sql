-- The history of prices: minutes, and what is rolled up from them. Everybody reads it; the engine writes it.
do $$
declare
  v_table regclass;
begin
  for v_table in
    select unnest(array['fairlock.price_history', 'fairlock.price_hours', 'fairlock.price_days']::regclass[])
    union all select inhrelid from pg_inherits
    where inhparent in ('fairlock.price_history'::regclass, 'fairlock.price_hours'::regclass)
  loop
    execute format('alter table %s enable row level security, force row level security', v_table);
  end loop;
end $$;
grant select on fairlock.price_history, fairlock.price_hours, fairlock.price_days to fairlock_engine, fairlock_app;
grant insert, update on fairlock.price_history, fairlock.price_hours, fairlock.price_days to fairlock_engine;
create policy "the engine keeps minutes" on fairlock.price_history to fairlock_engine using (true);
create policy "everybody reads minutes" on fairlock.price_history for select to fairlock_app using (true);
create policy "the engine keeps hours" on fairlock.price_hours to fairlock_engine using (true);
create policy "everybody reads hours" on fairlock.price_hours for select to fairlock_app using (true);
create policy "the engine keeps days" on fairlock.price_days to fairlock_engine using (true);
create policy "everybody reads days" on fairlock.price_days for select to fairlock_app using (true);
-- What landed in no partition is looked for there, and nowhere else.
grant select on fairlock.price_history_default, fairlock.price_hours_default to fairlock_engine;
create policy "the engine reads them" on fairlock.price_history_default for select to fairlock_engine using (true);
create policy "the engine reads them" on fairlock.price_hours_default for select to fairlock_engine using (true);

set local role fairlock_engine;
-- Since when minutes and hours are kept: whole days and whole months in UTC, because they are dropped as such.
create function fairlock.prices_kept_since(out minutes timestamptz, out hours timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
  select date_trunc('day', clock_timestamp() - make_interval(days => price_minutes_days)),
    date_trunc('month', clock_timestamp() - make_interval(days => price_hours_days))
  from fairlock.settings
$$;
grant execute on function fairlock.prices_kept_since() to session_user;

-- Days of minutes and months of hours that came when there was no partition for them.
create function fairlock.unopened_prices(out parent regclass, out since timestamptz) returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
  select distinct 'fairlock.price_history'::regclass, date_trunc('day', at) from fairlock.price_history_default
  union select distinct 'fairlock.price_hours'::regclass, date_trunc('month', at) from fairlock.price_hours_default
$$;
grant execute on function fairlock.unopened_prices() to session_user;
reset role;

-- Makes one partition and moves there what lies in the default one; says whether it was missing. As the owner, for whom
-- row security is lifted meanwhile.
create function fairlock.open_price_partition(p_parent regclass, p_since timestamptz) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
  v_by_day boolean := p_parent = 'fairlock.price_history'::regclass;
  v_until timestamptz := p_since + case when v_by_day then interval '1 day' else interval '1 month' end;
  v_name text := p_parent || to_char(p_since, case when v_by_day then '_YYYY_MM_DD' else '_YYYY_MM' end);
begin
  if to_regclass(v_name) is not null then
    return false;
  end if;
  execute format('create table %s (like %s including defaults including constraints)', v_name, p_parent);
  execute format('alter table %s_default no force row level security', p_parent);
  execute format('with moved as (delete from %s_default where at >= %L and at < %L returning *)
    insert into %s select * from moved', p_parent, p_since, v_until, v_name);
  execute format('alter table %s_default force row level security', p_parent);
  execute format('alter table %s enable row level security, force row level security', v_name);
  execute format('alter table %s attach partition %s for values from (%L) to (%L)', p_parent, v_name, p_since, v_until);
  return true;
end $$;
revoke execute on function fairlock.open_price_partition(regclass, timestamptz) from public;

-- Partitions for the minutes of today and the next seven days, for the hours of this month and the two after it, and for
-- what came when there was none; and drops those of the days and months that are no longer kept. Nothing is lost with
-- them: hours and days were rolled up when the minutes came. Returns {made, dropped}.
create function fairlock.tend_price_history() returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
  set lock_timeout = '5s'
as $$
declare
  v_made integer;
  v_dropped integer := 0;
  v_old record;
begin
  -- Two at once would make the same one.
  perform pg_advisory_xact_lock(hashtextextended('price partitions', 0));
  select count(*) into v_made from (
    select 'fairlock.price_history'::regclass as parent, date_trunc('day', now()) + n * interval '1 day' as since
    from generate_series(0, 7) n
    union select 'fairlock.price_hours'::regclass, date_trunc('month', now()) + n * interval '1 month'
    from generate_series(0, 2) n
    union select parent, since from fairlock.unopened_prices()
  ) wanted where fairlock.open_price_partition(parent, since);
  for v_old in
    select inhrelid::regclass as name
    from pg_inherits, fairlock.prices_kept_since() kept,
      lateral substring(inhrelid::regclass::text from '_(\d{4}_\d\d(?:_\d\d)?)$') first
    where inhparent = 'fairlock.price_history'::regclass and to_date(first, 'YYYY_MM_DD') < kept.minutes
      or inhparent = 'fairlock.price_hours'::regclass and to_date(first, 'YYYY_MM') < kept.hours
  loop
    execute format('drop table %s', v_old.name);
    v_dropped := v_dropped + 1;
  end loop;
  return jsonb_build_object('made', v_made, 'dropped', v_dropped);
end $$;
revoke execute on function fairlock.tend_price_history() from public;
grant execute on function fairlock.tend_price_history() to fairlock_app;
