-- Evidence of disputes: files of both sides and of the arbitrator, which nobody can change or take back.
grant select, insert on fairlock.evidence to fairlock_engine;
-- Sealing the note anew, and taking it away with its erased person.
grant update (note) on fairlock.evidence to fairlock_engine;

alter table fairlock.evidence enable row level security, force row level security;
create policy "the engine keeps evidence" on fairlock.evidence to fairlock_engine using (true);

create trigger never_deleted before delete or truncate on fairlock.evidence
  for each statement execute function audit.refuse_change();
create trigger never_changed before update of id, dispute_id, file_id, added_by, owner_id, added_part, added_at
  on fairlock.evidence for each row execute function audit.refuse_change();
