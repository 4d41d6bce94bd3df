-- Verifying payment methods: the owner asks, compliance decides, and what staff see of other people's accounts.
set local role fairlock_engine;

create function fairlock.may_verify() returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$ select fairlock.has_role('compliance') or fairlock.has_role('admin') $$;

-- The owner asks for the first time, or again after a refusal. The statement came sealed.
create function fairlock.ask_payment_verification(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  m public.crypto_payment_methods := fairlock.my_living_method((p ->> 'methodId')::uuid);
begin
  if m.id is null then
    return fairlock.refuse('not_found');
  elsif fairlock.is_banned(m.user_id) then
    return fairlock.refuse('banned');
  elsif m.is_verified or m.verification_status = 'pending' and m.verification_asked_at is not null then
    return fairlock.refuse('verification_asked', jsonb_build_object('verificationStatus', m.verification_status));
  end if;
  update public.crypto_payment_methods set verification_status = 'pending', verification_asked_at = clock_timestamp(),
    verification_statement_sealed = p ->> 'sealed', verification_reason = null, verification_decided_by = null,
    updated_at = clock_timestamp()
  where id = m.id returning * into m;
  perform fairlock.record_event('payment_method.verification_asked', 'crypto_payment_methods', m.id);
  return fairlock.payment_method_json(m);
end $$;

-- Decided once, under the lock of the row: of two at the same moment the second is told so.
create function fairlock.decide_payment_method(p_method uuid, p_verified boolean, p_reason text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  m public.crypto_payment_methods;
begin
  if not fairlock.may_verify() then
    return fairlock.refuse('not_found');
  end if;
  select * into m from public.crypto_payment_methods where id = p_method and deleted_at is null for no key update;
  if not found then
    return fairlock.refuse('not_found');
  elsif m.user_id = me or exists (
      select from public.crypto_payment_methods where user_id = me and account_index = m.account_index) then
    -- Their own, or the same account, which they have or had under their own name.
    return fairlock.refuse('own_request');
  elsif m.verification_asked_at is null or m.verification_status <> 'pending' then
    return fairlock.refuse('verification_decided',
      jsonb_build_object('verificationStatus', coalesce(m.verification_status, 'pending')));
  end if;
  update public.crypto_payment_methods set is_verified = p_verified,
    verification_status = case when p_verified then 'verified' else 'rejected' end,
    verified_at = case when p_verified then clock_timestamp() end, verification_reason = p_reason,
    verification_decided_by = me, updated_at = clock_timestamp()
  where id = m.id returning * into m;
  perform fairlock.record_event('payment_method.' || m.verification_status, 'crypto_payment_methods', m.id, p_reason,
    jsonb_build_object('user', m.user_id));
  perform fairlock.notify(m.user_id, 'payment_method.' || m.verification_status, jsonb_build_object('methodId', m.id,
    'type', m.type, 'provider', m.provider, 'reason', p_reason));
  return fairlock.staff_method_json(m);
end $$;

-- A method as staff see it without a grant: whose by id, and nothing of the account.
create function fairlock.staff_method_json(m public.crypto_payment_methods) returns jsonb
language sql stable
as $$
  select jsonb_build_object('id', m.id, 'userId', m.user_id, 'type', m.type, 'provider', m.provider,
    'verificationStatus', coalesce(m.verification_status, 'pending'), 'verificationReason', m.verification_reason,
    'verificationAskedAt', fairlock.rfc3339(m.verification_asked_at), 'isDuplicate', m.is_duplicate,
    'createdAt', fairlock.rfc3339(m.created_at), 'removedAt', fairlock.rfc3339(m.deleted_at))
$$;

-- Methods whose owner asked, in this state, waiting longest first.
create function fairlock.payment_method_queue(p_status text, p_limit integer, p_after timestamptz, p_after_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not fairlock.may_verify() then
    return fairlock.refuse('not_found');
  end if;
  return (
    select jsonb_build_object('items', coalesce(jsonb_agg(fairlock.staff_method_json(m)
        || jsonb_build_object('at', to_char(m.verification_asked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
      order by m.verification_asked_at, m.id), '[]'))
    from (
      select * from public.crypto_payment_methods
      where verification_status = p_status and verification_asked_at is not null and deleted_at is null
        and (p_after is null or (verification_asked_at, id) > (p_after, p_after_id))
      order by verification_asked_at, id limit p_limit) m);
end $$;
grant execute on function fairlock.payment_method_queue(text, integer, timestamptz, uuid) to fairlock_app;

-- Accounts that more than one person has or had, the group with the newest method first. A group is named by that one.
create function fairlock.duplicate_payment_methods(p_limit integer, p_before uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not fairlock.may_verify() then
    return fairlock.refuse('not_found');
  end if;
  return (
    select jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('id', g.newest, 'methods', g.methods)
      order by g.newest desc), '[]'))
    from (
      select max(m.id::text) as newest, jsonb_agg(fairlock.staff_method_json(m) order by m.created_at, m.id) as methods
      from public.crypto_payment_methods m where m.is_duplicate group by m.account_index
      having count(distinct m.user_id) > 1 and (p_before is null or max(m.id::text) < p_before::text)
      order by 1 desc limit p_limit) g);
end $$;
grant execute on function fairlock.duplicate_payment_methods(integer, uuid) to fairlock_app;

-- Opens the details of somebody's method for who verifies and has a live grant for that person; both are in the log.
create function fairlock.open_payment_method(p_method uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  m public.crypto_payment_methods;
  v_grant uuid;
begin
  select * into m from public.crypto_payment_methods where id = p_method;
  if not found or not fairlock.may_verify() then
    return fairlock.refuse('not_found');
  end if;
  select grant_id into v_grant from fairlock.look('payment_methods', m.user_id, 'account details');
  if v_grant is null then
    return fairlock.refuse('not_found');
  end if;
  perform fairlock.record_event('secret.opened', 'crypto_payment_methods', m.id,
    (select reason from fairlock.access_grants where id = v_grant), jsonb_build_object('user', m.user_id, 'grant', v_grant));
  return fairlock.staff_method_json(m) || jsonb_build_object('owner', m.user_id,
    'sealed', m.account_details_encrypted, 'sealedStatement', m.verification_statement_sealed);
end $$;
grant execute on function fairlock.open_payment_method(uuid) to fairlock_app;
reset role;
