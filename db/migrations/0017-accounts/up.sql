-- mode: statements
-- squawk-ignore-file require-concurrent-index-creation
-- What people are told and how it reaches them; devices; the pause of withdrawals; changes of password and address.
-- The tables are new and empty, so their indexes stop nobody.

-- News for a person, written in the transaction of its cause; the row is also its mail's place in the queue. What it
-- says is in kind and data, its words in src/notifications; no secret is ever in it.
create table fairlock.notices (
  id            uuid primary key,
  user_id       uuid not null references public.users (id),
  kind          text not null check (kind ~ '^[a-z]+(\.[a-z_]+)+$' and length(kind) <= 60),
  data          jsonb not null check (jsonb_typeof(data) = 'object' and pg_column_size(data) <= 4000),
  created_at    timestamptz not null default clock_timestamp(),
  read_at       timestamptz,
  -- Where it is mailed; the address of that moment, because an address may change before the mail goes out.
  mail_to       text check (length(mail_to) <= 320),
  -- When it may be tried next; empty when there is nothing to send any more.
  mail_due_at   timestamptz,
  mail_attempts integer not null default 0,
  mail_sent_at  timestamptz,
  mail_error    text check (length(mail_error) <= 400),
  check (mail_to is not null or (mail_due_at is null and mail_sent_at is null))
);
create index notices_of_person on fairlock.notices (user_id, created_at desc, id desc);
create index notices_mail_due on fairlock.notices (mail_due_at) where mail_due_at is not null;

alter table fairlock.credentials add column withdrawals_paused_until timestamptz;

alter table fairlock.settings
  add column withdrawal_pause_hours integer not null default 24,
  add column email_change_delay_hours integer not null default 24,
  add column session_idle_hours integer not null default 168,
  add constraint settings_account_hours check (
    withdrawal_pause_hours between 0 and 720 and email_change_delay_hours between 0 and 720
    and session_idle_hours between 1 and 720) not valid;
alter table fairlock.settings validate constraint settings_account_hours;

alter table fairlock.sessions
  -- Short and readable, from the user agent: "Firefox on Windows".
  add column device text,
  add column signed_in_with text,
  -- Moves on while the session is used.
  add column idle_until timestamptz,
  add constraint sessions_device check (length(device) <= 60) not valid,
  add constraint sessions_signed_in_with check (
    signed_in_with in ('registration', 'password', 'second_factor', 'recovery_code', 'passkey')) not valid;
alter table fairlock.sessions validate constraint sessions_device;
alter table fairlock.sessions validate constraint sessions_signed_in_with;
-- From where somebody has signed in before, sessions that are over too.
create index concurrently sessions_places on fairlock.sessions (user_id, address);

-- Who asked for a reset, as it was typed: the request does the same whether somebody has this address or not. The
-- background work takes the rows away within seconds.
create table fairlock.password_reset_wishes (
  id       uuid primary key,
  email    text not null check (length(email) <= 320),
  asked_at timestamptz not null default clock_timestamp()
);
create index password_reset_wishes_order on fairlock.password_reset_wishes (asked_at);

-- A way to a new password. The tokens are made when the mail is sent, one for each attempt, and never kept: here are
-- their SHA-256.
create table fairlock.password_resets (
  id           uuid primary key,
  user_id      uuid not null references public.users (id),
  token_hashes bytea[] not null default '{}',
  created_at   timestamptz not null default clock_timestamp(),
  expires_at   timestamptz not null,
  ended_at     timestamptz,
  outcome      text check (outcome in ('used', 'replaced')),
  -- From here the person may sign in even while somebody else guesses at the account.
  used_from    inet,
  check ((ended_at is null) = (outcome is null)),
  check (expires_at > created_at)
);
create index password_resets_of_person on fairlock.password_resets (user_id, created_at desc);
-- The older one dies when there is a newer.
create unique index password_resets_one_open on fairlock.password_resets (user_id) where ended_at is null;

-- An address that wants to replace another: confirmed from the new one, then waiting so long that the old one can say
-- no. The tokens' hashes are kept as with resets.
create table fairlock.email_changes (
  id                  uuid primary key,
  user_id             uuid not null references public.users (id),
  old_email           text not null check (length(old_email) <= 320),
  new_email           text not null check (length(new_email) <= 320),
  -- The session that asked; it goes on when the others end.
  session_id          uuid,
  confirmation_hashes bytea[] not null default '{}',
  cancellation_hashes bytea[] not null default '{}',
  created_at          timestamptz not null default clock_timestamp(),
  -- Until when it can be confirmed.
  expires_at          timestamptz not null,
  confirmed_at        timestamptz,
  takes_effect_at     timestamptz,
  ended_at            timestamptz,
  outcome             text check (outcome in ('done', 'cancelled', 'replaced', 'taken')),
  check ((confirmed_at is null) = (takes_effect_at is null)),
  check ((ended_at is null) = (outcome is null)),
  check (expires_at > created_at)
);
create index email_changes_of_person on fairlock.email_changes (user_id, created_at desc);
create unique index email_changes_one_open on fairlock.email_changes (user_id) where ended_at is null;
-- Two people cannot both wait for one address.
create unique index email_changes_one_waiting on fairlock.email_changes (lower(new_email))
  where ended_at is null and confirmed_at is not null;
create index email_changes_old on fairlock.email_changes (lower(old_email))
  where ended_at is null and confirmed_at is not null;
create index email_changes_due on fairlock.email_changes (takes_effect_at)
  where ended_at is null and confirmed_at is not null;
