-- keep fairlock.currencies
-- keep fairlock.offers
-- keep fairlock.offer_listings
drop table fairlock.offer_listings;
drop trigger laws on fairlock.offers;
drop function fairlock.broken_law(fairlock.offers);
drop table fairlock.offers;
drop table fairlock.currencies;
