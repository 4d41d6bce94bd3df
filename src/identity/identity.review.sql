-- KYC by people: somebody asks for a level with a statement and documents, one of staff claims the request, looks, and
-- decides. Only who has claimed it sees what is in it, and each look is in the log.
grant select, insert on fairlock.kyc_requests to fairlock_engine;
grant update (statement_sealed, status, claimed_by, claimed_at, decided_by, reason, ended_at)
  on fairlock.kyc_requests to fairlock_engine;
grant select (id, user_id, level, status, asked_at, claimed_at, reason, ended_at) on fairlock.kyc_requests to fairlock_app;

alter table fairlock.kyc_requests enable row level security, force row level security;
create policy "the engine keeps requests" on fairlock.kyc_requests to fairlock_engine using (true);
create policy "people see their requests, but not through an API key" on fairlock.kyc_requests for select to fairlock_app
  using (user_id = (select fairlock.acting_user()) and (select fairlock.acting_key()) is null);

-- Whose it is and what was asked for never changes; what has ended stays as it is, but for the words of an erased person.
create function fairlock.guard_kyc_request() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if (new.id, new.user_id, new.level, new.asked_at) is distinct from (old.id, old.user_id, old.level, old.asked_at)
    or old.status <> 'asked' and (to_jsonb(new) - 'statement_sealed') <> (to_jsonb(old) - 'statement_sealed') then
    raise exception using errcode = 'FL090', message = 'a request is decided once, and never becomes another';
  end if;
  return new;
end $$;
create trigger guard before update on fairlock.kyc_requests
  for each row execute function fairlock.guard_kyc_request();
create trigger never_deleted before delete or truncate on fairlock.kyc_requests
  for each statement execute function audit.refuse_change();

set local role fairlock_engine;

create function fairlock.may_review() returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return fairlock.has_role('compliance') or fairlock.has_role('admin');
end $$;

-- Whether somebody works on a request: they claimed it within four hours, still have the role, and are not banned.
create function fairlock.is_claimed(r fairlock.kyc_requests) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return r.status = 'asked' and coalesce(r.claimed_at > clock_timestamp() - interval '4 hours', false)
    and not fairlock.is_banned(r.claimed_by)
    and exists (select from fairlock.staff_roles s where s.user_id = r.claimed_by and s.role in ('admin', 'compliance'));
end $$;

-- A request as its person sees it.
create function fairlock.kyc_request_json(r fairlock.kyc_requests) returns jsonb
language sql stable
as $$
  select jsonb_build_object('id', r.id, 'level', r.level, 'status', r.status, 'askedAt', fairlock.rfc3339(r.asked_at),
    'reason', r.reason, 'endedAt', fairlock.rfc3339(r.ended_at))
$$;

-- And as staff do: whose it is, where they stand, and who works on it.
create function fairlock.kyc_case_json(r fairlock.kyc_requests) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select fairlock.kyc_request_json(r) || jsonb_build_object('userId', r.user_id, 'displayName', p.display_name,
    'kycLevel', fairlock.kyc_level(p.kyc_status),
    'claimedBy', case when r.status <> 'asked' or fairlock.is_claimed(r) then r.claimed_by end,
    'claimedAt', case when r.status <> 'asked' or fairlock.is_claimed(r) then fairlock.rfc3339(r.claimed_at) end,
    'decidedBy', r.decided_by)
  from public.crypto_profiles p where p.user_id = r.user_id
$$;

