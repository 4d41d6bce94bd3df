with expected (table_name, column_name, type) as (
  values
    ('crypto_trades', 'offer_id', 'uuid'),
    ('crypto_trades', 'offer_version', 'integer'),
    ('crypto_trades', 'taker_id', 'uuid'),
    ('crypto_trades', 'seller_fee', 'numeric(20,8)'),
    ('crypto_trades', 'buyer_fee', 'numeric(20,8)'),
    ('crypto_trades', 'payment_window_minutes', 'integer'),
    ('crypto_trades', 'deadline', 'timestamp with time zone'),
    ('crypto_trades', 'funded_at', 'timestamp with time zone'),
    ('crypto_trades', 'paid_at', 'timestamp with time zone'),
    ('crypto_trades', 'ended_by_actor', 'text'),
    ('crypto_trades', 'cancel_reason', 'text'),
    ('crypto_escrows', 'released_amount', 'numeric(20,8)'),
    ('crypto_escrows', 'refunded_amount', 'numeric(20,8)'),
    ('crypto_escrows', 'fee_amount', 'numeric(20,8)'),
    ('crypto_escrows', 'closed_at', 'timestamp with time zone'),
    ('crypto_profiles', 'display_name', 'text')
)
select format('public.%s.%s should be %s and is %s', table_name, column_name, type,
              coalesce(format_type(atttypid, atttypmod), 'missing')) as problem
from expected
left join pg_attribute
  on attrelid = to_regclass('public.' || table_name) and attname = column_name and not attisdropped
where format_type(atttypid, atttypmod) is distinct from type;
