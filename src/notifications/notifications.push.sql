-- Web push: the market's own key pair, the browsers that people have subscribed, and notices on their way to them.
grant select, insert, delete on fairlock.push_subscriptions, fairlock.push_messages to fairlock_engine;
grant update (keys, expires_at) on fairlock.push_subscriptions to fairlock_engine;
grant update (attempts, due_at) on fairlock.push_messages to fairlock_engine;
grant select, insert on fairlock.push_keys to fairlock_engine;
grant update (private_key) on fairlock.push_keys to fairlock_engine;

do $$
declare
  t regclass;
begin
  foreach t in array array['fairlock.push_keys', 'fairlock.push_subscriptions', 'fairlock.push_messages']::regclass[] loop
    execute format('alter table %s enable row level security, force row level security', t);
    execute format('create policy "the engine acts for everybody" on %s to fairlock_engine using (true)', t);
  end loop;
end $$;

set local role fairlock_engine;

-- The key pair, its private half sealed; null before there is one.
create function fairlock.push_key() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('key', (select jsonb_build_object('id', id, 'sealed', private_key,
    'publicKey', translate(encode(public_key, 'base64'), E'+/=\n', '-_')) from fairlock.push_keys))
$$;
grant execute on function fairlock.push_key() to fairlock_app;

-- Keeps a key pair where there is none yet, and gives the one that is kept.
create function fairlock.add_push_key(p_id uuid, p_public_key bytea, p_sealed text) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('fairlock.operation', 'add_push_key', true);
  insert into fairlock.push_keys (id, public_key, private_key) values (p_id, p_public_key, p_sealed) on conflict do nothing;
  return fairlock.push_key();
end $$;
grant execute on function fairlock.add_push_key(uuid, bytea, text) to fairlock_app;

-- Subscribes a browser of the acting person, or takes its new keys; at most ten. It belongs to who subscribed it last,
-- and to their session: who has it from somebody else reads nothing of theirs, and a thief's goes with the thief's session.
create function fairlock.subscribe_push(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
begin
  perform from fairlock.credentials where user_id = me for no key update;
  perform pg_advisory_xact_lock(hashtextextended('push to ' || (p ->> 'endpoint'), 0));
  delete from fairlock.push_subscriptions where endpoint = p ->> 'endpoint'
    or user_id = me and not fairlock.is_live_session(session_id);
  if (select count(*) >= 10 from fairlock.push_subscriptions where user_id = me) then
    return fairlock.refuse('too_many_push_subscriptions');
  end if;
  insert into fairlock.push_subscriptions (id, user_id, session_id, endpoint, keys, expires_at)
  values ((p ->> 'id')::uuid, me, fairlock.acting_session(), p ->> 'endpoint', p ->> 'sealed',
    (p ->> 'expiresAt')::timestamptz);
  return jsonb_build_object('id', p ->> 'id');
end $$;

-- Whether a session has neither ended nor run out. One that is idle may go on by itself, so its browser is still told.
create function fairlock.is_live_session(p_session uuid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select exists (select from fairlock.sessions
    where id = p_session and ended_at is null and expires_at > clock_timestamp())
$$;

create function fairlock.unsubscribe_push(p_endpoint text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  delete from fairlock.push_subscriptions where user_id = fairlock.acting_user() and endpoint = p_endpoint;
  return case when found then '{}'::jsonb else fairlock.refuse('not_found') end;
end $$;

-- Puts a notice on its way to every browser of its person. Twenty wait for one browser at most: the list has them all.
create function fairlock.tell_push(p_notice uuid) returns void
language sql volatile
as $$
  insert into fairlock.push_messages (id, subscription_id, notice_id)
  select fairlock.new_id(), s.id, n.id
  from fairlock.notices n join fairlock.push_subscriptions s on s.user_id = n.user_id
  where n.id = p_notice and (s.expires_at is null or s.expires_at > clock_timestamp())
    and fairlock.is_live_session(s.session_id)
    and (select count(*) < 20 from fairlock.push_messages m where m.subscription_id = s.id)
  on conflict do nothing
$$;

-- Takes what is due, one message a browser, and keeps other workers off it for the lease. Whatever else waits for that
-- browser waits until this one is over, and then behind everybody else's: a slow one holds up nobody. A day later a
-- message is no news.
create function fairlock.take_push_messages(p_most integer, p_lease interval) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_taken jsonb;
begin
  -- One after the other, or two workers would take two messages of one browser.
  perform pg_advisory_xact_lock(4711, 31);
  with due as (
    select m.id, m.subscription_id from fairlock.push_messages m
    where m.due_at <= clock_timestamp() and m.created_at > clock_timestamp() - interval '1 day'
    order by m.due_at limit 10 * p_most
  ), chosen as (
    select (array_agg(id order by id))[1] as id, subscription_id from due group by subscription_id limit p_most
  ), taken as (
    update fairlock.push_messages m set attempts = m.attempts + (m.id = c.id)::integer,
      due_at = clock_timestamp() + p_lease
    from chosen c where m.subscription_id = c.subscription_id
    returning m.*, m.id = c.id as is_taken
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'subscriptionId', s.id, 'userId', s.user_id,
    'endpoint', s.endpoint, 'sealed', s.keys, 'attempt', t.attempts, 'kind', n.kind, 'data', n.data,
    'noticeId', n.id)), '[]') into v_taken
  from taken t join fairlock.push_subscriptions s on s.id = t.subscription_id
    join fairlock.notices n on n.id = t.notice_id
  where t.is_taken and fairlock.is_live_session(s.session_id);
  return jsonb_build_object('messages', v_taken);
end $$;
grant execute on function fairlock.take_push_messages(integer, interval) to fairlock_app;

-- Writes how it went: with a pause it is tried again, and the browser's other messages wait as long; else it is over,
-- and they are due. A browser that is gone is forgotten.
create function fairlock.finish_push_message(p_id uuid, p_is_gone boolean, p_again_in interval) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_browser uuid := (select subscription_id from fairlock.push_messages where id = p_id);
begin
  perform set_config('fairlock.operation', 'push', true);
  if p_is_gone then
    delete from fairlock.push_subscriptions where id = v_browser;
    return;
  elsif p_again_in is null then
    delete from fairlock.push_messages where id = p_id;
  end if;
  update fairlock.push_messages set due_at = clock_timestamp() + coalesce(p_again_in, interval '0')
  where subscription_id = v_browser;
end $$;
grant execute on function fairlock.finish_push_message(uuid, boolean, interval) to fairlock_app;

create function fairlock.sweep_push(p_most integer) returns void
language sql volatile
as $$
  delete from fairlock.push_messages where created_at < clock_timestamp() - interval '1 day';
  delete from fairlock.push_subscriptions where ctid = any (array(
    select s.ctid from fairlock.push_subscriptions s
    where s.expires_at < clock_timestamp() or not exists (select from fairlock.sessions x
      where x.id = s.session_id and x.ended_at is null and x.expires_at > clock_timestamp()) limit p_most))
$$;
reset role;
