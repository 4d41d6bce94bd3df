-- The second factor: one-time codes (TOTP), recovery codes and passkeys; when a session has proven one, and what asks
-- for that. The database cannot check a code itself, because the secret is sealed: the API opens it, says which time
-- step the code belongs to, and the rules here decide whether it counts.
grant update (second_factor, totp_step, totp_session, factor_failures, factor_blocked_until) on fairlock.credentials
  to fairlock_engine;
grant update (factor_at, factor_method, factor_failures, factor_blocked_until, signed_in_with) on fairlock.sessions
  to fairlock_engine;
grant update (two_factor_enabled, two_factor_secret) on public.crypto_profiles to fairlock_engine;
grant select, insert, delete on fairlock.recovery_codes to fairlock_engine;
grant update (used_at, used_in) on fairlock.recovery_codes to fairlock_engine;
grant select, insert, delete on fairlock.passkeys to fairlock_engine;
grant update (counter, backed_up, name, last_used_at, cloned_at) on fairlock.passkeys to fairlock_engine;
grant select, insert, delete on fairlock.passkey_challenges to fairlock_engine;
grant select (id, user_id, name, transports, backed_up, created_at, last_used_at, cloned_at) on fairlock.passkeys
  to fairlock_app;

do $$
declare
  t regclass;
begin
  foreach t in array array['fairlock.recovery_codes', 'fairlock.passkeys', 'fairlock.passkey_challenges']::regclass[] loop
    execute format('alter table %s enable row level security, force row level security', t);
    execute format('create policy "the engine acts for everybody" on %s to fairlock_engine using (true)', t);
  end loop;
end $$;
create policy "people see their passkeys, but not through an API key" on fairlock.passkeys for select to fairlock_app
  using (user_id = (select fairlock.acting_user()) and (select fairlock.acting_key()) is null);

set local role fairlock_engine;

-- Keeps credentials.second_factor true to the factors there are.
create function fairlock.note_second_factor() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_user uuid := case tg_op when 'DELETE' then old.user_id else new.user_id end;
  v_has boolean := exists (select from public.crypto_profiles where user_id = v_user and two_factor_enabled)
    or exists (select from fairlock.passkeys where user_id = v_user);
begin
  if tg_table_name = 'credentials' then
    new.second_factor := v_has;
    return new;
  end if;
  update fairlock.credentials set second_factor = v_has where user_id = v_user and second_factor <> v_has;
  return null;
end $$;
grant execute on function fairlock.note_second_factor() to session_user;

-- How a person can prove a second factor.
create function fairlock.factor_methods(p_user uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(m.name order by m.place), '[]') from (
    select 'totp', 1 from public.crypto_profiles where user_id = p_user and two_factor_enabled
    union all select 'passkey', 2 where exists (
      select from fairlock.passkeys where user_id = p_user and cloned_at is null)
    union all select 'recovery_code', 3 where exists (
      select from fairlock.recovery_codes where user_id = p_user and used_at is null)
  ) m (name, place)
$$;

-- Why the acting person has to prove a second factor first; null when they have none, when this session has proven one
-- just now, and for API keys, whose making asked for it. One look at one row for whoever has none.
create function fairlock.refuse_stale_factor() returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if fairlock.acting_key() is not null
    or not exists (select from fairlock.credentials where user_id = fairlock.acting_user() and second_factor)
    or exists (select from fairlock.sessions where id = fairlock.acting_session()
      and factor_at > clock_timestamp() - (select make_interval(mins => step_up_minutes) from fairlock.settings)) then
    return null;
  end if;
  return fairlock.refuse('second_factor_required',
    jsonb_build_object('methods', fairlock.factor_methods(fairlock.acting_user())));
end $$;

-- What staff do to others.
create function fairlock.is_for_staff(p_operation text) returns boolean
language sql immutable
as $$
  select p_operation in (
    'ask_access', 'break_glass', 'approve_access', 'refuse_access', 'revoke_access', 'review_access',
    'adjust_balance', 'set_kyc', 'set_kyc_level', 'ban', 'hide_rating_texts', 'forgive_fault',
    'decide_payment_method', 'rule_dispute', 'consent_dispute', 'reassign_dispute', 'claim_kyc', 'unclaim_kyc',
    'decide_kyc', 'announce', 'withdraw_announcement')
$$;

