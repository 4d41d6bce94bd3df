-- Who sees disputes, what is assigned, said and ruled in them, and what must hold for those rows.
grant select on public.crypto_disputes to fairlock_engine;
-- Not the description: it is sealed, and fairlock.look_at_dispute says who reads it.
grant select (id, trade_id, escrow_id, raised_by, against_user_id, reason, evidence, status, resolution, resolved_by,
  resolved_at, created_at, updated_at, opened_by, stage, answer_due_at, answered_at, ruling_due_at, escalated_at, lost_by)
  on public.crypto_disputes to fairlock_app;
grant select, insert on fairlock.dispute_assignments, fairlock.dispute_rulings, fairlock.dispute_entries to fairlock_engine;
grant update (ended_at, ended_by, ended_as) on fairlock.dispute_assignments to fairlock_engine;
grant update (state, consented_by, consented_at, appeal_until) on fairlock.dispute_rulings to fairlock_engine;
-- Sealing anew with the next data key.
grant update (body) on fairlock.dispute_entries to fairlock_engine;

alter table public.crypto_disputes enable row level security, force row level security;
create policy "the engine keeps disputes" on public.crypto_disputes to fairlock_engine using (true);
create policy "both sides see the dispute" on public.crypto_disputes for select to fairlock_app
  using (raised_by = (select fairlock.acting_user()) or against_user_id = (select fairlock.acting_user()));
create policy "a grant shows staff disputes" on public.crypto_disputes for select to fairlock_app
  using (raised_by = any (array(select fairlock.granted('trades'))) and fairlock.still_granted('trades', raised_by)
    or against_user_id = any (array(select fairlock.granted('trades'))) and fairlock.still_granted('trades', against_user_id)
    or trade_id = any (array(select fairlock.granted('case'))) and fairlock.still_granted('case', trade_id));

do $$
declare
  t regclass;
begin
  foreach t in array array['fairlock.dispute_assignments', 'fairlock.dispute_rulings', 'fairlock.dispute_entries']::regclass[]
  loop
    execute format('alter table %s enable row level security, force row level security', t);
    execute format('create policy "the engine keeps disputes" on %s to fairlock_engine using (true)', t);
  end loop;
end $$;

set local role fairlock_engine;

-- Whether the acting person arbitrates this trade's dispute now: assigned to it in any part, as an arbitrator on duty.
-- Chat and files ask it before they show anything; each writes down its own look.
create function fairlock.arbitrates(p_trade uuid) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from public.crypto_disputes d join fairlock.dispute_assignments a on a.dispute_id = d.id
    where d.trade_id = p_trade and d.status = 'pending' and a.arbitrator_id = fairlock.acting_user() and a.ended_at is null
  ) and fairlock.has_role('arbitrator');
end $$;
grant execute on function fairlock.arbitrates(uuid) to fairlock_app;

-- The trade whose dispute this transaction looks at as its arbitrator, if the assignment still lives; for everybody else
-- it is one look at a setting, once per statement. The setting proves nothing: the assignment is asked for again.
create function fairlock.arbitrated() returns setof uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_trade uuid := nullif(current_setting('fairlock.case_id', true), '');
begin
  if v_trade is not null and fairlock.arbitrates(v_trade) then
    return next v_trade;
  end if;
end $$;
grant execute on function fairlock.arbitrated() to fairlock_app;

-- The same, asked again for each row; volatile so that it reads what has been committed meanwhile.
create function fairlock.still_arbitrates(p_trade uuid) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return fairlock.arbitrates(p_trade);
end $$;
grant execute on function fairlock.still_arbitrates(uuid) to fairlock_app;

-- Nobody arbitrates between themselves and somebody else, whoever assigns them; an assignment ends once.
create function fairlock.guard_assignment() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' and exists (select from public.crypto_disputes d
      where d.id = new.dispute_id and new.arbitrator_id in (d.raised_by, d.against_user_id)) then
    raise exception using errcode = 'FL096', message = 'nobody arbitrates a dispute of their own';
  elsif tg_op = 'UPDATE' and (old.ended_at is not null
      or (new.id, new.dispute_id, new.arbitrator_id, new.part, new.assigned_at, new.assigned_by)
        is distinct from (old.id, old.dispute_id, old.arbitrator_id, old.part, old.assigned_at, old.assigned_by)) then
    raise exception using errcode = 'FL094', message = 'an assignment changes once, when it ends';
  end if;
  return null;
