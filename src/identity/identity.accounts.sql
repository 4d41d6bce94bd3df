-- Passwords, resets and the pause of withdrawals: what people change about how they sign in.
grant update (withdrawals_paused_until) on fairlock.credentials to fairlock_engine;
grant select, insert, delete on fairlock.password_reset_wishes to fairlock_engine;
-- To lock a row one needs the right to change it.
grant update (asked_at) on fairlock.password_reset_wishes to fairlock_engine;
grant select, insert on fairlock.password_resets, fairlock.email_changes to fairlock_engine;
grant update (token_hashes, ended_at, outcome, used_from) on fairlock.password_resets to fairlock_engine;
grant update (confirmation_hashes, cancellation_hashes, confirmed_at, takes_effect_at, ended_at, outcome)
  on fairlock.email_changes to fairlock_engine;

do $$
declare
  t regclass;
begin
  foreach t in array array['fairlock.password_reset_wishes', 'fairlock.password_resets',
                           'fairlock.email_changes']::regclass[] loop
    execute format('alter table %s enable row level security, force row level security', t);
    execute format('create policy "the engine acts for everybody" on %s to fairlock_engine using (true)', t);
  end loop;
end $$;

set local role fairlock_engine;

-- Stops withdrawals for a while, after a change that somebody who stole an account would make first. A pause that is
-- longer already stays.
create function fairlock.pause_withdrawals(p_user uuid, p_reason text) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_until timestamptz;
begin
  update fairlock.credentials set withdrawals_paused_until = greatest(withdrawals_paused_until,
    clock_timestamp() + make_interval(hours => (select withdrawal_pause_hours from fairlock.settings)))
  where user_id = p_user
  returning withdrawals_paused_until into v_until;
  perform fairlock.record_event('withdrawals.paused', 'users', p_user, p_reason,
    jsonb_build_object('until', fairlock.rfc3339(v_until)));
end $$;

-- Until when the person cannot withdraw; null when they can. Volatile, so that it sees a pause of the same statement.
create function fairlock.withdrawals_paused_until(p_user uuid) returns timestamptz
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select withdrawals_paused_until from fairlock.credentials
  where user_id = p_user and withdrawals_paused_until > clock_timestamp()
$$;

-- What the API needs to check the acting person's password; it cannot read the table. `asks` says that the password
-- has to be shown before a first second factor or an API key is made: there is no factor to ask for, and the sign-in was
-- some time ago. Else a stolen session could keep its owner out, or outlive itself.
create function fairlock.password_material() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('userId', u.id, 'passwordHash', c.password_hash, 'email', u.email, 'displayName', p.display_name,
    'asks', not c.second_factor and not exists (select from fairlock.sessions where id = fairlock.acting_session()
      and created_at > clock_timestamp() - (select make_interval(mins => step_up_minutes) from fairlock.settings)))
  from public.users u join fairlock.credentials c on c.user_id = u.id
    left join public.crypto_profiles p on p.user_id = u.id
  where u.id = fairlock.acting_user()
$$;
grant execute on function fairlock.password_material() to fairlock_app;

-- From where this request comes, for notices.
create function fairlock.acting_place() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_strip_nulls(jsonb_build_object('device', device, 'address', host(address)))
  from fairlock.sessions where id = fairlock.acting_session()
$$;

-- Takes the locks of what a new password ends, in the order in which everybody takes them, before that of the
-- credentials: resets, then changes of address.
create function fairlock.lock_account_changes(p_user uuid) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform from fairlock.password_resets where user_id = p_user and ended_at is null for update;
  perform from fairlock.email_changes where user_id = p_user and ended_at is null for update;
end $$;

