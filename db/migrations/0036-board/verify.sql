select 'table ' || name || ' is missing' as problem
from unnest(array['fairlock.price_history', 'fairlock.price_hours', 'fairlock.price_days', 'fairlock.price_board']) name
where to_regclass(name) is null
union all
select oid::regclass || ' is not partitioned' from pg_class
where oid in (to_regclass('fairlock.price_history'), to_regclass('fairlock.price_hours')) and relkind <> 'p'