end $$;

-- What was said never changes; the same words are sealed anew when their key is replaced.
create function fairlock.guard_entry() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if to_jsonb(new) - 'body' is distinct from to_jsonb(old) - 'body' then
    raise exception using errcode = 'FL090', message = 'what was said in a dispute is append-only';
  end if;
  return null;
end $$;

-- What was ruled never changes, only what becomes of it.
create function fairlock.guard_ruling() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if (new.id, new.dispute_id, new.arbitrator_id, new.outcome, new.buyer_amount, new.fault_of, new.is_final, new.ruled_at)
    is distinct from (old.id, old.dispute_id, old.arbitrator_id, old.outcome, old.buyer_amount, old.fault_of, old.is_final,
      old.ruled_at) then
    raise exception using errcode = 'FL094', message = 'what was ruled never changes';
  elsif new.state <> old.state and (old.state || ' ' || new.state) not in ('consent appeal', 'consent refused',
      'consent overtaken', 'appeal appealed', 'appeal settled', 'appeal overtaken') then
    raise exception using errcode = 'FL095', message = format('a ruling does not go from %s to %s', old.state, new.state);
  end if;
  return null;
end $$;

-- What the end of a dispute is called: settled as it was ruled, or closed because one of the two gave in.
create function fairlock.dispute_end(p_status text, p_resolution text) returns text
language sql immutable
as $$
  select case when p_status = 'resolved' and p_resolution is distinct from 'seller_released'
    and p_resolution is distinct from 'buyer_conceded' then 'dispute.settled' else 'dispute.closed' end
$$;

-- With the dispute end its assignments, and with them what they show; a ruling that still waited is overtaken.
create function fairlock.close_case() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_people uuid[];
begin
  select array_agg(arbitrator_id) into v_people from fairlock.dispute_assignments
  where dispute_id = new.id and ended_at is null;
  update fairlock.dispute_assignments set ended_at = new.resolved_at,
    ended_as = case when arbitrator_id = new.resolved_by then 'done' else 'over' end
  where dispute_id = new.id and ended_at is null;
  update fairlock.dispute_rulings set state = 'overtaken' where dispute_id = new.id and state in ('consent', 'appeal');
  perform fairlock.publish(fairlock.dispute_end(new.status, new.resolution),
    array[new.raised_by, new.against_user_id] || v_people, new.trade_id,
    jsonb_build_object('disputeId', new.id, 'resolution', new.resolution, 'actor', case new.resolution
      when 'seller_released' then 'seller' when 'buyer_conceded' then 'buyer' else 'arbitrator' end));
  return null;
end $$;
grant execute on function fairlock.guard_assignment(), fairlock.guard_entry(), fairlock.guard_ruling(), fairlock.close_case()
  to session_user;
reset role;

create trigger guard after insert or update on fairlock.dispute_assignments
  for each row execute function fairlock.guard_assignment();
create trigger guard after update on fairlock.dispute_entries for each row execute function fairlock.guard_entry();
create trigger guard after update on fairlock.dispute_rulings for each row execute function fairlock.guard_ruling();
create trigger ended after update of status on public.crypto_disputes
  for each row when (old.status = 'pending' and new.status <> 'pending') execute function fairlock.close_case();
create trigger never_deleted before delete or truncate on fairlock.dispute_assignments
  for each statement execute function audit.refuse_change();
create trigger never_deleted before delete or truncate on fairlock.dispute_entries
  for each statement execute function audit.refuse_change();
create trigger never_deleted before delete or truncate on fairlock.dispute_rulings
  for each statement execute function audit.refuse_change();

-- Asked after a person's own policy: PostgreSQL takes them in the reverse order of their names (docs/decisions/0015).
create policy "a case shows its arbitrator the trade" on public.crypto_trades for select to fairlock_app
  using (id = any (array(select fairlock.arbitrated())) and fairlock.still_arbitrates(id));
create policy "a case shows its arbitrator the escrow" on public.crypto_escrows for select to fairlock_app
  using (trade_id = any (array(select fairlock.arbitrated())) and fairlock.still_arbitrates(trade_id));
create policy "a case shows its arbitrator the dispute" on public.crypto_disputes for select to fairlock_app
  using (trade_id = any (array(select fairlock.arbitrated())) and fairlock.still_arbitrates(trade_id));
