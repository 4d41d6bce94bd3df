-- Limits that people set themselves: what may leave a wallet in a day and a month of UTC, in its own currency. Whoever
-- steals a session cannot raise them quickly: a limit that is raised or taken away waits as long as withdrawals do after
-- a new password. The law counts whatever row says that it is a withdrawal.
grant update (withdrawal_limit_daily, withdrawal_limit_monthly, withdrawn_today, withdrawn_this_month, withdrawal_day,
  pending_limit_daily, pending_limit_monthly, limits_pending_until, updated_at) on public.crypto_wallets to fairlock_engine;

set local role fairlock_engine;

-- The wallet with the limits that are in force: what was pending is, once its time has come.
create function fairlock.with_limits_in_force(w public.crypto_wallets) returns public.crypto_wallets
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if w.limits_pending_until <= clock_timestamp() then
    w.withdrawal_limit_daily := w.pending_limit_daily;
    w.withdrawal_limit_monthly := w.pending_limit_monthly;
    w.pending_limit_daily := null;
    w.pending_limit_monthly := null;
    w.limits_pending_until := null;
  end if;
  return w;
end $$;

-- What of the wallet's limits is used on a day; the counters count while their day, or month, is not over.
create function fairlock.withdrawn_on(w public.crypto_wallets, p_day date, out daily numeric, out monthly numeric)
language sql immutable
as $$
  select case when w.withdrawal_day = p_day then w.withdrawn_today else 0 end,
    case when fairlock.month_of(w.withdrawal_day) = fairlock.month_of(p_day) then w.withdrawn_this_month else 0 end
$$;

create function fairlock.withdrawal_limits_json(p_user uuid, p_currency text) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  w public.crypto_wallets;
  v_day date;
  used record;
begin
  select * into w from public.crypto_wallets where user_id = p_user and currency = p_currency;
  w := fairlock.with_limits_in_force(w);
  v_day := greatest(fairlock.day_of(clock_timestamp()), w.withdrawal_day);
  select * into used from fairlock.withdrawn_on(w, v_day);
  return jsonb_build_object(
    'daily', fairlock.window_json(w.withdrawal_limit_daily, coalesce(used.daily, 0), v_day + 1),
    'monthly', fairlock.window_json(w.withdrawal_limit_monthly, coalesce(used.monthly, 0),
      (fairlock.month_of(v_day) + interval '1 month')::date),
    'pending', case when w.limits_pending_until is not null then jsonb_build_object(
      'daily', w.pending_limit_daily::text, 'monthly', w.pending_limit_monthly::text,
      'takesEffectAt', fairlock.rfc3339(w.limits_pending_until)) end);
end $$;

-- The acting person's wallets; with a currency that one alone, empty if it was never used, and nothing if it is not
-- traded here.
create function fairlock.my_wallets(p_currency text) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('items', coalesce(jsonb_agg(
    fairlock.wallet_json(fairlock.acting_user(), c.code) || jsonb_build_object('withdrawalLimits',
      fairlock.withdrawal_limits_json(fairlock.acting_user(), c.code)) order by c.code), '[]'))
  from fairlock.currencies c
  where c.kind = 'crypto' and (c.code = p_currency or p_currency is null and exists (
    select from public.crypto_wallets w where w.user_id = fairlock.acting_user() and w.currency = c.code))
$$;
grant execute on function fairlock.my_wallets(text) to fairlock_app;

-- Sets the acting person's limits; null is none. What is lowered is in force at once, what is raised or taken away after
-- the pause and with the second factor. The same wish once more does not begin the pause anew.
create function fairlock.set_withdrawal_limits(p_currency text, p_daily numeric, p_monthly numeric) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  v_wallet uuid;
  w public.crypto_wallets;
  v_raises boolean;
  v_refusal jsonb;
