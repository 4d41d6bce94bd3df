-- Announcements: what the operator tells everybody, or all staff. News of it goes to who is connected at once; everybody
-- else finds a notice, which a job writes in batches, so that a hundred thousand people hold nobody up.
grant select, insert on fairlock.announcements to fairlock_engine;
grant update (withdrawn_at, withdrawn_by, noticed_to, noticed_at) on fairlock.announcements to fairlock_engine;
grant select on fairlock.announcements to fairlock_app;

alter table fairlock.announcements enable row level security, force row level security;
create policy "the engine announces" on fairlock.announcements to fairlock_engine using (true);
create policy "everybody sees what is announced to them" on fairlock.announcements for select to fairlock_app
  using (withdrawn_at is null and (until is null or until > clock_timestamp()) and (audience = 'everyone'
    or exists (select from fairlock.staff_roles where user_id = (select fairlock.acting_user()))));
create policy "administrators see all announcements" on fairlock.announcements for select to fairlock_app
  using ((select fairlock.has_role('admin')));

set local role fairlock_engine;

create function fairlock.announcement_json(a fairlock.announcements) returns jsonb
language sql stable
as $$
  select jsonb_build_object('id', a.id, 'title', a.title, 'text', a.text, 'severity', a.severity, 'audience', a.audience,
    'createdAt', fairlock.rfc3339(a.created_at), 'until', fairlock.rfc3339(a.until),
    'withdrawnAt', fairlock.rfc3339(a.withdrawn_at))
$$;
grant execute on function fairlock.announcement_json(fairlock.announcements) to fairlock_app;

-- News of an announcement, or of its withdrawal: to all who are connected, or to staff by name.
create function fairlock.publish_announcement_news(a fairlock.announcements, p_kind text) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select fairlock.publish(p_kind, case a.audience when 'staff' then array(
      select distinct user_id from fairlock.staff_roles order by user_id limit 1000) else '{}' end, null,
    jsonb_build_object('announcementId', a.id, 'title', a.title, 'severity', a.severity, 'audience', a.audience))
$$;

-- Announces; administrators in the API, and the command line, which runs as the owner of the system.
create function fairlock.announce(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  a fairlock.announcements;
begin
  if (p ->> 'until')::timestamptz <= clock_timestamp() then
    return fairlock.refuse('invalid_expiry', '{"field": "until"}');
  end if;
  insert into fairlock.announcements (id, title, text, severity, audience, created_by, until)
  values (fairlock.new_id(), p ->> 'title', p ->> 'text', p ->> 'severity', p ->> 'audience', fairlock.acting_user(),
    (p ->> 'until')::timestamptz)
  returning * into a;
  perform fairlock.record_event('announcement.published', 'announcements', a.id, a.title,
    jsonb_build_object('severity', a.severity, 'audience', a.audience)),
    fairlock.publish_announcement_news(a, 'announcement.published');
  return fairlock.announcement_json(a);
end $$;

-- Takes an announcement back: nobody is told of it any more who has not been.
create function fairlock.withdraw_announcement(p_id uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  a fairlock.announcements;
begin
  update fairlock.announcements set withdrawn_at = clock_timestamp(), withdrawn_by = fairlock.acting_user(),
    noticed_at = coalesce(noticed_at, clock_timestamp())
  where id = p_id and withdrawn_at is null returning * into a;
  if a.id is null then
    return fairlock.refuse('not_found');
  end if;
  perform fairlock.record_event('announcement.withdrawn', 'announcements', a.id, a.title),
    fairlock.publish_announcement_news(a, 'announcement.withdrawn');
  return fairlock.announcement_json(a);
end $$;

-- Gives the next people, in the order of ids, their notice of the oldest announcement that not everybody has one of, and
-- says how many it looked at. Mailed only when it is an incident. Who registered later reads it where it is shown.
create function fairlock.notice_announcements(p_most integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  a fairlock.announcements;
  v_people uuid[];
begin
  select * into a from fairlock.announcements where noticed_at is null order by created_at limit 1 for update skip locked;
  if not found then
    return 0;
  end if;
  v_people := array(select id from public.users
    where id > coalesce(a.noticed_to, '00000000-0000-0000-0000-000000000000') order by id limit p_most);
  insert into fairlock.notices (id, user_id, kind, data, in_app, mail_to, mail_due_at)
  select fairlock.new_id(), u.id, 'announcement.published',
    jsonb_build_object('announcementId', a.id, 'title', a.title, 'severity', a.severity),
    fairlock.wants(p.notification_preferences, 'announcements', 'inApp'), u.email,
    case when a.severity = 'incident' and fairlock.wants(p.notification_preferences, 'announcements', 'email')
      then clock_timestamp() end
  from public.users u join public.crypto_profiles p on p.user_id = u.id
  where u.id = any (v_people) and u.created_at <= a.created_at
    and not exists (select from fairlock.erasures e where e.user_id = u.id)
    and (a.audience = 'everyone' or exists (select from fairlock.staff_roles r where r.user_id = u.id));
  update fairlock.announcements set noticed_to = v_people[cardinality(v_people)],
    noticed_at = case when cardinality(v_people) < p_most then clock_timestamp() end
  where id = a.id;
  return cardinality(v_people);
end $$;
grant execute on function fairlock.notice_announcements(integer) to fairlock_app;
reset role;
