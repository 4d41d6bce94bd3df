-- mode: statements
-- squawk-ignore-file require-concurrent-index-creation
-- A browser is told things while the session that subscribed it lives. Subscriptions from before belong to none: they
-- are told nothing, and go.
alter table fairlock.push_subscriptions add column session_id uuid;
-- A browser belongs to who subscribed it last.
create index concurrently push_subscriptions_endpoint on fairlock.push_subscriptions (endpoint);
