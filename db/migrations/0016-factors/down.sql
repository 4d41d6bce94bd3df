-- keep fairlock.recovery_codes
-- keep fairlock.passkeys
-- keep fairlock.passkey_challenges
-- keep fairlock.credentials (second_factor, totp_step, totp_session, factor_failures, factor_blocked_until)
-- keep fairlock.sessions (factor_at, factor_method, factor_failures, factor_blocked_until)
-- keep fairlock.settings (step_up_minutes, staff_need_factor)
alter table fairlock.settings drop column step_up_minutes, drop column staff_need_factor;
drop table fairlock.passkey_challenges;
drop table fairlock.passkeys;
drop table fairlock.recovery_codes;
alter table fairlock.credentials
  drop constraint credentials_totp,
  drop column second_factor,
  drop column totp_step,
  drop column totp_session,
  drop column factor_failures,
  drop column factor_blocked_until;
alter table fairlock.sessions
  drop constraint sessions_factor,
  drop column factor_at,
  drop column factor_method,
  drop column factor_failures,
  drop column factor_blocked_until;

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
  end
$$;
