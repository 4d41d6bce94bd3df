select 'table ' || name || ' is missing' as problem
from unnest(array['fairlock.price_locks', 'fairlock.offer_listings']) name where to_regclass(name) is null
union all
select format('%s has no %s', wanted.relation, wanted.name)
from (values ('fairlock.offers', 'pricing'), ('fairlock.offers', 'margin_percent'), ('fairlock.offers', 'floor_price'),
  ('fairlock.offers', 'ceiling_price'), ('fairlock.offer_listings', 'rank'),
  ('public.crypto_trades', 'price_provenance'), ('public.crypto_trades', 'price_locked_until'),
  ('fairlock.settings', 'price_lock_seconds')) wanted (relation, name)
where not exists (
  select from pg_attribute where attrelid = wanted.relation::regclass and attname = wanted.name and not attisdropped
)
union all
select 'the offer ' || id || ' is on the market and not listed' from fairlock.offers o
where listed and not exists (select from fairlock.offer_listings l where l.offer_id = o.id);
