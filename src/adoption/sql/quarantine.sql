-- What every carrying function shares: each old row ends either in `carried` or in `quarantine`, never in both and never
-- in neither, whatever its data is. Run as fairlock_engine, in READ COMMITTED.
--
-- A table's step, fairlock_adoption.step_<table>(p_keys), reads the current old rows of the keys and works set by set:
-- note_carried, quarantine_all, keep_aside and forget say what became of them. Its carry_<table>(p_keys) is nothing but
-- carry_in_parts('step_<table>', '<table>', p_keys).

do $$
begin
  if to_regtype('fairlock_adoption.refusal') is null then
    create type fairlock_adoption.refusal as (key text, reasons jsonb, waits_for text[], old_row jsonb);
  end if;
  if to_regtype('fairlock_adoption.remnant') is null then
    create type fairlock_adoption.remnant as (key text, column_name text, code text, value text);
  end if;
  if to_regtype('fairlock_adoption.carriage') is null then
    create type fairlock_adoption.carriage as (key text, hash bigint, target_id uuid);
  end if;
  if to_regtype('fairlock_adoption.outcome') is null then
    create type fairlock_adoption.outcome as (carried integer, unchanged integer, quarantined integer, removed integer);
  end if;
end $$;

-- Whoever carries rows of a table holds its row here until the end of the transaction. Who reads the old rows after that
-- sees what everybody before has seen or something newer, so a slow carry can never write over a later one's work.
create table if not exists fairlock_adoption.turns (table_name text primary key);
insert into fairlock_adoption.turns (table_name)
select unnest(array['users', 'crypto_profiles', 'crypto_wallets', 'crypto_transactions', 'crypto_trades', 'crypto_prices'])
on conflict do nothing;

-- What a row was when it was carried. Of the values, not of their text: no setting of the session changes it.
create or replace function fairlock_adoption.row_hash(p_row anyelement) returns bigint
language sql immutable
as $$ select hash_record_extended(p_row, 0) $$;

-- The id that an old key has in the new schema: the same, or where it is no UUID one that follows from it.
create or replace function fairlock_adoption.id_of(p_table text, p_key text) returns uuid
language sql immutable
as $$ select coalesce(fairlock_adoption.try_uuid(p_key), md5('fairlock:' || p_table || ':' || p_key)::uuid) $$;

-- One reason why a row or a value has no place.
create or replace function fairlock_adoption.reason(p_code text, p_column text, p_message text) returns jsonb
language sql immutable
as $$ select jsonb_build_object('code', p_code, 'column', p_column, 'message', p_message) $$;

-- An old row as it is kept for people to read: texts that are JSON are opened, and secrets are left out.
create or replace function fairlock_adoption.row_to_keep(p_row jsonb) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_row jsonb := p_row;
  v_column text;
  v_opened jsonb;
begin
  foreach v_column in array array['metadata', 'security_settings', 'notification_preferences'] loop
    v_opened := fairlock_adoption.try_jsonb(v_row ->> v_column);
    if v_opened is not null then
      v_row := jsonb_set(v_row, array[v_column], v_opened);
    end if;
  end loop;
  return fairlock_adoption.without_secrets(v_row);
end $$;

-- These rows are not carried, or no longer; what they say of themselves now replaces what was said before.
create or replace function fairlock_adoption.quarantine_all(p_table text, p_refusals fairlock_adoption.refusal[])
returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_left text[];
begin
  if coalesce(cardinality(p_refusals), 0) = 0 then
    return;
  end if;
  with gone as (
    delete from fairlock_adoption.carried c using unnest(p_refusals) r where c.table_name = p_table and c.key = r.key
    returning c.key
  )
  select coalesce(array_agg(key), '{}') into v_left from gone;
  -- Whoever waits for its place.
  perform fairlock_adoption.wake(p_table, v_left);
  delete from fairlock_adoption.set_aside s using unnest(p_refusals) r where s.table_name = p_table and s.key = r.key;
  insert into fairlock_adoption.quarantine as q (table_name, key, reasons, waits_for, old_row)
  select p_table, r.key, r.reasons, coalesce(r.waits_for, '{}'), fairlock_adoption.row_to_keep(coalesce(r.old_row, '{}'))
  from unnest(p_refusals) r
  on conflict (table_name, key) do update set reasons = excluded.reasons, waits_for = excluded.waits_for,
    old_row = excluded.old_row, last_at = clock_timestamp(), tries = q.tries + 1;
