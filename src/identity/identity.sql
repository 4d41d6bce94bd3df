-- Sign-in and who may see a person. What the API needs of credentials it gets from the functions below; it cannot read
-- the tables.
grant select, insert on public.users, fairlock.credentials, fairlock.sessions to fairlock_engine;
grant update (password_hash, changed_at) on fairlock.credentials to fairlock_engine;
grant update (last_seen_at, ended_at) on fairlock.sessions to fairlock_engine;
grant delete on fairlock.sessions to fairlock_engine;
grant select, insert on public.crypto_profiles to fairlock_engine;
grant update (total_trades, successful_escrows, display_name, country, banned_until, kyc_status, kyc_verified_at,
  is_verified_trader, updated_at) on public.crypto_profiles to fairlock_engine;
grant select, insert, delete on fairlock.staff_roles to fairlock_engine;
grant select (id, email, created_at) on public.users to fairlock_app;
grant select (id, user_id, created_at, last_seen_at, expires_at, ended_at, user_agent, address) on fairlock.sessions
  to fairlock_app;
grant select (id, user_id, display_name, country, kyc_status, kyc_verified_at, trading_volume, total_trades,
  average_rating, is_verified_trader, successful_escrows, disputed_trades, banned_until, preferred_currencies,
  trading_pairs, preferred_payment_methods, notification_preferences, created_at, updated_at)
  on public.crypto_profiles to fairlock_app;
grant select on fairlock.staff_roles to fairlock_app;
grant select, insert, update, delete on fairlock.rate_limits to fairlock_app;

do $$
declare
  t regclass;
begin
  foreach t in array array['public.users', 'public.crypto_profiles', 'fairlock.credentials', 'fairlock.sessions',
                           'fairlock.staff_roles', 'fairlock.rate_limits']::regclass[] loop
    execute format('alter table %s enable row level security, force row level security', t);
    execute format('create policy "the engine acts for everybody" on %s to fairlock_engine using (true)', t);
  end loop;
end $$;

create policy "people see themselves" on public.users for select to fairlock_app
  using (id = (select fairlock.acting_user()));
create policy "people see their profile" on public.crypto_profiles for select to fairlock_app
  using (user_id = (select fairlock.acting_user()));
create policy "people see their sessions" on fairlock.sessions for select to fairlock_app
  using (user_id = (select fairlock.acting_user()));
create policy "people see their roles" on fairlock.staff_roles for select to fairlock_app
  using (user_id = (select fairlock.acting_user()));
-- Counters of the rate limiter: no personal data, the keys are hashed.
create policy "the api counts attempts" on fairlock.rate_limits to fairlock_app using (true);

set local role fairlock_engine;

