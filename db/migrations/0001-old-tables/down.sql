-- Only an empty platform can be taken away altogether: these rows are not Fairlock's to keep or to lose.
do $$
declare
  name text;
  filled boolean;
begin
  foreach name in array array['crypto_prices', 'crypto_trades', 'crypto_transactions', 'crypto_wallets',
                              'crypto_profiles', 'users'] loop
    execute format('lock table public.%I in access exclusive mode', name);
    execute format('select exists (select from public.%I)', name) into filled;
    if filled then
      raise exception 'public.% has rows; the first migration is only undone when its tables are empty', name;
    end if;
  end loop;
end
$$;
drop table public.crypto_prices;
drop table public.crypto_trades;
drop table public.crypto_transactions;
drop table public.crypto_wallets;
drop table public.crypto_profiles;
drop table public.users;
