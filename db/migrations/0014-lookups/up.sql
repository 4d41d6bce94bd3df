-- mode: statements
-- What the product looks up in the old tables. Sign-in compares addresses, and people names, without regard to case, so
-- each may exist once in any spelling; the last index counts the live trades that one person has taken.
create unique index concurrently users_email_lower on public.users (lower(email));
create unique index concurrently crypto_profiles_display_name on public.crypto_profiles (lower(display_name));
create index concurrently crypto_trades_live_takes on public.crypto_trades (taker_id)
  where status in ('pending', 'funded', 'paid', 'disputed');

alter table public.crypto_profiles add column country text;
alter table public.crypto_profiles add constraint crypto_profiles_country check (country ~ '^[A-Z]{2}$') not valid;
alter table public.crypto_profiles validate constraint crypto_profiles_country;

alter table public.crypto_trades add constraint crypto_trades_offer_id_fkey
  foreign key (offer_id) references fairlock.offers (id) not valid;
alter table public.crypto_trades validate constraint crypto_trades_offer_id_fkey;
