-- Passkeys (WebAuthn). The API verifies signatures; here are the challenges, each good once, the keys, and the counters
-- that show a copied authenticator.
set local role fairlock_engine;

-- Keeps a challenge for five minutes and gives what the options need. One lives per session and purpose; those of
-- sign-ins belong to nobody yet.
create function fairlock.keep_challenge(p_purpose text, p_challenge bytea) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  v_refusal jsonb;
begin
  if fairlock.acting_key() is not null then
    return fairlock.refuse('session_only');
  elsif p_purpose = 'sign_in' then
    insert into fairlock.passkey_challenges (challenge, purpose, expires_at)
    values (p_challenge, p_purpose, clock_timestamp() + interval '5 minutes');
    return '{}';
  elsif me is null then
    raise exception using errcode = 'FL001', message = 'nobody is signed in';
  end if;
  v_refusal := case when p_purpose = 'registration' then fairlock.refuse_stale_factor() end;
  if v_refusal is not null then
    return v_refusal;
  end if;
  delete from fairlock.passkey_challenges
  where user_id = me and session_id = fairlock.acting_session() and purpose = p_purpose;
  insert into fairlock.passkey_challenges (challenge, purpose, user_id, session_id, expires_at)
  values (p_challenge, p_purpose, me, fairlock.acting_session(), clock_timestamp() + interval '5 minutes');
  return (select jsonb_build_object('userId', u.id, 'email', u.email, 'displayName', p.display_name, 'passkeys', coalesce((
      select jsonb_agg(jsonb_build_object('credentialId', translate(encode(k.credential_id, 'base64'), E'\n', ''),
        'transports', k.transports) order by k.created_at)
      from fairlock.passkeys k where k.user_id = me and (k.cloned_at is null or p_purpose = 'registration')), '[]'))
    from public.users u left join public.crypto_profiles p on p.user_id = u.id where u.id = me);
end $$;
grant execute on function fairlock.keep_challenge(text, bytea) to fairlock_app;

-- Takes a challenge back before anything is verified, so that it is good once whatever comes of it, and gives the
-- passkey that answers it. The same refusal for all that is wrong.
create function fairlock.take_challenge(p_purpose text, p_challenge bytea, p_credential bytea) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  k fairlock.passkeys;
begin
  delete from fairlock.passkey_challenges
  where challenge = p_challenge and purpose = p_purpose and expires_at > clock_timestamp()
    and (p_purpose = 'sign_in' or (user_id = me and session_id = fairlock.acting_session()));
  if not found then
    return fairlock.refuse('passkey_refused');
  elsif p_purpose = 'registration' then
    return '{}';
  end if;
  select * into k from fairlock.passkeys
  where credential_id = p_credential and cloned_at is null and (p_purpose = 'sign_in' or user_id = me);
  if not found then
    return fairlock.refuse('passkey_refused');
  end if;
  return jsonb_build_object('id', k.id, 'userId', k.user_id, 'rpId', k.rp_id,
    'publicKey', translate(encode(k.public_key, 'base64'), E'\n', ''));
end $$;
grant execute on function fairlock.take_challenge(text, bytea, bytea) to fairlock_app;

-- Takes note of a use whose signature was right. A counter that did not move on says that there are two of the
-- authenticator: then neither is believed any more. Authenticators that do not count say 0 each time.
create function fairlock.use_passkey(p_passkey uuid, p_user uuid, p_counter bigint, p_backed_up boolean) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  k fairlock.passkeys;
begin
  select * into k from fairlock.passkeys where id = p_passkey and user_id = p_user for no key update;
  if not found or k.cloned_at is not null then
    return fairlock.refuse('passkey_refused');
  elsif (p_counter > 0 or k.counter > 0) and p_counter <= k.counter then
    update fairlock.passkeys set cloned_at = clock_timestamp() where id = k.id;
    perform fairlock.record_event('passkey.cloned', 'passkeys', k.id, 'the counter did not move on',
        jsonb_build_object('had', k.counter, 'came', p_counter)),
      fairlock.notify(k.user_id, 'passkey.cloned', jsonb_build_object('passkeyId', k.id, 'name', k.name));
    return fairlock.refuse('passkey_cloned');
  end if;
  update fairlock.passkeys set counter = p_counter, backed_up = p_backed_up, last_used_at = clock_timestamp()
  where id = k.id;
  return null;
