-- Market prices hold nothing personal: everybody reads them.
grant select on public.crypto_prices to fairlock_engine, fairlock_app;

alter table public.crypto_prices enable row level security, force row level security;
create policy "the engine keeps prices" on public.crypto_prices to fairlock_engine using (true);
create policy "everybody reads prices" on public.crypto_prices for select to fairlock_app using (true);
