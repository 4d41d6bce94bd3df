-- mode: statements
-- squawk-ignore-file changing-column-type
-- The old tables hold UTC without saying so. The migrator's sessions run in UTC, where PostgreSQL knows that
-- timestamp and timestamptz are the same bytes: no table is rewritten. This comes before the indexes on these
-- columns, because an index over a changed type would be built again under the lock.
alter table public.users
  alter column created_at type timestamptz;
alter table public.crypto_profiles
  alter column kyc_verified_at type timestamptz,
  alter column created_at type timestamptz,
  alter column updated_at type timestamptz;
alter table public.crypto_wallets
  alter column last_synced_at type timestamptz,
  alter column created_at type timestamptz,
  alter column updated_at type timestamptz;
alter table public.crypto_transactions
  alter column timestamp type timestamptz,
  alter column created_at type timestamptz,
  alter column updated_at type timestamptz;
alter table public.crypto_trades
  alter column timestamp type timestamptz,
  alter column created_at type timestamptz,
  alter column updated_at type timestamptz;
alter table public.crypto_prices
  alter column last_updated type timestamptz,
  alter column created_at type timestamptz;
