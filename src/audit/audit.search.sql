-- Searching the log: administrators and compliance, and each search is itself on the record.
set local role fairlock_engine;

-- The lines that match, newest first, after the one the cursor names. p: actor, subject, subjectId, action, from, to,
-- limit, and the cursor's at and id. One line more than asked for says that there is another page.
create function audit.search(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  v_items jsonb;
begin
  select coalesce(jsonb_agg(jsonb_build_object('id', id::text, 'at', audit.instant(at), 'actorId', actor_id,
    'sessionId', session_id, 'apiKeyId', api_key_id, 'requestId', request_id, 'action', action, 'subject', subject,
    'subjectId', subject_id, 'reason', reason, 'details', details, 'changes', changes) order by at desc, id desc), '[]')
  into v_items
  from (
    select * from audit.events
    where (p ->> 'actor' is null or actor_id = (p ->> 'actor')::uuid)
      and (p ->> 'subject' is null or subject = p ->> 'subject')
      and (p ->> 'subjectId' is null or subject_id = (p ->> 'subjectId')::uuid)
      and (p ->> 'action' is null or action = p ->> 'action')
      and at >= coalesce((p ->> 'from')::timestamptz, '-infinity') and at < coalesce((p ->> 'to')::timestamptz, 'infinity')
      and (p ->> 'at' is null or (at, id) < ((p ->> 'at')::timestamptz, (p ->> 'id')::bigint))
    order by at desc, id desc limit (p ->> 'limit')::integer + 1
  ) found;
  perform fairlock.record_event('audit.searched', 'audit', audit.itself(),
    nullif(current_setting('fairlock.operation', true), ''), p - 'limit' - 'at' - 'id');
  return v_items;
end $$;

create function fairlock.search_audit(p jsonb) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if fairlock.acting_user() is null then
    raise exception using errcode = 'FL001', message = 'nobody is signed in';
  elsif fairlock.acting_key() is not null then
    return fairlock.refuse('session_only');
  elsif not (fairlock.has_role('admin') or fairlock.has_role('compliance')) then
    return fairlock.refuse('admin_only');
  end if;
  return jsonb_build_object('items', audit.search(p));
end $$;
grant execute on function fairlock.search_audit(jsonb) to fairlock_app;
reset role;
