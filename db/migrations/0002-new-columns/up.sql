-- mode: statements
-- Sections 1 to 4 and 8 of the specification: what the old tables lack. Every default is a constant, so no
-- table is rewritten; each statement commits by itself, so that only one table is locked at a time, and only
-- for a moment.
alter table public.crypto_profiles
  add column preferred_payment_methods text[],
  add column daily_limit numeric(20, 8),
  add column monthly_limit numeric(20, 8),
  add column current_daily_volume numeric(20, 8) default 0,
  add column current_monthly_volume numeric(20, 8) default 0,
  add column successful_escrows integer default 0,
  add column disputed_trades integer default 0,
  add column banned_until timestamptz,
  add column two_factor_enabled boolean default false,
  add column two_factor_secret text;

alter table public.crypto_wallets
  add column encrypted_private_key text,
  add column backup_phrase_encrypted text,
  add column last_backup timestamptz,
  add column supported_currencies text[],
  add column withdrawal_limit_daily numeric(20, 8),
  add column withdrawal_limit_monthly numeric(20, 8);

alter table public.crypto_transactions
  add column trade_id uuid,
  add column network_fee numeric(20, 8),
  add column platform_fee numeric(20, 8),
  add column destination_name text,
  add column destination_description text,
  add column category text,
  add column exchange_rate numeric(20, 8),
  add column fiat_value numeric(20, 8);

alter table public.crypto_trades
  add column buyer_id uuid,
  add column escrow_id uuid,
  add column payment_method text,
  add column payment_details jsonb,
  add column expires_at timestamptz,
  add column completed_at timestamptz,
  add column cancelled_at timestamptz,
  add column dispute_id uuid,
  add column dispute_reason text,
  add column dispute_status text,
  add column seller_rating numeric(3, 2),
  add column buyer_rating numeric(3, 2),
  add column seller_feedback text,
  add column buyer_feedback text,
  add column chat_channel_id uuid;

alter table public.crypto_prices
  add column price_btc numeric(20, 8),
  add column price_eth numeric(20, 8),
  add column price_change_1h numeric(8, 2),
  add column price_change_7d numeric(8, 2),
  add column price_change_30d numeric(8, 2),
  add column dominance_percentage numeric(5, 2),
  add column sentiment_score numeric(5, 2),
  add column rsi_14 numeric(8, 2),
  add column macd numeric(20, 8),
  add column macd_signal numeric(20, 8);

alter table public.crypto_transactions
  add constraint crypto_transactions_trade_id_fkey foreign key (trade_id)
  references public.crypto_trades (id) not valid;
alter table public.crypto_transactions validate constraint crypto_transactions_trade_id_fkey;

alter table public.crypto_trades
  add constraint crypto_trades_buyer_id_fkey foreign key (buyer_id)
  references public.users (id) not valid;
alter table public.crypto_trades validate constraint crypto_trades_buyer_id_fkey;
