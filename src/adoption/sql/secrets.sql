-- Secrets that the old application kept in clear in its JSON: private keys, recovery phrases, seeds of second factors,
-- passwords. What carries rows replaces them by a mark, so that neither the new tables nor this schema ever hold one;
-- src/adoption/secrets.ts seals them from the old rows.

-- The name of a key or column without case and signs, as the lists below have it: 'Private-Key' is privatekey.
create or replace function fairlock_adoption.bare_name(p_name text) returns text
language sql immutable
as $$ select lower(regexp_replace(p_name, '[^A-Za-z0-9]', '', 'g')) $$;

-- Whether what is kept under this name is a secret. What only tells something of one, as when it was changed, is none.
create or replace function fairlock_adoption.is_secret_name(p_name text) returns boolean
language sql immutable
as $$
  select bare = any (fairlock_adoption.secret_names())
    or bare ~ ('privatekey|privkey|signingkey|secret|seedphrase|walletseed|mnemonic|recoveryphrase|backupphrase|recoverywords'
      || '|recoverycodes?$|backupcodes?$|passphrase|passwor[dt]|passwd|apikey|apitoken|accesstoken|refreshtoken|authtoken'
      || '|sessiontoken|bearertoken|totp|otpkey|otpseed|2fakey|2faseed|twofactorkey|twofactorseed|pincode|keystore|xprv'
      || '|^(seed|pwd|pin|cvv|cvc|wif|sk)$')
    and bare !~ ('(at|on|enabled|changed|required|hint|count|verified|confirmed|method|type|length|days|version|policy|expires'
      || '|expiry|set|id|sealed|public|status|name)$')
  from fairlock_adoption.bare_name(p_name) bare
$$;

-- Whether a value shows by itself that it is a secret, whatever it is called: a key in PEM, an extended or wallet import
-- key, a phrase of 12 to 24 words, the address of an authenticator, a signed token. 32 bytes in hexadecimal are a key
-- only under a name that says so, because the hash of a transaction looks the same.
create or replace function fairlock_adoption.is_secret_value(p_name text, p_value text) returns boolean
language sql immutable
as $$
  select case
    when length(p_value) < 20 then false
    when p_value ~ '^\s*(0x)?[0-9A-Fa-f]{64}\s*$' then bare ~ '(key|sk|priv)$' and bare !~ 'pub'
    else p_value ~ 'PRIVATE KEY-----'
      or p_value ~ '^\s*[xyzt]prv[1-9A-HJ-NP-Za-km-z]{100,}\s*$' or p_value ~ '^\s*[5KLc9][1-9A-HJ-NP-Za-km-z]{50,51}\s*$'
      or p_value ~ '^\s*([a-z]{3,8}\s+){11}[a-z]{3,8}(\s+([a-z]{3,8}\s+){2}[a-z]{3,8}){0,4}\s*$'
      or p_value ~* '^\s*otpauth://' or p_value ~ '^\s*(Bearer\s+)?eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.'
      or p_value ~ '^\s*sk_(live|test)_'
  end
  from fairlock_adoption.bare_name(p_name) bare
$$;

-- Whether a look into a document is worth it: most have nothing that a secret's name or value would leave in their text.
create or replace function fairlock_adoption.may_have_secrets(p_text text) returns boolean
language sql immutable
as $$
  -- Three expressions: as one, with their counted repetitions, they take three times as long.
  select p_text ~* ('key|secret|seed|mnemonic|phrase|passw|pwd|token|totp|otp|pin|cvv|cvc|wif|codes|keystore|words|"sk"|bearer'
      || '|eyJ|sk_|prv')
    or p_text ~ '[1-9A-HJ-NP-Za-km-z]{50}' or p_text ~ '([a-z]{3,8} +){11}'
    or fairlock_adoption.secret_names() <> '{}'
$$;

-- Where the secrets of a document are: one path for each leaf, and its text.
create or replace function fairlock_adoption.secret_paths(p jsonb) returns table (path text[], value text)
language sql immutable
as $$
  with recursive leaves (path, value, is_secret) as (
    select '{}'::text[], p, false where fairlock_adoption.may_have_secrets(p::text)
    union all
    select l.path || c.name, c.value, l.is_secret or fairlock_adoption.is_secret_name(c.name)
    from leaves l cross join lateral (
      select e.key, e.value from jsonb_each(case jsonb_typeof(l.value) when 'object' then l.value end) e
      union all
      select (e.place - 1)::text, e.value
      from jsonb_array_elements(case jsonb_typeof(l.value) when 'array' then l.value end) with ordinality e (value, place)
    ) c (name, value)
    -- What is sealed already is no secret any more.
    where l.value <> '{"sealed": true}'
  )
  select l.path, l.value #>> '{}' from leaves l
  where jsonb_typeof(l.value) in ('string', 'number') and l.value #>> '{}' <> ''
    and (l.is_secret or fairlock_adoption.is_secret_value(l.path[cardinality(l.path)], l.value #>> '{}'))
$$;

-- The document with {"sealed": true} in the place of each secret; a document that is nothing but a secret becomes that.
create or replace function fairlock_adoption.without_secrets(p jsonb) returns jsonb
language plpgsql immutable
as $$
declare
  v_path text[];
begin
  if p is null or not fairlock_adoption.may_have_secrets(p::text) then
    return p;
  end if;
  for v_path in select s.path from fairlock_adoption.secret_paths(p) s loop
    p := case when v_path = '{}' then '{"sealed": true}' else jsonb_set(p, v_path, '{"sealed": true}', false) end;
  end loop;
  return p;
end $$;

-- A text that should have been a document and is none: its secrets cannot be told from the rest, so a text that may have
-- some is not kept.
create or replace function fairlock_adoption.without_secrets_in_text(p text) returns text
language sql immutable
as $$ select case when not fairlock_adoption.may_have_secrets(p) then p end $$;

-- Every secret of an old row: in its documents, in columns that are none of the specification's, and in texts that should
-- have been documents. The first of the path is the column. What was hashed is no secret in clear.
create or replace function fairlock_adoption.secrets_of(p_row jsonb) returns table (path text[], value text)
language sql stable
as $$
  select case when s.path[1] = 'extra' then s.path[2:] else s.path end, s.value
  from fairlock_adoption.secret_paths((
    select jsonb_object_agg(name, coalesce(fairlock_adoption.try_jsonb(p_row ->> name), 'null'))
    from unnest(array['metadata', 'security_settings', 'notification_preferences']) name) || jsonb_build_object(
      'extra', coalesce(p_row -> 'extra', '{}'))) s
  where s.path[cardinality(s.path)] !~* 'hash$'
  union all
  select array[name], p_row ->> name
  from unnest(array['metadata', 'security_settings', 'notification_preferences']) name
  where btrim(p_row ->> name) <> '' and fairlock_adoption.try_jsonb(p_row ->> name) is null
    and fairlock_adoption.may_have_secrets(p_row ->> name)
$$;
