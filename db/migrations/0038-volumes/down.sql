-- keep fairlock.kyc_levels
-- keep public.crypto_profiles (volume_day, volume_before)
-- keep public.crypto_trades (reference_value, counted_on)
-- keep public.crypto_wallets (withdrawn_today, withdrawn_this_month, withdrawal_day, pending_limit_daily, pending_limit_monthly, limits_pending_until)
-- keep public.crypto_transactions (counted_on)
drop table fairlock.kyc_levels;
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
  end
$$;

alter table public.crypto_profiles drop column if exists volume_day, drop column if exists volume_before;
alter table public.crypto_trades drop column if exists reference_value, drop column if exists counted_on;
alter table public.crypto_wallets
  drop column if exists withdrawn_today,
  drop column if exists withdrawn_this_month,
  drop column if exists withdrawal_day,
  drop column if exists pending_limit_daily,
  drop column if exists pending_limit_monthly,
  drop column if exists limits_pending_until;
alter table public.crypto_transactions drop column if exists counted_on;
