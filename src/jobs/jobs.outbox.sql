-- News for people: written by whatever causes it, in its transaction, so that nothing is told which did not happen and
-- nothing happens untold. People read it in the API; src/notifications mails it.
grant select, insert on fairlock.notices to fairlock_engine;
grant update (read_at, mail_due_at, mail_attempts, mail_sent_at, mail_error) on fairlock.notices to fairlock_engine;
grant select (id, user_id, kind, data, created_at, read_at, in_app) on fairlock.notices to fairlock_app;

alter table fairlock.notices enable row level security, force row level security;
create policy "the engine acts for everybody" on fairlock.notices to fairlock_engine using (true);
create policy "people see their notices" on fairlock.notices for select to fairlock_app
  using (user_id = (select fairlock.acting_user()));

set local role fairlock_engine;

-- Whether a person has got as many mails of a kind within an hour as anybody reads: nobody can have this market fill
-- somebody's mailbox, or keep everybody else's mails waiting behind their own. The list has all of them.
create function fairlock.is_mailed_enough(p_user uuid, p_kind text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select count(*) >= 60 from (select from fairlock.notices where user_id = p_user and kind = p_kind
    and created_at > clock_timestamp() - interval '1 hour' and (mail_due_at is not null or mail_sent_at is not null)
    limit 60) n
$$;

-- Tells a person something: a kind that src/notifications/mails.ts has words for, and what the words need. The data is
-- read by people and mailed, so it never holds a secret. It goes to the person's address unless another is given.
create function fairlock.notify(p_user uuid, p_kind text, p_data jsonb default '{}', p_mail_to text default null)
returns uuid
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid := fairlock.new_id();
  v_group text := fairlock.news_group(p_kind);
begin
  insert into fairlock.notices (id, user_id, kind, data, in_app, mail_to, mail_due_at)
  select v_id, p_user, p_kind, coalesce(p_data, '{}'), fairlock.wants(p.notification_preferences, v_group, 'inApp'),
    coalesce(p_mail_to, u.email),
    case when fairlock.wants(p.notification_preferences, v_group, 'email')
      and not fairlock.is_mailed_enough(p_user, p_kind) then clock_timestamp() end
  from public.users u left join public.crypto_profiles p on p.user_id = u.id where u.id = p_user;
  if found then
    perform fairlock.publish('notice.created', array[p_user], null,
      jsonb_build_object('noticeId', v_id, 'notice', p_kind));
    perform fairlock.tell_push(v_id) from public.crypto_profiles
    where user_id = p_user and fairlock.wants(notification_preferences, v_group, 'push');
  end if;
  return v_id;
end $$;

create function fairlock.read_notice(p_notice uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update fairlock.notices set read_at = coalesce(read_at, clock_timestamp())
  where id = p_notice and user_id = fairlock.acting_user();
  return case when found then '{}'::jsonb else fairlock.refuse('not_found') end;
end $$;

-- Marks everything as read up to a time, and says how many notices there were and how many are unread now.
create function fairlock.read_notices(p_up_to timestamptz) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  -- The wire's times have no microseconds: what was created within the millisecond that is named counts as seen.
  update fairlock.notices set read_at = clock_timestamp()
  where user_id = fairlock.acting_user() and read_at is null and in_app
    and created_at < date_trunc('milliseconds', p_up_to) + interval '1 millisecond';
  get diagnostics v_count = row_count;
  return jsonb_build_object('read', v_count, 'unread', (
    select count(*) from fairlock.notices where user_id = fairlock.acting_user() and read_at is null and in_app));
end $$;

-- Takes the mail that has waited longest, and keeps other workers off it for the lease: whoever took it and died is
-- followed by another after that time. No transaction is open while the mail is under way. Mail that nobody could take
-- for three days is not news any more.
create function fairlock.take_mail(p_lease interval) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v fairlock.notices;
begin
  loop
    update fairlock.notices set mail_attempts = mail_attempts + 1, mail_due_at = clock_timestamp() + p_lease
    where id = (
      select id from fairlock.notices
      where mail_due_at <= clock_timestamp() and created_at > clock_timestamp() - interval '3 days'
      order by mail_due_at limit 1 for update skip locked)
    returning * into v;
    if v.id is null then
      return '{}';
    end if;
    exit when not fairlock.is_mail_needless(v);
    update fairlock.notices set mail_due_at = null where id = v.id;
  end loop;
  return jsonb_build_object('mail', jsonb_build_object('id', v.id, 'kind', v.kind, 'data', v.data || case v.kind
      when 'announcement.published' then (select jsonb_build_object('text', text) from fairlock.announcements
        where id = (v.data ->> 'announcementId')::uuid) else '{}' end, 'to', v.mail_to,
    'attempt', v.mail_attempts, 'at', fairlock.rfc3339(v.created_at),
    'name', (select display_name from public.crypto_profiles where user_id = v.user_id)));
end $$;
grant execute on function fairlock.take_mail(interval) to fairlock_app;

-- Whether the person does not want the mail any more, or has seen what it would tell: of a message when they have read
-- its notice, or were there after it. An announcement may be over.
create function fairlock.is_mail_needless(n fairlock.notices) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return not fairlock.wants((select notification_preferences from public.crypto_profiles where user_id = n.user_id),
      fairlock.news_group(n.kind), 'email')
    or n.kind = 'announcement.published' and exists (select from fairlock.announcements
      where id = (n.data ->> 'announcementId')::uuid and (withdrawn_at is not null or until <= clock_timestamp()))
    or n.kind = 'message.posted' and (n.read_at is not null or exists (
      select from fairlock.sessions where user_id = n.user_id and last_seen_at > n.created_at));
end $$;

-- Writes how it went. A mail that was sent stays sent, whatever a slower worker says of it. Without a pause there is no
-- next attempt.
create function fairlock.finish_mail(p_notice uuid, p_error text, p_again_in interval) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update fairlock.notices set mail_error = left(p_error, 400), mail_due_at = clock_timestamp() + p_again_in,
    mail_sent_at = case when p_error is null then clock_timestamp() end
  where id = p_notice and mail_sent_at is null;
end $$;
grant execute on function fairlock.finish_mail(uuid, text, interval) to fairlock_app;

-- Takes mail out of the queue that is too old to be sent; where no mail server is set up that is all there is to do.
create function fairlock.drop_old_mail(p_most integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  update fairlock.notices set mail_due_at = null, mail_error = coalesce(mail_error, 'not sent within three days')
  where id in (
    select id from fairlock.notices
    where mail_due_at is not null and created_at < clock_timestamp() - interval '3 days' limit p_most);
  get diagnostics v_count = row_count;
  return v_count;
end $$;
grant execute on function fairlock.drop_old_mail(integer) to fairlock_app;
reset role;
