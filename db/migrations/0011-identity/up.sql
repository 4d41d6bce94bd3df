-- People: how they sign in, where they are signed in, and what staff may do. The person is public.users, the trading
-- profile public.crypto_profiles; what the specification does not name lives in schema fairlock, where it cannot
-- collide with the tables of a platform that is taken over.
create table fairlock.credentials (
  user_id       uuid primary key references public.users (id),
  password_hash text not null check (password_hash like '$argon2id$%'),
  changed_at    timestamptz not null default now()
);

create table fairlock.sessions (
  id           uuid primary key,
  user_id      uuid not null references public.users (id),
  -- SHA-256 of the secret half of the token: who reads this table cannot sign in with it.
  token_hash   bytea not null check (octet_length(token_hash) = 32),
  created_at   timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at   timestamptz not null,
  ended_at     timestamptz,
  user_agent   text check (length(user_agent) <= 400),
  address      inet,
  check (expires_at > created_at)
);
create index sessions_user on fairlock.sessions (user_id, created_at desc) where ended_at is null;
create index sessions_expiry on fairlock.sessions (expires_at);

create table fairlock.staff_roles (
  user_id    uuid not null references public.users (id),
  role       text not null check (role in ('arbitrator', 'support', 'compliance', 'admin')),
  granted_by uuid references public.users (id),
  granted_at timestamptz not null default now(),
  primary key (user_id, role)
);

-- Counters of rate-limiter-flexible, shared by all API processes; the shape is the library's.
create table fairlock.rate_limits (
  key    varchar(255) primary key,
  points integer not null default 0,
  expire bigint
);

-- The first answer to each idempotency key, refusals included (I18).
create table fairlock.idempotency_keys (
  user_id     uuid not null,
  key         text not null check (length(key) between 1 and 200),
  operation   text not null,
  fingerprint bytea not null,
  answer      jsonb not null,
  created_at  timestamptz not null default now(),
  primary key (user_id, key)
);
create index idempotency_keys_age on fairlock.idempotency_keys (created_at);
