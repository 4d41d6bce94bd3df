-- changes public.crypto_wallets (wallet_address)
drop index public.crypto_prices_one_per_symbol;
drop index public.crypto_payment_methods_one_primary;
drop index public.crypto_disputes_one_open;
drop index public.crypto_wallets_one_per_currency;
drop index public.crypto_profiles_one_per_user;

alter table public.crypto_trades
  drop constraint crypto_trades_dispute_id_fkey,
  drop constraint crypto_trades_escrow_id_fkey;

alter table public.crypto_prices
  drop constraint crypto_prices_symbol,
  drop constraint crypto_prices_prices,
  drop constraint crypto_prices_market,
  drop constraint crypto_prices_changes,
  drop constraint crypto_prices_indicators;

alter table public.crypto_payment_methods
  drop constraint crypto_payment_methods_type,
  drop constraint crypto_payment_methods_verification_status,
  drop constraint crypto_payment_methods_verified;

alter table public.crypto_disputes
  drop constraint crypto_disputes_status,
  drop constraint crypto_disputes_parties,
  drop constraint crypto_disputes_ended,
  drop constraint crypto_disputes_resolved;

alter table public.crypto_escrows
  drop constraint crypto_escrows_status,
  drop constraint crypto_escrows_amount,
  drop constraint crypto_escrows_currency,
  drop constraint crypto_escrows_parties,
  drop constraint crypto_escrows_funded,
  drop constraint crypto_escrows_released,
  drop constraint crypto_escrows_refunded,
  drop constraint crypto_escrows_disputed,
  drop constraint crypto_escrows_closed,
  drop constraint crypto_escrows_settled;

alter table public.crypto_trades
  alter column buyer_id drop not null,
  drop constraint crypto_trades_status,
  drop constraint crypto_trades_side,
  drop constraint crypto_trades_amounts,
  drop constraint crypto_trades_fees,
  drop constraint crypto_trades_has_buyer,
  drop constraint crypto_trades_parties,
  drop constraint crypto_trades_offer,
  drop constraint crypto_trades_payment_window,
  drop constraint crypto_trades_deadline,
  drop constraint crypto_trades_funded,
  drop constraint crypto_trades_paid,
  drop constraint crypto_trades_completed,
  drop constraint crypto_trades_cancelled,
  drop constraint crypto_trades_dispute,
  drop constraint crypto_trades_ratings;

alter table public.crypto_transactions
  drop constraint crypto_transactions_status,
  drop constraint crypto_transactions_type,
  drop constraint crypto_transactions_amount,
  drop constraint crypto_transactions_currency,
  drop constraint crypto_transactions_fees,
  drop constraint crypto_transactions_value,
  drop constraint crypto_transactions_chain;

alter table public.crypto_wallets
  alter column balance drop not null,
  alter column is_primary drop not null,
  alter column is_connected drop not null,
  drop constraint crypto_wallets_balance,
  drop constraint crypto_wallets_flags,
  drop constraint crypto_wallets_currency,
  drop constraint crypto_wallets_limits;

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
  drop constraint crypto_profiles_kyc_status,
  drop constraint crypto_profiles_kyc_verified,
  drop constraint crypto_profiles_counters,
  drop constraint crypto_profiles_flags,
  drop constraint crypto_profiles_limits,
  drop constraint crypto_profiles_average_rating;

alter table public.crypto_trades alter column status set default 'open';

-- The old platform expects an address; up.sql knows these again.
update public.crypto_wallets set wallet_address = 'custodial:' || id where wallet_address is null;
alter table public.crypto_wallets alter column wallet_address set not null;
