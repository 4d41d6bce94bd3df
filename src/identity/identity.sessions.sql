-- Signing in and out, and who a request acts for.
set local role fairlock_engine;

-- Makes this transaction act for the session's or the API key's person, or for nobody when neither is given. On the path
-- of every request: one lookup by primary key. The hashes are compared by "=", whose time may depend on how many of
-- their first bytes agree; who cannot find a secret whose SHA-256 begins with chosen bytes learns nothing from that.
-- Gives the person's id, and behind a blank how often their key may ask in a minute, where it has a limit of its own.
-- Error FL001 when what was shown is unknown, ended or over; FL002 when a key is used from where it may not.
create function fairlock.authenticate(
  p_session uuid, p_token_hash bytea, p_request text, p_api_key boolean, p_address inet
) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_user uuid;
  v_limit integer;
  v_seen timestamptz;
  v_key uuid;
  v_scopes text;
begin
  if p_api_key then
    select k.user_id, k.scopes, k.requests_per_minute into v_user, v_scopes, v_limit
    from fairlock.use_api_key(p_session, p_token_hash, p_address) k;
    v_key := p_session;
    p_session := null;
  elsif p_session is not null then
    select s.user_id, s.last_seen_at into v_user, v_seen from fairlock.sessions s
    where s.id = p_session and s.token_hash = p_token_hash and s.ended_at is null and s.expires_at > clock_timestamp();
    if not found then
      raise exception using errcode = 'FL001', message = 'the session is unknown, ended or over';
    end if;
    -- Five minutes are exact enough for "last seen", and spare a write on nearly every request.
    if v_seen < clock_timestamp() - interval '5 minutes' then
      update fairlock.sessions set last_seen_at = clock_timestamp() where id = p_session;
    end if;
  end if;
  perform set_config('fairlock.user_id', coalesce(v_user::text, ''), true),
    set_config('fairlock.session_id', coalesce(p_session::text, ''), true),
    set_config('fairlock.api_key_id', coalesce(v_key::text, ''), true),
    set_config('fairlock.scopes', coalesce(v_scopes, ''), true),
    set_config('fairlock.request_id', coalesce(p_request, ''), true);
  return v_user || coalesce(' ' || v_limit, '');
end $$;
grant execute on function fairlock.authenticate(uuid, bytea, text, boolean, inet) to fairlock_app;

-- What sign-in needs to check a password; no row for an unknown address.
create function fairlock.sign_in_material(p_email text)
returns table (user_id uuid, password_hash text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select c.user_id, c.password_hash from public.users u join fairlock.credentials c on c.user_id = u.id
  where lower(u.email) = lower(p_email)
$$;
grant execute on function fairlock.sign_in_material(text) to fairlock_app;

create function fairlock.open_session(
  p_session uuid, p_user uuid, p_token_hash bytea, p_days integer, p_user_agent text, p_address inet
) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_expires timestamptz := now() + make_interval(days => p_days);
begin
  insert into fairlock.sessions (id, user_id, token_hash, expires_at, user_agent, address)
  values (p_session, p_user, p_token_hash, v_expires, left(p_user_agent, 400), p_address);
  perform set_config('fairlock.user_id', p_user::text, true), set_config('fairlock.session_id', p_session::text, true);
  perform fairlock.record_event('session.opened', 'sessions', p_session);
  return jsonb_build_object('user', fairlock.person_json(p_user), 'expiresAt', fairlock.rfc3339(v_expires));
end $$;
grant execute on function fairlock.open_session(uuid, uuid, bytea, integer, text, inet) to fairlock_app;

-- Gives the acting session a new secret: the one before is worth nothing from then on.
create function fairlock.renew_session(p_token_hash bytea) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_expires timestamptz;
begin
  update fairlock.sessions set token_hash = p_token_hash
  where id = nullif(current_setting('fairlock.session_id', true), '')::uuid and user_id = fairlock.acting_user()
  returning expires_at into v_expires;
  if not found then
    return fairlock.refuse('not_found');
  end if;
  return jsonb_build_object('expiresAt', fairlock.rfc3339(v_expires));
end $$;

-- Ends one of the acting person's sessions; refuses what is not theirs or over already.
create function fairlock.end_session(p_session uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update fairlock.sessions set ended_at = clock_timestamp()
  where id = p_session and user_id = fairlock.acting_user() and ended_at is null;
  if not found then
    return fairlock.refuse('not_found');
  end if;
  perform fairlock.record_event('session.ended', 'sessions', p_session);
  return '{}';
end $$;
reset role;
