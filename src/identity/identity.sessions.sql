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
    where s.id = p_session and s.token_hash = p_token_hash and s.ended_at is null and s.expires_at > clock_timestamp()
      and (s.idle_until > clock_timestamp() or s.idle_until is null);
    if not found then
      raise exception using errcode = 'FL001', message = 'the session is unknown, ended or over';
    end if;
    -- Five minutes are exact enough for "last seen", and spare a write on nearly every request.
    if v_seen < clock_timestamp() - interval '5 minutes' then
      update fairlock.sessions set last_seen_at = clock_timestamp(), idle_until = fairlock.idle_end() where id = p_session;
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

-- When a session that is used now is over unless it is used again.
create function fairlock.idle_end() returns timestamptz
language sql volatile set search_path = pg_catalog, pg_temp
as $$ select clock_timestamp() + make_interval(hours => session_idle_hours) from fairlock.settings $$;

-- Addresses as places: a network of 64 bits is one IPv6 subscriber.
create function fairlock.place_of(p_address inet) returns inet
language sql immutable
as $$ select case family(p_address) when 6 then network(set_masklen(p_address, 64)) else p_address end $$;

-- What sign-in needs to check a password; nothing for an unknown address. `known` says that the person has signed in
-- from this place before, has just set a new password from it, or shows the token of an earlier session of theirs,
-- even if that is over: whom a stranger who guesses at the account must not keep out.
create function fairlock.sign_in_material(p_email text, p_address inet, p_session uuid, p_token_hash bytea) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_user uuid;
  v_hash text;
begin
  perform fairlock.apply_email_changes_of(p_email);
  select c.user_id, c.password_hash into v_user, v_hash
  from public.users u join fairlock.credentials c on c.user_id = u.id where lower(u.email) = lower(p_email);
  if not found then
    return '{}';
  end if;
  return jsonb_build_object('userId', v_user, 'passwordHash', v_hash, 'known',
    exists (select from fairlock.sessions s where s.user_id = v_user
      and fairlock.place_of(s.address) = fairlock.place_of(p_address))
    or exists (select from fairlock.sessions s where s.user_id = v_user and s.id = p_session
      and s.token_hash = p_token_hash)
    or exists (select from fairlock.password_resets r where r.user_id = v_user and r.outcome = 'used'
      and fairlock.place_of(r.used_from) = fairlock.place_of(p_address)
      and r.ended_at > clock_timestamp() - interval '1 day'));
end $$;
grant execute on function fairlock.sign_in_material(text, inet, uuid, bytea) to fairlock_app;

-- Signs a person in. Where a password was checked its hash comes along: when the password was changed in between, the
-- sign-in comes too late. The row stays locked, so that a change which comes later sees this session and ends it, and a
-- code counts once. p_proof: the second factor; without one, or with a wrong one, whoever has one gets no session.
create function fairlock.open_session(
  p_session uuid, p_user uuid, p_token_hash bytea, p_days integer, p_user_agent text, p_address inet,
  p_device text default null, p_how text default 'password', p_password_hash text default null,
  p_proof jsonb default null
) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_expires timestamptz := now() + make_interval(days => p_days);
  v_is_news boolean;
  v_refusal jsonb;
begin
  perform from fairlock.credentials
  where user_id = p_user and (p_password_hash is null or password_hash = p_password_hash) for no key update;
  if not found then
    return fairlock.refuse('wrong_credentials');
  end if;
  v_refusal := fairlock.refuse_unproven(p_user, p_session, p_proof);
  if v_refusal is not null then
    return v_refusal;
  end if;
  -- The first session ever is no news, and neither are sessions from before devices had names.
  v_is_news := exists (select from fairlock.sessions where user_id = p_user and device is not null)
    and not (exists (select from fairlock.sessions where user_id = p_user and device is not distinct from p_device)
      and exists (select from fairlock.sessions where user_id = p_user
        and fairlock.place_of(address) is not distinct from fairlock.place_of(p_address)));
  insert into fairlock.sessions (id, user_id, token_hash, expires_at, user_agent, address, device, signed_in_with,
    idle_until)
  values (p_session, p_user, p_token_hash, v_expires, left(p_user_agent, 400), p_address, p_device, p_how,
    fairlock.idle_end());
  perform set_config('fairlock.user_id', p_user::text, true), set_config('fairlock.session_id', p_session::text, true);
  perform fairlock.record_event('session.opened', 'sessions', p_session), fairlock.note_proof(p_session, p_proof);
  if v_is_news then
    perform fairlock.notify(p_user, 'session.new_device',
      jsonb_build_object('sessionId', p_session, 'device', p_device, 'address', host(p_address), 'how', p_how));
  end if;
  return jsonb_build_object('user', fairlock.person_json(p_user), 'expiresAt', fairlock.rfc3339(v_expires));
end $$;
grant execute on function fairlock.open_session(uuid, uuid, bytea, integer, text, inet, text, text, text, jsonb) to fairlock_app;

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

-- Ends a person's sessions but one, and says how many there were. They are over at once in every process: each request
-- looks at its session's row.
create function fairlock.end_sessions(p_user uuid, p_but uuid) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  update fairlock.sessions set ended_at = clock_timestamp()
  where user_id = p_user and id is distinct from p_but and ended_at is null;
  get diagnostics v_count = row_count;
  if v_count > 0 then
    perform fairlock.record_event('sessions.ended', 'users', p_user, null,
      jsonb_build_object('count', v_count, 'but', p_but));
  end if;
  return v_count;
end $$;

create function fairlock.end_other_sessions() returns jsonb
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('ended', fairlock.end_sessions(fairlock.acting_user(), fairlock.acting_session()))
$$;
reset role;
