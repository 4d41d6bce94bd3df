select 'table ' || name || ' is missing' as problem
from unnest(array['fairlock.kyc_requests', 'fairlock.bans']) name
where to_regclass(name) is null
union all
select 'fairlock.offers has no hidden_until'
where not exists (
  select from pg_attribute
  where attrelid = 'fairlock.offers'::regclass and attname = 'hidden_until' and not attisdropped
);