begin
  if not exists (select from fairlock.currencies where code = p_currency and kind = 'crypto') then
    return fairlock.refuse('not_found');
  end if;
  v_wallet := fairlock.wallet_of(me, p_currency);
  select * into w from public.crypto_wallets where id = v_wallet for no key update;
  w := fairlock.with_limits_in_force(w);
  v_raises := coalesce(p_daily, 'Infinity') > coalesce(w.withdrawal_limit_daily, 'Infinity')
    or coalesce(p_monthly, 'Infinity') > coalesce(w.withdrawal_limit_monthly, 'Infinity');
  if v_raises then
    v_refusal := fairlock.refuse_stale_factor();
    if v_refusal is not null then
      return v_refusal;
    end if;
  end if;
  if not v_raises or (w.pending_limit_daily, w.pending_limit_monthly) is distinct from (p_daily, p_monthly) then
    w.limits_pending_until := null;
  end if;
  if v_raises and w.limits_pending_until is null then
    w.limits_pending_until := clock_timestamp()
      + make_interval(hours => (select withdrawal_pause_hours from fairlock.settings));
  end if;
  update public.crypto_wallets set
    -- The smaller of the two; null is no limit, and LEAST leaves it out.
    withdrawal_limit_daily = least(w.withdrawal_limit_daily, p_daily),
    withdrawal_limit_monthly = least(w.withdrawal_limit_monthly, p_monthly),
    pending_limit_daily = case when v_raises then p_daily end,
    pending_limit_monthly = case when v_raises then p_monthly end,
    limits_pending_until = w.limits_pending_until, updated_at = clock_timestamp()
  where id = w.id;
  perform fairlock.notify(me, 'withdrawal_limits.changed', jsonb_build_object('currency', p_currency,
    'daily', p_daily::numeric(20, 8)::text, 'monthly', p_monthly::numeric(20, 8)::text,
    'from', fairlock.rfc3339(w.limits_pending_until)));
  return fairlock.wallet_json(me, p_currency)
    || jsonb_build_object('withdrawalLimits', fairlock.withdrawal_limits_json(me, p_currency));
end $$;

-- Whoever writes a withdrawal: it counts from its first line on, for the day of that line, until it fails. The wallet's
-- row is held from the look to the count, so any number at once stay within the limit. The function is called for every
-- line and looks at its type first: a condition of the trigger's own would cost every trade's lines more than this.
create function fairlock.count_withdrawal() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  w public.crypto_wallets;
  used record;
  v_was boolean;
  v_is boolean;
begin
  if new.transaction_type <> 'withdrawal' and (tg_op = 'INSERT' or old.transaction_type <> 'withdrawal') then
    return new;
  elsif new.category is null and fairlock.is_carrying() then
    -- What left an older platform counts against nobody's limit here.
    return new;
  end if;
  v_is := new.status in ('pending', 'completed');
  v_was := tg_op = 'UPDATE' and old.status in ('pending', 'completed');
  if tg_op = 'UPDATE' and (new.transaction_type, new.wallet_id, new.currency, new.amount, new.counted_on)
      is distinct from (old.transaction_type, old.wallet_id, old.currency, old.amount, old.counted_on) then
    raise exception using errcode = 'FL094', message = 'a withdrawal never becomes another';
  elsif v_is = v_was then
    return new;
  elsif tg_op = 'UPDATE' and v_is then
    raise exception using errcode = 'FL095', message = 'a withdrawal that has ended does not begin again';
  end if;
  if v_is and not (new.amount > 0 and new.amount < 'Infinity') then
    raise exception using errcode = 'FL094', message = 'a withdrawal takes something out, or it would give limits back';
  end if;
  select * into w from public.crypto_wallets where id = new.wallet_id for no key update;
  if w.currency is distinct from new.currency then
    raise exception using errcode = 'FL094', message = 'a withdrawal is of a wallet, in its currency';
  end if;
  if v_was then
    update public.crypto_wallets set
      withdrawn_today = case when withdrawal_day = new.counted_on then greatest(withdrawn_today - new.amount, 0)
        else withdrawn_today end,
      withdrawn_this_month = greatest(withdrawn_this_month - new.amount, 0)
    where id = w.id and fairlock.month_of(withdrawal_day) = fairlock.month_of(new.counted_on);
    return new;
  end if;
  w := fairlock.with_limits_in_force(w);
  new.counted_on := greatest(fairlock.day_of(clock_timestamp()), w.withdrawal_day);
  select * into used from fairlock.withdrawn_on(w, new.counted_on);
  if used.daily + new.amount > w.withdrawal_limit_daily or used.monthly + new.amount > w.withdrawal_limit_monthly then
    raise exception using errcode = 'FL105', message = 'a withdrawal above the limit of its wallet';
  end if;
  update public.crypto_wallets set withdrawn_today = used.daily + new.amount,
    withdrawn_this_month = used.monthly + new.amount, withdrawal_day = new.counted_on,
    withdrawal_limit_daily = w.withdrawal_limit_daily, withdrawal_limit_monthly = w.withdrawal_limit_monthly,
    pending_limit_daily = w.pending_limit_daily, pending_limit_monthly = w.pending_limit_monthly,
    limits_pending_until = w.limits_pending_until
  where id = w.id;
  return new;
end $$;
grant execute on function fairlock.count_withdrawal() to session_user;
reset role;

create trigger count_withdrawal before insert or update of transaction_type, status, wallet_id, currency, amount, counted_on
  on public.crypto_transactions for each row execute function fairlock.count_withdrawal();
