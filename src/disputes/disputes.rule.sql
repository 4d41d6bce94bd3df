-- Ruling, the second arbitrator's consent, appeal, and the settlement that follows.
set local role fairlock_engine;

-- Locks a dispute with everything that its end touches, in the one order: offer, trade, escrow, dispute. Gives its row,
-- empty when there is none.
create function fairlock.lock_dispute(p_dispute uuid) returns public.crypto_disputes
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  d public.crypto_disputes := (select d from public.crypto_disputes d where id = p_dispute);
begin
  perform from fairlock.offers o join public.crypto_trades t on t.offer_id = o.id where t.id = d.trade_id
    for no key update of o;
  perform from public.crypto_trades where id = d.trade_id for no key update;
  perform from public.crypto_escrows where id = d.escrow_id for no key update;
  select * into d from public.crypto_disputes where id = p_dispute for no key update;
  return d;
end $$;

-- From which amount of a currency on a ruling needs a second arbitrator and may be appealed; empty: from none.
create function fairlock.second_arbitrator_amount(p_currency text) returns numeric
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select (regexp_match(second_arbitrator_amounts, '(?:^|,)' || p_currency || '=([0-9.]+)'))[1]::numeric
  from fairlock.settings
$$;

-- Sets until when a disputed trade waits for what comes next.
create function fairlock.set_ruling_due(d public.crypto_disputes, p_due timestamptz) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update public.crypto_trades set deadline = p_due, updated_at = clock_timestamp() where id = d.trade_id;
  update public.crypto_disputes set ruling_due_at = p_due, escalated_at = null, updated_at = clock_timestamp()
  where id = d.id;
end $$;

-- Does what was ruled: the trade, the escrow and the dispute end in this transaction. The dispute is locked.
create function fairlock.settle_ruling(d public.crypto_disputes, r fairlock.dispute_rulings) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_seller uuid := (select user_id from public.crypto_trades where id = d.trade_id);
begin
  update fairlock.dispute_rulings set state = 'settled' where id = r.id and state <> 'settled';
  return fairlock.end_dispute(d.trade_id, 'rule_' || r.outcome, 'arbitrator', r.outcome, null, r.buyer_amount,
    r.arbitrator_id, case r.fault_of when 'nobody' then null
      when 'seller' then v_seller
      else case v_seller when d.raised_by then d.against_user_id else d.raised_by end end);
end $$;

-- Why the acting person may not decide now what this part decides; null when they may.
create function fairlock.refuse_part(d public.crypto_disputes, p_part text) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
begin
  if me in (d.raised_by, d.against_user_id) then
    return fairlock.refuse('arbitrator_only');
  elsif d.id is null
    or not exists (select from fairlock.dispute_assignments where dispute_id = d.id and arbitrator_id = me) then
    return fairlock.refuse('not_found');
  elsif d.status <> 'pending' then
    return fairlock.refuse('dispute_over', jsonb_build_object('status', d.status));
  elsif not fairlock.has_role('arbitrator') or not exists (select from fairlock.dispute_assignments
      where dispute_id = d.id and arbitrator_id = me and ended_at is null) then
    return fairlock.refuse('arbitrator_only');
  elsif p_part is null or not exists (select from fairlock.dispute_assignments
      where dispute_id = d.id and arbitrator_id = me and part = p_part and ended_at is null) then
    return fairlock.refuse('dispute_stage', jsonb_build_object('stage', d.stage));
  elsif fairlock.has_dealt_with(me, d) then
    -- They have begun a trade with a side since they were assigned: somebody else has to take over.
    return fairlock.refuse('conflict_of_interest');
  end if;
  return null;
end $$;

