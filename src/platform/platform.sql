-- Who may enter which schema, and the few functions that everybody uses. The three roles are made by the migrator:
-- fairlock_app signs in and owns nothing, fairlock_engine owns the command functions, fairlock_ledger posts.
grant usage on schema public, fairlock to fairlock_app, fairlock_engine, fairlock_ledger;
grant usage on schema ledger, audit to fairlock_engine;
grant usage on schema ledger to fairlock_ledger, fairlock_app;

-- A function may be executed by everybody unless told otherwise; here nobody may unless told so.
set local role fairlock_engine;
alter default privileges revoke execute on functions from public;
set local role fairlock_ledger;
alter default privileges revoke execute on functions from public;
reset role;
set local role fairlock_engine;

-- Every function that runs as another role names its search_path, with pg_temp at its end: unless it is named there,
-- PostgreSQL looks for tables and types in pg_temp first, and a caller's own type called jsonb would run the caller's
-- code as that role.

-- The person this transaction acts for; empty for anonymous requests and for the clock. Policies call it as
-- `(select fairlock.acting_user())`, which PostgreSQL evaluates once per statement and not once per row.
-- Expressions over built-in functions carry no search_path of their own, so that PostgreSQL can inline them.
create function fairlock.acting_user() returns uuid
language sql stable
as $$ select nullif(current_setting('fairlock.user_id', true), '')::uuid $$;
grant execute on function fairlock.acting_user() to public;

-- The API key by which the person acts; empty for sessions and for anonymous requests.
create function fairlock.acting_key() returns uuid
language sql stable
as $$ select nullif(current_setting('fairlock.api_key_id', true), '')::uuid $$;
grant execute on function fairlock.acting_key() to public;

-- Whether rows of a platform that is being taken over are being carried into these tables: their records of trades have
-- ended, and their withdrawals were long ago. Never the application.
create function fairlock.is_carrying() returns boolean
language sql stable
as $$ select coalesce(current_setting('fairlock.carrying', true), '') = 'on' and session_user <> 'fairlock_app' $$;
grant execute on function fairlock.is_carrying() to public;

-- The session of this request; empty for API keys and for nobody.
create function fairlock.acting_session() returns uuid
language sql stable
as $$ select nullif(current_setting('fairlock.session_id', true), '')::uuid $$;

-- A version 7 UUID (RFC 9562): new rows land beside each other in the index. PostgreSQL has its own from 18 on only.
create function fairlock.new_id() returns uuid
language sql volatile
as $$
  select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
    || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid
$$;

-- An answer that refuses: the code of src/platform/errors.ts and what the person may want to know. Refusals are
-- returned, not raised, so that an idempotency key remembers them like any other answer.
create function fairlock.refuse(p_code text, p_details jsonb default null) returns jsonb
language sql immutable
as $$ select jsonb_build_object('refusal', p_code, 'details', coalesce(p_details, '{}')) $$;

-- A fee in the currency of the amount: rounded half to even at the 8th decimal (docs/decisions/0011).
create function fairlock.fee(p_amount numeric, p_rate numeric) returns numeric
language sql immutable
as $$
  select case
    when p_amount * p_rate - trunc(p_amount * p_rate, 8) = 0.000000005
      and trunc(p_amount * p_rate, 8) * 100000000 % 2 = 0 then trunc(p_amount * p_rate, 8)
    else round(p_amount * p_rate, 8)
  end
$$;

-- RFC 3339 in UTC with milliseconds, the form of every time on the wire.
create function fairlock.rfc3339(p_time timestamptz) returns text
language sql stable
as $$ select to_char(p_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;
grant execute on function fairlock.rfc3339(timestamptz) to fairlock_app;

-- The answer already given to this idempotency key, or nothing when the key is new. The advisory lock makes a second
-- request with the key wait for the first one's answer; were it lost, the primary key would still refuse the second
-- effect, and the request be answered on its retry.
create function fairlock.earlier_answer(p_key text, p_operation text, p_fingerprint bytea) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  earlier record;
begin
  perform pg_advisory_xact_lock(hashtextextended(fairlock.acting_user() || ' ' || p_key, 0));
  select operation, fingerprint, answer into earlier
  from fairlock.idempotency_keys where user_id = fairlock.acting_user() and key = p_key;
  if not found then
    return null;
  elsif earlier.operation <> p_operation or earlier.fingerprint <> p_fingerprint then
    return fairlock.refuse('idempotency_key_reused');
  end if;
  return earlier.answer;
end $$;
reset role;

grant select, insert, delete on fairlock.idempotency_keys to fairlock_engine;
grant select on fairlock.settings to fairlock_engine, fairlock_app;
grant update on fairlock.settings to fairlock_engine;

alter table fairlock.idempotency_keys enable row level security, force row level security;
create policy "the engine keeps answers" on fairlock.idempotency_keys to fairlock_engine using (true);

alter table fairlock.settings enable row level security, force row level security;
create policy "everybody reads the settings" on fairlock.settings for select to public using (true);
create policy "the operator changes the settings" on fairlock.settings for update to fairlock_engine
  using (true) with check (true);
