-- Limits in money (I11): what each KYC level may trade in a day and a month of UTC, in US dollars, and what of it is used.
-- crypto_profiles has the limits in force and the volumes; docs/decisions/0032 says why there.
grant select, insert, update on fairlock.kyc_levels to fairlock_engine;
grant select on fairlock.kyc_levels to fairlock_app;
grant update (daily_limit, monthly_limit, current_daily_volume, current_monthly_volume, volume_day, volume_before,
  trading_volume) on public.crypto_profiles to fairlock_engine;

alter table fairlock.kyc_levels enable row level security, force row level security;
create policy "the engine keeps the levels" on fairlock.kyc_levels to fairlock_engine using (true);
create policy "everybody knows what a level may trade" on fairlock.kyc_levels for select to fairlock_app using (true);

set local role fairlock_engine;

create function fairlock.day_of(p_time timestamptz) returns date
language sql immutable
as $$ select (p_time at time zone 'UTC')::date $$;

create function fairlock.month_of(p_day date) returns date
language sql immutable
as $$ select date_trunc('month', p_day::timestamp)::date $$;

-- What of a limit in force is used and left; a limit of null is none.
create function fairlock.window_json(p_limit numeric, p_used numeric, p_resets date) returns jsonb
language sql stable
as $$
  select jsonb_build_object('limit', p_limit::numeric(20, 8)::text, 'used', p_used::numeric(20, 8)::text,
    'left', case when p_limit is not null then greatest(p_limit - p_used, 0)::numeric(20, 8)::text end,
    'resetsAt', fairlock.rfc3339(p_resets::timestamp at time zone 'UTC'))
$$;

-- A person's limits and what is used of them; who has no profile, as in an adopted database, may trade nothing. Here and
-- in fairlock.room_of is known when a volume counts: while its day, or its month, is not over. A day that is still to
-- come belongs to a clock that was ahead, and counts until it is over.
create function fairlock.limits_of(p_user uuid, p_at timestamptz default clock_timestamp())
returns table (level text, day date, daily_limit numeric, daily_used numeric, monthly_limit numeric, monthly_used numeric)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select fairlock.kyc_level(p.kyc_status), d.today, coalesce(p.daily_limit, 0),
    case when p.volume_day = d.today then p.current_daily_volume else 0 end, coalesce(p.monthly_limit, 0),
    case when fairlock.month_of(p.volume_day) = fairlock.month_of(d.today) then p.current_monthly_volume else 0 end
  from public.users u left join public.crypto_profiles p on p.user_id = u.id,
    lateral (select greatest(fairlock.day_of(p_at), p.volume_day) as today) d
  where u.id = p_user
$$;

-- What a person may still trade on a day, by both limits; below zero where a limit was lowered under what is used.
create function fairlock.room_of(p public.crypto_profiles, p_day date) returns numeric
language sql immutable
as $$
  select least(coalesce(p.daily_limit, 0) - case when p.volume_day = p_day then p.current_daily_volume else 0 end,
    coalesce(p.monthly_limit, 0)
      - case when fairlock.month_of(p.volume_day) = fairlock.month_of(p_day) then p.current_monthly_volume else 0 end)
$$;

create function fairlock.kyc_level_json(k fairlock.kyc_levels) returns jsonb
language sql stable
as $$
  select jsonb_build_object('level', k.level, 'dailyLimit', k.daily_limit::text, 'monthlyLimit', k.monthly_limit::text)
$$;
grant execute on function fairlock.kyc_level_json(fairlock.kyc_levels) to fairlock_app;

-- The acting person's limits, and what the next level would allow.
create function fairlock.my_limits() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('kycLevel', l.level, 'currency', 'USD',
    'daily', fairlock.window_json(l.daily_limit, l.daily_used, l.day + 1),
    'monthly', fairlock.window_json(l.monthly_limit, l.monthly_used,
      (fairlock.month_of(l.day) + interval '1 month')::date),
    'next', (select fairlock.kyc_level_json(k) from fairlock.kyc_levels k
      where k.place > (select h.place from fairlock.kyc_levels h where h.level = l.level) order by k.place limit 1))
  from fairlock.limits_of(fairlock.acting_user()) l
$$;
grant execute on function fairlock.my_limits() to fairlock_app;

-- The limits in force follow the level, however a person came to it. The level's row is held until the commit, so that an
-- edit of the level sees either this person or waits for them.
create function fairlock.follow_kyc_level() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  select daily_limit, monthly_limit into new.daily_limit, new.monthly_limit from fairlock.kyc_levels
  where level = fairlock.kyc_level(new.kyc_status) for share;
  if tg_op = 'INSERT' then
    -- Whoever comes with a volume brings it from elsewhere.
    new.volume_before := new.trading_volume;
  end if;
  return new;
end $$;

