-- Evidence of disputes: files of both sides and of the arbitrator, which nobody can change or take back.
grant select, insert on fairlock.evidence to fairlock_engine;
grant update (note) on fairlock.evidence to fairlock_engine;

alter table fairlock.evidence enable row level security, force row level security;
create policy "the engine keeps evidence" on fairlock.evidence to fairlock_engine using (true);
