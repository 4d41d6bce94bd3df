-- keep fairlock.push_subscriptions (session_id)
drop index fairlock.push_subscriptions_endpoint;
alter table fairlock.push_subscriptions drop column session_id;