-- Asks for a level above the one that the person has. The statement comes sealed, the files have been uploaded before.
create function fairlock.ask_kyc(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  v_levels constant text[] := array['none', 'basic', 'full', 'institution'];
  v_files constant uuid[] := array(select value::uuid from jsonb_array_elements_text(p -> 'fileIds'));
  v_level text;
  v_file uuid;
  r fairlock.kyc_requests;
begin
  -- The profile's lock makes two requests of one person wait for each other.
  select fairlock.kyc_level(kyc_status) into v_level from public.crypto_profiles where user_id = me for no key update;
  if fairlock.is_banned(me) then
    return fairlock.refuse('banned');
  elsif array_position(v_levels, p ->> 'level') <= array_position(v_levels, v_level) then
    return fairlock.refuse('kyc_level_reached', jsonb_build_object('kycLevel', v_level));
  elsif exists (select from fairlock.kyc_requests where user_id = me and status = 'asked') then
    return fairlock.refuse('kyc_request_open');
  end if;
  -- All of them or none: each is held until it is attached below.
  perform from fairlock.files where id = any (v_files) and owner_id = me and purpose = 'kyc' and subject_id is null
    order by id for no key update;
  if cardinality(v_files) <> (select count(*) from fairlock.files
      where id = any (v_files) and owner_id = me and purpose = 'kyc' and subject_id is null) then
    return fairlock.refuse('unknown_file', '{"field": "fileIds"}');
  end if;
  insert into fairlock.kyc_requests (id, user_id, level, statement_sealed)
  values ((p ->> 'id')::uuid, me, p ->> 'level', p ->> 'sealed') returning * into r;
  foreach v_file in array v_files loop
    if not fairlock.attach_file(v_file, me, 'kyc', r.id) then
      raise exception 'the file % was free and is not', v_file;
    end if;
  end loop;
  perform fairlock.record_event('kyc.asked', 'kyc_requests', r.id, null,
    jsonb_build_object('level', r.level, 'files', cardinality(v_files)));
  return fairlock.kyc_request_json(r);
end $$;

create function fairlock.withdraw_kyc(p_request uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  r fairlock.kyc_requests;
begin
  select * into r from fairlock.kyc_requests where id = p_request and user_id = fairlock.acting_user() for no key update;
  if not found then
    return fairlock.refuse('not_found');
  elsif r.status <> 'asked' then
    return fairlock.refuse('kyc_request_decided', jsonb_build_object('status', r.status));
  end if;
  update fairlock.kyc_requests set status = 'withdrawn', ended_at = clock_timestamp() where id = r.id returning * into r;
  perform fairlock.record_event('kyc.withdrawn', 'kyc_requests', r.id);
  return fairlock.kyc_request_json(r);
end $$;

-- A person's own requests are read under the policy; this is the queue of staff, waiting longest first.
create function fairlock.kyc_queue(p_status text, p_limit integer, p_after timestamptz, p_after_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not fairlock.may_review() then
    return fairlock.refuse('staff_only');
  end if;
  return (
    select jsonb_build_object('rows', coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'body', fairlock.kyc_case_json(r),
      'at', to_char(r.asked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) order by r.asked_at, r.id), '[]'))
    from (
      select * from fairlock.kyc_requests
      where status = p_status and (p_after is null or (asked_at, id) > (p_after, p_after_id))
      order by asked_at, id limit p_limit) r);
end $$;
grant execute on function fairlock.kyc_queue(text, integer, timestamptz, uuid) to fairlock_app;

-- Takes a request to work on it; gives it back with p_take false. Nobody takes one from somebody who works on it.
create function fairlock.claim_kyc(p_request uuid, p_take boolean) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  r fairlock.kyc_requests;
begin
  if not fairlock.may_review() then
    return fairlock.refuse('staff_only');
  end if;
  select * into r from fairlock.kyc_requests where id = p_request for no key update;
  if not found then
    return fairlock.refuse('not_found');
  elsif r.user_id = me then
    return fairlock.refuse('own_request');
  elsif r.status <> 'asked' then
    return fairlock.refuse('kyc_request_decided', jsonb_build_object('status', r.status));
  elsif r.claimed_by <> me and fairlock.is_claimed(r) then
    return fairlock.refuse('kyc_request_claimed');
  elsif not p_take and r.claimed_by is distinct from me then
    return fairlock.refuse('kyc_request_unclaimed');
  end if;
  update fairlock.kyc_requests set claimed_by = case when p_take then me end,
    claimed_at = case when p_take then clock_timestamp() end
  where id = r.id returning * into r;
  perform fairlock.record_event(case when p_take then 'kyc.claimed' else 'kyc.given_back' end, 'kyc_requests', r.id, null,
    jsonb_build_object('user', r.user_id));
  return fairlock.kyc_case_json(r);
end $$;

-- Whether the acting person may see the documents of a request: whose claim on it lives, while it is open. Asked by
-- fairlock.may_read_file, which writes down each look.
create function fairlock.may_read_kyc_file(p_request uuid) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return fairlock.may_review() and exists (
    select from fairlock.kyc_requests r
    where r.id = p_request and r.claimed_by = fairlock.acting_user() and fairlock.is_claimed(r));
end $$;

-- A look at a request by who has claimed it: the sealed statement, and what there is of documents. It is in the log
-- before anything is shown.
create function fairlock.open_kyc_request(p_request uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  r fairlock.kyc_requests;
begin
  if not fairlock.may_read_kyc_file(p_request) then
    return fairlock.refuse('not_found');
  end if;
  select * into r from fairlock.kyc_requests where id = p_request;
  perform fairlock.record_event('secret.opened', 'kyc_requests', r.id, null,
    jsonb_build_object('what', 'kyc request', 'user', r.user_id));
  return jsonb_build_object('case', fairlock.kyc_case_json(r), 'sealed', r.statement_sealed, 'files', (
    select coalesce(jsonb_agg(fairlock.file_json(f) order by f.created_at, f.id), '[]')
    from fairlock.files f where f.subject_id = r.id and f.purpose = 'kyc'));
end $$;
grant execute on function fairlock.open_kyc_request(uuid) to fairlock_app;

-- Decides a request, once, under the lock of its row: of two who decide at the same moment the second is told so. The
-- level is set in the same transaction, the way that administrators set it.
create function fairlock.decide_kyc(p_request uuid, p_approve boolean, p_reason text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  r fairlock.kyc_requests;
  v_set jsonb;
begin
  if not fairlock.may_review() then
    return fairlock.refuse('staff_only');
  end if;
  select * into r from fairlock.kyc_requests where id = p_request for no key update;
  if not found then
    return fairlock.refuse('not_found');
  elsif r.user_id = me then
    return fairlock.refuse('own_request');
  elsif r.status <> 'asked' then
    return fairlock.refuse('kyc_request_decided', jsonb_build_object('status', r.status));
  elsif r.claimed_by is distinct from me or not fairlock.is_claimed(r) then
    return fairlock.refuse('kyc_request_unclaimed');
  end if;
  update fairlock.kyc_requests set status = case when p_approve then 'approved' else 'refused' end, decided_by = me,
    reason = p_reason, ended_at = clock_timestamp()
  where id = r.id returning * into r;
  if p_approve then
    v_set := fairlock.set_kyc(r.user_id, r.level, p_reason);
    if v_set ? 'refusal' then
      raise exception 'the level of a decided request could not be set: %', v_set;
    end if;
  end if;
  perform fairlock.record_event('kyc.' || r.status, 'kyc_requests', r.id, p_reason,
    jsonb_build_object('user', r.user_id, 'level', r.level));
  perform fairlock.notify(r.user_id, 'kyc.' || r.status,
    jsonb_build_object('requestId', r.id, 'level', r.level, 'reason', p_reason));
  return fairlock.kyc_case_json(r);
end $$;

-- What waits for staff, in numbers: how many, and since when the longest. No person is named.
create function fairlock.waiting(p_count bigint, p_since timestamptz) returns jsonb
language sql stable
as $$ select jsonb_build_object('waiting', p_count, 'longestSince', fairlock.rfc3339(p_since)) $$;

-- Each part for the roles that work on it; null for the others. What is about the acting person themselves somebody else
-- has to do, so it is not counted.
create function fairlock.desk() returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  v_reviews boolean := fairlock.may_review();
  v_arbitrates boolean := fairlock.has_role('admin') or fairlock.has_role('arbitrator');
  v_answer jsonb := '{"kycRequests": null, "paymentMethods": null, "disputes": null, "breakGlass": null, "accessRequests": null}';
begin
  if not (v_reviews or v_arbitrates or fairlock.has_role('support')) then
    return fairlock.refuse('staff_only');
  end if;
  if v_arbitrates then
    v_answer := v_answer || jsonb_build_object('disputes', (
      select fairlock.waiting(count(*), min(created_at)) from public.crypto_disputes
      where resolved_at is null and me not in (raised_by, against_user_id)));
  end if;
  if not v_reviews then
    return v_answer;
  end if;
  return v_answer || jsonb_build_object(
    'kycRequests', (
      select fairlock.waiting(count(*), min(asked_at))
        || jsonb_build_object('claimed', count(*) filter (where fairlock.is_claimed(r)),
          'claimedByYou', count(*) filter (where r.claimed_by = me and fairlock.is_claimed(r)))
      from fairlock.kyc_requests r where status = 'asked' and user_id <> me),
    'paymentMethods', (
      select fairlock.waiting(count(*), min(verification_asked_at)) from public.crypto_payment_methods
      where verification_status = 'pending' and verification_asked_at is not null and deleted_at is null and user_id <> me),
    'breakGlass', (
      select fairlock.waiting(count(*), min(asked_at)) from fairlock.access_grants
      where break_glass and reviewed_at is null and staff_id <> me),
    'accessRequests', (
      select fairlock.waiting(count(*), min(asked_at)) from fairlock.access_grants
      where status = 'asked' and starts_at > now() - interval '1 day' and staff_id <> me));
end $$;
grant execute on function fairlock.desk() to fairlock_app;
reset role;
