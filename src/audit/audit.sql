-- The log is appended to and read, never changed. These triggers stop everybody, the owner included, who would have
-- to switch them off first.
create function audit.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using errcode = 'FL090', message = format('%I.%I is append-only', tg_table_schema, tg_table_name);
end $$;

create trigger append_only before update or delete or truncate on audit.events
  for each statement execute function audit.refuse_change();

grant select, insert on audit.events to fairlock_engine;
alter table audit.events enable row level security, force row level security;
create policy "the engine writes and reads the log" on audit.events to fairlock_engine using (true);

set local role fairlock_engine;
-- One line of the log, by the acting person of this transaction.
create function fairlock.record_event(
  p_action text, p_subject text, p_subject_id uuid, p_reason text default null, p_details jsonb default null
) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into audit.events (actor_id, session_id, request_id, action, subject, subject_id, reason, details)
  values (
    fairlock.acting_user(), nullif(current_setting('fairlock.session_id', true), '')::uuid,
    nullif(current_setting('fairlock.request_id', true), ''), p_action, p_subject, p_subject_id, p_reason, p_details
  );
end $$;
reset role;
