select 'table fairlock.blind_index_keys is missing' as problem where to_regclass('fairlock.blind_index_keys') is null
union all
select format('%s has no %s', relation, name)
from (values
  ('public.crypto_payment_methods', 'label'), ('public.crypto_payment_methods', 'account_index'),
  ('public.crypto_payment_methods', 'is_duplicate'), ('public.crypto_payment_methods', 'verification_asked_at'),
  ('public.crypto_payment_methods', 'verification_statement_sealed'),
  ('public.crypto_payment_methods', 'verification_reason'), ('public.crypto_payment_methods', 'verification_decided_by'),
  ('public.crypto_payment_methods', 'deleted_at'), ('public.crypto_payment_methods', 'superseded_by'),
  ('public.crypto_payment_methods', 'purge_due_at'), ('public.crypto_trades', 'payment_method_id'),
  ('fairlock.settings', 'payment_methods_per_user'), ('fairlock.settings', 'payment_details_keep_days')
) expected (relation, name)
where not exists (
  select from pg_attribute where attrelid = relation::regclass and attname = name and not attisdropped)
union all
select 'index ' || name || ' is missing or not valid'
from unnest(array['crypto_payment_methods_account', 'crypto_payment_methods_duplicates', 'crypto_payment_methods_queue',
  'crypto_payment_methods_deleted_at', 'crypto_trades_live_payment']) name
where not exists (
  select from pg_index i join pg_class c on c.oid = i.indexrelid where c.relname = name and i.indisvalid);
