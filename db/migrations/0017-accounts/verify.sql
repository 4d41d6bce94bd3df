select 'table ' || name || ' is missing' as problem
from unnest(array['fairlock.notices', 'fairlock.password_reset_wishes', 'fairlock.password_resets',
                  'fairlock.email_changes']) name
where to_regclass(name) is null;
