select 'public.crypto_transactions has no fiat_currency' as problem
where not exists (
  select from pg_attribute
  where attrelid = 'public.crypto_transactions'::regclass and attname = 'fiat_currency' and not attisdropped
)
union all
select 'the index public.crypto_transactions_untold is missing or not valid'
where not exists (
  select from pg_index where indexrelid = to_regclass('public.crypto_transactions_untold') and indisvalid
)
union all
select format('crypto_transactions %s breaks the law %s', id, fairlock.broken_law(r))
from public.crypto_transactions r where fairlock.broken_law(r) is not null
