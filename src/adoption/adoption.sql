-- How a take-over is doing, for the metrics. Everything is read by dynamic SQL: where nothing is taken over, the schema
-- fairlock_adoption does not exist, and the answer is null.
set local role fairlock_engine;

-- p_exact counts the rows that were carried; without it they are PostgreSQL's own estimate, so that asking every few
-- seconds costs nothing on a database of any size.
create function fairlock.adoption_figures(p_exact boolean default false) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_figures jsonb;
begin
  if to_regclass('fairlock_adoption.state') is null
    or not has_schema_privilege('fairlock_adoption', 'usage')
    or not has_table_privilege('fairlock_adoption.state', 'select') then
    return null;
  end if;
  execute $figures$
    with state as (
      select s.*, extract(epoch from clock_timestamp() - s.changed_at) as seconds from fairlock_adoption.state s
    ), recent as (
      select b.table_name, sum(b.rows) / greatest(extract(epoch from clock_timestamp() - min(b.at)), 1) as rate
      from fairlock_adoption.batches b where b.at > clock_timestamp() - interval '60 seconds' group by b.table_name
    ), waiting as (
      select m.table_name, count(*) as marks, min(m.marked_at) as oldest from fairlock_adoption.marks m group by m.table_name
    ), refused as (
      select q.table_name, count(*) as rows from fairlock_adoption.quarantine q group by q.table_name
    ), not_taken as (
      select f.table_name, count(*) as rows from fairlock_adoption.mirror_failures f group by f.table_name
    ), there as (
      select c.table_name, count(*) as rows from fairlock_adoption.carried c where $1 group by c.table_name
    ), names as (
      select * from unnest(array['users', 'crypto_profiles', 'crypto_wallets', 'crypto_transactions', 'crypto_trades',
        'crypto_prices']) with ordinality names (name, place)
    ), tables as (
      select n.name, n.place, p.pass, coalesce(p.rows_done, 0) as done, coalesce(p.rows_total, 0) as total,
        p.finished_at is not null as finished, coalesce(r.rate, 0) as rate, coalesce(q.rows, 0) as quarantined,
        coalesce(f.rows, 0) as not_taken,
        case when $1 then coalesce(t.rows, 0) else coalesce(new.n_live_tup, 0) end as carried,
        coalesce(w.marks, 0) as marks, coalesce(extract(epoch from clock_timestamp() - w.oldest), 0) as oldest,
        old.n_live_tup as old_live, old.n_dead_tup as old_dead, new.n_live_tup as new_live, new.n_dead_tup as new_dead,
        pg_total_relation_size(old.relid) as old_bytes, pg_total_relation_size(new.relid) as new_bytes
      from names n cross join state s
      left join fairlock_adoption.progress p on p.table_name = n.name
      left join recent r on r.table_name = n.name left join waiting w on w.table_name = n.name
      left join refused q on q.table_name = n.name left join there t on t.table_name = n.name
      left join not_taken f on f.table_name = n.name
      left join pg_stat_all_tables old on old.relname = n.name
        -- In two parts, because code that is brought up beside the old tables has that name replaced by its own schema's.
        and old.schemaname = case s.phase when 'contracted' then 'fairlock_old' else 'pub' || 'lic' end
      left join pg_stat_all_tables new on new.relname = n.name and new.schemaname = s.market_schema
    )
    select jsonb_build_object('phase', s.phase, 'phaseSeconds', round(s.seconds, 3), 'marketSchema', s.market_schema,
      'isExact', $1,
      'tables', (select jsonb_agg(jsonb_build_object('table', t.name, 'pass', t.pass, 'done', t.done, 'total', t.total,
        'finished', t.finished, 'rate', round(t.rate, 1),
        'etaSeconds', case when t.finished then 0 when t.rate > 0 then ceil(greatest(t.total - t.done, 0) / t.rate) end,
        'carried', t.carried, 'quarantined', t.quarantined, 'notTaken', t.not_taken,
        'marks', t.marks, 'oldestMarkSeconds', round(t.oldest, 3),
        'old', jsonb_build_object('bytes', t.old_bytes, 'live', t.old_live, 'dead', t.old_dead),
        'new', jsonb_build_object('bytes', t.new_bytes, 'live', t.new_live, 'dead', t.new_dead)) order by t.place)
        from tables t),
      'quarantine', (select coalesce(jsonb_object_agg(code, rows order by code), '{}') from (
        select reason ->> 'code' as code, count(*) as rows
        from fairlock_adoption.quarantine q, jsonb_array_elements(q.reasons) reason where reason ? 'code' group by 1) counted),
      'setAside', (select coalesce(jsonb_object_agg(code, rows order by code), '{}') from (
        select a.code, count(*) as rows from fairlock_adoption.set_aside a group by 1) counted),
      'differences', (select count(*) from fairlock_adoption.differences),
      'toRecount', (select count(*) from fairlock_adoption.to_recount),
      'marks', (select jsonb_build_object('waiting', coalesce(sum(marks), 0),
        'oldestSeconds', coalesce(round(extract(epoch from clock_timestamp() - min(oldest)), 3), 0)) from waiting),
      'batches', (select jsonb_build_object('counted', count(*),
        'p99Ms', percentile_disc(0.99) within group (order by b.ms),
        'probeP99Ms', (select l.probe_p99_ms from fairlock_adoption.batches l where l.probe_p99_ms is not null
          order by l.id desc limit 1),
        'pauseMs', (select l.pause_ms from fairlock_adoption.batches l order by l.id desc limit 1),
        'lockWaits', coalesce(sum(b.lock_waits), 0), 'retries', coalesce(sum(b.retries), 0),
        'secondsSinceLast', round(extract(epoch from clock_timestamp() - max(b.at)), 3))
        from fairlock_adoption.batches b),
      'verified', (select jsonb_build_object('passed', r.passed, 'mismatches', coalesce((r.report ->> 'wrong')::bigint, 0),
        'ageSeconds', round(extract(epoch from clock_timestamp() - r.at), 3), 'isSigned', r.signature is not null)
        from fairlock_adoption.reports r order by r.id desc limit 1))
    from state s
  $figures$ into v_figures using p_exact;
  return v_figures;
end $$;
grant execute on function fairlock.adoption_figures(boolean) to fairlock_app;
reset role;
