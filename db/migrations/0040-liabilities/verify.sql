select 'table ' || name || ' is missing' as problem
from unnest(array['fairlock.daily_trades', 'fairlock.daily_mark', 'fairlock.liability_snapshots',
  'fairlock.liability_trees', 'fairlock.liability_leaves', 'fairlock.liability_nodes']) name
where to_regclass(name) is null
union all
select format('the index public.%s is missing or not valid', name)
from unnest(array['crypto_disputes_created', 'crypto_disputes_ended']) name
where not exists (select from pg_index where indexrelid = to_regclass('public.' || name) and indisvalid)
