-- keep fairlock.currencies
-- keep fairlock.offers
-- keep fairlock.offer_listings
drop table fairlock.offer_listings;
drop table fairlock.offers;
drop table fairlock.currencies;
