-- The catalogue is everybody's; people see their own payment methods, without the sealed account details.
grant select on public.crypto_payment_methods to fairlock_engine;
grant select (id, user_id, type, provider, is_verified, verification_status, verified_at, is_primary, created_at,
  updated_at) on public.crypto_payment_methods to fairlock_app;

grant select, insert, delete on fairlock.payment_method_types to fairlock_engine;
grant select on fairlock.payment_method_types to fairlock_app;
alter table fairlock.payment_method_types enable row level security, force row level security;
create policy "the engine keeps the catalogue" on fairlock.payment_method_types to fairlock_engine using (true);
create policy "the catalogue is public" on fairlock.payment_method_types for select to fairlock_app using (true);

alter table public.crypto_payment_methods enable row level security, force row level security;
create policy "the engine keeps payment methods" on public.crypto_payment_methods to fairlock_engine using (true);
create policy "people see their payment methods" on public.crypto_payment_methods for select to fairlock_app
  using (user_id = (select fairlock.acting_user()));
create policy "a grant shows staff payment methods" on public.crypto_payment_methods for select to fairlock_app
  using (user_id = any (array(select fairlock.granted('payment_methods')))
    and fairlock.still_granted('payment_methods', user_id));
