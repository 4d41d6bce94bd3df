select 'table ' || name || ' is missing' as problem
from unnest(array['fairlock.currencies', 'fairlock.offers', 'fairlock.offer_listings']) name
where to_regclass(name) is null;
