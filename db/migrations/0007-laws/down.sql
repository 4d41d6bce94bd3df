-- changes public.crypto_wallets (wallet_address)
drop index if exists public.crypto_prices_one_per_symbol;
drop index if exists public.crypto_payment_methods_one_primary;
drop index if exists public.crypto_disputes_one_open;
drop index if exists public.crypto_wallets_one_per_currency;
drop index if exists public.crypto_profiles_one_per_user;

drop trigger if exists laws on public.crypto_profiles;
drop trigger if exists laws on public.crypto_wallets;
drop trigger if exists laws on public.crypto_transactions;
drop trigger if exists laws on public.crypto_trades;
drop trigger if exists laws on public.crypto_escrows;
drop function if exists fairlock.keep_laws();
drop function if exists fairlock.broken_law(public.crypto_profiles);
drop function if exists fairlock.broken_law(public.crypto_wallets);
drop function if exists fairlock.broken_law(public.crypto_transactions);
drop function if exists fairlock.broken_law(public.crypto_trades);
drop function if exists fairlock.broken_law(public.crypto_escrows);
drop schema if exists fairlock;

alter table public.crypto_trades
  drop constraint if exists crypto_trades_dispute_id_fkey,
  drop constraint if exists crypto_trades_escrow_id_fkey;

alter table public.crypto_prices
  drop constraint if exists crypto_prices_symbol,
  drop constraint if exists crypto_prices_prices,
  drop constraint if exists crypto_prices_market,
  drop constraint if exists crypto_prices_changes,
  drop constraint if exists crypto_prices_indicators;

alter table public.crypto_payment_methods
  drop constraint if exists crypto_payment_methods_type,
  drop constraint if exists crypto_payment_methods_verification_status,
  drop constraint if exists crypto_payment_methods_verified;

alter table public.crypto_disputes
  drop constraint if exists crypto_disputes_status,
  drop constraint if exists crypto_disputes_parties,
  drop constraint if exists crypto_disputes_ended,
  drop constraint if exists crypto_disputes_resolved;

alter table public.crypto_escrows
  drop constraint if exists crypto_escrows_status,
  drop constraint if exists crypto_escrows_amount,
  drop constraint if exists crypto_escrows_settled;

alter table public.crypto_trades
  alter column buyer_id drop not null,
  drop constraint if exists crypto_trades_complete,
  drop constraint if exists crypto_trades_status,
  drop constraint if exists crypto_trades_amounts,
  drop constraint if exists crypto_trades_parties;

alter table public.crypto_transactions
  drop constraint if exists crypto_transactions_status,
  drop constraint if exists crypto_transactions_type,
  drop constraint if exists crypto_transactions_amount;

alter table public.crypto_wallets
  alter column balance drop not null,
  alter column is_primary drop not null,
  alter column is_connected drop not null,
  drop constraint if exists crypto_wallets_complete,
  drop constraint if exists crypto_wallets_balance;

alter table public.crypto_profiles
  alter column kyc_status drop not null,
  alter column trading_volume drop not null,
  alter column total_trades drop not null,
  alter column is_verified_trader drop not null,
  alter column current_daily_volume drop not null,
  alter column current_monthly_volume drop not null,
  alter column successful_escrows drop not null,
  alter column disputed_trades drop not null,
  alter column two_factor_enabled drop not null,
  drop constraint if exists crypto_profiles_complete,
  drop constraint if exists crypto_profiles_kyc_status;

alter table public.crypto_trades alter column status set default 'open';

-- The old platform expects an address; up.sql knows these again.
update public.crypto_wallets set wallet_address = 'custodial:' || id where wallet_address is null;
alter table public.crypto_wallets alter column wallet_address set not null;
