-- Request limits that hold across API processes (docs/decisions/0018).
grant select, insert, update, delete on fairlock.request_counts to fairlock_engine;

alter table fairlock.request_counts enable row level security, force row level security;
create policy "the engine counts" on fairlock.request_counts to fairlock_engine using (true);

set local role fairlock_engine;

-- Adds what a process has counted since it last did, and says what all of them have together. Rows are locked in one
-- order, so that two processes never wait for each other.
create function fairlock.count_requests(p_buckets text[], p_minute integer, p_counts integer[])
returns table (bucket text, count integer)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  insert into fairlock.request_counts as c (bucket, minute, count)
  select b.bucket, p_minute, b.count from unnest(p_buckets, p_counts) b(bucket, count) order by b.bucket
  on conflict (bucket) do update set
    count = case when excluded.minute > c.minute then excluded.count
      when excluded.minute = c.minute then c.count + excluded.count else c.count end,
    minute = greatest(c.minute, excluded.minute)
  returning c.bucket, case when c.minute = p_minute then c.count else 0 end
$$;
grant execute on function fairlock.count_requests(text[], integer, integer[]) to fairlock_app;

-- Forgets the buckets of minutes that are over.
create function fairlock.sweep_requests(p_most integer) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  delete from fairlock.request_counts where ctid = any (array(
    select ctid from fairlock.request_counts
    where minute < extract(epoch from clock_timestamp()) / 60 - 2 limit p_most));
  get diagnostics v_count = row_count;
  return v_count;
end $$;
reset role;
