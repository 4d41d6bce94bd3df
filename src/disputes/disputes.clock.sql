-- What the clock does to disputes, and what it counts. It never decides one.
set local role fairlock_engine;

-- Whether somebody still is an arbitrator, and still has nothing to do with the sides of this dispute; one who is merely
-- off duty is.
create function fairlock.is_arbitrator(p_person uuid, d public.crypto_disputes) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select exists (select from fairlock.staff_roles where user_id = p_person and role = 'arbitrator')
    and not fairlock.is_banned(p_person) and not fairlock.has_dealt_with(p_person, d)
$$;

-- What is due: trades whose release window is over, rulings that nobody appealed in time, disputes whose ruling is
-- overdue, and disputes without an arbitrator, or with one who is none any more.
create function fairlock.due_disputes(p_most integer) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'unreleased', (select coalesce(jsonb_agg(id), '[]') from (
      select id from public.crypto_trades where status = 'paid' and deadline <= clock_timestamp()
      order by deadline limit p_most) one),
    'unappealed', (select coalesce(jsonb_agg(dispute_id), '[]') from (
      select dispute_id from fairlock.dispute_rulings where state = 'appeal' and appeal_until <= clock_timestamp()
      order by appeal_until limit p_most) one),
    'overdue', (select coalesce(jsonb_agg(id), '[]') from (
      select id from public.crypto_disputes where status = 'pending' and stage <> 'appeal' and escalated_at is null
        and ruling_due_at <= clock_timestamp() order by created_at limit p_most) one),
    'unassigned', (select coalesce(jsonb_agg(id), '[]') from (
      select d.id from public.crypto_disputes d where d.status = 'pending' and fairlock.part_at(d.stage) is not null
        and fairlock.is_on_duty('arbitrator') and not exists (
          select from fairlock.dispute_assignments a where a.dispute_id = d.id and a.part = fairlock.part_at(d.stage)
            and a.ended_at is null and fairlock.is_arbitrator(a.arbitrator_id, d))
      -- By chance: those that nobody can take now must not keep the others from being tried.
      order by random() limit p_most) one))
$$;
grant execute on function fairlock.due_disputes(integer) to fairlock_app;

-- Opens the dispute of a trade whose release window is over, for the buyer. Decided again under the lock.
create function fairlock.open_overdue_dispute(p_trade uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  answer jsonb;
begin
  perform set_config('fairlock.user_id', '', true);
  answer := fairlock.start_dispute(p_trade, 'clock', fairlock.new_id(), 'release_overdue', null);
  return case when answer ? 'refusal' then answer else fairlock.begin_dispute((answer ->> 'disputeId')::uuid) end;
end $$;
grant execute on function fairlock.open_overdue_dispute(uuid) to fairlock_app;

-- Settles a ruling whose appeal window is over. Decided again under the lock.
create function fairlock.settle_due_ruling(p_dispute uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  d public.crypto_disputes;
  r fairlock.dispute_rulings;
begin
  perform set_config('fairlock.user_id', '', true);
  d := fairlock.lock_dispute(p_dispute);
  select * into r from fairlock.dispute_rulings where dispute_id = p_dispute and state = 'appeal';
  if r.id is null or d.status <> 'pending' then
    return fairlock.refuse('dispute_stage', jsonb_build_object('stage', d.stage));
  elsif r.appeal_until > clock_timestamp() then
    return fairlock.refuse('deadline_not_reached');
  end if;
  perform fairlock.settle_ruling(d, r);
  return '{}';
end $$;
grant execute on function fairlock.settle_due_ruling(uuid) to fairlock_app;

-- Tells administrators once that a ruling is overdue. Nothing else happens: a dispute is decided by people.
create function fairlock.escalate_dispute(p_dispute uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  d public.crypto_disputes;
begin
  perform set_config('fairlock.user_id', '', true);
  update public.crypto_disputes set escalated_at = clock_timestamp(), updated_at = clock_timestamp()
  where id = p_dispute and status = 'pending' and stage <> 'appeal' and escalated_at is null
    and ruling_due_at <= clock_timestamp()
  returning * into d;
  if d.id is null then
    return fairlock.refuse('deadline_not_reached');
  end if;
  perform fairlock.publish('dispute.escalated', (
      select array_agg(user_id) from fairlock.staff_roles r
      where r.role = 'admin' and r.user_id not in (d.raised_by, d.against_user_id)),
    d.trade_id, jsonb_build_object('disputeId', d.id, 'stage', d.stage, 'dueAt', fairlock.rfc3339(d.ruling_due_at)));
  return '{}';
end $$;
grant execute on function fairlock.escalate_dispute(uuid) to fairlock_app;

-- Assigns a dispute that has no arbitrator; whoever had it and is none any more has lost it.
create function fairlock.assign_due_dispute(p_dispute uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  d public.crypto_disputes;
  v_person uuid;
begin
  perform set_config('fairlock.user_id', '', true);
  select * into d from public.crypto_disputes where id = p_dispute for no key update;
  if d.id is null or d.status <> 'pending' or fairlock.part_at(d.stage) is null
    or exists (select from fairlock.dispute_assignments a where a.dispute_id = d.id and a.part = fairlock.part_at(d.stage)
      and a.ended_at is null and fairlock.is_arbitrator(a.arbitrator_id, d)) then
    return fairlock.refuse('dispute_stage', jsonb_build_object('stage', d.stage));
  end if;
  v_person := fairlock.replace_arbitrator(d, 'lost_role', null, null, null);
  return jsonb_build_object('assigned', v_person is not null);
end $$;
grant execute on function fairlock.assign_due_dispute(uuid) to fairlock_app;

-- For the metrics: open disputes by stage, those whose ruling is overdue, and those without an arbitrator.
create function fairlock.count_disputes() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('open', count(*) filter (where stage = 'open'),
    'consent', count(*) filter (where stage = 'consent'), 'appeal', count(*) filter (where stage = 'appeal'),
    'appealed', count(*) filter (where stage = 'appealed'),
    'overdue', count(*) filter (where stage <> 'appeal' and ruling_due_at < clock_timestamp()),
    'unassigned', count(*) filter (where fairlock.part_at(stage) is not null and not exists (
      select from fairlock.dispute_assignments a where a.dispute_id = d.id and a.part = fairlock.part_at(stage)
        and a.ended_at is null)))
  from public.crypto_disputes d where status = 'pending'
$$;
grant execute on function fairlock.count_disputes() to fairlock_app;
reset role;
