-- The catalogue is everybody's. People's payment methods: who sees them, what of a row never changes, and what its owner
-- reads. The account details are sealed; what gives them out is here, in payment-methods.verification.sql and in
-- ../trades/trades.payment.sql.
-- Locks: one person's changes wait for each other (advisory), then the account's twins (advisory), the rows, the profile.
-- A trade locks the row of its account last.
grant select, insert, delete on public.crypto_payment_methods to fairlock_engine;
grant update (label, is_primary, is_duplicate, is_verified, verified_at, verification_status, verification_asked_at,
  verification_statement_sealed, verification_reason, verification_decided_by, deleted_at, superseded_by, purge_due_at,
  updated_at) on public.crypto_payment_methods to fairlock_engine;
grant select (id, user_id, type, provider, is_verified, verification_status, verified_at, is_primary, created_at,
  updated_at, label, verification_asked_at, verification_reason, deleted_at) on public.crypto_payment_methods
  to fairlock_app;
grant select, insert on fairlock.blind_index_keys to fairlock_engine;
grant update (sealed_key) on fairlock.blind_index_keys to fairlock_engine;

grant select, insert, delete on fairlock.payment_method_types to fairlock_engine;
grant select on fairlock.payment_method_types to fairlock_app;
alter table fairlock.payment_method_types enable row level security, force row level security;
create policy "the engine keeps the catalogue" on fairlock.payment_method_types to fairlock_engine using (true);
create policy "the catalogue is public" on fairlock.payment_method_types for select to fairlock_app using (true);

alter table public.crypto_payment_methods enable row level security, force row level security;
create policy "the engine keeps payment methods" on public.crypto_payment_methods to fairlock_engine using (true);
create policy "people see their payment methods" on public.crypto_payment_methods for select to fairlock_app
  using (user_id = (select fairlock.acting_user()));
create policy "a grant shows staff payment methods" on public.crypto_payment_methods for select to fairlock_app
  using (user_id = any (array(select fairlock.granted('payment_methods')))
    and fairlock.still_granted('payment_methods', user_id));
alter table fairlock.blind_index_keys enable row level security, force row level security;
create policy "the engine keeps the keys of blind indexes" on fairlock.blind_index_keys to fairlock_engine using (true);

set local role fairlock_engine;

-- What a method is never changes, and what was deleted does not come back: another account is another row, so that
-- nobody swaps the account under a trade or under a verification.
create function fairlock.guard_payment_method() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' then
    if exists (select from public.crypto_trades where payment_method_id = old.id
        and status in ('pending', 'funded', 'paid', 'disputed')) then
      raise exception using errcode = 'FL094', message = 'a live trade is paid to this account';
    end if;
    return old;
  elsif new.id <> old.id or new.user_id <> old.user_id or new.type <> old.type or new.provider <> old.provider
    or new.created_at <> old.created_at
    or old.account_index is not null and new.account_index is distinct from old.account_index
    or old.deleted_at is not null and new.deleted_at is distinct from old.deleted_at then
    raise exception using errcode = 'FL094', message = 'a payment method never becomes another, nor lives again';
  end if;
  return new;
end $$;
grant execute on function fairlock.guard_payment_method() to session_user;

create function fairlock.payment_method_json(m public.crypto_payment_methods) returns jsonb
language sql stable
as $$
  select jsonb_build_object('id', m.id, 'type', m.type, 'provider', m.provider, 'label', m.label,
    'isPrimary', m.is_primary, 'isVerified', m.is_verified,
    'verificationStatus', coalesce(m.verification_status, 'pending'), 'verificationReason', m.verification_reason,
    'verificationAskedAt', fairlock.rfc3339(m.verification_asked_at), 'verifiedAt', fairlock.rfc3339(m.verified_at),
    'createdAt', fairlock.rfc3339(m.created_at))
$$;

-- The same with what the API needs to open it.
create function fairlock.sealed_method_json(m public.crypto_payment_methods) returns jsonb
language sql stable
as $$
  select fairlock.payment_method_json(m) || jsonb_build_object('owner', m.user_id, 'sealed', m.account_details_encrypted)
$$;

-- The acting person's methods, newest first. For a session with the sealed details, of which the API shows the last
-- characters; an API key gets none.
create function fairlock.my_payment_methods(p_limit integer, p_before timestamptz, p_before_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_build_object('items', coalesce(jsonb_agg(
      case when fairlock.acting_key() is null then fairlock.sealed_method_json(m)
        else fairlock.payment_method_json(m) end
        || jsonb_build_object('at', to_char(m.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
      order by m.created_at desc, m.id desc), '[]'))
    from (
      select * from public.crypto_payment_methods
      where user_id = fairlock.acting_user() and deleted_at is null
        and (p_before is null or (created_at, id) < (p_before, p_before_id))
      order by created_at desc, id desc limit p_limit) m);
end $$;
grant execute on function fairlock.my_payment_methods(integer, timestamptz, uuid) to fairlock_app;

-- One of the acting person's methods with its sealed details; that they look at them is in the log.
create function fairlock.open_my_payment_method(p_method uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  m public.crypto_payment_methods;
begin
  if fairlock.acting_key() is not null then
    return fairlock.refuse('session_only');
  end if;
  select * into m from public.crypto_payment_methods
  where id = p_method and user_id = fairlock.acting_user() and deleted_at is null;
  if not found then
    return fairlock.refuse('not_found');
  end if;
  perform fairlock.record_event('secret.opened', 'crypto_payment_methods', m.id, 'the owner looks',
    jsonb_build_object('user', m.user_id));
  return fairlock.sealed_method_json(m);
end $$;
grant execute on function fairlock.open_my_payment_method(uuid) to fairlock_app;

create function fairlock.blind_index_key(p_name text) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('key', (select jsonb_build_object('id', id, 'sealed', sealed_key)
    from fairlock.blind_index_keys where name = p_name))
$$;
grant execute on function fairlock.blind_index_key(text) to fairlock_app;

-- Keeps a new key, unless somebody was faster; gives the one that counts.
create function fairlock.add_blind_index_key(p_name text, p_id uuid, p_sealed text) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into fairlock.blind_index_keys (id, name, sealed_key) values (p_id, p_name, p_sealed)
  on conflict (name) do nothing;
  return fairlock.blind_index_key(p_name);
end $$;
grant execute on function fairlock.add_blind_index_key(text, uuid, text) to fairlock_app;
reset role;

create trigger guard before update or delete on public.crypto_payment_methods
  for each row execute function fairlock.guard_payment_method();
create trigger never_truncated before truncate on public.crypto_payment_methods
  for each statement execute function ledger.refuse_change();
