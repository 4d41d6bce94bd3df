select 'fairlock.adopted_secrets is missing' as problem where to_regclass('fairlock.adopted_secrets') is null
union all
select 'public.crypto_trades has no same_as'
where not exists (
  select from pg_attribute
  where attrelid = 'public.crypto_trades'::regclass and attname = 'same_as' and not attisdropped
)
union all
select 'the index public.crypto_trades_same_as is missing or not valid'
where not exists (
  select from pg_index where indexrelid = to_regclass('public.crypto_trades_same_as') and indisvalid
);
