-- Secrets that an older platform kept in clear, sealed. The command line writes and reads them as the engine; nobody else.
grant select, insert, delete, update (user_id, secret, sealed_at) on fairlock.adopted_secrets to fairlock_engine;
alter table fairlock.adopted_secrets enable row level security, force row level security;
create policy "the engine keeps adopted secrets" on fairlock.adopted_secrets to fairlock_engine using (true);
