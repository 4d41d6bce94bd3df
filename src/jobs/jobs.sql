-- graphile-worker keeps its tables closed to everybody but their owner; the background work signs in as fairlock_app.
grant usage on schema graphile_worker to fairlock_app;
grant select, insert, update, delete on all tables in schema graphile_worker to fairlock_app;
-- The library's own migrations are the owner's work, and its view of the jobs is for looking.
revoke insert, update, delete on graphile_worker.migrations, graphile_worker.jobs from fairlock_app;
grant usage, select on all sequences in schema graphile_worker to fairlock_app;
grant execute on all functions in schema graphile_worker to fairlock_app;

do $$
declare
  t record;
begin
  for t in select oid::regclass as name from pg_class
    where relnamespace = 'graphile_worker'::regnamespace and relkind = 'r' and relrowsecurity
  loop
    execute format('create policy "background work runs as the application" on %s to fairlock_app using (true)', t.name);
  end loop;
end $$;
