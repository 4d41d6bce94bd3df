-- The way back while both applications are served: what Fairlock does, the old tables show. Coins are the one thing that
-- has to agree at every commit, so that nobody spends them twice: a change of a balance is written to the old rows in the
-- same transaction, or refused. All else is history and comfort: where the old tables refuse it, that is noted and
-- Fairlock goes on.
--
-- The old tables belong to the owner's login, so these functions run with its rights; nobody but their triggers and each
-- other may call them.

-- What of a wallet's balance no old row holds: decimals that the old column cannot keep, and wallets that the old table
-- did not take. In each snapshot the sum of the old rows and this, less the new balance, is what the old application did
-- and is not carried yet.
create table if not exists fairlock_adoption.unheld (
  wallet_id uuid primary key,
  amount    numeric(20, 8) not null
);

-- Whether what happens now has to be told to the old tables: both are served, and nobody is carrying.
create or replace function fairlock_adoption.is_mirroring() returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select exists (select from fairlock_adoption.state where phase in ('carrying', 'validating', 'beside'))
    and not (coalesce(current_setting('fairlock.carrying', true), '') = 'on' and session_user <> 'fairlock_app')
$$;

create or replace function fairlock_adoption.note_failure(
  p_table text, p_target uuid, p_operation text, p_code text, p_message text
) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
  insert into fairlock_adoption.mirror_failures (table_name, target_id, operation, code, message)
  values (p_table, p_target, p_operation, p_code, p_message)
  on conflict (table_name, target_id, operation) do update
    set code = excluded.code, message = excluded.message, at = clock_timestamp()
$$;

-- While Fairlock writes to the old tables no marks are left for what it writes itself, but for what triggers of the old
-- platform write because of it. Where it only tells of something ('rows'), they may not move coins because of that: those
-- of this have been moved. src/adoption/triggers.ts is the other half.
create or replace function fairlock_adoption.mirror_settings() returns text[]
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select array[coalesce(current_setting('fairlock.carrying', true), ''),
    coalesce(current_setting('fairlock.mirror_depth', true), ''), coalesce(current_setting('fairlock.mirrors', true), '')]
$$;

create or replace function fairlock_adoption.begin_mirror(p_what text) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select set_config('fairlock.carrying', 'on', true), set_config('fairlock.mirror_depth', pg_trigger_depth()::text, true),
    set_config('fairlock.mirrors', p_what, true)
$$;

create or replace function fairlock_adoption.end_mirror(p_settings text[]) returns void
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select set_config('fairlock.carrying', p_settings[1], true), set_config('fairlock.mirror_depth', p_settings[2], true),
    set_config('fairlock.mirrors', p_settings[3], true)
$$;

-- Runs one statement on an old table, with the search path that the table's own triggers and laws may count on. It is set
-- for nothing else, and the statement names the schema of its operators: in `public` the old application's roles may have
-- made operators and functions that would fit better, and this runs with the owner's rights.
create or replace function fairlock_adoption.there(p_sql text, p_value text, p_key text) returns text
language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_answer text;
begin
  execute p_sql into v_answer using p_value, p_key;
  return v_answer;
end $$;

-- Adds a row to an old table and notes it as carried, so that every old row is accounted for. Its key, or null where the
-- table refused.
create or replace function fairlock_adoption.insert_old(p_table text, p_target text, p_id uuid, p_values jsonb)
returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms'
as $$
declare
  v_row jsonb := jsonb_strip_nulls(
    fairlock_adoption.as_old(p_table, p_values || jsonb_build_object('id', p_id)));
  v_columns text := (select string_agg(quote_ident(k), ', ') from jsonb_object_keys(v_row) k);
  v_settings text[] := fairlock_adoption.mirror_settings();
  v_key text;
begin
  begin
    -- The row is noted right here: it needs no mark.
    perform fairlock_adoption.begin_mirror('rows');
    v_key := fairlock_adoption.there(format(
      'insert into public.%1$I (%2$s) select %2$s from jsonb_populate_record(null::public.%1$I, $1::jsonb) '
      'returning %3$I::text', p_table, v_columns, (
        select column_name from fairlock_adoption.old_columns where table_name = p_table and name = 'id')),
      v_row::text, null);
    if v_key is null then
      raise exception using errcode = 'P0002', message = 'a trigger or rule of the old table skipped the row';
    end if;
    execute format('insert into fairlock_adoption.carried (table_name, key, hash, target, target_id)
      select $1, r.key, fairlock_adoption.row_hash(r), $3, $4 from fairlock_adoption.read_%s(array[$2]) r', p_table)
    using p_table, v_key, p_target, p_id;
  exception when others then
    if sqlstate in ('40001', '40P01') then
      raise;
    end if;
    perform fairlock_adoption.note_failure(p_table, p_id, 'insert', sqlstate, sqlerrm);
    v_key := null;
  end;
  perform fairlock_adoption.end_mirror(v_settings);
  return v_key;
end $$;

-- Writes values to the old row that this was carried from; nothing where there is none.
create or replace function fairlock_adoption.update_old(p_table text, p_id uuid, p_values jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms'
as $$
declare
  v_row jsonb := fairlock_adoption.as_old(p_table, p_values);
  v_key text := fairlock_adoption.old_key(p_table, p_id);
  v_settings text[] := fairlock_adoption.mirror_settings();
begin
  if v_key is null or v_row = '{}' then
    return;
  end if;
  begin
    perform fairlock_adoption.begin_mirror('rows');
    perform fairlock_adoption.there((
      select format('update public.%1$I o set %2$s from jsonb_populate_record(null::public.%1$I, $1::jsonb) n '
        'where o.%3$I operator(pg_catalog.=) $2::%4$s returning null::text', p_table,
        (select string_agg(format('%1$I = n.%1$I', k), ', ') from jsonb_object_keys(v_row) k), c.column_name, c.type)
      from fairlock_adoption.old_columns c where c.table_name = p_table and c.name = 'id'), v_row::text, v_key);
  exception when others then
    if sqlstate in ('40001', '40P01') then
      raise;
    end if;
    perform fairlock_adoption.note_failure(p_table, p_id, 'update', sqlstate, sqlerrm);
  end;
  perform fairlock_adoption.end_mirror(v_settings);
end $$;

-- The columns of a row that changed, of those that both sides know.
create or replace function fairlock_adoption.changed(p_old jsonb, p_new jsonb, p_names text[]) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_object_agg(name, p_new -> name), '{}')
  from unnest(p_names) name where p_new -> name is distinct from p_old -> name
$$;

-- Of these keys those that are for carrying. A row that Fairlock wrote itself, of a trade or a movement of its own, tells
-- it nothing, whatever becomes of it there; when it is gone, it is no more counted.
create or replace function fairlock_adoption.without_mirrored(p_table text, p_keys text[]) returns text[]
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_own text[] := array(
    select key from fairlock_adoption.carried where table_name = p_table and key = any (p_keys) and target = 'mirrored');
  v_there text[];
begin
  if v_own = '{}' then
    return p_keys;
  end if;
  execute format('select array(select key from fairlock_adoption.read_%s($1))', p_table) into v_there using v_own;
  perform fairlock_adoption.forget(p_table, array(select unnest(v_own) except select unnest(v_there)));
  return array(select unnest(p_keys) except select unnest(v_own));
end $$;
