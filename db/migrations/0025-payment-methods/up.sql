-- mode: statements
-- squawk-ignore-file require-concurrent-index-creation
-- People's payment methods: a name of their own, the blind index that finds one account at two people, the way of a
-- verification, and the end, which waits for live trades. Details never change: another account is another row.
alter table public.crypto_payment_methods
  add column label text,
  -- HMAC-SHA-256 of the account under a key of the platform's own; empty where there is no account, as with cash.
  add column account_index bytea,
  -- Somebody else has, or had, the same account.
  add column is_duplicate boolean not null default false,
  add column verification_asked_at timestamptz,
  -- What the owner said when asking; sealed, for it may repeat the account.
  add column verification_statement_sealed text,
  add column verification_reason text,
  add column verification_decided_by uuid,
  add column deleted_at timestamptz,
  -- The row with the account that took this one's place.
  add column superseded_by uuid,
  -- When the row is purged; known once no live trade is paid to the account.
  add column purge_due_at timestamptz,
  add constraint crypto_payment_methods_label check (length(label) between 1 and 60) not valid,
  add constraint crypto_payment_methods_account_index check (length(account_index) = 32) not valid,
  add constraint crypto_payment_methods_reason check (length(verification_reason) <= 1000) not valid,
  add constraint crypto_payment_methods_deleted check (
    deleted_at is not null or (superseded_by is null and purge_due_at is null)) not valid,
  add constraint crypto_payment_methods_primary check (not (is_primary and deleted_at is not null)) not valid;
alter table public.crypto_payment_methods
  validate constraint crypto_payment_methods_label,
  validate constraint crypto_payment_methods_account_index,
  validate constraint crypto_payment_methods_reason,
  validate constraint crypto_payment_methods_deleted,
  validate constraint crypto_payment_methods_primary;
create index concurrently crypto_payment_methods_account on public.crypto_payment_methods (account_index)
  where account_index is not null;
create index concurrently crypto_payment_methods_duplicates on public.crypto_payment_methods (account_index)
  where is_duplicate;
create index concurrently crypto_payment_methods_queue
  on public.crypto_payment_methods (verification_status, verification_asked_at, id)
  where verification_asked_at is not null and deleted_at is null;
create index concurrently crypto_payment_methods_deleted_at on public.crypto_payment_methods (deleted_at)
  where deleted_at is not null;

-- The seller's account that the buyer pays to. Without a foreign key: the account's row is purged after the trade, whose
-- record keeps the id; the guards of both tables hold the two together as long as the trade lives.
alter table public.crypto_trades add column payment_method_id uuid;
-- Of live trades only, so that the end of a trade writes nothing into it.
create index concurrently crypto_trades_live_payment on public.crypto_trades (payment_method_id)
  where payment_method_id is not null and status in ('pending', 'funded', 'paid', 'disputed');

-- Keys of blind indexes, one for each purpose, sealed with the platform's own data key.
create table fairlock.blind_index_keys (
  id         uuid primary key,
  name       text not null unique check (name ~ '^[a-z_]{1,60}$'),
  sealed_key text not null,
  -- Whose data key seals it: nobody's, that is the platform's own.
  sealed_for uuid check (sealed_for is null),
  created_at timestamptz not null default now()
);

alter table fairlock.settings
  add column payment_methods_per_user integer not null default 20,
  add column payment_details_keep_days integer not null default 30,
  add constraint settings_payment_methods check (
    payment_methods_per_user between 1 and 100 and payment_details_keep_days between 0 and 3650) not valid;
alter table fairlock.settings validate constraint settings_payment_methods;

-- The first word of a kind may have more than one part: payment_method.added. Under the old name, which the next
-- migration that changes it looks for.
alter table fairlock.notices
  drop constraint notices_kind_check,
  add constraint notices_kind_check check (kind ~ '^[a-z_]+(\.[a-z_]+)+$' and length(kind) <= 60) not valid;
alter table fairlock.notices validate constraint notices_kind_check;
