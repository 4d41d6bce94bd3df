select format('index public.%s is missing or invalid', name) as problem
from unnest(array[
  'idx_crypto_profiles_user_id', 'idx_crypto_profiles_kyc_status', 'idx_crypto_profiles_trading_volume',
  'idx_crypto_wallets_user_id', 'idx_crypto_wallets_currency', 'idx_crypto_wallets_balance',
  'idx_crypto_transactions_user_id', 'idx_crypto_transactions_wallet_id', 'idx_crypto_transactions_status',
  'idx_crypto_transactions_timestamp', 'idx_crypto_transactions_currency', 'idx_crypto_trades_user_id',
  'idx_crypto_trades_buyer_id', 'idx_crypto_trades_pair', 'idx_crypto_trades_side',
  'idx_crypto_trades_status', 'idx_crypto_trades_timestamp', 'idx_crypto_prices_symbol',
  'idx_crypto_prices_last_updated'
]) as name
where not exists (select from pg_index where indexrelid = to_regclass('public.' || name) and indisvalid);
