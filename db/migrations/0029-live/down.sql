-- keep fairlock.live_events
-- keep fairlock.live_state
-- keep fairlock.news_set_aside
-- keep fairlock.announcements
-- keep fairlock.notices (in_app)
drop table fairlock.announcements;
drop index fairlock.notices_unread;
drop index fairlock.notices_of_messages;
-- Notices of kinds that the older rule does not know stay; only new ones are refused.
alter table fairlock.notices
  add constraint notices_kind_check check (kind ~ '^[a-z_]+(\.[a-z_]+)+$' and length(kind) <= 60) not valid,
  drop constraint notices_kind,
  drop column in_app;
alter table fairlock.outbox reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,
  autovacuum_vacuum_insert_threshold, autovacuum_analyze_scale_factor, autovacuum_analyze_threshold);
drop table fairlock.news_set_aside;
drop table fairlock.live_state;
drop table fairlock.live_events;
