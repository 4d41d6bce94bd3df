-- Every column the specification adds, with its type.
with expected (table_name, column_name, type) as (
  values
    ('crypto_profiles', 'preferred_payment_methods', 'text[]'),
    ('crypto_profiles', 'daily_limit', 'numeric(20,8)'),
    ('crypto_profiles', 'monthly_limit', 'numeric(20,8)'),
    ('crypto_profiles', 'current_daily_volume', 'numeric(20,8)'),
    ('crypto_profiles', 'current_monthly_volume', 'numeric(20,8)'),
    ('crypto_profiles', 'successful_escrows', 'integer'),
    ('crypto_profiles', 'disputed_trades', 'integer'),
    ('crypto_profiles', 'banned_until', 'timestamp with time zone'),
    ('crypto_profiles', 'two_factor_enabled', 'boolean'),
    ('crypto_profiles', 'two_factor_secret', 'text'),
    ('crypto_wallets', 'encrypted_private_key', 'text'),
    ('crypto_wallets', 'backup_phrase_encrypted', 'text'),
    ('crypto_wallets', 'last_backup', 'timestamp with time zone'),
    ('crypto_wallets', 'supported_currencies', 'text[]'),
    ('crypto_wallets', 'withdrawal_limit_daily', 'numeric(20,8)'),
    ('crypto_wallets', 'withdrawal_limit_monthly', 'numeric(20,8)'),
    ('crypto_transactions', 'trade_id', 'uuid'),
    ('crypto_transactions', 'network_fee', 'numeric(20,8)'),
    ('crypto_transactions', 'platform_fee', 'numeric(20,8)'),
    ('crypto_transactions', 'destination_name', 'text'),
    ('crypto_transactions', 'destination_description', 'text'),
    ('crypto_transactions', 'category', 'text'),
    ('crypto_transactions', 'exchange_rate', 'numeric(20,8)'),
    ('crypto_transactions', 'fiat_value', 'numeric(20,8)'),
    ('crypto_trades', 'buyer_id', 'uuid'),
    ('crypto_trades', 'escrow_id', 'uuid'),
    ('crypto_trades', 'payment_method', 'text'),
    ('crypto_trades', 'payment_details', 'jsonb'),
    ('crypto_trades', 'expires_at', 'timestamp with time zone'),
    ('crypto_trades', 'completed_at', 'timestamp with time zone'),
    ('crypto_trades', 'cancelled_at', 'timestamp with time zone'),
    ('crypto_trades', 'dispute_id', 'uuid'),
    ('crypto_trades', 'dispute_reason', 'text'),
    ('crypto_trades', 'dispute_status', 'text'),
    ('crypto_trades', 'seller_rating', 'numeric(3,2)'),
    ('crypto_trades', 'buyer_rating', 'numeric(3,2)'),
    ('crypto_trades', 'seller_feedback', 'text'),
    ('crypto_trades', 'buyer_feedback', 'text'),
    ('crypto_trades', 'chat_channel_id', 'uuid'),
    ('crypto_prices', 'price_btc', 'numeric(20,8)'),
    ('crypto_prices', 'price_eth', 'numeric(20,8)'),
    ('crypto_prices', 'price_change_1h', 'numeric(8,2)'),
    ('crypto_prices', 'price_change_7d', 'numeric(8,2)'),
    ('crypto_prices', 'price_change_30d', 'numeric(8,2)'),
    ('crypto_prices', 'dominance_percentage', 'numeric(5,2)'),
    ('crypto_prices', 'sentiment_score', 'numeric(5,2)'),
    ('crypto_prices', 'rsi_14', 'numeric(8,2)'),
    ('crypto_prices', 'macd', 'numeric(20,8)'),
    ('crypto_prices', 'macd_signal', 'numeric(20,8)')
)
select format('public.%s.%s should be %s and is %s', table_name, column_name, type,
              coalesce(format_type(atttypid, atttypmod), 'missing')) as problem
from expected
left join pg_attribute
  on attrelid = to_regclass('public.' || table_name) and attname = column_name and not attisdropped
where format_type(atttypid, atttypmod) is distinct from type
union all
select format('foreign key %s is missing or not validated', name)
from unnest(array['crypto_transactions_trade_id_fkey', 'crypto_trades_buyer_id_fkey']) as name
where not exists (
  select from pg_constraint
  where conname = name and connamespace = 'public'::regnamespace and contype = 'f' and convalidated
);