-- I11, whoever writes: a volume does not rise above the limit in force, and its day never goes back, or yesterday's could
-- be used once more. A limit that is lowered below what is used is no rise: nothing more can be counted, that is all.
create function fairlock.guard_volume() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if new.volume_day < old.volume_day or new.volume_day is null and old.volume_day is not null then
    raise exception using errcode = 'FL094', message = 'the day of a volume never goes back';
  elsif new.current_daily_volume > coalesce(new.daily_limit, 0) and new.current_daily_volume
      > (case when new.volume_day is not distinct from old.volume_day then old.current_daily_volume else 0 end)
    or new.current_monthly_volume > coalesce(new.monthly_limit, 0) and new.current_monthly_volume
      > (case when fairlock.month_of(new.volume_day) is not distinct from fairlock.month_of(old.volume_day)
        then old.current_monthly_volume else 0 end) then
    raise exception using errcode = 'FL104', message = 'a volume does not rise above its limit';
  end if;
  return new;
end $$;
grant execute on function fairlock.follow_kyc_level(), fairlock.guard_volume() to session_user;

-- An administrator edits a level; it holds for everybody of that level from the commit on. The level is locked before the
-- people, here and in fairlock.set_kyc: whoever comes to it at this moment waits, or is found. The log's line of the row
-- has the reason.
create function fairlock.set_kyc_level(p_level text, p_daily numeric, p_monthly numeric) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  k fairlock.kyc_levels;
begin
  if not fairlock.has_role('admin') then
    return fairlock.refuse('admin_only');
  end if;
  update fairlock.kyc_levels set daily_limit = p_daily, monthly_limit = p_monthly, changed_at = clock_timestamp()
  where level = p_level returning * into k;
  if not found then
    return fairlock.refuse('not_found');
  end if;
  perform fairlock.apply_kyc_levels(p_level);
  return fairlock.kyc_level_json(k);
end $$;

-- Gives everybody (of one level) the limits of their level; how many had others. People are locked in the order of their
-- ids, like the two of a trade.
create function fairlock.apply_kyc_levels(p_level text default null) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_people integer;
begin
  perform from public.crypto_profiles p join fairlock.kyc_levels k on k.level = fairlock.kyc_level(p.kyc_status)
  where (p_level is null or k.level = p_level)
    and (p.daily_limit, p.monthly_limit) is distinct from (k.daily_limit, k.monthly_limit)
  order by p.user_id for no key update of p;
  update public.crypto_profiles p set daily_limit = k.daily_limit, monthly_limit = k.monthly_limit
  from fairlock.kyc_levels k
  where k.level = fairlock.kyc_level(p.kyc_status) and (p_level is null or k.level = p_level)
    and (p.daily_limit, p.monthly_limit) is distinct from (k.daily_limit, k.monthly_limit);
  get diagnostics v_people = row_count;
  return v_people;
end $$;

-- Of something that was split: as much as was handed over of all there was.
create function fairlock.part_of(p_whole numeric, p_got numeric, p_all numeric) returns numeric
language sql immutable
as $$ select round(p_whole * p_got / p_all, 8) $$;

-- A trade's amount or value, as far as it came to the buyer: all of it, but for a split.
create function fairlock.sold_of(p_whole numeric, p_trade uuid, p_all numeric) returns numeric
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce((select fairlock.part_of(p_whole, e.released_amount, p_all) from public.crypto_escrows e
    where e.trade_id = p_trade and e.status = 'released' and e.refunded_amount > 0), p_whole)
$$;

-- Counts a person's volumes anew from their trades, where the verifier found one wrong. It keeps the law: a volume that is
-- too low is not raised above a limit that was lowered since.
create function fairlock.recount_volume(p_user uuid) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform from public.crypto_profiles where user_id = p_user for no key update;
  with counted as (
    select t.status, t.counted_on, case when t.status = 'completed'
      then fairlock.sold_of(t.reference_value, t.id, t.amount - t.buyer_fee) else t.reference_value end as value
    from public.crypto_trades t
    where p_user in (t.user_id, t.buyer_id) and t.status not in ('cancelled', 'expired') and t.reference_value is not null
  )
  update public.crypto_profiles p set
    trading_volume = least(999999999999.99999999,
      volume_before + coalesce((select sum(value) from counted where status = 'completed'), 0)),
    current_daily_volume = least(greatest(current_daily_volume, daily_limit),
      coalesce((select sum(value) from counted where counted_on = volume_day), 0)),
    current_monthly_volume = least(greatest(current_monthly_volume, monthly_limit), coalesce((
      select sum(value) from counted where fairlock.month_of(counted_on) = fairlock.month_of(volume_day)), 0))
  where user_id = p_user;
end $$;

-- People from before there were levels, and from an adopted database.
select fairlock.apply_kyc_levels();
reset role;

-- Before the laws, which judge what comes of it.
create trigger follow_kyc_level before insert or update of kyc_status on public.crypto_profiles
  for each row execute function fairlock.follow_kyc_level();
create trigger guard_volume before update of current_daily_volume, current_monthly_volume, volume_day
  on public.crypto_profiles for each row execute function fairlock.guard_volume();
