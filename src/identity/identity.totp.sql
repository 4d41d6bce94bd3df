-- Switching one-time codes on and off, and recovery codes.
set local role fairlock_engine;

-- The sealed secret of a person, for the API to open: a look at a secret, and in the log as one. `at` is the time by
-- which the code is to be judged, so that all processes go by one clock.
create function fairlock.totp_material(p_user uuid, p_why text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_profile record;
  v_opened text;
begin
  select p.id, p.two_factor_secret as sealed, p.two_factor_enabled as enabled, u.email into v_profile
  from public.crypto_profiles p join public.users u on u.id = p.user_id where p.user_id = p_user;
  if p_why = 'confirmation' or (p_why is not null and v_profile.enabled) then
    v_opened := v_profile.sealed;
  end if;
  if v_opened is not null then
    perform fairlock.record_event('secret.opened', 'crypto_profiles', p_user, p_why,
      '{"column": "two_factor_secret"}');
  end if;
  return jsonb_build_object('userId', p_user, 'row', v_profile.id, 'email', v_profile.email,
    'sealed', v_opened, 'enabled', coalesce(v_profile.enabled, false),
    'at', floor(extract(epoch from clock_timestamp()) * 1000));
end $$;

-- The acting person's; without a reason, all but the secret.
create function fairlock.my_totp(p_why text) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if fairlock.acting_user() is null then
    raise exception using errcode = 'FL001', message = 'nobody is signed in';
  elsif fairlock.acting_key() is not null then
    return fairlock.refuse('session_only');
  end if;
  return fairlock.totp_material(fairlock.acting_user(), p_why);
end $$;
grant execute on function fairlock.my_totp(text) to fairlock_app;

-- For a sign-in whose password has just been compared with this hash.
create function fairlock.sign_in_totp(p_user uuid, p_password_hash text) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from fairlock.credentials where user_id = p_user and password_hash = p_password_hash) then
    return fairlock.refuse('wrong_credentials');
  end if;
  return fairlock.totp_material(p_user, 'sign-in');
end $$;
grant execute on function fairlock.sign_in_totp(uuid, text) to fairlock_app;

-- The same for a password that is set anew, by whoever has the token of the mail.
create function fairlock.reset_totp(p_reset uuid, p_hash bytea) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_owner jsonb := fairlock.reset_material(p_reset, p_hash);
begin
  return case when v_owner ? 'refusal' then v_owner
    else fairlock.totp_material((v_owner ->> 'userId')::uuid, 'password reset') end;
end $$;
grant execute on function fairlock.reset_totp(uuid, bytea) to fairlock_app;