-- The assigned arbitrator rules. A small ruling, and the one that decides an appeal, settle at once; a large one waits
-- for the second arbitrator.
create function fairlock.rule_dispute(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  d public.crypto_disputes := fairlock.lock_dispute((p ->> 'disputeId')::uuid);
  r fairlock.dispute_rulings;
  t record;
  v_refusal jsonb := fairlock.refuse_part(d, case d.stage when 'open' then 'first' when 'appealed' then 'appeal' end);
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  select amount, buyer_fee, fee_currency into t from public.crypto_trades where id = d.trade_id;
  r.outcome := p ->> 'outcome';
  r.buyer_amount := case r.outcome when 'split' then (p ->> 'buyerAmount')::numeric(20, 8) end;
  if r.outcome = 'split' and (coalesce(r.buyer_amount, 0) <= 0 or r.buyer_amount >= t.amount - t.buyer_fee)
    or r.outcome <> 'split' and p ->> 'buyerAmount' is not null then
    return fairlock.refuse('invalid_buyer_amount', jsonb_build_object('below', (t.amount - t.buyer_fee)::text));
  end if;
  r.id := fairlock.new_id();
  r.dispute_id := d.id;
  r.arbitrator_id := fairlock.acting_user();
  r.fault_of := coalesce(p ->> 'faultOf', case r.outcome when 'release' then 'seller' when 'refund' then 'buyer'
    else 'nobody' end);
  r.is_final := d.stage = 'appealed';
  r.ruled_at := clock_timestamp();
  r.state := case when not r.is_final and t.amount >= fairlock.second_arbitrator_amount(t.fee_currency) then 'consent'
    else 'settled' end;
  insert into fairlock.dispute_rulings select r.*;
  perform fairlock.say_in_dispute(p, 'ruling', 'arbitrator', r.id);
  if r.state = 'consent' then
    update public.crypto_disputes set stage = 'consent', updated_at = r.ruled_at where id = d.id;
    perform fairlock.assign_arbitrator(d.id, 'second', null, null);
  else
    perform fairlock.publish('dispute.ruled', array[d.raised_by, d.against_user_id], d.trade_id,
      jsonb_build_object('disputeId', d.id, 'actor', 'arbitrator', 'outcome', r.outcome,
        'buyerAmount', r.buyer_amount::text));
    perform fairlock.settle_ruling(d, r);
  end if;
  return fairlock.dispute_json(d.id, true);
end $$;

-- The second arbitrator agrees, and the ruling is told and may be appealed; or does not, and it goes back to the first.
create function fairlock.consent_dispute(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  d public.crypto_disputes := fairlock.lock_dispute((p ->> 'disputeId')::uuid);
  r fairlock.dispute_rulings;
  v_refusal jsonb := fairlock.refuse_part(d, case d.stage when 'consent' then 'second' end);
  v_agrees boolean := (p ->> 'agree')::boolean;
  v_now timestamptz := clock_timestamp();
  v_until timestamptz;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  select * into r from fairlock.dispute_rulings where dispute_id = d.id and state = 'consent';
  perform fairlock.say_in_dispute(p, case when v_agrees then 'consent' else 'refusal' end, 'arbitrator', r.id);
  if not v_agrees then
    update fairlock.dispute_rulings set state = 'refused' where id = r.id;
    update fairlock.dispute_assignments set ended_at = v_now, ended_as = 'refused'
    where dispute_id = d.id and part = 'second' and ended_at is null;
    update public.crypto_disputes set stage = 'open', updated_at = v_now where id = d.id;
    perform fairlock.publish('dispute.consent_refused', array[r.arbitrator_id], d.trade_id,
      jsonb_build_object('disputeId', d.id));
    return fairlock.dispute_json(d.id, true);
  end if;
  v_until := v_now + make_interval(hours => (select dispute_appeal_hours from fairlock.settings));
  update fairlock.dispute_rulings set state = 'appeal', consented_by = fairlock.acting_user(), consented_at = v_now,
    appeal_until = v_until
  where id = r.id;
  update fairlock.dispute_assignments set ended_at = v_now, ended_as = 'done' where dispute_id = d.id and ended_at is null;
  update public.crypto_disputes set stage = 'appeal' where id = d.id;
  perform fairlock.set_ruling_due(d, v_until);
  perform fairlock.publish('dispute.consented', array[r.arbitrator_id], d.trade_id, jsonb_build_object('disputeId', d.id));
  perform fairlock.publish('dispute.ruled', array[d.raised_by, d.against_user_id], d.trade_id,
    jsonb_build_object('disputeId', d.id, 'actor', 'arbitrator', 'outcome', r.outcome,
      'buyerAmount', r.buyer_amount::text, 'appealUntil', fairlock.rfc3339(v_until)));
  return fairlock.dispute_json(d.id, true);
end $$;

-- The losing side appeals, once, before the window is over: somebody else decides, finally. A split both have lost.
create function fairlock.appeal_dispute(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  d public.crypto_disputes := fairlock.lock_dispute((p ->> 'disputeId')::uuid);
  r fairlock.dispute_rulings;
  v_part text;
begin
  if d.id is null or me not in (d.raised_by, d.against_user_id) then
    return fairlock.refuse('not_found');
  elsif d.status <> 'pending' then
    return fairlock.refuse('dispute_over', jsonb_build_object('status', d.status));
  end if;
  select * into r from fairlock.dispute_rulings where dispute_id = d.id and state = 'appeal';
  v_part := (select case me when user_id then 'seller' else 'buyer' end from public.crypto_trades where id = d.trade_id);
  if r.id is null then
    return fairlock.refuse('dispute_stage', jsonb_build_object('stage', d.stage));
  elsif r.appeal_until <= clock_timestamp() then
    return fairlock.refuse('appeal_over', jsonb_build_object('until', fairlock.rfc3339(r.appeal_until)));
  elsif r.outcome = (case v_part when 'seller' then 'refund' else 'release' end) then
    return fairlock.refuse('nothing_to_appeal');
  end if;
  update fairlock.dispute_rulings set state = 'appealed' where id = r.id;
  update public.crypto_disputes set stage = 'appealed' where id = d.id;
  perform fairlock.set_ruling_due(d, clock_timestamp()
    + make_interval(hours => (select dispute_ruling_hours from fairlock.settings)));
  perform fairlock.say_in_dispute(p, 'appeal', v_part, r.id);
  perform fairlock.publish('dispute.appealed', array[d.raised_by, d.against_user_id], d.trade_id,
    jsonb_build_object('disputeId', d.id, 'by', v_part, 'actor', v_part));
  perform fairlock.assign_arbitrator(d.id, 'appeal', null, null);
  return fairlock.dispute_json(d.id, false);
end $$;
reset role;
