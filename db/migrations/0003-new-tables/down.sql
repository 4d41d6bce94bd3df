-- keep public.crypto_escrows
-- keep public.crypto_disputes
-- keep public.crypto_payment_methods
drop table public.crypto_payment_methods;
drop table public.crypto_disputes;
drop table public.crypto_escrows;
