-- The life of keys: which key-encryption key wraps, what is sealed anew with which data key, and the end of a data key.
-- Whatever runs beside it, no value is left under a destroyed key: a value is only taken when its key is active, under
-- a share lock (guard_sealed); a key is destroyed after it was retired, when a look of its own finds nothing that names
-- it. For src/platform/sealing, `fairlock keys` and the background work.
grant update (two_factor_secret) on public.crypto_profiles to fairlock_engine;
grant update (encrypted_private_key, backup_phrase_encrypted) on public.crypto_wallets to fairlock_engine;
grant update (account_details_encrypted) on public.crypto_payment_methods to fairlock_engine;

grant select, insert on fairlock.erasures to fairlock_engine;
alter table fairlock.erasures enable row level security, force row level security;
create policy "the engine keeps erasures" on fairlock.erasures to fairlock_engine using (true);
-- For the locks: who locks a row must be allowed to change one of its columns.
grant update (email) on public.users to fairlock_engine;

set local role fairlock_engine;

-- Every column that takes sealed values only, read off the triggers that guard it. A value is sealed for its table's name
-- in public, where the market tables are once no database is being taken over; so callers' names differ in the schema.
create function fairlock.sealed_columns()
returns table (relation text, name text, owner text, row_key text, key_type text, is_bytes boolean)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select format('%I.%I', n.nspname, c.relname), v.attname::text, a.args[2], k.attname::text,
    format_type(k.atttypid, k.atttypmod), v.atttypid = 'bytea'::regtype
  from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    join pg_namespace n on n.oid = c.relnamespace
    cross join lateral (select string_to_array(encode(t.tgargs, 'escape'), '\000')) a (args)
    join pg_attribute v on v.attrelid = c.oid and v.attname = a.args[1]
    join pg_index i on i.indrelid = c.oid and i.indisprimary and i.indnkeyatts = 1
    join pg_attribute k on k.attrelid = c.oid and k.attnum = i.indkey[0]
  where t.tgfoid = to_regproc('fairlock.guard_sealed') and not t.tgisinternal
  order by 1, 2
$$;

-- Makes a pending key-encryption key the one that wraps. Data keys that are being made at this moment hold its
-- predecessor's row: this waits for them, and those that come later find the new one.
create function fairlock.activate_key_encryption_key(p_id text) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_state text;
begin
  perform from fairlock.key_encryption_keys order by id for update;
  select state into v_state from fairlock.key_encryption_keys where id = p_id;
  if v_state is distinct from 'pending' then
    return false;
  end if;
  update fairlock.key_encryption_keys set state = 'decrypt_only', retired_at = now() where state = 'active';
  update fairlock.key_encryption_keys set state = 'active', activated_at = now() where id = p_id;
  return true;
end $$;

-- Writes data keys that were wrapped anew: those that are still as they were read, and only while the key that wraps
-- them now is the active one. [{id, from, old, wrapped}], bytes in base64; returns how many, null when it is not active.
create function fairlock.wrap_anew(p_keys jsonb, p_to text) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  perform from fairlock.key_encryption_keys where id = p_to and state = 'active' for key share;
  if not found then
    return null;
  end if;
  update fairlock.data_keys d set wrapped = decode(k.wrapped, 'base64'), key_encryption_key = p_to
  from jsonb_to_recordset(p_keys) k (id uuid, "from" text, old text, wrapped text)
  where d.id = k.id and d.key_encryption_key = k."from" and d.state <> 'destroyed'
    and d.wrapped = decode(k.old, 'base64');
  get diagnostics v_count = row_count;
  return v_count;
end $$;

-- The end of a key-encryption key. Neither a new data key nor a rotation takes one that is retired, so that none can
-- come between the look and the end. Returns how many data keys still need it; it is destroyed when that is none.
create function fairlock.destroy_key_encryption_key(p_id text) returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_left bigint;
begin
  perform from fairlock.key_encryption_keys where id = p_id for update;
  select count(*) into v_left from fairlock.data_keys where key_encryption_key = p_id and state <> 'destroyed';
  if v_left = 0 then
    update fairlock.key_encryption_keys set state = 'destroyed', destroyed_at = now()
    where id = p_id and state = 'decrypt_only';
  end if;
  return v_left;
