-- keep public.crypto_payment_methods (label, account_index, is_duplicate, verification_asked_at, verification_statement_sealed, verification_reason, verification_decided_by, deleted_at, superseded_by, purge_due_at)
-- keep public.crypto_trades (payment_method_id)
-- keep fairlock.blind_index_keys
-- keep fairlock.settings (payment_methods_per_user, payment_details_keep_days)
-- Not validated: notices of the newer kinds stay as they are.
alter table fairlock.notices
  drop constraint notices_kind_check,
  add constraint notices_kind_check check (kind ~ '^[a-z]+(\.[a-z_]+)+$' and length(kind) <= 60) not valid;
alter table fairlock.settings drop column payment_methods_per_user, drop column payment_details_keep_days;
drop table fairlock.blind_index_keys;
alter table public.crypto_trades drop column payment_method_id;
alter table public.crypto_payment_methods
  drop column label,
  drop column account_index,
  drop column is_duplicate,
  drop column verification_asked_at,
  drop column verification_statement_sealed,
  drop column verification_reason,
  drop column verification_decided_by,
  drop column deleted_at,
  drop column superseded_by,
  drop column purge_due_at;
