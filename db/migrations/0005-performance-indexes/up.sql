-- mode: statements
-- The specification's "Indexing Strategy", built while everybody goes on reading and writing.
create index concurrently idx_crypto_profiles_user_id on public.crypto_profiles (user_id);
create index concurrently idx_crypto_profiles_kyc_status on public.crypto_profiles (kyc_status);
create index concurrently idx_crypto_profiles_trading_volume on public.crypto_profiles (trading_volume);
create index concurrently idx_crypto_wallets_user_id on public.crypto_wallets (user_id);
create index concurrently idx_crypto_wallets_currency on public.crypto_wallets (currency);
create index concurrently idx_crypto_wallets_balance on public.crypto_wallets (balance);
create index concurrently idx_crypto_transactions_user_id on public.crypto_transactions (user_id);
create index concurrently idx_crypto_transactions_wallet_id on public.crypto_transactions (wallet_id);
create index concurrently idx_crypto_transactions_status on public.crypto_transactions (status);
create index concurrently idx_crypto_transactions_timestamp on public.crypto_transactions (timestamp);
create index concurrently idx_crypto_transactions_currency on public.crypto_transactions (currency);
create index concurrently idx_crypto_trades_user_id on public.crypto_trades (user_id);
create index concurrently idx_crypto_trades_buyer_id on public.crypto_trades (buyer_id);
create index concurrently idx_crypto_trades_pair on public.crypto_trades (pair);
create index concurrently idx_crypto_trades_side on public.crypto_trades (side);
create index concurrently idx_crypto_trades_status on public.crypto_trades (status);
create index concurrently idx_crypto_trades_timestamp on public.crypto_trades (timestamp);
create index concurrently idx_crypto_prices_symbol on public.crypto_prices (symbol);
create index concurrently idx_crypto_prices_last_updated on public.crypto_prices (last_updated);