end $$;

-- Adds a passkey; with the first factor of a person come recovery codes, whose hashes the API has drawn already.
create function fairlock.add_passkey(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  v_is_first boolean;
  k fairlock.passkeys;
begin
  select not second_factor into v_is_first from fairlock.credentials where user_id = me for no key update;
  if (select count(*) >= 20 from fairlock.passkeys where user_id = me) then
    return fairlock.refuse('too_many_passkeys');
  end if;
  insert into fairlock.passkeys (id, user_id, credential_id, public_key, counter, transports, name, backed_up, rp_id)
  values (fairlock.new_id(), me, decode(p ->> 'credentialId', 'base64'), decode(p ->> 'publicKey', 'base64'),
    (p ->> 'counter')::bigint, array(select jsonb_array_elements_text(p -> 'transports')), p ->> 'name',
    (p ->> 'backedUp')::boolean, p ->> 'rpId')
  on conflict (credential_id) do nothing
  returning * into k;
  if k.id is null then
    return fairlock.refuse('passkey_known');
  end if;
  -- Making it has just proven it.
  perform fairlock.mark_fresh(fairlock.acting_session(), 'passkey');
  if v_is_first then
    perform fairlock.store_recovery_codes(me, p -> 'codeHashes'),
      fairlock.follow_first_factor(me, 'passkey.added', jsonb_build_object('passkeyId', k.id, 'name', k.name));
  else
    perform fairlock.follow_factor_change(me, 'passkey.added', jsonb_build_object('passkeyId', k.id, 'name', k.name));
  end if;
  return jsonb_build_object('passkey', fairlock.passkey_json(k.id, k.name, k.backed_up, k.created_at, k.last_used_at,
    k.cloned_at), 'isFirst', v_is_first);
end $$;

create function fairlock.rename_passkey(p_passkey uuid, p_name text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  k fairlock.passkeys;
begin
  update fairlock.passkeys set name = p_name where id = p_passkey and user_id = fairlock.acting_user() returning * into k;
  if k.id is null then
    return fairlock.refuse('not_found');
  end if;
  perform fairlock.record_event('passkey.renamed', 'passkeys', k.id);
  return fairlock.passkey_json(k.id, k.name, k.backed_up, k.created_at, k.last_used_at, k.cloned_at);
end $$;

create function fairlock.remove_passkey(p_passkey uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  v_name text;
begin
  perform from fairlock.credentials where user_id = me for no key update;
  delete from fairlock.passkeys where id = p_passkey and user_id = me returning name into v_name;
  if not found then
    return fairlock.refuse('not_found');
  end if;
  perform fairlock.drop_useless_codes(me),
    fairlock.follow_factor_change(me, 'passkey.removed', jsonb_build_object('passkeyId', p_passkey, 'name', v_name));
  return '{}';
end $$;

create function fairlock.passkey_json(
  p_id uuid, p_name text, p_backed_up boolean, p_created_at timestamptz, p_last_used_at timestamptz,
  p_cloned_at timestamptz
) returns jsonb
language sql stable
as $$
  select jsonb_build_object('id', p_id, 'name', p_name, 'backedUp', p_backed_up,
    'createdAt', fairlock.rfc3339(p_created_at), 'lastUsedAt', fairlock.rfc3339(p_last_used_at),
    'disabledAt', fairlock.rfc3339(p_cloned_at))
$$;
grant execute on function fairlock.passkey_json(uuid, text, boolean, timestamptz, timestamptz, timestamptz)
  to fairlock_app;
reset role;
