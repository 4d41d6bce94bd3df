-- keep fairlock.adopted_secrets
-- keep public.crypto_trades (same_as)
drop table fairlock.adopted_secrets;
alter table public.crypto_trades drop column same_as;
