-- Asking for access, approving, refusing, revoking, breaking the glass and reviewing it.

-- What a grant was asked for never changes, it is decided once, its end only comes nearer, and it is never deleted.
create function fairlock.guard_grant() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    if new.status <> (case when new.break_glass then 'granted' else 'asked' end) then
      raise exception using errcode = 'FL097', message = format('a grant does not begin as %s', new.status);
    end if;
    return new;
  elsif (new.id, new.staff_id, new.scope, new.person_id, new.trade_id, new.break_glass, new.reason, new.asked_at,
         new.minutes)
    is distinct from (old.id, old.staff_id, old.scope, old.person_id, old.trade_id, old.break_glass, old.reason,
         old.asked_at, old.minutes) then
    raise exception using errcode = 'FL097', message = 'what a grant was asked for never changes';
  elsif new.status <> old.status
    and (old.status || ' ' || new.status) not in ('asked granted', 'asked refused', 'asked revoked', 'granted revoked') then
    raise exception using errcode = 'FL097',
      message = format('a grant does not go from %s to %s', old.status, new.status);
  elsif new.status = old.status and (new.starts_at, new.approver_id, new.decided_at, new.revoked_at, new.revoked_by)
    is distinct from (old.starts_at, old.approver_id, old.decided_at, old.revoked_at, old.revoked_by) then
    raise exception using errcode = 'FL097', message = 'a grant is decided and revoked once';
  elsif old.decided_at is not null and (new.starts_at, new.approver_id, new.decided_at)
    is distinct from (old.starts_at, old.approver_id, old.decided_at) or new.ends_at > old.ends_at
    or new.starts_at < old.starts_at then
    raise exception using errcode = 'FL097', message = 'the time of a grant is never made longer';
  elsif old.reviewed_at is not null and (new.reviewed_at, new.reviewed_by, new.justified, new.review)
    is distinct from (old.reviewed_at, old.reviewed_by, old.justified, old.review) then
    raise exception using errcode = 'FL097', message = 'a review is written once';
  end if;
  return new;
end $$;
create trigger guard before insert or update on fairlock.access_grants
  for each row execute function fairlock.guard_grant();
create trigger never_deleted before delete or truncate on fairlock.access_grants
  for each statement execute function audit.refuse_change();

set local role fairlock_engine;

create function fairlock.grant_json(g fairlock.access_grants) returns jsonb
language sql volatile
as $$
  select jsonb_build_object(
    'id', g.id, 'staffId', g.staff_id, 'scope', g.scope, 'userId', g.person_id, 'tradeId', g.trade_id,
    'breakGlass', g.break_glass, 'reason', g.reason, 'minutes', g.minutes,
    -- What the clock has ended says so; the row itself need not change for that.
    'status', case
      when g.status = 'granted' and g.ends_at <= clock_timestamp() then 'over'
      when g.status = 'granted' and g.starts_at <= clock_timestamp() then 'live'
      else g.status end,
    'askedAt', fairlock.rfc3339(g.asked_at), 'startsAt', fairlock.rfc3339(g.starts_at),
    'endsAt', fairlock.rfc3339(g.ends_at), 'approverId', g.approver_id, 'decidedAt', fairlock.rfc3339(g.decided_at),
    'revokedAt', fairlock.rfc3339(g.revoked_at), 'revokedBy', g.revoked_by,
    'reviewedAt', fairlock.rfc3339(g.reviewed_at), 'reviewedBy', g.reviewed_by, 'justified', g.justified,
    'review', g.review)
$$;
grant execute on function fairlock.grant_json(fairlock.access_grants) to fairlock_app;

