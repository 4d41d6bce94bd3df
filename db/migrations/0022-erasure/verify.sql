select 'table fairlock.erasures is missing' as problem where to_regclass('fairlock.erasures') is null
union all
select 'fairlock.rewrap has no max_rate'
where not exists (
  select from pg_attribute where attrelid = 'fairlock.rewrap'::regclass and attname = 'max_rate' and not attisdropped
);
