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

set local role fairlock_engine;

-- What the acting person is to a dispute, as far as its evidence goes; nothing for everybody else.
create function fairlock.evidence_part(p_dispute uuid) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  v_trade record;
begin
  select t.id, t.user_id, t.buyer_id into v_trade
  from public.crypto_disputes d join public.crypto_trades t on t.id = d.trade_id where d.id = p_dispute;
  return case when me is null or v_trade.id is null then null when me = v_trade.user_id then 'seller'
    when me = v_trade.buyer_id then 'buyer' when fairlock.arbitrates(v_trade.id) then 'arbitrator' end;
end $$;

-- Whether the acting person may open the evidence of a dispute; fairlock.may_read_file asks.
create function fairlock.may_read_evidence(p_dispute uuid) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$ begin return fairlock.evidence_part(p_dispute) is not null; end $$;

-- With whose data key the acting person's note is sealed: a side's own; nobody's, the platform's, for an arbitrator.
create function fairlock.begin_evidence(p_dispute uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_part text := fairlock.evidence_part(p_dispute);
  v_refusal jsonb := fairlock.refuse_scope('add_evidence');
begin
  -- A key that may not add any is told so before anything is looked up.
  return case when v_refusal is not null then v_refusal when v_part is null then fairlock.refuse('not_found')
    else jsonb_build_object('ownerId', case when v_part <> 'arbitrator' then fairlock.acting_user() end) end;
end $$;
grant execute on function fairlock.begin_evidence(uuid) to fairlock_app;

-- Puts an uploaded file before the others, for good. Half of the places are each side's own, so that neither fills them all
-- and leaves the other without a word. The column of the dispute that lists its evidence is kept true.
create function fairlock.add_evidence(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  d public.crypto_disputes;
  e fairlock.evidence;
  v_part text;
  v_most constant integer := (select evidence_per_dispute from fairlock.settings);
begin
  select * into d from public.crypto_disputes where id = (p ->> 'disputeId')::uuid for no key update;
  v_part := fairlock.evidence_part(d.id);
  if v_part is null then
    return fairlock.refuse('not_found');
  elsif d.status <> 'pending' then
    return fairlock.refuse('dispute_over', jsonb_build_object('status', d.status));
  elsif (select count(*) >= v_most or v_part <> 'arbitrator' and count(*) filter (where added_part = v_part) >= v_most / 2.0
      from fairlock.evidence where dispute_id = d.id) then
    return fairlock.refuse('too_much_evidence');
  elsif not fairlock.attach_file((p ->> 'fileId')::uuid, me, 'evidence', d.id) then
    return fairlock.refuse('unknown_file');
  end if;
  insert into fairlock.evidence (id, dispute_id, file_id, added_by, note, owner_id, added_part)
  values ((p ->> 'evidenceId')::uuid, d.id, (p ->> 'fileId')::uuid, me, p ->> 'note',
    case when v_part <> 'arbitrator' then me end, v_part)
  returning * into e;
  -- Sides are not told who their arbitrators are.
  update public.crypto_disputes set updated_at = clock_timestamp(), evidence = coalesce(nullif(evidence, 'null'), '[]')
    || (select jsonb_build_object('id', e.id, 'fileId', f.id, 'at', fairlock.rfc3339(e.added_at), 'actor', v_part,
        'by', e.owner_id, 'mediaType', f.media_type, 'bytes', f.bytes, 'sha256', encode(f.sha256, 'hex'))
      from fairlock.files f where f.id = e.file_id)
  where id = d.id;
  perform fairlock.record_event('evidence.added', 'crypto_disputes', d.id, null,
    jsonb_build_object('evidence', e.id, 'file', e.file_id, 'by', v_part));
  perform fairlock.tell_case(d, 'dispute.evidence_added', jsonb_build_object('evidenceId', e.id, 'actor', v_part));
  return fairlock.evidence_json(e, v_part);
end $$;

-- A piece of evidence as somebody of this part in the dispute sees it, its words and the file's name sealed.
create function fairlock.evidence_json(e fairlock.evidence, p_part text) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object('id', e.id, 'disputeId', e.dispute_id, 'actor', e.added_part,
    'addedBy', case when p_part = 'arbitrator' or e.owner_id is not null then e.added_by end,
    'addedAt', fairlock.rfc3339(e.added_at), 'note', e.note, 'ownerId', e.owner_id,
    'file', (select fairlock.file_json(f) from fairlock.files f where f.id = e.file_id));
end $$;

-- The evidence of a dispute, oldest first; the arbitrator's look is on the record.
create function fairlock.look_at_evidence(p_dispute uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_part text := fairlock.evidence_part(p_dispute);
begin
  if v_part is null then
    return fairlock.refuse('not_found');
  elsif v_part = 'arbitrator' then
    perform fairlock.record_event('case.viewed', 'crypto_trades', trade_id, 'assigned to the dispute',
      jsonb_build_object('dispute', id, 'what', 'evidence')) from public.crypto_disputes where id = p_dispute;
  end if;
  return jsonb_build_object('items', (select coalesce(jsonb_agg(fairlock.evidence_json(e, v_part) order by e.added_at, e.id),
    '[]') from fairlock.evidence e where e.dispute_id = p_dispute));
end $$;
grant execute on function fairlock.look_at_evidence(uuid) to fairlock_app;

-- Who looked at a piece of evidence, newest first: for the dispute's sides and its arbitrator. Whoever is no side is
-- named to arbitrators alone. No row for everybody else.
create function fairlock.evidence_views(p_dispute uuid, p_evidence uuid, p_at timestamptz, p_id uuid, p_most integer)
returns table (at timestamptz, id uuid, body jsonb)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_part text := fairlock.evidence_part(p_dispute);
begin
  if v_part is null then
    return;
  end if;
  return query select v.viewed_at, v.id, jsonb_build_object('at', fairlock.rfc3339(v.viewed_at), 'what', v.what,
      'actor', case v.viewer_id when t.user_id then 'seller' when t.buyer_id then 'buyer' else 'arbitrator' end,
      'viewerId', case when v_part = 'arbitrator' or v.viewer_id in (t.user_id, t.buyer_id) then v.viewer_id end)
    from fairlock.evidence e
      join public.crypto_disputes d on d.id = e.dispute_id
      join public.crypto_trades t on t.id = d.trade_id
      join fairlock.file_views v on v.file_id = e.file_id
    where e.id = p_evidence and e.dispute_id = p_dispute and (p_at is null or (v.viewed_at, v.id) < (p_at, p_id))
    order by v.viewed_at desc, v.id desc limit p_most;
end $$;
grant execute on function fairlock.evidence_views(uuid, uuid, timestamptz, uuid, integer) to fairlock_app;

-- Whether a piece of evidence is one that the acting person may know of.
create function fairlock.knows_evidence(p_dispute uuid, p_evidence uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return case when fairlock.evidence_part(p_dispute) is not null
      and exists (select from fairlock.evidence where id = p_evidence and dispute_id = p_dispute) then '{}'
    else fairlock.refuse('not_found') end;
end $$;
grant execute on function fairlock.knows_evidence(uuid, uuid) to fairlock_app;
reset role;
