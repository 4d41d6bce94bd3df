-- keep fairlock.price_history
-- keep fairlock.price_hours
-- keep fairlock.price_days
-- keep fairlock.price_board
-- keep fairlock.settings (price_minutes_days, price_hours_days)
comment on table public.crypto_prices is null;
drop table fairlock.price_board;
drop table fairlock.price_days;
drop table fairlock.price_hours;
drop table fairlock.price_history;
alter table fairlock.settings drop column price_minutes_days, drop column price_hours_days;
