-- Wallets that people connected on the platform they come from: information, and no liability of this one's.
grant select on fairlock.outside_wallets to fairlock_app;
grant select, insert, update, delete on fairlock.outside_wallets to fairlock_engine;

alter table fairlock.outside_wallets enable row level security, force row level security;
create policy "the engine keeps outside wallets" on fairlock.outside_wallets to fairlock_engine using (true);
create policy "people see their outside wallets" on fairlock.outside_wallets for select to fairlock_app
  using (user_id = (select fairlock.acting_user()));
