-- keep fairlock.price_sources
drop table fairlock.price_sources;
