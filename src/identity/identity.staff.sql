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
