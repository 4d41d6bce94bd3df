select format('table public.%s is missing', name) as problem
from unnest(array['crypto_escrows', 'crypto_disputes', 'crypto_payment_methods']) as name
where to_regclass('public.' || name) is null
union all
select format('index public.%s is missing or invalid', name)
from unnest(array[
  'idx_crypto_escrows_trade_id', 'idx_crypto_escrows_seller_id', 'idx_crypto_escrows_buyer_id',
  'idx_crypto_escrows_status', 'idx_crypto_disputes_trade_id', 'idx_crypto_disputes_raised_by',
  'idx_crypto_disputes_against_user', 'idx_crypto_disputes_status', 'idx_crypto_payment_methods_user_id',
  'idx_crypto_payment_methods_type', 'idx_crypto_payment_methods_is_primary'
]) as name
where not exists (select from pg_index where indexrelid = to_regclass('public.' || name) and indisvalid)
union all
select format('public.%s has %s foreign keys instead of %s', name, found, wanted)
from (
  values ('crypto_escrows', 3), ('crypto_disputes', 5), ('crypto_payment_methods', 1)
) as expected (name, wanted)
cross join lateral (
  select count(*) as found from pg_constraint
  where conrelid = to_regclass('public.' || name) and contype = 'f'
) as keys
where found < wanted;
