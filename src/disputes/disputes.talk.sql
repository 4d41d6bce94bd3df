-- What is said in a dispute. All words come sealed, for the row whose id the API drew.
set local role fairlock_engine;

-- In which part the acting person has to do with a dispute, now or earlier, or with a trade that may get one, and so with
-- whose key their words are sealed: a side's with their own, an arbitrator's or administrator's with the platform's. An
-- API key that may not give the command is told so before anything is sealed.
create function fairlock.part_in_dispute(p_operation text, p_dispute uuid, p_trade uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  d record;
  v_refusal jsonb := fairlock.refuse_scope(p_operation);
begin
  select id, raised_by, against_user_id into d from public.crypto_disputes where id = p_dispute;
  if v_refusal is not null then
    return v_refusal;
  elsif exists (select from public.crypto_trades where id = p_trade and me in (user_id, buyer_id)) then
    return jsonb_build_object('owner', me);
  elsif d.id is not null and me in (d.raised_by, d.against_user_id) then
    return jsonb_build_object('owner', me);
  elsif d.id is not null and (fairlock.has_role('admin')
      or exists (select from fairlock.dispute_assignments where dispute_id = d.id and arbitrator_id = me)) then
    return jsonb_build_object('owner', null);
  end if;
  return fairlock.refuse('not_found');
end $$;
grant execute on function fairlock.part_in_dispute(text, uuid, uuid) to fairlock_app;

-- Writes down what the acting person says, and in the log that they did.
create function fairlock.say_in_dispute(p jsonb, p_kind text, p_part text, p_ruling uuid) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v fairlock.dispute_entries;
begin
  v.id := (p ->> 'entryId')::uuid;
  v.dispute_id := (p ->> 'disputeId')::uuid;
  v.kind := p_kind;
  v.at := clock_timestamp();
  v.author_id := fairlock.acting_user();
  v.author_part := p_part;
  v.owner_id := case when p_part in ('seller', 'buyer') then v.author_id end;
  v.body := p ->> 'sealed';
  v.ruling_id := p_ruling;
  v.asked_id := case p_kind when 'question' then (p ->> 'askedId')::uuid end;
  v.due_at := case p_kind when 'question' then (p ->> 'dueAt')::timestamptz end;
  v.question_id := case p_kind when 'reply' then (p ->> 'questionId')::uuid end;
  v.is_late := p_kind in ('answer', 'reply') and (p ->> 'isLate')::boolean;
  insert into fairlock.dispute_entries select v.*;
  perform fairlock.record_event('dispute.' || p_kind, 'crypto_disputes', v.dispute_id, null,
    jsonb_build_object('entry', v.id, 'by', p_part, 'ruling', p_ruling, 'asked', v.asked_id, 'late', v.is_late));
end $$;

-- Locks a dispute for saying something in it, and says why not when it is over or enough was said; p_kinds are counted
-- together.
create function fairlock.refuse_words(d public.crypto_disputes, p_kind text, p_most integer) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case
    when d.status <> 'pending' then fairlock.refuse('dispute_over', jsonb_build_object('status', d.status))
    when (select count(*) from fairlock.dispute_entries
        where dispute_id = d.id and kind = p_kind and author_id = fairlock.acting_user()) >= p_most
      then fairlock.refuse('too_many_statements', jsonb_build_object('limit', p_most)) end
$$;

-- A side's statement. The first one of the side that the dispute was raised against is its answer: late ones count, and
-- say that they were late.
create function fairlock.answer_dispute(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  d public.crypto_disputes;
  v_part text;
  v_is_late boolean;
  v_refusal jsonb;
begin
  select * into d from public.crypto_disputes where id = (p ->> 'disputeId')::uuid for no key update;
  if not found or me not in (d.raised_by, d.against_user_id) then
    return fairlock.refuse('not_found');
  end if;
  v_refusal := fairlock.refuse_words(d, 'answer', 20);
  if v_refusal is not null then
    return v_refusal;
  end if;
  v_part := (select case me when user_id then 'seller' else 'buyer' end from public.crypto_trades where id = d.trade_id);
  v_is_late := me = d.against_user_id and d.answered_at is null and d.answer_due_at <= clock_timestamp();
  if me = d.against_user_id and d.answered_at is null then
    update public.crypto_disputes set answered_at = clock_timestamp(), updated_at = clock_timestamp() where id = d.id;
  end if;
  perform fairlock.say_in_dispute(p || jsonb_build_object('isLate', v_is_late), 'answer', v_part, null);
  perform fairlock.tell_case(d, 'dispute.answered',
    jsonb_build_object('by', v_part, 'actor', v_part, 'isLate', v_is_late));
  return fairlock.dispute_json(d.id, false);
end $$;

-- Publishes news of a dispute for its two sides and whoever arbitrates it.
create function fairlock.tell_case(d public.crypto_disputes, p_kind text, p_data jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform fairlock.publish(p_kind, array[d.raised_by, d.against_user_id]
      || (select array_agg(arbitrator_id) from fairlock.dispute_assignments where dispute_id = d.id and ended_at is null),
    d.trade_id, jsonb_build_object('disputeId', d.id) || p_data);
end $$;

-- An arbitrator asks one side something, with a time to reply in.
create function fairlock.ask_in_dispute(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  d public.crypto_disputes;
  v_asked uuid;
  v_due timestamptz;
  v_refusal jsonb;
begin
  select * into d from public.crypto_disputes where id = (p ->> 'disputeId')::uuid for no key update;
  v_refusal := coalesce(fairlock.refuse_part(d, (
    select part from fairlock.dispute_assignments
    where dispute_id = d.id and arbitrator_id = fairlock.acting_user() and ended_at is null limit 1)),
    fairlock.refuse_words(d, 'question', 50));
  if v_refusal is not null then
    return v_refusal;
  end if;
  v_asked := (select case p ->> 'to' when 'seller' then user_id else buyer_id end from public.crypto_trades
    where id = d.trade_id);
  v_due := clock_timestamp() + make_interval(hours =>
    coalesce((p ->> 'answerWithinHours')::integer, (select dispute_answer_hours from fairlock.settings)));
  perform fairlock.say_in_dispute(p || jsonb_build_object('askedId', v_asked, 'dueAt', v_due), 'question', 'arbitrator',
    null);
  perform fairlock.publish('dispute.question', array[v_asked], d.trade_id, jsonb_build_object('disputeId', d.id,
    'actor', 'arbitrator', 'questionId', p ->> 'entryId', 'dueAt', fairlock.rfc3339(v_due)));
  return fairlock.dispute_json(d.id, true);
end $$;

-- The asked side replies, once; late replies count, and say that they were late.
create function fairlock.reply_in_dispute(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  d public.crypto_disputes;
  q fairlock.dispute_entries;
begin
  select * into d from public.crypto_disputes where id = (p ->> 'disputeId')::uuid for no key update;
  select * into q from fairlock.dispute_entries
  where id = (p ->> 'questionId')::uuid and dispute_id = d.id and asked_id = me;
  if q.id is null then
    return fairlock.refuse('not_found');
  elsif d.status <> 'pending' then
    return fairlock.refuse('dispute_over', jsonb_build_object('status', d.status));
  elsif exists (select from fairlock.dispute_entries where question_id = q.id) then
    return fairlock.refuse('question_answered');
  end if;
  perform fairlock.say_in_dispute(p || jsonb_build_object('isLate', q.due_at <= clock_timestamp()), 'reply',
    (select case me when user_id then 'seller' else 'buyer' end from public.crypto_trades where id = d.trade_id), null);
  perform fairlock.publish('dispute.question_answered', array[q.author_id], d.trade_id,
    jsonb_build_object('disputeId', d.id, 'questionId', q.id));
  return fairlock.dispute_json(d.id, false);
end $$;

-- A note among those who arbitrate, and administrators; the sides never see it.
create function fairlock.note_in_dispute(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  d public.crypto_disputes;
  v_arbitrates boolean;
  v_refusal jsonb;
begin
  select * into d from public.crypto_disputes where id = (p ->> 'disputeId')::uuid for no key update;
  v_arbitrates := d.id is not null and fairlock.arbitrates(d.trade_id);
  if d.id is not null and me in (d.raised_by, d.against_user_id) then
    return fairlock.refuse('arbitrator_only');
  elsif d.id is null or not (v_arbitrates or fairlock.has_role('admin')) then
    return fairlock.refuse('not_found');
  end if;
  v_refusal := fairlock.refuse_words(d, 'note', 100);
  if v_refusal is not null then
    return v_refusal;
  end if;
  perform fairlock.say_in_dispute(p, 'note', case when v_arbitrates then 'arbitrator' else 'admin' end, null);
  return fairlock.dispute_json(d.id, true);
end $$;
reset role;
