-- Who arbitrates: the least loaded arbitrator on duty who has nothing to do with the two sides.
set local role fairlock_engine;

-- Whether somebody has traded with a side of a dispute lately, or trades with one now.
create function fairlock.has_dealt_with(p_person uuid, d public.crypto_disputes) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_since timestamptz := clock_timestamp() - make_interval(days => (select dispute_conflict_days from fairlock.settings));
begin
  return exists (
    select from public.crypto_trades where user_id = p_person and buyer_id in (d.raised_by, d.against_user_id)
      and (created_at > v_since or status in ('pending', 'funded', 'paid', 'disputed'))
  ) or exists (
    select from public.crypto_trades where buyer_id = p_person and user_id in (d.raised_by, d.against_user_id)
      and (created_at > v_since or status in ('pending', 'funded', 'paid', 'disputed')));
end $$;

-- Whether somebody may take this part of a dispute: an arbitrator, not banned, with a second factor where staff need
-- one, no side of it, nobody who traded with a side lately, and not in another part of it before. A second arbitrator
-- who once refused may be asked again.
create function fairlock.may_arbitrate(p_dispute uuid, p_person uuid, p_part text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select exists (select from fairlock.staff_roles where user_id = p_person and role = 'arbitrator')
    and not fairlock.is_banned(p_person)
    and (not s.staff_need_factor or exists (
      select from fairlock.credentials where user_id = p_person and second_factor))
    and p_person not in (d.raised_by, d.against_user_id)
    and not fairlock.has_dealt_with(p_person, d)
    and not exists (
      select from fairlock.dispute_assignments a where a.dispute_id = d.id and a.arbitrator_id = p_person
        and not (p_part = 'second' and a.part = 'second' and a.ended_as = 'refused'))
  from public.crypto_disputes d, fairlock.settings s where d.id = p_dispute
$$;

-- Assigns a part of a dispute: to p_person, or to whoever has the fewest open cases, of those with equally many to
-- whoever has waited longest for one, and never to who asks for it (p_by): nobody gives themselves a case. Gives whom;
-- nothing when there is nobody: the background work asks again. The caller holds the dispute's lock. The advisory lock is
-- for fairness alone: two who choose at once would choose the same.
create function fairlock.assign_arbitrator(p_dispute uuid, p_part text, p_person uuid, p_by uuid) returns uuid
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_chosen uuid := p_person;
  d record;
begin
  if v_chosen is null then
    if not fairlock.is_on_duty('arbitrator') then
      return null;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('dispute assignments', 0));
    select r.user_id into v_chosen from fairlock.staff_roles r
    where r.role = 'arbitrator' and r.user_id is distinct from p_by
      and fairlock.may_arbitrate(p_dispute, r.user_id, p_part)
    order by (select count(*) from fairlock.dispute_assignments a where a.arbitrator_id = r.user_id and a.ended_at is null),
      (select max(assigned_at) from fairlock.dispute_assignments a where a.arbitrator_id = r.user_id) nulls first, r.user_id
    limit 1;
  end if;
  if v_chosen is null then
    return null;
  end if;
  insert into fairlock.dispute_assignments (id, dispute_id, arbitrator_id, part, assigned_by)
  values (fairlock.new_id(), p_dispute, v_chosen, p_part, p_by);
  select trade_id, raised_by, against_user_id into d from public.crypto_disputes where id = p_dispute;
  perform fairlock.publish('dispute.assigned', array[v_chosen], d.trade_id,
    jsonb_build_object('disputeId', p_dispute, 'part', p_part));
  if p_part <> 'second' then
    perform fairlock.publish('dispute.taken_up', array[d.raised_by, d.against_user_id], d.trade_id,
      jsonb_build_object('disputeId', p_dispute, 'part', p_part));
  end if;
  return v_chosen;
end $$;

-- The part whose turn it is at a stage; nobody's while an appeal may still come.
create function fairlock.part_at(p_stage text) returns text
language sql immutable
as $$ select case p_stage when 'open' then 'first' when 'consent' then 'second' when 'appealed' then 'appeal' end $$;

-- Ends the live assignment of the part whose turn it is and assigns it anew.
create function fairlock.replace_arbitrator(
  d public.crypto_disputes, p_ended_as text, p_by uuid, p_person uuid, p_assigned_by uuid
) returns uuid
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update fairlock.dispute_assignments set ended_at = clock_timestamp(), ended_as = p_ended_as, ended_by = p_by
  where dispute_id = d.id and part = fairlock.part_at(d.stage) and ended_at is null;
  return fairlock.assign_arbitrator(d.id, fairlock.part_at(d.stage), p_person, p_assigned_by);
end $$;

-- An arbitrator steps back, with a reason that staff read; somebody else gets the case.
create function fairlock.recuse_dispute(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  d public.crypto_disputes := fairlock.lock_dispute((p ->> 'disputeId')::uuid);
begin
  if not exists (select from fairlock.dispute_assignments where dispute_id = d.id and arbitrator_id = me) then
    return fairlock.refuse('not_found');
  elsif d.status <> 'pending' then
    return fairlock.refuse('dispute_over');
  elsif not exists (select from fairlock.dispute_assignments where dispute_id = d.id and arbitrator_id = me
      and part = fairlock.part_at(d.stage) and ended_at is null) then
    return fairlock.refuse('dispute_stage', jsonb_build_object('stage', d.stage));
  end if;
  perform fairlock.say_in_dispute(p, 'recusal', 'arbitrator', null);
  perform fairlock.replace_arbitrator(d, 'recused', me, null, null);
  return fairlock.dispute_json(d.id, true);
end $$;

-- An administrator gives the case to somebody else, named or chosen as at the opening.
create function fairlock.reassign_dispute(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  d public.crypto_disputes;
begin
  if not fairlock.has_role('admin') then
    return fairlock.refuse('admin_only');
  end if;
  d := fairlock.lock_dispute((p ->> 'disputeId')::uuid);
  if d.id is null then
    return fairlock.refuse('not_found');
  elsif me in (d.raised_by, d.against_user_id) then
    return fairlock.refuse('own_request');
  elsif d.status <> 'pending' then
    return fairlock.refuse('dispute_over');
  elsif fairlock.part_at(d.stage) is null then
    return fairlock.refuse('dispute_stage', jsonb_build_object('stage', d.stage));
  elsif (p ->> 'arbitratorId')::uuid = me or p ->> 'arbitratorId' is not null
    and fairlock.may_arbitrate(d.id, (p ->> 'arbitratorId')::uuid, fairlock.part_at(d.stage)) is not true then
    return fairlock.refuse('conflict_of_interest');
  end if;
  perform fairlock.say_in_dispute(p, 'reassignment', 'admin', null);
  perform fairlock.replace_arbitrator(d, 'reassigned', me, (p ->> 'arbitratorId')::uuid, me);
  return fairlock.dispute_json(d.id, true);
end $$;
reset role;
