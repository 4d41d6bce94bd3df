-- Sign-in and who may see a person. What the API needs of credentials it gets from the functions below; it cannot read
-- the tables.
grant select, insert on public.users, fairlock.credentials, fairlock.sessions to fairlock_engine;
grant update (email) on public.users to fairlock_engine;
grant update (password_hash, changed_at) on fairlock.credentials to fairlock_engine;
grant update (token_hash, last_seen_at, idle_until, ended_at) on fairlock.sessions to fairlock_engine;
grant delete on fairlock.sessions to fairlock_engine;
grant select, insert on public.crypto_profiles to fairlock_engine;
grant update (total_trades, successful_escrows, display_name, country, banned_until, kyc_status, kyc_verified_at,
  is_verified_trader, updated_at) on public.crypto_profiles to fairlock_engine;
grant select, insert, delete on fairlock.staff_roles to fairlock_engine;
grant select (id, email, created_at) on public.users to fairlock_app;
grant select (id, user_id, created_at, last_seen_at, expires_at, ended_at, idle_until, user_agent, address,
  device, signed_in_with) on fairlock.sessions
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
create policy "people see their sessions, but not through an API key" on fairlock.sessions for select to fairlock_app
  using (user_id = (select fairlock.acting_user()) and (select fairlock.acting_key()) is null);
create policy "people see their roles" on fairlock.staff_roles for select to fairlock_app
  using (user_id = (select fairlock.acting_user()));
-- Counters of the rate limiter: no personal data, the keys are hashed.
create policy "the api counts attempts" on fairlock.rate_limits to fairlock_app using (true);

set local role fairlock_engine;

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
  perform fairlock.apply_email_changes_of(p_email);
  if fairlock.is_email_taken(p_email) then
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
