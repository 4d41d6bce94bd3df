-- Passwords, addresses and sessions: what people change about how they sign in.
grant update (withdrawals_paused_until) on fairlock.credentials to fairlock_engine;

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

-- Until when the person cannot withdraw; null when they can.
create function fairlock.withdrawals_paused_until(p_user uuid) returns timestamptz
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select withdrawals_paused_until from fairlock.credentials
  where user_id = p_user and withdrawals_paused_until > clock_timestamp()
$$;
reset role;

grant select, insert, delete on fairlock.password_reset_wishes to fairlock_engine;
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