end $$;

create or replace function fairlock_adoption.set_quarantine(
  p_table text, p_key text, p_reasons jsonb, p_waits_for text[], p_row jsonb
) returns void
language sql
as $$
  select fairlock_adoption.quarantine_all(p_table,
    array[(p_key, p_reasons, p_waits_for, p_row)::fairlock_adoption.refusal])
$$;

-- These rows need no quarantine any more.
create or replace function fairlock_adoption.lift(p_table text, p_keys text[]) returns void
language sql
as $$ delete from fairlock_adoption.quarantine where table_name = p_table and key = any (p_keys) $$;

-- Marks the quarantined rows that wait for these, so that they are tried again.
create or replace function fairlock_adoption.wake(p_table text, p_keys text[]) returns void
language sql
as $$
  insert into fairlock_adoption.marks (table_name, key)
  select q.table_name, q.key from fairlock_adoption.quarantine q
  where q.waits_for && array(select p_table || ':' || key from unnest(p_keys) key)
$$;

-- These rows are in the new schema, in p_target, as they were when they hashed to this; who waited for them is woken.
create or replace function fairlock_adoption.note_carried(
  p_table text, p_target text, p_done fairlock_adoption.carriage[]
) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_keys text[] := array(select key from unnest(p_done));
begin
  if v_keys = '{}' then
    return;
  end if;
  insert into fairlock_adoption.carried (table_name, key, hash, target, target_id)
  select p_table, d.key, d.hash, p_target, d.target_id from unnest(p_done) d
  on conflict (table_name, key) do update
    set hash = excluded.hash, target = excluded.target, target_id = excluded.target_id, at = clock_timestamp();
  perform fairlock_adoption.lift(p_table, v_keys);
  perform fairlock_adoption.wake(p_table, v_keys);
end $$;

-- All that these rows left behind, in place of what they had left before. Never hand in a secret: its value is null.
create or replace function fairlock_adoption.keep_aside(
  p_table text, p_keys text[], p_remnants fairlock_adoption.remnant[]
) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  delete from fairlock_adoption.set_aside s where s.table_name = p_table and s.key = any (p_keys)
    and not exists (select from unnest(p_remnants) r
      where (r.key, r.column_name, r.code) = (s.key, s.column_name, s.code) and r.value is not distinct from s.value);
  insert into fairlock_adoption.set_aside (table_name, key, column_name, code, value)
  select p_table, r.key, r.column_name, r.code, r.value from unnest(p_remnants) r
  on conflict (table_name, key, column_name, code) do nothing;
end $$;

-- One thing more that a carried row left behind.
create or replace function fairlock_adoption.set_one_aside(
  p_table text, p_key text, p_column text, p_code text, p_value text
) returns void
language sql
as $$
  insert into fairlock_adoption.set_aside (table_name, key, column_name, code, value)
  values (p_table, p_key, p_column, p_code, p_value)
  on conflict (table_name, key, column_name, code) do update set value = excluded.value
    where set_aside.value is distinct from excluded.value
$$;

-- The old rows are gone, and with them what was said of them; whoever waited for one of them is tried again. How many were
-- known.
create or replace function fairlock_adoption.forget(p_table text, p_keys text[]) returns integer
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_known integer;
begin
  with carried as (
    delete from fairlock_adoption.carried where table_name = p_table and key = any (p_keys) returning key
  ), refused as (
    delete from fairlock_adoption.quarantine where table_name = p_table and key = any (p_keys) returning key
  )
  select count(*) into v_known from (select from carried union all select from refused) known;
  delete from fairlock_adoption.set_aside where table_name = p_table and key = any (p_keys);
  delete from fairlock_adoption.differences where table_name = p_table and key = any (p_keys);
  perform fairlock_adoption.wake(p_table, p_keys);
  return v_known;
end $$;

