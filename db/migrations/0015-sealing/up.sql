-- Keys. The key-encryption keys themselves are in the keyring, outside; here is which of them is in use, and the data
-- keys that they wrap.
create table fairlock.key_encryption_keys (
  id           text primary key check (length(id) between 1 and 300),
  keyring      text not null,
  state        text not null check (state in ('pending', 'active', 'decrypt_only', 'destroyed')),
  created_at   timestamptz not null default now(),
  activated_at timestamptz,
  retired_at   timestamptz,
  destroyed_at timestamptz,
  check ((state = 'pending') = (activated_at is null)),
  check ((state in ('decrypt_only', 'destroyed')) = (retired_at is not null)),
  check ((state = 'destroyed') = (destroyed_at is not null))
);
create unique index key_encryption_keys_one_active on fairlock.key_encryption_keys (state) where state = 'active';

-- One in use per person; owner_id is empty for the platform's own. A destroyed key has no bytes: what it sealed is
-- dead, in every copy of the database.
create table fairlock.data_keys (
  id                 uuid primary key,
  owner_id           uuid references public.users (id),
  wrapped            bytea check (octet_length(wrapped) between 40 and 4000),
  key_encryption_key text not null references fairlock.key_encryption_keys (id),
  state              text not null default 'active' check (state in ('active', 'decrypt_only', 'destroyed')),
  created_at         timestamptz not null default now(),
  retired_at         timestamptz,
  destroyed_at       timestamptz,
  check ((state = 'active') = (retired_at is null)),
  check ((state = 'destroyed') = (destroyed_at is not null)),
  check ((state = 'destroyed') = (wrapped is null))
);
create unique index data_keys_one_active
  on fairlock.data_keys (coalesce(owner_id, '00000000-0000-0000-0000-000000000000')) where state = 'active';
create index data_keys_owner on fairlock.data_keys (owner_id);
create index data_keys_wrapped_by on fairlock.data_keys (key_encryption_key, id) where state <> 'destroyed';
create index data_keys_to_replace on fairlock.data_keys (id) where state = 'decrypt_only';

-- One row: since when all data is to be sealed with new data keys. A rewrap that was interrupted goes on from here.
create table fairlock.rewrap (
  only_row     boolean primary key default true check (only_row),
  requested_at timestamptz,
  finished_at  timestamptz,
  check (finished_at >= requested_at)
);
insert into fairlock.rewrap default values;
