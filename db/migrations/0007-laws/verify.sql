select format('constraint %s is missing or not validated', name) as problem
from unnest(array[
  'crypto_profiles_kyc_status', 'crypto_wallets_balance', 'crypto_transactions_status',
  'crypto_transactions_type', 'crypto_transactions_amount', 'crypto_trades_status',
  'crypto_trades_amounts', 'crypto_trades_parties', 'crypto_escrows_status', 'crypto_escrows_amount',
  'crypto_escrows_settled', 'crypto_disputes_status', 'crypto_disputes_parties', 'crypto_disputes_ended',
  'crypto_disputes_resolved', 'crypto_payment_methods_type',
  'crypto_payment_methods_verification_status', 'crypto_payment_methods_verified',
  'crypto_prices_symbol', 'crypto_prices_prices', 'crypto_prices_market', 'crypto_prices_changes',
  'crypto_prices_indicators', 'crypto_trades_escrow_id_fkey', 'crypto_trades_dispute_id_fkey'
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
)
union all
select format('crypto_profiles %s breaks the law %s', id, fairlock.broken_law(r))
from public.crypto_profiles r where fairlock.broken_law(r) is not null
union all
select format('crypto_wallets %s breaks the law %s', id, fairlock.broken_law(r))
from public.crypto_wallets r where fairlock.broken_law(r) is not null
union all
select format('crypto_transactions %s breaks the law %s', id, fairlock.broken_law(r))
from public.crypto_transactions r where fairlock.broken_law(r) is not null
union all
select format('crypto_trades %s breaks the law %s', id, fairlock.broken_law(r))
from public.crypto_trades r where fairlock.broken_law(r) is not null
union all
select format('crypto_escrows %s breaks the law %s', id, fairlock.broken_law(r))
from public.crypto_escrows r where fairlock.broken_law(r) is not null
union all
select format('trigger laws on public.%s is missing or off', name)
from unnest(array['crypto_profiles', 'crypto_wallets', 'crypto_transactions', 'crypto_trades', 'crypto_escrows']) name
where not exists (
  select from pg_trigger where tgrelid = ('public.' || name)::regclass and tgname = 'laws' and tgenabled = 'O'
);