-- Puts a new password in the place of the one that the API has just checked; of two changes at once the second is
-- refused, because its old password is no more.
create function fairlock.change_password(p_was text, p_becomes text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
begin
  perform fairlock.lock_account_changes(me);
  update fairlock.credentials set password_hash = p_becomes, changed_at = clock_timestamp()
  where user_id = me and password_hash = p_was;
  if not found then
    return fairlock.refuse('wrong_password');
  end if;
  perform fairlock.follow_new_password(me, 'changed', fairlock.acting_session(), fairlock.acting_place());
  return '{}';
end $$;

-- What follows a new password: whoever else is signed in, waits with a reset or wants the account at their own address
-- may be the reason for it.
create function fairlock.follow_new_password(p_user uuid, p_how text, p_but_session uuid, p_place jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform fairlock.end_sessions(p_user, p_but_session);
  update fairlock.password_resets set ended_at = clock_timestamp(), outcome = 'replaced'
  where user_id = p_user and ended_at is null;
  perform fairlock.cancel_email_change(c.id, 'a new password') from fairlock.email_changes c
  where c.user_id = p_user and c.ended_at is null;
  perform fairlock.pause_withdrawals(p_user, 'a new password'),
    fairlock.record_event('password.' || p_how, 'users', p_user),
    fairlock.notify(p_user, 'password.' || p_how, coalesce(p_place, '{}') || jsonb_build_object(
      'until', fairlock.rfc3339(fairlock.withdrawals_paused_until(p_user))));
end $$;

-- Somebody forgot the password of an address. Nothing is looked up here: the request does the same, and takes as long,
-- for an address that nobody has.
create function fairlock.wish_password_reset(p_email text) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into fairlock.password_reset_wishes (id, email) values (fairlock.new_id(), p_email);
  return '{}';
end $$;
grant execute on function fairlock.wish_password_reset(text) to fairlock_app;

-- Turns wishes into resets of the people they name; for the background work. Three an hour are enough for a person:
-- more would let a stranger make each mail worthless by asking for the next.
create function fairlock.answer_reset_wishes(p_most integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_wish record;
  v_user uuid;
  v_count integer := 0;
begin
  for v_wish in
    delete from fairlock.password_reset_wishes where id in (
      select id from fairlock.password_reset_wishes order by asked_at limit p_most for update skip locked)
    returning email
  loop
    v_count := v_count + 1;
    perform fairlock.apply_email_changes_of(v_wish.email);
    select id into v_user from public.users where lower(email) = lower(v_wish.email);
    if found and (select count(*) from fairlock.password_resets
                  where user_id = v_user and created_at > clock_timestamp() - interval '1 hour') < 3 then
      perform fairlock.start_password_reset(v_user, 'password.reset_asked');
    end if;
  end loop;
  return v_count;
end $$;
grant execute on function fairlock.answer_reset_wishes(integer) to fairlock_app;

-- Opens a way to a new password and closes the one before. The token is made by whoever hands it out: the mail job, or
-- the operator's terminal.
create function fairlock.start_password_reset(p_user uuid, p_kind text) returns uuid
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid := fairlock.new_id();
  v_expires timestamptz := clock_timestamp() + interval '1 hour';
begin
  update fairlock.password_resets set ended_at = clock_timestamp(), outcome = 'replaced'
  where user_id = p_user and ended_at is null;
  insert into fairlock.password_resets (id, user_id, expires_at) values (v_id, p_user, v_expires);
  perform fairlock.record_event(p_kind, 'users', p_user),
    fairlock.notify(p_user, p_kind, jsonb_build_object('resetId', v_id, 'until', fairlock.rfc3339(v_expires)));
  return v_id;
end $$;

-- Makes a token of that hash good for the reset; false when the reset is over.
create function fairlock.allow_reset_token(p_reset uuid, p_hash bytea) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update fairlock.password_resets set token_hashes = token_hashes || p_hash
  where id = p_reset and ended_at is null and expires_at > clock_timestamp() and cardinality(token_hashes) < 50;
  return found;
end $$;

-- Whether the person's address has changed since: a link in the mailbox of before is worth nothing then.
create function fairlock.has_moved_since(p_user uuid, p_time timestamptz) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from fairlock.email_changes where user_id = p_user and outcome = 'done' and ended_at >= p_time);
end $$;

-- Whose password a token may change, to judge the new one; the token stays good.
create function fairlock.reset_material(p_reset uuid, p_hash bytea) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select coalesce((
    select jsonb_build_object('userId', u.id, 'email', u.email, 'displayName', p.display_name)
    from fairlock.password_resets r join public.users u on u.id = r.user_id
      left join public.crypto_profiles p on p.user_id = u.id
    where r.id = p_reset and p_hash = any (r.token_hashes) and r.ended_at is null and r.expires_at > clock_timestamp()
      and not fairlock.has_moved_since(r.user_id, r.created_at)
  ), fairlock.refuse('invalid_token'))
$$;
grant execute on function fairlock.reset_material(uuid, bytea) to fairlock_app;

-- Sets the new password, once. Who has a second factor proves it as at sign-in: a mailbox alone is one factor, and the
-- token stays good after a wrong code. A person who came from another platform and never had a password gets one.
create function fairlock.finish_password_reset(
  p_reset uuid, p_hash bytea, p_password_hash text, p_factor jsonb, p_address inet, p_device text
) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_user uuid;
  v_refusal jsonb;
begin
  select user_id into v_user from fairlock.password_resets
  where id = p_reset and p_hash = any (token_hashes) and ended_at is null and expires_at > clock_timestamp()
    and not fairlock.has_moved_since(user_id, created_at)
  for update;
  if not found then
    return fairlock.refuse('invalid_token');
  end if;
  perform set_config('fairlock.user_id', v_user::text, true), fairlock.lock_account_changes(v_user);
  perform from fairlock.credentials where user_id = v_user for no key update;
  if found then
    v_refusal := fairlock.refuse_unproven(v_user, p_reset, p_factor);
    if v_refusal is not null then
      return v_refusal;
    end if;
  end if;
  update fairlock.password_resets set ended_at = clock_timestamp(), outcome = 'used', used_from = p_address
  where id = p_reset;
  insert into fairlock.credentials (user_id, password_hash) values (v_user, p_password_hash)
  on conflict (user_id) do update set password_hash = excluded.password_hash, changed_at = clock_timestamp();
  -- Whoever had the account before may have made keys for themselves.
  perform fairlock.end_api_keys(v_user);
  perform fairlock.follow_new_password(v_user, 'reset', null,
    jsonb_strip_nulls(jsonb_build_object('device', p_device, 'address', host(p_address))));
  return '{}';
end $$;
grant execute on function fairlock.finish_password_reset(uuid, bytea, text, jsonb, inet, text) to fairlock_app;

-- Makes a token of that hash good for what a notice is about; false when that is over, and the mail is not sent.
create function fairlock.allow_mail_token(p_notice uuid, p_hash bytea) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  n fairlock.notices;
  v_id uuid;
begin
  select * into n from fairlock.notices where id = p_notice;
  v_id := coalesce(n.data ->> 'resetId', n.data ->> 'changeId')::uuid;
  return jsonb_build_object('id', v_id, 'isGood', case n.kind
    when 'password.reset_asked' then fairlock.allow_reset_token(v_id, p_hash)
    when 'email.confirmation_asked' then fairlock.allow_email_token(v_id, p_hash, null)
    when 'email.change_asked' then fairlock.allow_email_token(v_id, null, p_hash)
    when 'email.change_confirmed' then fairlock.allow_email_token(v_id, null, p_hash)
    else false end);
end $$;
grant execute on function fairlock.allow_mail_token(uuid, bytea) to fairlock_app;

-- How the acting person's account is kept.
create function fairlock.my_security() returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return (select jsonb_build_object(
    'secondFactor', coalesce((select second_factor from fairlock.credentials where user_id = me.id), false),
    'passwordChangedAt', (select fairlock.rfc3339(changed_at) from fairlock.credentials where user_id = me.id),
    'withdrawalsPausedUntil', fairlock.rfc3339(fairlock.withdrawals_paused_until(me.id)),
    'sessions', (select count(*) from fairlock.sessions where user_id = me.id and ended_at is null
      and expires_at > clock_timestamp() and (idle_until > clock_timestamp() or idle_until is null)),
    'emailChange', (select jsonb_build_object('email', new_email, 'takesEffectAt', fairlock.rfc3339(takes_effect_at))
      from fairlock.email_changes where user_id = me.id and ended_at is null
        and (confirmed_at is not null or expires_at > clock_timestamp())))
    || fairlock.factors_json(me.id)
  from (select fairlock.acting_user() as id) me);
end $$;
grant execute on function fairlock.my_security() to fairlock_app;
reset role;
