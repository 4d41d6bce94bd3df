select format('table public.%s is missing', name) as problem
from unnest(array['users', 'crypto_profiles', 'crypto_wallets', 'crypto_transactions', 'crypto_trades',
                  'crypto_prices']) as name
where to_regclass('public.' || name) is null
union all
select format('public.%s has no primary key', name)
from unnest(array['users', 'crypto_profiles', 'crypto_wallets', 'crypto_transactions', 'crypto_trades',
                  'crypto_prices']) as name
where to_regclass('public.' || name) is not null
  and not exists (
    select from pg_constraint where conrelid = to_regclass('public.' || name) and contype = 'p'
  );