-- The commands that ask for a second factor proven just now: what hands coins over, what changes how somebody signs in
-- or where they are paid, and what staff do to others. Proving one, and confirming a first one, cannot be among them.
create function fairlock.asks_for_factor(p_operation text) returns boolean
language sql immutable
as $$
  select p_operation in ('release_trade', 'create_api_key', 'end_api_key', 'change_password', 'start_email_change',
    'withdraw_email_change', 'start_totp', 'confirm_totp', 'stop_totp', 'replace_recovery_codes', 'add_passkey',
    'rename_passkey', 'remove_passkey', 'create_webhook', 'change_webhook', 'delete_webhook',
    'rotate_webhook_secret', 'add_payment_method', 'replace_payment_method', 'change_payment_method',
    'remove_payment_method') or fairlock.is_for_staff(p_operation)
$$;

-- Whether guesses are paused; the answer that says so, or null.
create function fairlock.refuse_blocked(p_until timestamptz) returns jsonb
language sql volatile
as $$
  select case when p_until > clock_timestamp() then fairlock.refuse('too_many_requests',
    jsonb_build_object('retryAfter', ceil(extract(epoch from p_until - clock_timestamp())))) end
$$;

-- Counts a code for a time step: once, and later codes only; the same code again counts for the session that it was
-- used in, whose request may have got lost. p_step is null for a code that belongs to no step. A clock far off is not
-- believed, or one wrong step would shut out all codes to come. The caller holds the lock of the credentials.
create function fairlock.accept_totp(p_user uuid, p_step bigint, p_session uuid) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if p_step is null or abs(p_step - floor(extract(epoch from clock_timestamp()) / 30)) > 3 then
    return false;
  end if;
  update fairlock.credentials set totp_step = p_step, totp_session = p_session
  where user_id = p_user and (totp_step is null or p_step > totp_step or (p_step, p_session) = (totp_step, totp_session))
    and exists (select from public.crypto_profiles where user_id = p_user and two_factor_enabled);
  return found;
end $$;

-- Uses a recovery code up; like a one-time code it counts again for its own session, for as long as a step-up lasts.
create function fairlock.accept_recovery_code(p_user uuid, p_hash bytea, p_session uuid) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update fairlock.recovery_codes set used_at = clock_timestamp(), used_in = p_session
  where user_id = p_user and code_hash = p_hash and used_at is null;
  if found then
    perform fairlock.record_event('factor.recovery_code_used', 'users', p_user),
      fairlock.notify(p_user, 'factor.recovery_code_used', jsonb_build_object('left',
        (select count(*) from fairlock.recovery_codes where user_id = p_user and used_at is null)));
    return true;
  end if;
  return exists (select from fairlock.recovery_codes
    where user_id = p_user and code_hash = p_hash and used_in = p_session
      and used_at > clock_timestamp() - (select make_interval(mins => step_up_minutes) from fairlock.settings));
end $$;

