-- keep fairlock.currencies
-- keep fairlock.offers
-- keep fairlock.offer_listings
-- keep public.crypto_profiles (country)
alter table public.crypto_profiles drop column country;
drop index public.crypto_trades_live_takes;
alter table public.crypto_trades drop constraint crypto_trades_offer_id_fkey;
drop table fairlock.offer_listings;
drop table fairlock.offers;
drop table fairlock.currencies;
