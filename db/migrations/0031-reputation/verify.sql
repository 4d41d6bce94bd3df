select 'table ' || name || ' is missing' as problem
from unnest(array['fairlock.counterparties', 'fairlock.ratings', 'fairlock.faults', 'fairlock.marked_people']) name
where to_regclass(name) is null
union all
select format('%s has no %s', wanted.relation, wanted.name)
from (values ('fairlock.settings', 'rating_days'), ('fairlock.offers', 'trusted_only'),
  ('public.crypto_profiles', 'rating_sum'), ('public.crypto_profiles', 'rater_means'),
  ('public.crypto_profiles', 'volumes'), ('public.crypto_profiles', 'unfinished_trades')) wanted (relation, name)
where not exists (
  select from pg_attribute where attrelid = wanted.relation::regclass and attname = wanted.name and not attisdropped
)
union all
select 'index fairlock.sessions_last_seen is missing or invalid'
where not exists (
  select from pg_index where indexrelid = to_regclass('fairlock.sessions_last_seen') and indisvalid
);