-- Whether the grant is about this person: themselves, or a trade of theirs.
create function fairlock.concerns(g fairlock.access_grants, p_user uuid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(g.person_id = p_user, false) or exists (
    select from public.crypto_trades t where t.id = g.trade_id and p_user in (t.user_id, t.buyer_id))
$$;

-- Asks for access. With break_glass it is granted at once and for a short time, whoever is asleep: administrators are
-- told, and somebody else reviews it afterwards.
create function fairlock.ask_access(p jsonb, p_break_glass boolean) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  v_limits fairlock.settings := (select s from fairlock.settings s);
  g fairlock.access_grants;
begin
  if not fairlock.may_have(p ->> 'scope') then
    return fairlock.refuse('staff_only');
  end if;
  -- One person's requests wait for each other, so that two at once cannot both be the last one allowed.
  perform pg_advisory_xact_lock(hashtextextended('access ' || me, 0));
  g.id := fairlock.new_id();
  g.staff_id := me;
  g.scope := p ->> 'scope';
  g.person_id := (p ->> 'userId')::uuid;
  g.trade_id := (p ->> 'tradeId')::uuid;
  if num_nonnulls(g.person_id, g.trade_id) <> 1 or (g.trade_id is not null) <> (g.scope = 'case') then
    return fairlock.refuse('invalid_subject', jsonb_build_object('field',
      case g.scope when 'case' then 'tradeId' else 'userId' end));
  elsif g.person_id is not null and not exists (select from public.users where id = g.person_id) then
    return fairlock.refuse('unknown_user', '{"field": "userId"}');
  elsif g.trade_id is not null and not exists (
      select from public.crypto_trades where id = g.trade_id and offer_id is not null) then
    return fairlock.refuse('not_found');
  elsif fairlock.concerns(g, me) then
    return fairlock.refuse('own_request');
  end if;
  g.reason := p ->> 'reason';
  g.break_glass := p_break_glass;
  g.asked_at := clock_timestamp();
  g.starts_at := greatest(g.asked_at, (p ->> 'startsAt')::timestamptz);
  -- The lowest limit wins: what is asked for, and what the settings allow.
  g.minutes := case when p_break_glass then v_limits.break_glass_minutes
    else least(coalesce((p ->> 'minutes')::integer, 60), v_limits.grant_hours * 60) end;
  if g.starts_at > g.asked_at + interval '90 days' then
    return fairlock.refuse('invalid_period', '{"field": "startsAt"}');
  end if;
  if p_break_glass then
    if exists (
      select from fairlock.access_grants o where o.staff_id = me and o.break_glass and o.reviewed_at is null
        and (o.asked_at < g.asked_at - make_interval(days => v_limits.break_glass_review_days)
          or o.scope = g.scope and coalesce(o.person_id, o.trade_id) = coalesce(g.person_id, g.trade_id))
    ) then
      return fairlock.refuse('break_glass_unreviewed');
    end if;
    g.status := 'granted';
    g.decided_at := g.asked_at;
    g.ends_at := g.starts_at + make_interval(mins => g.minutes);
  else
    if (select count(*) from fairlock.access_grants o where o.staff_id = me and o.status = 'asked'
        and o.starts_at > g.asked_at - interval '1 day') >= 50 then
      return fairlock.refuse('too_many_access_requests');
    end if;
    g.status := 'asked';
  end if;
  insert into fairlock.access_grants select g.*;
  perform fairlock.record_event(case when p_break_glass then 'access.break_glass' else 'access.asked' end,
    'access_grants', g.id, g.reason, jsonb_build_object('scope', g.scope, 'user', g.person_id, 'trade', g.trade_id,
      'minutes', g.minutes, 'startsAt', g.starts_at));
  if p_break_glass then
    perform fairlock.notify(r.user_id, 'access.break_glass', jsonb_build_object('grantId', g.id, 'scope', g.scope,
        'who', (select display_name from public.crypto_profiles where user_id = me), 'until', fairlock.rfc3339(g.ends_at)))
      from (select distinct user_id from fairlock.staff_roles where role in ('admin', 'compliance')) r
      where r.user_id <> me and r.user_id is distinct from g.person_id;
  end if;
  return fairlock.grant_json(g);
end $$;

-- Approves or refuses a request. It is decided once, under the lock of its row: of two who decide at the same moment
-- the second is told that it was decided. Its time begins with the approval, if it was not asked for later.
create function fairlock.decide_access(p_grant uuid, p_approve boolean, p_minutes integer) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  g fairlock.access_grants;
  v_now timestamptz;
begin
  if not (fairlock.has_role('admin') or fairlock.has_role('compliance')) then
    return fairlock.refuse('admin_only');
  end if;
  select * into g from fairlock.access_grants where id = p_grant for no key update;
  v_now := clock_timestamp();
  if not found then
    return fairlock.refuse('not_found');
  elsif g.staff_id = me or fairlock.concerns(g, me) then
    return fairlock.refuse('own_request');
  elsif g.status <> 'asked' then
    return fairlock.refuse('access_decided');
  elsif p_approve and g.starts_at < v_now - interval '1 day' then
    return fairlock.refuse('access_over');
  end if;
  if p_approve then
    g.starts_at := greatest(g.starts_at, v_now);
    g.ends_at := g.starts_at + make_interval(mins => least(g.minutes, p_minutes,
      (select grant_hours * 60 from fairlock.settings)));
  end if;
  update fairlock.access_grants set status = case when p_approve then 'granted' else 'refused' end,
    starts_at = g.starts_at, ends_at = g.ends_at, approver_id = me, decided_at = v_now
  where id = p_grant returning * into g;
  perform fairlock.record_event(case when p_approve then 'access.approved' else 'access.refused' end, 'access_grants',
    p_grant, g.reason, jsonb_build_object('staff', g.staff_id, 'scope', g.scope, 'user', g.person_id,
      'trade', g.trade_id, 'endsAt', g.ends_at));
  perform fairlock.notify(g.staff_id, case when p_approve then 'access.approved' else 'access.refused' end,
    jsonb_build_object('grantId', g.id, 'scope', g.scope, 'until', fairlock.rfc3339(g.ends_at)));
  return fairlock.grant_json(g);
end $$;

-- Ends a grant or takes a request back: whoever asked, administrators and compliance. It is over for the next
-- statement, and for the next row of one that is running.
create function fairlock.revoke_access(p_grant uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  g fairlock.access_grants;
begin
  select * into g from fairlock.access_grants where id = p_grant for no key update;
  if not found or g.staff_id <> me and not (fairlock.has_role('admin') or fairlock.has_role('compliance')) then
    return fairlock.refuse('not_found');
  end if;
  return fairlock.end_access(g, me, null);
end $$;

-- Does it; for the command line as well, which runs as the owner and gives its reason.
create function fairlock.end_access(g fairlock.access_grants, p_by uuid, p_reason text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if g.status not in ('asked', 'granted') or g.ends_at <= clock_timestamp() then
    return fairlock.refuse('access_over');
  end if;
  update fairlock.access_grants set status = 'revoked', revoked_at = clock_timestamp(), revoked_by = p_by
  where id = g.id returning * into g;
  perform fairlock.record_event('access.revoked', 'access_grants', g.id, p_reason,
    jsonb_build_object('staff', g.staff_id, 'scope', g.scope, 'user', g.person_id, 'trade', g.trade_id));
  if p_by is distinct from g.staff_id then
    perform fairlock.notify(g.staff_id, 'access.revoked', jsonb_build_object('grantId', g.id, 'scope', g.scope));
  end if;
  return fairlock.grant_json(g);
end $$;

-- Somebody else says whether breaking the glass was right. What is reviewed is over: a look after that would be one that
-- nobody reviews.
create function fairlock.review_access(p_grant uuid, p_justified boolean, p_review text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  g fairlock.access_grants;
  v_is_live boolean;
begin
  if not (fairlock.has_role('admin') or fairlock.has_role('compliance')) then
    return fairlock.refuse('admin_only');
  end if;
  select * into g from fairlock.access_grants where id = p_grant for no key update;
  if not found then
    return fairlock.refuse('not_found');
  elsif g.staff_id = me or fairlock.concerns(g, me) then
    return fairlock.refuse('own_request');
  elsif not g.break_glass or g.reviewed_at is not null then
    return fairlock.refuse('nothing_to_review');
  end if;
  v_is_live := g.status = 'granted' and g.ends_at > clock_timestamp();
  update fairlock.access_grants set reviewed_at = clock_timestamp(), reviewed_by = me, justified = p_justified,
    review = p_review, status = case when v_is_live then 'revoked' else status end,
    revoked_at = case when v_is_live then clock_timestamp() else revoked_at end,
    revoked_by = case when v_is_live then me else revoked_by end
  where id = p_grant returning * into g;
  perform fairlock.record_event('access.reviewed', 'access_grants', p_grant, p_review,
    jsonb_build_object('staff', g.staff_id, 'justified', p_justified, 'ended', v_is_live));
  if v_is_live then
    perform fairlock.notify(g.staff_id, 'access.revoked', jsonb_build_object('grantId', g.id, 'scope', g.scope));
  end if;
  return fairlock.grant_json(g);
end $$;

-- Finds one person by their exact e-mail address or public name, for staff who want to ask for access: the public face,
-- the grants about the person that the searcher holds, and nothing else, on the record. There is no search by a part of a
-- name: nobody browses people.
create function fairlock.find_person(p_email text, p_name text) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_user uuid;
begin
  if not fairlock.may_have('person') then
    return fairlock.refuse('not_found');
  elsif num_nulls(p_email, p_name) = 2 then
    return '{"items": []}';
  end if;
  select u.id into v_user from public.users u join public.crypto_profiles p on p.user_id = u.id
  where (p_email is null or lower(u.email) = lower(p_email)) and (p_name is null or lower(p.display_name) = lower(p_name));
  perform fairlock.record_event('person.searched', 'users', v_user, null,
    jsonb_build_object('by', case when p_email is null then 'name' else 'email' end, 'found', v_user is not null));
  return jsonb_build_object('items', coalesce(
    (select jsonb_agg(fairlock.trader_json(t) || jsonb_build_object('grants', coalesce((
       select jsonb_agg(fairlock.grant_json(g) order by g.ends_at, g.id) from fairlock.access_grants g
       where g.staff_id = fairlock.acting_user() and g.person_id = v_user and g.status = 'granted'
         and g.ends_at > clock_timestamp()), '[]')))
     from fairlock.traders t where t.user_id = v_user), '[]'));
end $$;
grant execute on function fairlock.find_person(text, text) to fairlock_app;

-- For the metrics: how many broken glasses show something now, and how many nobody has reviewed yet.
create function fairlock.count_break_glass() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'open', count(*) filter (where status = 'granted' and ends_at > clock_timestamp()),
    'unreviewed', count(*) filter (where reviewed_at is null))
  from fairlock.access_grants where break_glass and (reviewed_at is null or ends_at > now())
$$;
grant execute on function fairlock.count_break_glass() to fairlock_app;

-- For the command line: replaces the hours of a role; without any it is on duty always.
create function fairlock.set_duty(p_role text, p_hours jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  delete from fairlock.duty_hours where role = p_role;
  insert into fairlock.duty_hours (id, role, weekdays, from_minute, to_minute, time_zone)
  select fairlock.new_id(), p_role, weekdays, from_minute, to_minute, time_zone
  from jsonb_to_recordset(p_hours) as h(weekdays smallint[], from_minute smallint, to_minute smallint, time_zone text);
  -- A zone that PostgreSQL does not know fails here, and not at everybody's next request.
  perform now() at time zone time_zone from fairlock.duty_hours where role = p_role;
  perform fairlock.record_event('duty.changed', 'duty_hours', null, 'command line',
    jsonb_build_object('role', p_role, 'hours', p_hours));
end $$;
reset role;
