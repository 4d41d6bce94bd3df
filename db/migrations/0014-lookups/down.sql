-- keep public.crypto_profiles (country)
alter table public.crypto_trades drop constraint if exists crypto_trades_offer_id_fkey;
alter table public.crypto_profiles drop column if exists country;
drop index if exists public.crypto_trades_live_takes;
drop index if exists public.crypto_profiles_display_name;
drop index if exists public.users_email_lower;
