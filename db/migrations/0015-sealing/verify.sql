select 'table ' || name || ' is missing' as problem
from unnest(array['fairlock.key_encryption_keys', 'fairlock.data_keys', 'fairlock.rewrap']) name
where to_regclass(name) is null;
