select 'table ' || name || ' is missing' as problem
from unnest(array['fairlock.chat_channels', 'fairlock.messages']) name
where to_regclass(name) is null
union all
select 'fairlock.settings has no chat_open_days_after_end'
where not exists (
  select from pg_attribute
  where attrelid = 'fairlock.settings'::regclass and attname = 'chat_open_days_after_end' and not attisdropped
);
