-- mode: statements
-- squawk-ignore-file require-concurrent-index-creation
-- The second factor: when a session last proved one, recovery codes, passkeys. The tables are new and empty, so their
-- indexes stop nobody.
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

-- Rows from before the law, as VALIDATE looks at those from before a CHECK.
do $$
declare
  v_user uuid := (select user_id from public.crypto_profiles
                  where two_factor_enabled and two_factor_secret is null limit 1);
begin
  if v_user is not null then
    raise exception using errcode = '23514', constraint = 'crypto_profiles_two_factor',
      message = format('the profile of %s has two_factor_enabled without a two_factor_secret', v_user);
  end if;
end $$;

alter table fairlock.sessions
  -- When a second factor was last proven in this session, and which.
  add column factor_at timestamptz,
  add column factor_method text,
  -- Wrong codes since the last right one.
  add column factor_failures integer not null default 0,
  add column factor_blocked_until timestamptz,
  add constraint sessions_factor check (
    factor_method in ('totp', 'passkey', 'recovery_code') and (factor_at is null) = (factor_method is null)
    and factor_failures >= 0) not valid;
alter table fairlock.sessions validate constraint sessions_factor;

alter table fairlock.credentials
  -- Whether the person has a second factor: TOTP or a passkey. Kept by triggers, so that a release looks at one row.
  add column second_factor boolean not null default false,
  -- The time step of the last code that was accepted, and the session that it was accepted for.
  add column totp_step bigint,
  add column totp_session uuid,
  -- Wrong codes after a right password since the last right one.
  add column factor_failures integer not null default 0,
  add column factor_blocked_until timestamptz,
  add constraint credentials_totp check (
    (totp_step is null) = (totp_session is null) and factor_failures >= 0) not valid;
alter table fairlock.credentials validate constraint credentials_totp;
update fairlock.credentials c set second_factor = true
from public.crypto_profiles p where p.user_id = c.user_id and p.two_factor_enabled;

-- Ten at a time, shown once. Each has 100 random bits, so its SHA-256 gives nothing to guess.
create table fairlock.recovery_codes (
  user_id    uuid not null references public.users (id),
  code_hash  bytea not null check (octet_length(code_hash) = 32),
  created_at timestamptz not null default clock_timestamp(),
  used_at    timestamptz,
  used_in    uuid,
  primary key (user_id, code_hash),
  check ((used_at is null) = (used_in is null))
);

create table fairlock.passkeys (
  id            uuid primary key,
  user_id       uuid not null references public.users (id),
  credential_id bytea not null check (octet_length(credential_id) between 1 and 1023),
  -- COSE. It is no secret.
  public_key    bytea not null check (octet_length(public_key) between 1 and 4000),
  counter       bigint not null check (counter between 0 and 4294967295),
  transports    text[] not null check (cardinality(transports) <= 10),
  name          text not null check (length(name) between 1 and 80),
  -- The authenticator says that it is copied to the person's other devices.
  backed_up     boolean not null,
  -- The name of the site that it is bound to.
  rp_id         text not null check (length(rp_id) between 1 and 253),
  created_at    timestamptz not null default clock_timestamp(),
  last_used_at  timestamptz,
  -- Since when it is refused, because its counter said that there are two of it.
  cloned_at     timestamptz
);
create unique index passkeys_credential on fairlock.passkeys (credential_id);
create index passkeys_user on fairlock.passkeys (user_id, created_at);

-- What an authenticator is asked to sign, once and within minutes: for whom, except when that is what will be found out.
create table fairlock.passkey_challenges (
  challenge  bytea primary key check (octet_length(challenge) = 32),
  purpose    text not null check (purpose in ('registration', 'sign_in', 'step_up')),
  user_id    uuid references public.users (id),
  session_id uuid,
  expires_at timestamptz not null,
  check ((purpose = 'sign_in') = (user_id is null) and (user_id is null) = (session_id is null))
);
create index passkey_challenges_user on fairlock.passkey_challenges (user_id, session_id);
create index passkey_challenges_over on fairlock.passkey_challenges (expires_at);

alter table fairlock.settings
  add column step_up_minutes integer not null default 5,
  add column staff_need_factor boolean not null default false,
  add constraint settings_step_up check (step_up_minutes between 1 and 60) not valid;
alter table fairlock.settings validate constraint settings_step_up;
