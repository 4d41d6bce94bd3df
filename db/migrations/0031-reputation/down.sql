-- keep fairlock.counterparties
-- keep fairlock.ratings
-- keep fairlock.faults
-- keep fairlock.marked_people
-- keep fairlock.offers (trusted_only)
-- keep fairlock.settings (rating_days, cooldown_hours_after_two, cooldown_hours_after_three, cooldown_hours_after_five, free_cancellations_a_day)
-- keep public.crypto_profiles (unfinished_trades, counterparties, volumes, payment_seconds, release_seconds, rating_count, rating_sum, rater_count, rater_means, weighted_rating)
drop index fairlock.sessions_last_seen;
alter table fairlock.settings
  drop column rating_days, drop column cooldown_hours_after_two, drop column cooldown_hours_after_three,
  drop column cooldown_hours_after_five, drop column free_cancellations_a_day;
alter table fairlock.offers drop column trusted_only;
drop table fairlock.marked_people;
drop table fairlock.faults;
drop table fairlock.ratings;
drop table fairlock.counterparties;
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
      and r.disputed_trades >= 0)
      then 'crypto_profiles_counters'
    when not ((r.kyc_status in ('basic', 'full', 'institution')) = (r.kyc_verified_at is not null))
      then 'crypto_profiles_kyc_verified'
    when not (r.daily_limit >= 0 and r.daily_limit <> 'NaN' and r.monthly_limit >= 0 and r.monthly_limit <> 'NaN')
      then 'crypto_profiles_limits'
    when r.two_factor_enabled and r.two_factor_secret is null
      then 'crypto_profiles_two_factor'
  end
$$;
alter table public.crypto_profiles
  drop column unfinished_trades, drop column counterparties, drop column volumes, drop column payment_seconds,
  drop column release_seconds, drop column rating_count, drop column rating_sum, drop column rater_count,
  drop column rater_means, drop column weighted_rating;