end $$;

-- Data keys that are to be replaced or ended, from p_after on, forwards or backwards; with the moment of the rewrap
-- that is under way and how many values a second it may do. p_owner: that person's retired keys, whatever is under way.
create function fairlock.keys_to_renew(p_after uuid, p_backwards boolean, p_most integer, p_owner uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r fairlock.rewrap;
  v_keys jsonb := '[]';
begin
  select * into r from fairlock.rewrap where requested_at is not null and finished_at is null;
  if found or p_owner is not null then
    select coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'owner', k.owner_id, 'state', k.state)
      order by case when p_backwards then k.n end desc, k.n), '[]') into v_keys
    from (
      select id, owner_id, state, row_number() over (order by id) as n from fairlock.data_keys
      where case when p_owner is not null then owner_id = p_owner and state = 'decrypt_only'
          else state = 'decrypt_only' or state = 'active' and created_at < r.requested_at end
        and (p_after is null or case when p_backwards then id < p_after else id > p_after end)
      order by case when p_backwards then id end desc, id limit p_most
    ) k;
  end if;
  return jsonb_build_object('requestedAt', r.requested_at, 'maxRate', r.max_rate, 'keys', v_keys);
end $$;
grant execute on function fairlock.keys_to_renew(uuid, boolean, integer, uuid) to fairlock_app;

-- Retires a data key and puts a new one in its place, for the same person. Who erases the person waits for this, or
-- this finds the key destroyed.
create function fairlock.replace_data_key(p_old uuid, p_new uuid, p_wrapped bytea, p_key_encryption_key text)
returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_owner uuid := (select owner_id from fairlock.data_keys where id = p_old);
begin
  perform set_config('fairlock.operation', 'rewrap', true);
  perform from fairlock.key_encryption_keys where id = p_key_encryption_key and state = 'active' for key share;
  if not found then
    return fairlock.refuse('conflict');
  end if;
  perform from public.users where id = v_owner for key share;
  update fairlock.data_keys set state = 'decrypt_only', retired_at = clock_timestamp()
  where id = p_old and state = 'active';
  if not found then
    return '{"replaced": false}';
  end if;
  insert into fairlock.data_keys (id, owner_id, wrapped, key_encryption_key, created_at)
  values (p_new, v_owner, p_wrapped, p_key_encryption_key, clock_timestamp());
  return '{"replaced": true}';
end $$;
grant execute on function fairlock.replace_data_key(uuid, uuid, bytea, text) to fairlock_app;

-- The condition on a sealed column's rows that a data key seals: $1 is the key's id, $2 its owner. By the owner, so that
-- an index finds them; the guard lets no row go to another owner.
create function fairlock.sealed_condition(c record) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return format('(%I = $2 or $2 is null and %1$I is null) and %s = $1', c.owner,
    case when c.is_bytes then format('encode(substr(%I, 5, 16), ''hex'')::uuid', c.name)
      else format('fairlock.sealed_with(%I)', c.name) end);
end $$;

-- Values of one column that a retired data key seals, by their row's key, as base64url text.
create function fairlock.values_sealed_with(p_key uuid, p_table text, p_column text, p_after text, p_most integer)
returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c record;
  v_owner uuid;
  v_values jsonb := '[]';
begin
  select owner_id into v_owner from fairlock.data_keys where id = p_key and state = 'decrypt_only';
  if found then
    for c in select * from fairlock.sealed_columns()
        where split_part(relation, '.', 2) = split_part(p_table, '.', 2) and name = p_column loop
      execute format(
        $q$ select coalesce(jsonb_agg(jsonb_build_object('row', id, 'sealed', sealed) order by id), '[]') from (
          select %1$I::text as id, %2$s as sealed from %3$s
          where %4$s and ($3 is null or %1$I::text > $3) order by 1 limit $4) v $q$,
        c.row_key, fairlock.sealed_text(c), c.relation, fairlock.sealed_condition(c))
      into v_values using p_key, v_owner, p_after, p_most;
    end loop;
  end if;
  return jsonb_build_object('values', v_values);
