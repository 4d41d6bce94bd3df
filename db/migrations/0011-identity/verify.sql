select 'table ' || name || ' is missing' as problem
from unnest(array['fairlock.credentials', 'fairlock.sessions', 'fairlock.staff_roles', 'fairlock.rate_limits',
                  'fairlock.idempotency_keys']) name
where to_regclass(name) is null;
