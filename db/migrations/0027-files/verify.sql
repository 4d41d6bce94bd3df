select 'table ' || name || ' is missing' as problem
from unnest(array['fairlock.files', 'fairlock.file_parts', 'fairlock.file_views', 'fairlock.evidence']) name
where to_regclass(name) is null
union all
select 'fairlock.settings has no ' || name
from unnest(array['file_megabytes', 'evidence_per_dispute']) name
where not exists (
  select from pg_attribute where attrelid = 'fairlock.settings'::regclass and attname = name and not attisdropped
);
