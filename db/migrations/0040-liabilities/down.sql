-- keep fairlock.daily_trades
-- keep fairlock.daily_mark
-- keep fairlock.liability_snapshots
-- keep fairlock.liability_trees
-- keep fairlock.liability_leaves
-- keep fairlock.liability_nodes
-- keep fairlock.settings (liability_hours, liability_keep_days)
drop table fairlock.liability_nodes;
drop table fairlock.liability_leaves;
drop table fairlock.liability_trees;
drop table fairlock.liability_snapshots;
drop index public.crypto_disputes_created;
drop index public.crypto_disputes_ended;
drop table fairlock.daily_mark;
drop table fairlock.daily_trades;
alter table fairlock.settings drop column liability_hours, drop column liability_keep_days;
