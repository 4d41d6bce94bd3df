-- Staff: roles, and what they change about people.
set local role fairlock_engine;

-- For the command line, which runs as the owner: gives and takes staff roles.
create function fairlock.set_staff_role(p_user uuid, p_role text, p_granted boolean) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if p_granted then
    insert into fairlock.staff_roles (user_id, role) values (p_user, p_role) on conflict do nothing;
  else
    delete from fairlock.staff_roles where user_id = p_user and role = p_role;
  end if;
  perform fairlock.record_event(case when p_granted then 'role.granted' else 'role.revoked' end, 'users', p_user,
    'command line', jsonb_build_object('role', p_role));
end $$;

-- What staff are told of a person whom they have just changed: where they stand, and nothing that a grant is for.
create function fairlock.standing_json(p_user uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$ select fairlock.person_json(p_user) - array['email', 'country', 'roles', 'createdAt'] $$;

-- Sets a person's KYC level: administrators and compliance, on the record, and nobody their own.
create function fairlock.set_kyc(p_user uuid, p_level text, p_reason text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if not (fairlock.has_role('admin') or fairlock.has_role('compliance')) then
    return fairlock.refuse('admin_only');
  elsif p_user = fairlock.acting_user() then
    return fairlock.refuse('own_request');
  end if;
  -- The level before the person, like fairlock.set_kyc_level.
  perform from fairlock.kyc_levels where level = p_level for share;
  update public.crypto_profiles set kyc_status = case p_level when 'none' then 'pending' else p_level end,
    kyc_verified_at = case when p_level <> 'none' then now() end, updated_at = now()
  where user_id = p_user;
  if not found then
    return fairlock.refuse('not_found');
  end if;
  perform fairlock.record_event('person.kyc', 'users', p_user, p_reason, jsonb_build_object('level', p_level));
  return fairlock.standing_json(p_user);
end $$;

reset role;

-- Bans: who barred whom, why and until when. What holds is crypto_profiles.banned_until, by the clock; the history says
-- how it came about.
grant select, insert on fairlock.bans to fairlock_engine;
grant update (lifted_at, lifted_by, lift_reason) on fairlock.bans to fairlock_engine;
grant select on fairlock.bans to fairlock_app;

alter table fairlock.bans enable row level security, force row level security;
create policy "the engine keeps bans" on fairlock.bans to fairlock_engine using (true);
create policy "those who ban see every ban" on fairlock.bans for select to fairlock_app
  using ((select fairlock.has_role('admin')) or (select fairlock.has_role('compliance')));

-- A ban is written once and lifted once.
create function fairlock.guard_ban() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if old.lifted_at is not null
    or (to_jsonb(new) - '{lifted_at,lifted_by,lift_reason}'::text[])
      <> (to_jsonb(old) - '{lifted_at,lifted_by,lift_reason}'::text[]) then
    raise exception using errcode = 'FL090', message = 'a ban is written once and lifted once';
  end if;
  return new;
end $$;
create trigger guard before update on fairlock.bans for each row execute function fairlock.guard_ban();
create trigger never_deleted before delete or truncate on fairlock.bans
  for each statement execute function audit.refuse_change();

set local role fairlock_engine;

create function fairlock.ban_json(b fairlock.bans) returns jsonb
language sql stable
as $$
  select jsonb_build_object('id', b.id, 'userId', b.user_id,
    'displayName', (select display_name from fairlock.traders where user_id = b.user_id),
    'status', case when b.lifted_at is not null then 'lifted' when b.until <= now() then 'over' else 'live' end,
    'reason', b.reason, 'startedAt', fairlock.rfc3339(b.started_at), 'until', fairlock.rfc3339(b.until),
    'bannedBy', b.banned_by, 'liftedAt', fairlock.rfc3339(b.lifted_at), 'liftedBy', b.lifted_by,
    'liftReason', b.lift_reason)
$$;
grant execute on function fairlock.ban_json(fairlock.bans) to fairlock_app;

-- Bans a person until a time, in the place of a ban that still runs, or lifts what runs when the time is empty. The API
-- asks for the role before; the command line runs as the owner of the system. What the person is about to start waits
-- for this, or this for it: afterwards nothing new of theirs begins.
create function fairlock.ban_person(p_user uuid, p_until timestamptz, p_reason text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  v_was timestamptz;
begin
  if p_user = me then
    return fairlock.refuse('own_request');
  elsif p_until <= clock_timestamp() then
    return fairlock.refuse('invalid_expiry', '{"field": "until", "problem": "is in the past"}');
  end if;
  -- In the order of ARCHITECTURE.md: offers before profiles.
  perform fairlock.hold_new_business(p_user);
  select banned_until into v_was from public.crypto_profiles where user_id = p_user for no key update;
  if not found then
    return fairlock.refuse('not_found');
  end if;
  update fairlock.bans set lifted_at = clock_timestamp(), lifted_by = me, lift_reason = p_reason
  where user_id = p_user and lifted_at is null and until > clock_timestamp();
  update public.crypto_profiles set banned_until = p_until, updated_at = now() where user_id = p_user;
  if p_until is not null then
    insert into fairlock.bans (id, user_id, reason, until, banned_by)
    values (fairlock.new_id(), p_user, p_reason, p_until, me);
  end if;
  perform fairlock.record_event(case when p_until is null then 'person.unbanned' else 'person.banned' end, 'users',
    p_user, p_reason, jsonb_build_object('until', p_until));
  if p_until is not null or v_was > clock_timestamp() then
    perform fairlock.notify(p_user, case when p_until is null then 'person.unbanned' else 'person.banned' end,
      jsonb_build_object('reason', p_reason, 'until', fairlock.rfc3339(p_until)));
  end if;
  return fairlock.standing_json(p_user);
end $$;
reset role;