end $$;
grant execute on function fairlock.values_sealed_with(uuid, text, text, text, integer) to fairlock_app;

-- The expression that gives a sealed column's value as base64url text.
create function fairlock.sealed_text(c record) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return case when c.is_bytes then format($q$translate(encode(%I, 'base64'), E'+/=\n', '-_')$q$, c.name)
    else format('%I', c.name) end;
end $$;

-- Puts a value that was sealed anew in the place of the one that was read; not when somebody has changed it since.
create function fairlock.reseal_value(p_table text, p_column text, p_row text, p_from text, p_to text) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c record;
  v_count integer := 0;
begin
  perform set_config('fairlock.operation', 'rewrap', true);
  if exists (select from fairlock.data_keys where id = fairlock.sealed_with(p_from) and state = 'decrypt_only') then
    for c in select * from fairlock.sealed_columns()
        where split_part(relation, '.', 2) = split_part(p_table, '.', 2) and name = p_column loop
      execute format('update %s set %I = %s where %I = $1::%s and %s = $2', c.relation, c.name,
        case when c.is_bytes then $q$decode(rpad(translate($3, '-_', '+/'), (length($3) + 3) / 4 * 4, '='), 'base64')$q$
          else '$3' end,
        c.row_key, c.key_type, fairlock.sealed_text(c))
      using p_row, p_from, p_to;
      get diagnostics v_count = row_count;
    end loop;
  end if;
  return jsonb_build_object('done', v_count = 1);
end $$;
grant execute on function fairlock.reseal_value(text, text, text, text, text) to fairlock_app;

-- Destroys a retired data key when nothing names it any more, and says how many values still do. The row's lock waits
-- for writers that took the key while it was active; the look comes after, and has to see what they wrote.
create function fairlock.destroy_data_key(p_key uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  k fairlock.data_keys;
  c record;
  v_count bigint;
  v_left bigint := 0;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using errcode = '25001', message = 'a data key is destroyed in read committed transactions only';
  end if;
  perform set_config('fairlock.operation', 'rewrap', true);
  select * into k from fairlock.data_keys where id = p_key for update;
  if not found or k.state = 'active' then
    return fairlock.refuse('conflict');
  end if;
  for c in select * from fairlock.sealed_columns() loop
    execute format('select count(*) from %s where %s', c.relation, fairlock.sealed_condition(c))
    into v_count using k.id, k.owner_id;
    v_left := v_left + v_count;
  end loop;
  if v_left = 0 and k.state = 'decrypt_only' then
    update fairlock.data_keys set state = 'destroyed', wrapped = null, destroyed_at = clock_timestamp() where id = p_key;
  end if;
  return jsonb_build_object('left', v_left);
end $$;
grant execute on function fairlock.destroy_data_key(uuid) to fairlock_app;

-- Says that the rewrap is done, when nothing older than it seals new values.
create function fairlock.finish_rewrap() returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('fairlock.operation', 'rewrap', true);
  update fairlock.rewrap r set finished_at = clock_timestamp()
  where r.requested_at is not null and r.finished_at is null
    and not exists (select from fairlock.data_keys where state = 'active' and created_at < r.requested_at);
  return jsonb_build_object('finished', found);
end $$;
grant execute on function fairlock.finish_rewrap() to fairlock_app;

-- Data keys by state, how many a rewrap still has to go through, and how long the key-encryption key is in use.
create function fairlock.count_keys() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'active', count(*) filter (where k.state = 'active'),
    'decrypt_only', count(*) filter (where k.state = 'decrypt_only'),
    'destroyed', count(*) filter (where k.state = 'destroyed'),
    'left', count(*) filter (where r.requested_at is not null
      and (k.state = 'decrypt_only' or k.state = 'active' and k.created_at < r.requested_at)),
    'ageSeconds', (select extract(epoch from clock_timestamp() - activated_at)
      from fairlock.key_encryption_keys where state = 'active'))
  from fairlock.data_keys k left join fairlock.rewrap r on r.finished_at is null
$$;
grant execute on function fairlock.count_keys() to fairlock_app;
reset role;