-- What is to be said of a moment that the new row needs and the old one does not have; nothing when it has it.
create or replace function fairlock_adoption.time_remnant(p_key text, p_column text, p_at timestamptz, p_extra jsonb)
returns fairlock_adoption.remnant
language plpgsql stable
as $$
begin
  if fairlock_adoption.possible(p_at) is not null then
    return null;
  elsif p_at is null and not p_extra ? p_column then
    return (p_key, p_column, 'time_missing', null)::fairlock_adoption.remnant;
  end if;
  return (p_key, p_column, 'time_impossible', coalesce(p_at::text, p_extra ->> p_column))::fairlock_adoption.remnant;
end $$;

-- These rows are carried once more, though they are what they were: what they lost against is gone.
create or replace function fairlock_adoption.carry_again(p_table text, p_keys text[]) returns void
language sql
as $$
  update fairlock_adoption.carried set hash = ~hash where table_name = p_table and key = any (p_keys);
  insert into fairlock_adoption.marks (table_name, key) select p_table, key from unnest(p_keys) key
$$;

-- What a row had become that is refused now: it is not in the new tables any more, and its coins are not.
create or replace function fairlock_adoption.take_back(p_target text, p_id uuid) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  case p_target
    when 'crypto_wallets' then perform fairlock_adoption.post_differences(array[p_id]);
    when 'outside_wallets' then delete from fairlock.outside_wallets where id = p_id;
    when 'crypto_transactions' then perform fairlock_adoption.drop_transactions(array[p_id]);
    when 'crypto_trades' then perform fairlock_adoption.drop_trades(array[p_id]);
    when 'offers' then perform fairlock_adoption.drop_trades(array[p_id]);
    else null;
  end case;
exception when integrity_constraint_violation or data_exception then
  -- Something holds on to it. `db verify` names it as a row that nobody carried.
  raise warning '% % stays: %', p_target, p_id, sqlerrm;
end $$;

-- Runs a table's step for these keys. Where a law of the new schema refuses the set, its halves are tried, down to the one
-- row that cannot be carried: it is quarantined with what the law said. What is no fault of the data (a lock that was not
-- given, a deadlock, a full disk, a mistake of the program) is raised.
create or replace function fairlock_adoption.carry_in_parts(p_step text, p_table text, p_keys text[])
returns fairlock_adoption.outcome
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_outcome fairlock_adoption.outcome;
  a fairlock_adoption.outcome;
  b fairlock_adoption.outcome;
  v_half integer := cardinality(p_keys) / 2;
  v_state text;
  v_message text;
  v_law text;
  v_column text;
  v_row jsonb;
  v_was fairlock_adoption.carried;
begin
  if coalesce(cardinality(p_keys), 0) = 0 then
    return (0, 0, 0, 0)::fairlock_adoption.outcome;
  end if;
  perform from fairlock_adoption.turns where table_name = p_table for no key update;
  p_keys := fairlock_adoption.without_mirrored(p_table, p_keys);
  begin
    execute format('select s.* from fairlock_adoption.%I($1) s', p_step) into v_outcome using p_keys;
    return v_outcome;
  exception when others then
    get stacked diagnostics v_state = returned_sqlstate, v_message = message_text, v_law = constraint_name,
      v_column = column_name;
    if v_state !~ '^(21|22|23|54|FL|P0001)' then
      raise;
    end if;
  end;
  if v_half > 0 then
    a := fairlock_adoption.carry_in_parts(p_step, p_table, p_keys[:v_half]);
    b := fairlock_adoption.carry_in_parts(p_step, p_table, p_keys[v_half + 1:]);
    return (a.carried + b.carried, a.unchanged + b.unchanged, a.quarantined + b.quarantined, a.removed + b.removed)
      ::fairlock_adoption.outcome;
  end if;
  execute format('select to_jsonb(o) from fairlock_adoption.%I($1) o', 'read_' || p_table) into v_row using p_keys;
  select * into v_was from fairlock_adoption.carried where table_name = p_table and key = p_keys[1];
  perform fairlock_adoption.set_quarantine(p_table, p_keys[1], jsonb_build_array(
    fairlock_adoption.reason('refused', nullif(v_column, ''), concat_ws(' ', v_state, nullif(v_law, ''), v_message))),
    null, v_row);
  perform fairlock_adoption.take_back(v_was.target, v_was.target_id);
  return (0, 0, 1, 0)::fairlock_adoption.outcome;
end $$;