create function fairlock.has_role(p_role text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select exists (select from fairlock.staff_roles where user_id = fairlock.acting_user() and role = p_role) $$;
grant execute on function fairlock.has_role(text) to fairlock_app;

-- Makes this transaction act for the session's person, or for nobody when no session is given.
-- Error FL001 when the session is unknown, ended or over.
create function fairlock.authenticate(p_session uuid, p_token_hash bytea, p_request text) returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_user uuid;
  v_seen timestamptz;
begin
  if p_session is not null then
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
    set_config('fairlock.request_id', coalesce(p_request, ''), true);
  return v_user;
end $$;
grant execute on function fairlock.authenticate(uuid, bytea, text) to fairlock_app;

-- kyc_status keeps the specification's column; the level is read off it.
create function fairlock.kyc_level(p_status text) returns text
language sql immutable
as $$ select case when p_status in ('basic', 'full', 'institution') then p_status else 'none' end $$;

create function fairlock.person_json(p_user uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'id', u.id, 'email', u.email, 'displayName', p.display_name, 'country', p.country,
    'kycLevel', fairlock.kyc_level(p.kyc_status), 'isVerifiedTrader', coalesce(p.is_verified_trader, false),
    'totalTrades', coalesce(p.total_trades, 0),
    'roles', coalesce((select jsonb_agg(r.role order by r.role) from fairlock.staff_roles r where r.user_id = u.id), '[]'),
    'bannedUntil', fairlock.rfc3339(p.banned_until), 'createdAt', fairlock.rfc3339(u.created_at))
  from public.users u left join public.crypto_profiles p on p.user_id = u.id
  where u.id = p_user
$$;

-- A person with profile and password; refuses an address or a name that is taken.
create function fairlock.register_person(p_email text, p_name text, p_password_hash text) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_user uuid := fairlock.new_id();
begin
  if exists (select from public.users where lower(email) = lower(p_email)) then
    return fairlock.refuse('email_taken');
  elsif exists (select from public.crypto_profiles where lower(display_name) = lower(p_name)) then
    return fairlock.refuse('display_name_taken');
  end if;
  insert into public.users (id, email) values (v_user, p_email);
  insert into public.crypto_profiles (user_id, display_name) values (v_user, p_name);
  insert into fairlock.credentials (user_id, password_hash) values (v_user, p_password_hash);
  perform fairlock.record_event('person.registered', 'users', v_user);
  return jsonb_build_object('user', fairlock.person_json(v_user));
end $$;
grant execute on function fairlock.register_person(text, text, text) to fairlock_app;

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

-- For the command line, which runs as the owner: gives and takes staff roles.
create function fairlock.set_staff_role(p_user uuid, p_role text, p_granted boolean) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if p_granted then
    insert into fairlock.staff_roles (user_id, role) values (p_user, p_role) on conflict do nothing;
  else
    delete from fairlock.staff_roles where user_id = p_user and role = p_role;
  end if;
  perform fairlock.record_event(case when p_granted then 'role.granted' else 'role.revoked' end, 'users', p_user,
    'command line', jsonb_build_object('role', p_role));
end $$;

create function fairlock.me() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select fairlock.person_json(fairlock.acting_user()) $$;
grant execute on function fairlock.me() to fairlock_app;

create function fairlock.change_me(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
begin
  if exists (
    select from public.crypto_profiles where lower(display_name) = lower(p ->> 'displayName') and user_id <> me
  ) then
    return fairlock.refuse('display_name_taken');
  end if;
  update public.crypto_profiles set display_name = coalesce(p ->> 'displayName', display_name),
    country = case when p ? 'country' then p ->> 'country' else country end, updated_at = now()
  where user_id = me;
  perform fairlock.record_event('person.changed', 'users', me);
  return fairlock.person_json(me);
end $$;

-- Sets a person's KYC level: administrators and compliance, on the record.
create function fairlock.set_kyc(p_user uuid, p_level text, p_reason text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if not (fairlock.has_role('admin') or fairlock.has_role('compliance')) then
    return fairlock.refuse('admin_only');
  end if;
  update public.crypto_profiles set kyc_status = case p_level when 'none' then 'pending' else p_level end,
    kyc_verified_at = case when p_level <> 'none' then now() end, updated_at = now()
  where user_id = p_user;
  if not found then
    return fairlock.refuse('not_found');
  end if;
  perform fairlock.record_event('person.kyc', 'users', p_user, p_reason, jsonb_build_object('level', p_level));
  return fairlock.person_json(p_user);
end $$;

-- Bans a person until a time, or lifts the ban when the time is empty. The API asks for the role before; the command
-- line runs as the owner of the system.
create function fairlock.ban_person(p_user uuid, p_until timestamptz, p_reason text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update public.crypto_profiles set banned_until = p_until, updated_at = now() where user_id = p_user;
  if not found then
    return fairlock.refuse('not_found');
  end if;
  perform fairlock.record_event(case when p_until is null then 'person.unbanned' else 'person.banned' end, 'users',
    p_user, p_reason, jsonb_build_object('until', p_until));
  return fairlock.person_json(p_user);
end $$;

-- Whether the person may start something new (I12); a ban ends by itself.
create function fairlock.is_banned(p_user uuid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select exists (select from public.crypto_profiles where user_id = p_user and banned_until > clock_timestamp())
$$;

-- What everybody may know of a trader.
create view fairlock.traders as
  select p.user_id, p.display_name, coalesce(p.total_trades, 0) as total_trades, p.average_rating,
    coalesce(p.is_verified_trader, false) as is_verified_trader, p.created_at
  from public.crypto_profiles p;
grant select on fairlock.traders to fairlock_app;

create function fairlock.trader_json(t fairlock.traders) returns jsonb
language sql stable
as $$
  select jsonb_build_object('id', t.user_id, 'displayName', t.display_name, 'totalTrades', t.total_trades,
    'averageRating', t.average_rating::text, 'isVerifiedTrader', t.is_verified_trader)
$$;
grant execute on function fairlock.trader_json(fairlock.traders) to fairlock_app;
reset role;
