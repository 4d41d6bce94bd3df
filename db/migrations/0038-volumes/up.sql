-- mode: statements
-- Limits in money: what each KYC level may trade in a day and a month, and what counts against it.

-- In US dollars, by the day and month of UTC. The operator edits it.
create table fairlock.kyc_levels (
  level         text primary key,
  -- The order of the levels, from the lowest.
  place         smallint not null unique,
  daily_limit   numeric(20, 8) not null,
  monthly_limit numeric(20, 8) not null,
  changed_at    timestamptz not null default clock_timestamp(),
  constraint kyc_levels_level check (level in ('none', 'basic', 'full', 'institution')),
  constraint kyc_levels_limits check (
    daily_limit >= 0 and daily_limit < 'Infinity' and monthly_limit >= 0 and monthly_limit < 'Infinity'
  )
);
insert into fairlock.kyc_levels (level, place, daily_limit, monthly_limit) values
  ('none', 1, 200, 1000), ('basic', 2, 2000, 20000), ('full', 3, 20000, 200000), ('institution', 4, 1000000, 10000000);

alter table public.crypto_profiles
  -- The day in UTC that current_daily_volume is of; current_monthly_volume is of its month. Of another day they count
  -- nothing, so nobody has to set them back at midnight.
  add column volume_day date,
  -- What of trading_volume was brought from an earlier platform; the rest is the sum of the trades here.
  add column volume_before numeric(20, 8) not null default 0;
update public.crypto_profiles set volume_before = trading_volume where trading_volume <> 0;

alter table public.crypto_trades
  -- What the trade was worth in US dollars at the take, and the day on which it counts; empty for trades from before.
  add column reference_value numeric(20, 8),
  add column counted_on date;

-- Withdrawals count like trades, in the wallet's own currency. Limits that were raised wait, and are in force from
-- limits_pending_until on without anybody's doing.
alter table public.crypto_wallets
  add column withdrawn_today numeric(20, 8) not null default 0,
  add column withdrawn_this_month numeric(20, 8) not null default 0,
  add column withdrawal_day date,
  add column pending_limit_daily numeric(20, 8),
  add column pending_limit_monthly numeric(20, 8),
  add column limits_pending_until timestamptz;
-- The day on which a withdrawal counts.
alter table public.crypto_transactions add column counted_on date;

-- The laws of decision 13, with what is new.
create or replace function fairlock.broken_law(r public.crypto_profiles) returns text
language sql immutable
as $$
  select case
    when not (r.average_rating between 1 and 5)
      then 'crypto_profiles_average_rating'
    when not (r.trading_volume >= 0 and r.trading_volume <> 'NaN'
      and r.current_daily_volume >= 0 and r.current_daily_volume <> 'NaN'
      and r.current_monthly_volume >= 0 and r.current_monthly_volume <> 'NaN'
      and r.total_trades >= 0
      and r.successful_escrows >= 0
      and r.disputed_trades >= 0
      and r.volume_before >= 0 and r.volume_before <> 'NaN'
      and r.unfinished_trades >= 0
      and r.counterparties >= 0)
      then 'crypto_profiles_counters'
    when not ((r.kyc_status in ('basic', 'full', 'institution')) = (r.kyc_verified_at is not null))
      then 'crypto_profiles_kyc_verified'
    when not (r.daily_limit >= 0 and r.daily_limit <> 'NaN' and r.monthly_limit >= 0 and r.monthly_limit <> 'NaN')
      then 'crypto_profiles_limits'
    when case r.rating_count
        when 0 then r.rater_count <> 0 or r.rating_sum <> 0 or r.rater_means <> 0 or r.weighted_rating is not null
        else r.rater_count not between 1 and r.rating_count
          or r.average_rating is distinct from round(r.rating_sum / r.rating_count, 2)
          or r.weighted_rating is distinct from round(r.rater_means / nullif(r.rater_count, 0), 2)
      end
      then 'crypto_profiles_ratings'
    when r.two_factor_enabled and r.two_factor_secret is null
      then 'crypto_profiles_two_factor'
  end
$$;

create or replace function fairlock.broken_law(r public.crypto_wallets) returns text
language sql immutable
as $$
  select case
    when not (r.currency <> '' and r.currency = upper(r.currency))
      then 'crypto_wallets_currency'
    when not (r.withdrawal_limit_daily >= 0 and r.withdrawal_limit_daily <> 'NaN'
      and r.withdrawal_limit_monthly >= 0 and r.withdrawal_limit_monthly <> 'NaN')
      then 'crypto_wallets_limits'
    when not (r.pending_limit_daily >= 0 and r.pending_limit_daily <> 'NaN'
      and r.pending_limit_monthly >= 0 and r.pending_limit_monthly <> 'NaN')
      or r.limits_pending_until is null and num_nonnulls(r.pending_limit_daily, r.pending_limit_monthly) > 0
      then 'crypto_wallets_pending_limits'
    when not (r.withdrawn_today >= 0 and r.withdrawn_today <> 'NaN'
      and r.withdrawn_this_month >= 0 and r.withdrawn_this_month <> 'NaN')
      then 'crypto_wallets_withdrawn'
  end
$$;
