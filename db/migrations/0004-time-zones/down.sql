-- mode: statements
alter table public.users
  alter column created_at type timestamp;
alter table public.crypto_profiles
  alter column kyc_verified_at type timestamp,
  alter column created_at type timestamp,
  alter column updated_at type timestamp;
alter table public.crypto_wallets
  alter column last_synced_at type timestamp,
  alter column created_at type timestamp,
  alter column updated_at type timestamp;
alter table public.crypto_transactions
  alter column timestamp type timestamp,
  alter column created_at type timestamp,
  alter column updated_at type timestamp;
alter table public.crypto_trades
  alter column timestamp type timestamp,
  alter column created_at type timestamp,
  alter column updated_at type timestamp;
alter table public.crypto_prices
  alter column last_updated type timestamp,
  alter column created_at type timestamp;
