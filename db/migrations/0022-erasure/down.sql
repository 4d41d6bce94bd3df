-- keep fairlock.erasures
-- keep fairlock.rewrap (max_rate)
alter table fairlock.rewrap drop column max_rate;
drop table fairlock.erasures;
