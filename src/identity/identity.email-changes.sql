-- The address a person signs in with: confirmed from the new one, and waiting until the old one could have said no.
-- Whether a change has taken effect is decided by its time, not by the job that writes it: sign-in, registration and
-- reset apply what is due for the address they are about before they look at it.
set local role fairlock_engine;

create function fairlock.is_email_taken(p_email text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select exists (select from public.users where lower(email) = lower(p_email))
    or exists (select from fairlock.email_changes
      where lower(new_email) = lower(p_email) and ended_at is null and confirmed_at is not null)
$$;

-- Asks for another address. Whether that address has an account is told to nobody but its owner: the answer and the
-- mail to the old address are the same.
create function fairlock.start_email_change(p_email text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  v_id uuid := fairlock.new_id();
  v_expires timestamptz := clock_timestamp() + interval '1 day';
  v_old text := (select email from public.users where id = me);
  v_other uuid;
begin
  if lower(v_old) = lower(p_email) then
    return fairlock.refuse('same_email');
  end if;
  update fairlock.email_changes set ended_at = clock_timestamp(), outcome = 'replaced'
  where user_id = me and ended_at is null;
  insert into fairlock.email_changes (id, user_id, old_email, new_email, session_id, expires_at)
  values (v_id, me, v_old, p_email, fairlock.acting_session(), v_expires);
  perform fairlock.record_event('email.change_asked', 'users', me, null, jsonb_build_object('changeId', v_id)),
    fairlock.notify(me, 'email.change_asked', coalesce(fairlock.acting_place(), '{}')
      || jsonb_build_object('changeId', v_id, 'email', p_email), v_old);
  select id into v_other from public.users where lower(email) = lower(p_email);
  if found then
    perform fairlock.notify(v_other, 'email.wanted_elsewhere');
  else
    perform fairlock.notify(me, 'email.confirmation_asked',
      jsonb_build_object('changeId', v_id, 'email', p_email, 'until', fairlock.rfc3339(v_expires)), p_email);
  end if;
  return jsonb_build_object('email', p_email, 'confirmBy', fairlock.rfc3339(v_expires));
end $$;

create function fairlock.allow_email_token(p_change uuid, p_confirmation bytea, p_cancellation bytea) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update fairlock.email_changes set
    confirmation_hashes = case when p_confirmation is null then confirmation_hashes
      else confirmation_hashes || p_confirmation end,
    cancellation_hashes = case when p_cancellation is null then cancellation_hashes
      else cancellation_hashes || p_cancellation end
  where id = p_change and ended_at is null
    and coalesce(takes_effect_at, expires_at) > clock_timestamp() and (p_confirmation is null or confirmed_at is null)
    and cardinality(confirmation_hashes) + cardinality(cancellation_hashes) < 100;
  return found;
end $$;

-- The new address says yes. A second time gets the same answer.
create function fairlock.confirm_email_change(p_change uuid, p_hash bytea) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c fairlock.email_changes;
begin
  select * into c from fairlock.email_changes where id = p_change and p_hash = any (confirmation_hashes) for update;
  if not found or c.ended_at is not null or (c.confirmed_at is null and c.expires_at <= clock_timestamp()) then
    return fairlock.refuse('invalid_token');
  end if;
  if c.confirmed_at is null then
    perform fairlock.apply_email_changes_of(c.new_email);
    if fairlock.is_email_taken(c.new_email) then
      update fairlock.email_changes set ended_at = clock_timestamp(), outcome = 'taken' where id = p_change;
      return fairlock.refuse('email_taken');
    end if;
    -- Two people at once meet in the unique index email_changes_one_waiting; the second comes again and finds it taken.
    update fairlock.email_changes set confirmed_at = clock_timestamp(),
      takes_effect_at = clock_timestamp() + make_interval(hours => s.email_change_delay_hours)
    from fairlock.settings s where id = p_change returning email_changes.* into c;
    perform set_config('fairlock.user_id', c.user_id::text, true);
    perform fairlock.record_event('email.change_confirmed', 'users', c.user_id, null,
        jsonb_build_object('changeId', p_change)),
      fairlock.notify(c.user_id, 'email.change_confirmed', jsonb_build_object('changeId', p_change,
        'email', c.new_email, 'until', fairlock.rfc3339(c.takes_effect_at)), c.old_email);
    perform fairlock.apply_email_change(p_change);
  end if;
  return jsonb_build_object('takesEffectAt', fairlock.rfc3339(c.takes_effect_at));
end $$;
grant execute on function fairlock.confirm_email_change(uuid, bytea) to fairlock_app;

-- Ends a change that has not taken effect; false when there is none.
create function fairlock.cancel_email_change(p_change uuid, p_reason text) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  c fairlock.email_changes;
begin
  update fairlock.email_changes set ended_at = clock_timestamp(), outcome = 'cancelled'
  where id = p_change and ended_at is null and (takes_effect_at is null or takes_effect_at > clock_timestamp())
  returning * into c;
  if not found then
    return false;
  end if;
  perform fairlock.record_event('email.change_cancelled', 'users', c.user_id, p_reason,
      jsonb_build_object('changeId', p_change)),
    fairlock.notify(c.user_id, 'email.change_cancelled', jsonb_build_object('email', c.new_email), c.old_email);
  return true;
end $$;

-- The old address says no, from a mail. Who did not ask for the change should set a new password as well.
create function fairlock.refuse_email_change(p_change uuid, p_hash bytea) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_user uuid;
begin
  select user_id into v_user from fairlock.email_changes where id = p_change and p_hash = any (cancellation_hashes);
  perform set_config('fairlock.user_id', coalesce(v_user::text, ''), true);
  if v_user is null or not fairlock.cancel_email_change(p_change, 'the old address said no') then
    return fairlock.refuse('invalid_token');
  end if;
  return '{}';
end $$;
grant execute on function fairlock.refuse_email_change(uuid, bytea) to fairlock_app;

create function fairlock.withdraw_email_change() returns jsonb
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select case when coalesce(bool_or(fairlock.cancel_email_change(id, 'withdrawn')), false) then '{}'::jsonb
    else fairlock.refuse('not_found') end
  from fairlock.email_changes where user_id = fairlock.acting_user() and ended_at is null
$$;

-- Writes a change whose time has come. Where the address was taken after all, the person keeps the old one.
create function fairlock.apply_email_change(p_change uuid) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  c fairlock.email_changes;
begin
  select * into c from fairlock.email_changes
  where id = p_change and ended_at is null and takes_effect_at <= clock_timestamp() for update;
  if not found then
    return;
  end if;
  begin
    update public.users set email = c.new_email where id = c.user_id;
  exception when unique_violation then
    update fairlock.email_changes set ended_at = clock_timestamp(), outcome = 'taken' where id = p_change;
    perform fairlock.notify(c.user_id, 'email.change_failed', jsonb_build_object('email', c.new_email));
    return;
  end;
  update fairlock.email_changes set ended_at = clock_timestamp(), outcome = 'done' where id = p_change;
  perform fairlock.end_sessions(c.user_id, c.session_id), fairlock.pause_withdrawals(c.user_id, 'a new e-mail address'),
    fairlock.record_event('email.changed', 'users', c.user_id, null, jsonb_build_object('changeId', p_change));
  perform fairlock.notify(c.user_id, 'email.changed', jsonb_build_object('email', c.new_email,
    'until', fairlock.rfc3339(fairlock.withdrawals_paused_until(c.user_id))), address)
  from unnest(array[c.old_email, c.new_email]) address;
end $$;

-- Those that are about an address, before anything is decided by it.
create function fairlock.apply_email_changes_of(p_email text) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform fairlock.apply_email_change(id) from fairlock.email_changes
  where ended_at is null and confirmed_at is not null and takes_effect_at <= clock_timestamp()
    and lower(new_email) = lower(p_email);
  perform fairlock.apply_email_change(id) from fairlock.email_changes
  where ended_at is null and confirmed_at is not null and takes_effect_at <= clock_timestamp()
    and lower(old_email) = lower(p_email);
end $$;

-- All that are due, for the background work; returns how many.
create function fairlock.apply_due_email_changes(p_most integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid;
  v_count integer := 0;
begin
  for v_id in
    select id from fairlock.email_changes
    where ended_at is null and confirmed_at is not null and takes_effect_at <= clock_timestamp()
    order by takes_effect_at limit p_most for update skip locked
  loop
    perform fairlock.apply_email_change(v_id);
    v_count := v_count + 1;
  end loop;
  return v_count;
end $$;
grant execute on function fairlock.apply_due_email_changes(integer) to fairlock_app;
reset role;
