-- Data keys: the application reads the wrapped ones here and unwraps them with the keyring, which the database never
-- sees; and the guard that takes nothing but sealed values into sealed columns.
grant select, insert, update on fairlock.key_encryption_keys, fairlock.data_keys to fairlock_engine;
grant select, update on fairlock.rewrap to fairlock_engine;

do $$
declare
  t regclass;
begin
  foreach t in array array['fairlock.key_encryption_keys', 'fairlock.data_keys', 'fairlock.rewrap']::regclass[] loop
    execute format('alter table %s enable row level security, force row level security', t);
    execute format('create policy "the engine keeps keys" on %s to fairlock_engine using (true)', t);
  end loop;
end $$;

set local role fairlock_engine;

create function fairlock.data_key_json(k fairlock.data_keys) returns jsonb
language sql stable
as $$
  select jsonb_build_object('key', case when k.wrapped is not null then jsonb_build_object('id', k.id,
    'owner', k.owner_id, 'wrapped', translate(encode(k.wrapped, 'base64'), E'\n', ''),
    'keyEncryptionKey', k.key_encryption_key) end)
$$;

-- The key-encryption key that wraps new data keys.
create function fairlock.active_key_encryption_key() returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id text := (select id from fairlock.key_encryption_keys where state = 'active');
begin
  if v_id is null then
    return fairlock.refuse('no_keyring');
  end if;
  return jsonb_build_object('id', v_id);
end $$;
grant execute on function fairlock.active_key_encryption_key() to fairlock_app;

-- The data key that seals this person's new values, if they have one.
create function fairlock.active_data_key(p_owner uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select coalesce((select fairlock.data_key_json(k) from fairlock.data_keys k
    where coalesce(owner_id, '00000000-0000-0000-0000-000000000000')
        = coalesce(p_owner, '00000000-0000-0000-0000-000000000000') and state = 'active'), '{"key": null}')
$$;
grant execute on function fairlock.active_data_key(uuid) to fairlock_app;

create function fairlock.data_key(p_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select coalesce((select fairlock.data_key_json(k) from fairlock.data_keys k where id = p_id), '{"key": null}')
$$;
grant execute on function fairlock.data_key(uuid) to fairlock_app;

-- A person's first data key; where another process was faster, that one's. Erased people get none any more.
create function fairlock.add_data_key(p_id uuid, p_owner uuid, p_wrapped bytea, p_key_encryption_key text)
returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- Whoever erases the person at this moment waits for this, or this waits and finds them erased.
  perform from public.users where id = p_owner for key share;
  if exists (select from fairlock.erasures where user_id = p_owner)
    or exists (select from fairlock.data_keys where owner_id = p_owner and state = 'destroyed')
    and not exists (select from fairlock.data_keys where owner_id = p_owner and state <> 'destroyed') then
    return fairlock.refuse('person_erased');
  end if;
  -- Held until the commit, so that a rotation which retires this key sees the data key when it looks for what to wrap
  -- anew.
  perform from fairlock.key_encryption_keys where id = p_key_encryption_key and state = 'active' for key share;
  if not found then
    return fairlock.refuse('conflict');
  end if;
  insert into fairlock.data_keys (id, owner_id, wrapped, key_encryption_key)
  values (p_id, p_owner, p_wrapped, p_key_encryption_key) on conflict do nothing;
  return fairlock.active_data_key(p_owner);
end $$;
grant execute on function fairlock.add_data_key(uuid, uuid, bytea, text) to fairlock_app;

-- The data key that a sealed value names in its header; nothing when it has no header. Of a long value that is stored
-- uncompressed only the header is read.
create function fairlock.sealed_with(p_sealed text) returns uuid
language sql immutable
as $$
  select case when left(p_sealed, 28) ~ '^RkwBA[A-Za-z0-9_-]{23}$' and octet_length(p_sealed) >= 64
    then encode(substr(decode(translate(left(p_sealed, 28), '-_', '+/'), 'base64'), 5, 16), 'hex')::uuid end
$$;

-- Takes only sealed values into a sealed column, and only those whose data key is its owner's and in use (I14). The
-- key's row is share-locked, so that nothing is written with a key that is being retired at this moment. Arguments: the
-- sealed column and the column with the owner.
create function fairlock.guard_sealed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_sealed text := to_jsonb(new) ->> tg_argv[0];
  v_owner uuid := to_jsonb(new) ->> tg_argv[1];
  k record;
begin
  if v_sealed is null or (tg_op = 'UPDATE' and v_sealed = to_jsonb(old) ->> tg_argv[0]
    and v_owner is not distinct from (to_jsonb(old) ->> tg_argv[1])::uuid) then
    return new;
  end if;
  -- A bytea column holds the same bytes without base64url around them.
  if v_sealed like '\\x%' then
    v_sealed := translate(encode(decode(substr(v_sealed, 3), 'hex'), 'base64'), E'+/=\n', '-_');
  end if;
  if v_sealed !~ '^RkwBA[A-Za-z0-9_-]{59,}$' then
    raise exception using errcode = 'FL098', message = format('%I.%I.%I takes sealed values only',
      tg_table_schema, tg_table_name, tg_argv[0]);
  end if;
  select owner_id, state into k from fairlock.data_keys where id = fairlock.sealed_with(v_sealed) for share;
  if not found or k.owner_id is distinct from v_owner then
    raise exception using errcode = 'FL098', message = format('%I.%I.%I is sealed with a key of somebody else',
      tg_table_schema, tg_table_name, tg_argv[0]);
  elsif k.state <> 'active' then
    raise exception using errcode = 'FL097', message = 'the data key has been retired';
  end if;
  return new;
end $$;
grant execute on function fairlock.guard_sealed() to session_user;
reset role;

do $$
declare
  sealed record;
begin
  for sealed in select * from (values
    ('public.crypto_profiles', 'two_factor_secret', 'user_id'),
    ('public.crypto_wallets', 'encrypted_private_key', 'user_id'),
    ('public.crypto_wallets', 'backup_phrase_encrypted', 'user_id'),
    ('public.crypto_payment_methods', 'account_details_encrypted', 'user_id'),
    ('fairlock.messages', 'text', 'author_id'),
    ('fairlock.files', 'about', 'owner_id'),
    ('fairlock.file_parts', 'content', 'owner_id'),
    ('fairlock.evidence', 'note', 'owner_id'),
    ('fairlock.webhook_secrets', 'secret', 'user_id'),
    ('fairlock.push_subscriptions', 'keys', 'user_id'),
    ('fairlock.push_keys', 'private_key', 'owner_id'),
    ('public.crypto_payment_methods', 'verification_statement_sealed', 'user_id'),
    ('fairlock.blind_index_keys', 'sealed_key', 'sealed_for'),
    ('public.crypto_disputes', 'description', 'raised_by'),
    ('fairlock.dispute_entries', 'body', 'owner_id'),
    ('fairlock.kyc_requests', 'statement_sealed', 'user_id'),
    ('fairlock.adopted_secrets', 'secret', 'user_id')
  ) s(relation, column_name, owner_column) loop
    execute format('create trigger %1$I before insert or update of %2$I, %4$I on %3$s for each row when (new.%2$I is not null)
      execute function fairlock.guard_sealed(%2$L, %4$L)',
      'sealed_' || sealed.column_name, sealed.column_name, sealed.relation::regclass, sealed.owner_column);
  end loop;
end $$;
