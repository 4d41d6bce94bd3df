-- The log is appended to and read, never changed. These triggers stop everybody, the owner included, who would have
-- to switch them off first; what is done then, the chain of sealed blocks shows (audit.blocks.sql).
create function audit.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using errcode = 'FL090', message = format('%I.%I is append-only', tg_table_schema, tg_table_name);
end $$;

-- Statement triggers and row security of a partitioned table say nothing about its partitions asked by name.
create function audit.protect(p_table regclass) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('alter table %s enable row level security, force row level security', p_table);
  execute format('create or replace trigger append_only before update or delete or truncate on %s
    for each statement execute function audit.refuse_change()', p_table);
end $$;

revoke execute on function audit.protect(regclass) from public;

select audit.protect(t) from (
  select unnest(array['audit.events', 'audit.blocks', 'audit.leaves', 'audit.signing_keys', 'audit.signatures']::regclass[])
  union all select inhrelid from pg_inherits where inhparent = 'audit.events'::regclass
) every (t);

-- Number, time and transaction of a row are never the writer's to choose.
grant select, insert (actor_id, session_id, api_key_id, request_id, action, subject, subject_id, reason, details, changes)
  on audit.events to fairlock_engine;
grant usage on sequence audit.event_ids, audit.tx_base to fairlock_engine;
grant select, insert on audit.blocks, audit.leaves, audit.signing_keys, audit.signatures to fairlock_engine;
create policy "the engine writes and reads the log" on audit.events to fairlock_engine using (true);
create policy "the engine seals" on audit.blocks to fairlock_engine using (true);
create policy "the engine keeps the leaves" on audit.leaves to fairlock_engine using (true);
create policy "the engine keeps the keys" on audit.signing_keys to fairlock_engine using (true);
create policy "the engine keeps the signatures" on audit.signatures to fairlock_engine using (true);

-- Makes the partitions of this month and the two after it. Rows that came when a month had none lie in the default
-- partition and move to their month. Runs as the owner, whom row security and the trigger are lifted for meanwhile.
create function fairlock.open_audit_months() returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
  v_month timestamptz;
  v_name text;
  v_made integer := 0;
begin
  for v_month in select date_trunc('month', now()) + n * interval '1 month' from generate_series(0, 2) n loop
    v_name := 'audit.' || to_char(v_month, '"events_"YYYY_MM');
    continue when to_regclass(v_name) is not null;
    execute format('create table %s (like audit.events including defaults including constraints)', v_name);
    alter table audit.events_default no force row level security, disable trigger append_only;
    execute format('with moved as (delete from audit.events_default where at >= %L and at < %L returning *)
      insert into %s select * from moved', v_month, v_month + interval '1 month', v_name);
    alter table audit.events_default force row level security, enable trigger append_only;
    execute format('alter table audit.events attach partition %s for values from (%L) to (%L)', v_name, v_month,
      v_month + interval '1 month');
    perform audit.protect(v_name::regclass);
    v_made := v_made + 1;
  end loop;
  return v_made;
end $$;
revoke execute on function fairlock.open_audit_months() from public;
grant execute on function fairlock.open_audit_months() to fairlock_app;

set local role fairlock_engine;
-- One line of the log, by the acting person of this transaction.
create function fairlock.record_event(
  p_action text, p_subject text, p_subject_id uuid, p_reason text default null, p_details jsonb default null,
  p_changes jsonb default null
) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into audit.events (actor_id, session_id, api_key_id, request_id, action, subject, subject_id, reason, details,
    changes)
  values (
    fairlock.acting_user(), nullif(current_setting('fairlock.session_id', true), '')::uuid,
    nullif(current_setting('fairlock.api_key_id', true), '')::uuid,
    nullif(current_setting('fairlock.request_id', true), ''), p_action, p_subject, p_subject_id, p_reason, p_details,
    p_changes
  );
end $$;

-- The log's own entry among the subjects: searches, verifications, what was retired.
create function audit.itself() returns uuid
language sql immutable
as $$ select '00000000-0000-4000-8000-00000000a0d1'::uuid $$;
grant execute on function audit.itself() to session_user;
reset role;
