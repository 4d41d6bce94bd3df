-- Both sides of a dispute see it.
grant select on public.crypto_disputes to fairlock_engine, fairlock_app;

alter table public.crypto_disputes enable row level security, force row level security;
create policy "the engine keeps disputes" on public.crypto_disputes to fairlock_engine using (true);
create policy "both sides see the dispute" on public.crypto_disputes for select to fairlock_app
  using (raised_by = (select fairlock.acting_user()) or against_user_id = (select fairlock.acting_user()));
create policy "a grant shows staff disputes" on public.crypto_disputes for select to fairlock_app
  using (raised_by = any (array(select fairlock.granted('trades'))) and fairlock.still_granted('trades', raised_by)
    or against_user_id = any (array(select fairlock.granted('trades'))) and fairlock.still_granted('trades', against_user_id)
    or trade_id = any (array(select fairlock.granted('case'))) and fairlock.still_granted('case', trade_id));