-- What every change of the factors entails: the log, a notice and a pause of withdrawals. What somebody calls a passkey
-- is for the notice alone: the log could not forget it with them.
create function fairlock.follow_factor_change(p_user uuid, p_kind text, p_details jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform fairlock.record_event(p_kind, 'users', p_user, null, p_details - 'name'),
    fairlock.pause_withdrawals(p_user, 'a change of the second factor'),
    fairlock.notify(p_user, p_kind, coalesce(p_details, '{}') || jsonb_build_object('until',
      fairlock.rfc3339(fairlock.withdrawals_paused_until(p_user))));
end $$;

-- The same for the first factor of a person. API keys release without a code because making them asked for it: those
-- made before, maybe by whoever the factor is meant to keep out, end with what they could do beyond reading.
create function fairlock.follow_first_factor(p_user uuid, p_kind text, p_details jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_ended integer := fairlock.end_api_keys(p_user, false);
begin
  perform fairlock.follow_factor_change(p_user, p_kind,
    case when v_ended > 0 then coalesce(p_details, '{}') || jsonb_build_object('keysEnded', v_ended) else p_details end);
end $$;

-- Keeps a new secret until it is confirmed; one that waits already is replaced.
create function fairlock.start_totp(p_sealed text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update public.crypto_profiles set two_factor_secret = p_sealed, updated_at = now()
  where user_id = fairlock.acting_user() and not two_factor_enabled;
  if not found then
    return fairlock.refuse('two_factor_on');
  end if;
  perform fairlock.record_event('factor.started', 'users', fairlock.acting_user());
  return '{}';
end $$;

-- Switches one-time codes on after a right code (p_step is null for a wrong one). p_sealed is what the API opened: a
-- secret that was replaced meanwhile is not switched on unseen. The hashes are of the recovery codes that the API will
-- show; they take the place of older ones.
create function fairlock.confirm_totp(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  v_profile record;
  v_is_first boolean;
begin
  select not second_factor into v_is_first from fairlock.credentials where user_id = me for no key update;
  select two_factor_enabled as enabled, two_factor_secret as sealed into v_profile
  from public.crypto_profiles where user_id = me for no key update;
  if v_profile.enabled then
    return fairlock.refuse('two_factor_on');
  elsif v_profile.sealed is null then
    return fairlock.refuse('two_factor_off');
  elsif v_profile.sealed <> p ->> 'sealed' then
    return fairlock.refuse('conflict');
  elsif p -> 'step' = 'null' then
    return fairlock.refuse('wrong_second_factor');
  end if;
  update public.crypto_profiles set two_factor_enabled = true, updated_at = now() where user_id = me;
  update fairlock.credentials set totp_step = (p ->> 'step')::bigint, totp_session = fairlock.acting_session(),
    factor_failures = 0, factor_blocked_until = null
  where user_id = me;
  perform fairlock.store_recovery_codes(me, p -> 'codeHashes'), fairlock.mark_fresh(fairlock.acting_session(), 'totp');
  if v_is_first then
    perform fairlock.follow_first_factor(me, 'factor.switched_on', null);
  else
    perform fairlock.follow_factor_change(me, 'factor.switched_on', null);
  end if;
  return '{}';
end $$;

-- Switches one-time codes off. The API has proven a code in this request; the door asks for that as well.
create function fairlock.stop_totp() returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
begin
  perform from fairlock.credentials where user_id = me for no key update;
  update public.crypto_profiles set two_factor_enabled = false, two_factor_secret = null, updated_at = now()
  where user_id = me and two_factor_enabled;
  if not found then
    return fairlock.refuse('two_factor_off');
  end if;
  perform fairlock.drop_useless_codes(me), fairlock.follow_factor_change(me, 'factor.switched_off', null);
  return '{}';
end $$;

create function fairlock.store_recovery_codes(p_user uuid, p_hashes jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  delete from fairlock.recovery_codes where user_id = p_user;
  insert into fairlock.recovery_codes (user_id, code_hash)
  select p_user, decode(hash, 'hex') from jsonb_array_elements_text(p_hashes) hash;
end $$;

-- Recovery codes stand for a second factor; without one there is nothing to recover.
create function fairlock.drop_useless_codes(p_user uuid) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  delete from fairlock.recovery_codes where user_id = p_user
    and not exists (select from fairlock.credentials where user_id = p_user and second_factor);
end $$;

-- A new set of recovery codes in the place of the old one.
create function fairlock.replace_recovery_codes(p_hashes jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
begin
  perform from fairlock.credentials where user_id = me and second_factor for no key update;
  if not found then
    return fairlock.refuse('no_second_factor');
  end if;
  perform fairlock.store_recovery_codes(me, p_hashes),
    fairlock.follow_factor_change(me, 'factor.recovery_codes_replaced', null);
  return '{}';
end $$;

-- Takes every factor of a person away, and gives how many passkeys there were. For whoever erases them, and below.
create function fairlock.drop_factors(p_user uuid) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_passkeys integer;
begin
  perform from fairlock.credentials where user_id = p_user for no key update;
  update public.crypto_profiles set two_factor_enabled = false, two_factor_secret = null, updated_at = now()
  where user_id = p_user and (two_factor_enabled or two_factor_secret is not null);
  delete from fairlock.passkeys where user_id = p_user;
  get diagnostics v_passkeys = row_count;
  delete from fairlock.passkey_challenges where user_id = p_user;
  delete from fairlock.recovery_codes where user_id = p_user;
  update fairlock.credentials set totp_step = null, totp_session = null, factor_failures = 0,
    factor_blocked_until = null
  where user_id = p_user;
  return v_passkeys;
end $$;

-- For the operator, when somebody has lost everything: their password alone signs them in again. All their sessions
-- and API keys end, since whoever asked for this may not be the person.
create function fairlock.reset_factors(p_user uuid, p_reason text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_passkeys integer := fairlock.drop_factors(p_user);
begin
  update fairlock.sessions set ended_at = clock_timestamp() where user_id = p_user and ended_at is null;
  perform fairlock.end_api_keys(p_user), fairlock.record_event('factor.reset', 'users', p_user, p_reason,
      jsonb_build_object('passkeys', v_passkeys)),
    fairlock.pause_withdrawals(p_user, 'the operator took the second factors away'),
    fairlock.notify(p_user, 'factor.reset', jsonb_build_object('until',
      fairlock.rfc3339(fairlock.withdrawals_paused_until(p_user))));
  return jsonb_build_object('passkeys', v_passkeys);
end $$;

-- What GET /v1/me/security says about factors.
create function fairlock.factors_json(p_user uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'twoFactor', exists (select from public.crypto_profiles where user_id = p_user and two_factor_enabled),
    'passkeys', (select count(*) from fairlock.passkeys where user_id = p_user),
    'recoveryCodesLeft', (select count(*) from fairlock.recovery_codes where user_id = p_user and used_at is null),
    'factorFreshUntil', (select fairlock.rfc3339(until) from (
      select factor_at + (select make_interval(mins => step_up_minutes) from fairlock.settings)
      from fairlock.sessions where id = fairlock.acting_session()) s (until) where until > clock_timestamp()))
$$;
reset role;
