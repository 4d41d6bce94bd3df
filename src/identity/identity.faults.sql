-- Faults: what somebody did not do when it was their turn, and the pause that follows when it happens again. A fault is
-- noted for the one whose duty it was, and only when the duty was open to its end.
grant select, insert on fairlock.faults to fairlock_engine;
grant update (forgiven_at, forgiven_by, forgiven_for) on fairlock.faults to fairlock_engine;
grant select on fairlock.faults to fairlock_app;

alter table fairlock.faults enable row level security, force row level security;
create policy "the engine notes faults" on fairlock.faults to fairlock_engine using (true);
create policy "people see their faults" on fairlock.faults for select to fairlock_app
  using (user_id = (select fairlock.acting_user()));
create policy "a grant shows staff faults" on fairlock.faults for select to fairlock_app
  using (user_id = any (array(select fairlock.granted('person'))) and fairlock.still_granted('person', user_id));

set local role fairlock_engine;

-- Until when a person may start nothing new for their faults; empty when they may. It follows from the rows alone: after
-- the second no-show within 24 hours, the third, and the fifth within 30 days begins a pause, the longest counts.
-- Cancellations are free up to a number a day, and count like no-shows beyond it.
create function fairlock.cooldown_until(p_user uuid) returns timestamptz
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_until timestamptz;
begin
  -- Nearly everybody: one look into the index. No pause is longer than 30 days.
  if not exists (
    select from fairlock.faults where user_id = p_user and at > clock_timestamp() - interval '60 days'
  ) then
    return null;
  end if;
  select max(f.at + make_interval(hours => greatest(
    case when f.of_day >= 2 then s.cooldown_hours_after_two end,
    case when f.of_day >= 3 then s.cooldown_hours_after_three end,
    case when f.of_month >= 5 then s.cooldown_hours_after_five end))) into v_until
  from fairlock.settings s, lateral (
    select counted.at, counted.counts,
      sum(counted.counts) over (order by at range between '24 hours' preceding and current row) as of_day,
      sum(counted.counts) over (order by at range between '30 days' preceding and current row) as of_month
    from (
      select at, case when kind <> 'cancelled' then 1
        when count(*) filter (where kind = 'cancelled') over (order by at range between '24 hours' preceding and current row)
          > s.free_cancellations_a_day then 1 else 0 end as counts
      from fairlock.faults
      where user_id = p_user and kind <> 'dispute_lost' and forgiven_at is null
        and at > clock_timestamp() - interval '61 days'
    ) counted
  ) f where f.counts = 1;
  return case when v_until > clock_timestamp() then v_until end;
end $$;

create function fairlock.refuse_cooldown(p_user uuid) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_until timestamptz := fairlock.cooldown_until(p_user);
begin
  return case when v_until is not null
    then fairlock.refuse('cooling_down', jsonb_build_object('until', fairlock.rfc3339(v_until))) end;
end $$;

-- Notes a fault, once per trade and kind, in the transaction of its cause. The person is told when a pause begins.
create function fairlock.note_fault(p_user uuid, p_trade uuid, p_kind text) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_until timestamptz;
begin
  -- One person's faults come one after the other, so that each sees those before it.
  perform from public.crypto_profiles where user_id = p_user for no key update;
  insert into fairlock.faults (id, user_id, trade_id, kind) values (fairlock.new_id(), p_user, p_trade, p_kind)
  on conflict do nothing;
  if not found or p_kind = 'dispute_lost' then
    return;
  end if;
  update public.crypto_profiles set unfinished_trades = unfinished_trades + 1 where user_id = p_user;
  v_until := fairlock.cooldown_until(p_user);
  if v_until is not null then
    perform fairlock.publish('cooldown.began', array[p_user], p_trade,
      jsonb_build_object('until', fairlock.rfc3339(v_until)));
  end if;
end $$;

-- A trade ended without a sale: the fault is that of the one whose turn it was. A buyer who leaves a trade that nobody has
-- funded yet has no part in it, nor has one whom nobody told where to pay to, and neither has anybody in what an arbitrator
-- decided: the dispute says who lost.
create function fairlock.blame(p_trade uuid, p_seller uuid, p_buyer uuid, p_from text, p_actor text) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if p_from = 'pending' and p_actor in ('seller', 'clock') then
    perform fairlock.note_fault(p_seller, p_trade, case p_actor when 'clock' then 'not_funded' else 'cancelled' end);
  elsif p_from <> 'pending' and p_actor in ('buyer', 'clock') and (p_from <> 'funded'
      or exists (select from public.crypto_trades where id = p_trade and payment_method_id is not null)) then
    perform fairlock.note_fault(p_buyer, p_trade, case p_actor when 'clock' then 'not_paid' else 'cancelled' end);
  end if;
end $$;

-- Compliance and administrators forgive a fault: it counts nowhere from then on.
create function fairlock.forgive_fault(p_fault uuid, p_reason text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  f fairlock.faults;
begin
  if not (fairlock.has_role('admin') or fairlock.has_role('compliance')) then
    return fairlock.refuse('admin_only');
  end if;
  select * into f from fairlock.faults where id = p_fault for no key update;
  if not found then
    return fairlock.refuse('not_found');
  elsif f.user_id = fairlock.acting_user() then
    return fairlock.refuse('own_request');
  elsif f.forgiven_at is null then
    update fairlock.faults set forgiven_at = clock_timestamp(), forgiven_by = fairlock.acting_user(),
      forgiven_for = p_reason
    where id = p_fault returning * into f;
    if f.kind <> 'dispute_lost' then
      update public.crypto_profiles set unfinished_trades = unfinished_trades - 1 where user_id = f.user_id;
    end if;
    perform fairlock.record_event('fault.forgiven', 'faults', p_fault, p_reason);
    perform fairlock.publish('fault.forgiven', array[f.user_id], f.trade_id, jsonb_build_object('faultId', f.id));
  end if;
  return fairlock.fault_json(f);
end $$;

create function fairlock.fault_json(f fairlock.faults) returns jsonb
language sql stable
as $$
  select jsonb_build_object('id', f.id, 'tradeId', f.trade_id, 'kind', f.kind, 'at', fairlock.rfc3339(f.at),
    'forgivenAt', fairlock.rfc3339(f.forgiven_at), 'forgivenFor', f.forgiven_for)
$$;
grant execute on function fairlock.fault_json(fairlock.faults) to fairlock_app;

create function fairlock.me() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select fairlock.person_json(me) || jsonb_build_object('cooldownUntil', fairlock.rfc3339(fairlock.cooldown_until(me)))
  from fairlock.acting_user() me
$$;
grant execute on function fairlock.me() to fairlock_app;
reset role;
