select 'table ' || name || ' is missing' as problem
from unnest(array['fairlock.access_grants', 'fairlock.duty_hours']) name
where to_regclass(name) is null
union all
select 'fairlock.settings has no ' || name
from unnest(array['grant_hours', 'break_glass_minutes', 'break_glass_review_days']) name
where not exists (
  select from pg_attribute where attrelid = 'fairlock.settings'::regclass and attname = name and not attisdropped
);
