-- keep public.crypto_profiles (preferred_payment_methods, daily_limit, monthly_limit, current_daily_volume, current_monthly_volume, successful_escrows, disputed_trades, banned_until, two_factor_enabled, two_factor_secret)
-- keep public.crypto_wallets (encrypted_private_key, backup_phrase_encrypted, last_backup, supported_currencies, withdrawal_limit_daily, withdrawal_limit_monthly)
-- keep public.crypto_transactions (trade_id, network_fee, platform_fee, destination_name, destination_description, category, exchange_rate, fiat_value)
-- keep public.crypto_trades (buyer_id, escrow_id, payment_method, payment_details, expires_at, completed_at, cancelled_at, dispute_id, dispute_reason, dispute_status, seller_rating, buyer_rating, seller_feedback, buyer_feedback, chat_channel_id)
-- keep public.crypto_prices (price_btc, price_eth, price_change_1h, price_change_7d, price_change_30d, dominance_percentage, sentiment_score, rsi_14, macd, macd_signal)
alter table public.crypto_profiles
  drop column preferred_payment_methods,
  drop column daily_limit,
  drop column monthly_limit,
  drop column current_daily_volume,
  drop column current_monthly_volume,
  drop column successful_escrows,
  drop column disputed_trades,
  drop column banned_until,
  drop column two_factor_enabled,
  drop column two_factor_secret;

alter table public.crypto_wallets
  drop column encrypted_private_key,
  drop column backup_phrase_encrypted,
  drop column last_backup,
  drop column supported_currencies,
  drop column withdrawal_limit_daily,
  drop column withdrawal_limit_monthly;

alter table public.crypto_transactions
  drop column trade_id,
  drop column network_fee,
  drop column platform_fee,
  drop column destination_name,
  drop column destination_description,
  drop column category,
  drop column exchange_rate,
  drop column fiat_value;

alter table public.crypto_trades
  drop column buyer_id,
  drop column escrow_id,
  drop column payment_method,
  drop column payment_details,
  drop column expires_at,
  drop column completed_at,
  drop column cancelled_at,
  drop column dispute_id,
  drop column dispute_reason,
  drop column dispute_status,
  drop column seller_rating,
  drop column buyer_rating,
  drop column seller_feedback,
  drop column buyer_feedback,
  drop column chat_channel_id;

alter table public.crypto_prices
  drop column price_btc,
  drop column price_eth,
  drop column price_change_1h,
  drop column price_change_7d,
  drop column price_change_30d,
  drop column dominance_percentage,
  drop column sentiment_score,
  drop column rsi_14,
  drop column macd,
  drop column macd_signal;
