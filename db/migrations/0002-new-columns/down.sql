-- keep public.crypto_profiles (preferred_payment_methods, daily_limit, monthly_limit, current_daily_volume, current_monthly_volume, successful_escrows, disputed_trades, banned_until, two_factor_enabled, two_factor_secret)
-- keep public.crypto_wallets (encrypted_private_key, backup_phrase_encrypted, last_backup, supported_currencies, withdrawal_limit_daily, withdrawal_limit_monthly)
-- keep public.crypto_transactions (trade_id, network_fee, platform_fee, destination_name, destination_description, category, exchange_rate, fiat_value)
-- keep public.crypto_trades (buyer_id, escrow_id, payment_method, payment_details, expires_at, completed_at, cancelled_at, dispute_id, dispute_reason, dispute_status, seller_rating, buyer_rating, seller_feedback, buyer_feedback, chat_channel_id)
-- keep public.crypto_prices (price_btc, price_eth, price_change_1h, price_change_7d, price_change_30d, dominance_percentage, sentiment_score, rsi_14, macd, macd_signal)
alter table public.crypto_profiles
  drop column if exists preferred_payment_methods,
  drop column if exists daily_limit,
  drop column if exists monthly_limit,
  drop column if exists current_daily_volume,
  drop column if exists current_monthly_volume,
  drop column if exists successful_escrows,
  drop column if exists disputed_trades,
  drop column if exists banned_until,
  drop column if exists two_factor_enabled,
  drop column if exists two_factor_secret;

alter table public.crypto_wallets
  drop column if exists encrypted_private_key,
  drop column if exists backup_phrase_encrypted,
  drop column if exists last_backup,
  drop column if exists supported_currencies,
  drop column if exists withdrawal_limit_daily,
  drop column if exists withdrawal_limit_monthly;

alter table public.crypto_transactions
  drop column if exists trade_id,
  drop column if exists network_fee,
  drop column if exists platform_fee,
  drop column if exists destination_name,
  drop column if exists destination_description,
  drop column if exists category,
  drop column if exists exchange_rate,
  drop column if exists fiat_value;

alter table public.crypto_trades
  drop column if exists buyer_id,
  drop column if exists escrow_id,
  drop column if exists payment_method,
  drop column if exists payment_details,
  drop column if exists expires_at,
  drop column if exists completed_at,
  drop column if exists cancelled_at,
  drop column if exists dispute_id,
  drop column if exists dispute_reason,
  drop column if exists dispute_status,
  drop column if exists seller_rating,
  drop column if exists buyer_rating,
  drop column if exists seller_feedback,
  drop column if exists buyer_feedback,
  drop column if exists chat_channel_id;

alter table public.crypto_prices
  drop column if exists price_btc,
  drop column if exists price_eth,
  drop column if exists price_change_1h,
  drop column if exists price_change_7d,
  drop column if exists price_change_30d,
  drop column if exists dominance_percentage,
  drop column if exists sentiment_score,
  drop column if exists rsi_14,
  drop column if exists macd,
  drop column if exists macd_signal;
