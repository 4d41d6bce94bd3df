select 'fairlock.push_subscriptions has no session_id' as problem
where not exists (
  select from pg_attribute
  where attrelid = 'fairlock.push_subscriptions'::regclass and attname = 'session_id' and not attisdropped
)
union all
select 'the index fairlock.push_subscriptions_endpoint is missing or not valid'
where not exists (
  select from pg_index where indexrelid = to_regclass('fairlock.push_subscriptions_endpoint') and indisvalid
);
