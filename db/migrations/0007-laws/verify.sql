select format('constraint %s is missing or not validated', name) as problem
from unnest(array[
  'crypto_profiles_kyc_status', 'crypto_profiles_kyc_verified', 'crypto_profiles_counters',
  'crypto_profiles_flags', 'crypto_profiles_limits', 'crypto_profiles_average_rating',
  'crypto_wallets_balance', 'crypto_wallets_flags', 'crypto_wallets_currency', 'crypto_wallets_limits',
  'crypto_transactions_status', 'crypto_transactions_type', 'crypto_transactions_amount',
  'crypto_transactions_currency', 'crypto_transactions_fees', 'crypto_transactions_value',
  'crypto_transactions_chain', 'crypto_trades_status', 'crypto_trades_side', 'crypto_trades_amounts',
  'crypto_trades_fees', 'crypto_trades_has_buyer', 'crypto_trades_parties', 'crypto_trades_offer',
  'crypto_trades_payment_window', 'crypto_trades_deadline', 'crypto_trades_funded', 'crypto_trades_paid',
  'crypto_trades_completed', 'crypto_trades_cancelled', 'crypto_trades_dispute', 'crypto_trades_ratings',
  'crypto_escrows_status', 'crypto_escrows_amount', 'crypto_escrows_currency', 'crypto_escrows_parties',
  'crypto_escrows_funded', 'crypto_escrows_released', 'crypto_escrows_refunded', 'crypto_escrows_disputed',
  'crypto_escrows_closed', 'crypto_escrows_settled', 'crypto_disputes_status', 'crypto_disputes_parties',
  'crypto_disputes_ended', 'crypto_disputes_resolved', 'crypto_payment_methods_type',
  'crypto_payment_methods_verification_status', 'crypto_payment_methods_verified', 'crypto_prices_symbol',
  'crypto_prices_prices', 'crypto_prices_market', 'crypto_prices_changes', 'crypto_prices_indicators',
  'crypto_trades_escrow_id_fkey', 'crypto_trades_dispute_id_fkey'
]) as name
where not exists (
  select from pg_constraint where conname = name and connamespace = 'public'::regnamespace and convalidated
)
union all
select format('unique index public.%s is missing or invalid', name)
from unnest(array[
  'crypto_profiles_one_per_user', 'crypto_wallets_one_per_currency', 'crypto_disputes_one_open',
  'crypto_payment_methods_one_primary', 'crypto_prices_one_per_symbol'
]) as name
where not exists (
  select from pg_index where indexrelid = to_regclass('public.' || name) and indisvalid and indisunique
);
