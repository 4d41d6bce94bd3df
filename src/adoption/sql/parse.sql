-- Reading what an old database holds, as text, without ever failing: what cannot be read is null, and whoever asks says
-- what becomes of the row. PostgreSQL 15 has no pg_input_is_valid, so each looks at the text first. The functions in SQL
-- are inlined. `fairlock db adopt` creates the same functions in its session's pg_temp, because it changes nothing.

-- A decimal number, also in the notation 1e-08 that binary fractions are printed in; NaN and the infinities as such.
create or replace function fairlock_adoption.money(p_text text) returns numeric
language sql immutable parallel safe
as $$
  select case
    when length(p_text) < 1000 and p_text ~ '^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?\s*$' then p_text::numeric
    when p_text ~* '^\s*(nan|[-+]?inf(inity)?)\s*$' then p_text::numeric
  end
$$;

create or replace function fairlock_adoption.try_uuid(p_text text) returns uuid
language sql immutable parallel safe
as $$
  select case when p_text ~* '^\s*[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\s*$'
    then btrim(p_text, E' \t\r\n')::uuid end
$$;

create or replace function fairlock_adoption.try_bigint(p_text text) returns bigint
language sql immutable parallel safe
as $$
  select case when p_text ~ '^\s*[-+]?\d{1,18}(\.0*)?\s*$' then split_part(p_text, '.', 1)::bigint end
$$;

create or replace function fairlock_adoption.try_boolean(p_text text) returns boolean
language sql immutable parallel safe
as $$
  select case
    when lower(btrim(p_text)) in ('t', 'true', 'y', 'yes', 'on', '1') then true
    when lower(btrim(p_text)) in ('f', 'false', 'n', 'no', 'off', '0', '') then false
  end
$$;

create or replace function fairlock_adoption.try_jsonb(p_text text) returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  if p_text is null or btrim(p_text) = '' then return null; end if;
  return p_text::jsonb;
exception when data_exception or program_limit_exceeded or statement_too_complex then
  return null;
end
$$;

-- A moment with its offset, or one without, which is then local to p_zone; null for what is no moment.
create or replace function fairlock_adoption.try_timestamptz(p_text text, p_zone text) returns timestamptz
language plpgsql stable parallel safe
as $$
begin
  if p_text is null or p_text !~ '\d' then return null; end if;
  -- Seconds, or milliseconds, since 1970.
  if p_text ~ '^\s*\d{9,10}(\.\d+)?\s*$' then return to_timestamp(p_text::numeric); end if;
  if p_text ~ '^\s*\d{12,13}\s*$' then return to_timestamp(p_text::numeric / 1000); end if;
  if p_text ~ ':\d\d(\.\d+)?\s*([zZ]|[-+]\d{1,2}(:?\d\d)?|[A-Za-z]{3,4})\s*$' then return p_text::timestamptz; end if;
  return p_text::timestamp at time zone p_zone;
exception when data_exception then
  return null;
end
$$;

-- A list from a JSON array, an array's text or words between commas.
create or replace function fairlock_adoption.text_list(p_text text) returns text[]
language plpgsql immutable parallel safe
as $$
declare
  v_json jsonb;
begin
  if p_text is null then return null; end if;
  -- A text that fails to be JSON costs a subtransaction, so only what looks like it is tried.
  if p_text ~ '^\s*\[' then v_json := fairlock_adoption.try_jsonb(p_text); end if;
  if jsonb_typeof(v_json) = 'array' then
    return array(
      select btrim(value) from jsonb_array_elements_text(v_json) with ordinality as e (value, at)
      where btrim(value) <> '' order by at
    );
  end if;
  return array(
    select btrim(value, E' "\t\r\n')
    from string_to_table(btrim(p_text, E' {}[]\t\r\n'), ',') with ordinality as e (value, at)
    where btrim(value, E' "\t\r\n') <> '' order by at
  );
end
$$;

-- Two currencies that Fairlock has, as BTC/EUR, from whatever stands between them; nothing when they are not two.
create or replace function fairlock_adoption.pair(p_text text) returns text
language plpgsql stable
as $$
declare
  v_words text[] := regexp_split_to_array(btrim(p_text), '\s*[-/_:|. ]\s*');
  v_pair text;
begin
  if cardinality(v_words) = 2 then
    return fairlock_adoption.mapped('currency', v_words[1]) || '/' || fairlock_adoption.mapped('currency', v_words[2]);
  elsif cardinality(v_words) = 1 then
    select min(a || '/' || b) into v_pair
    from generate_series(2, length(v_words[1]) - 2) i,
      fairlock_adoption.mapped('currency', left(v_words[1], i)) a,
      fairlock_adoption.mapped('currency', substr(v_words[1], i + 1)) b
    where a <> b having count(distinct a || '/' || b) = 1;
    return v_pair;
  end if;
  return null;
end
$$;