-- Proves a second factor in the acting session. Five wrong codes pause guesses in this session for five minutes,
-- twenty without a right one end it: whoever holds a stolen session gets no further, and the person's other sessions,
-- passkeys and recovery codes go on. Recovery codes cannot be guessed and are never paused.
create function fairlock.prove_factor(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  s fairlock.sessions;
  v_refusal jsonb;
  v_accepted boolean;
begin
  perform from fairlock.credentials where user_id = me and second_factor for no key update;
  if not found then
    return fairlock.refuse('no_second_factor');
  end if;
  select * into s from fairlock.sessions where id = fairlock.acting_session() for no key update;
  if p ->> 'method' = 'totp' then
    v_refusal := fairlock.refuse_blocked(s.factor_blocked_until);
    if v_refusal is not null then
      return v_refusal;
    end if;
    v_accepted := fairlock.accept_totp(me, (p ->> 'step')::bigint, s.id);
  elsif p ->> 'method' = 'recovery_code' then
    v_accepted := fairlock.accept_recovery_code(me, decode(p ->> 'codeHash', 'hex'), s.id);
  else
    v_refusal := fairlock.use_passkey((p ->> 'passkeyId')::uuid, me, (p ->> 'counter')::bigint, (p ->> 'backedUp')::boolean);
    if v_refusal is not null then
      return v_refusal;
    end if;
    v_accepted := true;
  end if;
  if v_accepted then
    return fairlock.mark_fresh(s.id, p ->> 'method');
  end if;
  return fairlock.count_wrong_in_session(s, p ->> 'method');
end $$;

create function fairlock.mark_fresh(p_session uuid, p_method text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update fairlock.sessions set factor_at = clock_timestamp(), factor_method = p_method, factor_failures = 0,
    factor_blocked_until = null
  where id = p_session;
  perform fairlock.record_event('factor.proven', 'sessions', p_session, p_method);
  return jsonb_build_object('method', p_method, 'freshUntil', fairlock.rfc3339(
    clock_timestamp() + (select make_interval(mins => step_up_minutes) from fairlock.settings)));
end $$;

create function fairlock.count_wrong_in_session(s fairlock.sessions, p_method text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_failures integer := s.factor_failures + 1;
begin
  perform fairlock.record_event('factor.refused', 'sessions', s.id, p_method);
  if p_method = 'totp' then
    update fairlock.sessions set factor_failures = v_failures,
      factor_blocked_until = case when v_failures % 5 = 0 then clock_timestamp() + interval '5 minutes' end,
      ended_at = case when v_failures >= 20 then clock_timestamp() end
    where id = s.id;
    if v_failures = 20 then
      perform fairlock.record_event('session.ended', 'sessions', s.id, 'twenty wrong codes'),
        fairlock.notify(s.user_id, 'session.ended_for_guessing',
          jsonb_build_object('sessionId', s.id, 'device', s.device, 'address', host(s.address)));
    end if;
  end if;
  return fairlock.refuse('wrong_second_factor');
end $$;

-- What a sign-in with a right password still needs: null when there is no second factor, or p proves one for the new
-- session. Wrong codes are counted by person and pause longer each time, from five minutes to six hours; meanwhile
-- passkeys and recovery codes go on, so that who stole a password cannot keep its owner out. The caller holds the lock
-- of the credentials.
create function fairlock.refuse_unproven(p_user uuid, p_session uuid, p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  c fairlock.credentials := (select c from fairlock.credentials c where user_id = p_user);
  v_refusal jsonb;
  v_failures integer := c.factor_failures + 1;
begin
  if not c.second_factor then
    return null;
  elsif p is null then
    return fairlock.refuse('totp_required', jsonb_build_object('methods', fairlock.factor_methods(p_user)));
  elsif p ->> 'method' = 'recovery_code' then
    if fairlock.accept_recovery_code(p_user, decode(p ->> 'codeHash', 'hex'), p_session) then
      return null;
    end if;
    perform fairlock.record_event('factor.refused', 'users', p_user, 'recovery_code');
    return fairlock.refuse('wrong_second_factor');
  end if;
  if p ->> 'method' = 'passkey' then
    return fairlock.use_passkey((p ->> 'passkeyId')::uuid, p_user, (p ->> 'counter')::bigint, (p ->> 'backedUp')::boolean);
  end if;
  v_refusal := fairlock.refuse_blocked(c.factor_blocked_until);
  if v_refusal is not null then
    return v_refusal;
  elsif fairlock.accept_totp(p_user, (p ->> 'step')::bigint, p_session) then
    update fairlock.credentials set factor_failures = 0, factor_blocked_until = null
    where user_id = p_user and factor_failures > 0;
    return null;
  end if;
  update fairlock.credentials set factor_failures = v_failures, factor_blocked_until = case
    when v_failures % 5 = 0 then clock_timestamp()
      + least(interval '5 minutes' * power(2, least(v_failures / 5, 10) - 1), interval '6 hours') end
  where user_id = p_user;
  perform fairlock.record_event('factor.refused', 'users', p_user, 'totp');
  if v_failures % 5 = 0 then
    perform fairlock.notify(p_user, 'factor.guessed', jsonb_build_object('attempts', v_failures));
  end if;
  return fairlock.refuse('wrong_second_factor');
end $$;

-- Writes into a new session what its sign-in has proven.
create function fairlock.note_proof(p_session uuid, p jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update fairlock.sessions s set factor_at = clock_timestamp(), factor_method = p ->> 'method',
    signed_in_with = case p ->> 'method' when 'totp' then 'second_factor' else p ->> 'method' end
  where s.id = p_session and p is not null
    and exists (select from fairlock.credentials where user_id = s.user_id and second_factor);
end $$;

-- Whether the acting person's request with this key was answered before; then it proves nothing anew.
create function fairlock.has_answer(p_key text) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('answered', exists (
    select from fairlock.idempotency_keys where user_id = fairlock.acting_user() and key = p_key))
$$;
grant execute on function fairlock.has_answer(text) to fairlock_app;
reset role;

create trigger second_factor before insert on fairlock.credentials
  for each row execute function fairlock.note_second_factor();
create trigger second_factor after insert or update of two_factor_enabled or delete on public.crypto_profiles
  for each row execute function fairlock.note_second_factor();
create trigger second_factor after insert or update of user_id or delete on fairlock.passkeys
  for each row execute function fairlock.note_second_factor();
