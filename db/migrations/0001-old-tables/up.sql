-- squawk-ignore-file prefer-timestamp-tz
-- The platform as it was before Fairlock: people and the five tables of the specification's "Current Fields".
-- A database that already has them is adopted: this migration is then recorded as done, never run.
create table public.users (
  id         uuid primary key default gen_random_uuid(),
  email      text unique,
  created_at timestamp not null default now()
);

create table public.crypto_profiles (
  id                       uuid primary key default gen_random_uuid(),
  user_id                  uuid not null references public.users (id),
  wallet_address           text,
  wallet_provider          text,
  kyc_status               text default 'pending',
  kyc_verified_at          timestamp,
  trading_volume           numeric(20, 8) default 0,
  total_trades             integer default 0,
  average_rating           numeric(3, 2),
  is_verified_trader       boolean default false,
  preferred_currencies     text[],
  trading_pairs            text[],
  risk_tolerance           text,
  investment_strategy      text,
  notification_preferences jsonb,
  security_settings        jsonb,
  created_at               timestamp not null default now(),
  updated_at               timestamp not null default now()
);

create table public.crypto_wallets (
  id              uuid primary key default gen_random_uuid(),
  user_id         uuid not null references public.users (id),
  wallet_address  text not null,
  wallet_provider text,
  chain_type      text,
  balance         numeric(20, 8) default 0,
  currency        text not null,
  is_primary      boolean default false,
  is_connected    boolean default false,
  last_synced_at  timestamp,
  created_at      timestamp not null default now(),
  updated_at      timestamp not null default now()
);

create table public.crypto_transactions (
  id               uuid primary key default gen_random_uuid(),
  user_id          uuid not null references public.users (id),
  wallet_id        uuid references public.crypto_wallets (id),
  transaction_hash text,
  from_address     text,
  to_address       text,
  amount           numeric(20, 8) not null,
  currency         text not null,
  transaction_fee  numeric(20, 8),
  status           text not null default 'pending',
  transaction_type text not null,
  timestamp        timestamp not null default now(),
  confirmations    integer default 0,
  block_number     bigint,
  gas_price        numeric(20, 8),
  gas_limit        bigint,
  gas_used         bigint,
  metadata         jsonb,
  created_at       timestamp not null default now(),
  updated_at       timestamp not null default now()
);

create table public.crypto_trades (
  id             uuid primary key default gen_random_uuid(),
  user_id        uuid not null references public.users (id),
  transaction_id uuid references public.crypto_transactions (id),
  pair           text not null,
  side           text not null,
  price          numeric(20, 8) not null,
  amount         numeric(20, 8) not null,
  total_value    numeric(20, 8),
  fee            numeric(20, 8),
  fee_currency   text,
  status         text not null default 'open',
  order_type     text,
  timestamp      timestamp not null default now(),
  metadata       jsonb,
  created_at     timestamp not null default now(),
  updated_at     timestamp not null default now()
);

create table public.crypto_prices (
  id                 uuid primary key default gen_random_uuid(),
  symbol             text not null,
  name               text,
  price_usd          numeric(20, 8) not null,
  price_change_24h   numeric(8, 2),
  volume_24h         numeric(30, 8),
  market_cap         numeric(30, 8),
  market_cap_rank    integer,
  high_24h           numeric(20, 8),
  low_24h            numeric(20, 8),
  circulating_supply numeric(30, 8),
  total_supply       numeric(30, 8),
  max_supply         numeric(30, 8),
  last_updated       timestamp,
  created_at         timestamp not null default now()
);
