import type { Shape } from './shape.ts'

const users = `create table public.users (
  id            uuid not null default gen_random_uuid(),
  email         text,
  password_hash text,
  name          text,
  role          text default 'user',
  created_at    timestamp not null default now()
)`
const profiles = `create table public.crypto_profiles (
  id                       uuid not null default gen_random_uuid(),
  user_id                  uuid not null,
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
)`
const wallets = `create table public.crypto_wallets (
  id              uuid not null default gen_random_uuid(),
  user_id         uuid not null,
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
)`
const transactions = `create table public.crypto_transactions (
  id               uuid not null default gen_random_uuid(),
  user_id          uuid not null,
  wallet_id        uuid,
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
)`
const trades = `create table public.crypto_trades (
  id             uuid not null default gen_random_uuid(),
  user_id        uuid not null,
  transaction_id uuid,
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
)`
const prices = `create table public.crypto_prices (
  id                 uuid not null default gen_random_uuid(),
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
)`

/** The specification's "Current Fields" as it has them, with the few columns a platform has besides. */
export const PLAIN: Shape = {
  before: [users, profiles, wallets, transactions, trades, prices].join(';\n'),
  keys: [
    'alter table public.users add primary key (id)',
    'alter table public.users add unique (email)',
    'alter table public.crypto_profiles add primary key (id)',
    'alter table public.crypto_wallets add primary key (id)',
    'alter table public.crypto_transactions add primary key (id)',
    'alter table public.crypto_trades add primary key (id)',
    'alter table public.crypto_prices add primary key (id)',
    'create index profiles_by_user on public.crypto_profiles (user_id)',
    'create index wallets_by_user on public.crypto_wallets (user_id)',
    'create index transactions_by_user on public.crypto_transactions (user_id, timestamp desc)',
    'create index trades_by_user on public.crypto_trades (user_id, timestamp desc)',
    'create index trades_by_pair on public.crypto_trades (pair, status, timestamp desc)',
    'create index prices_by_symbol on public.crypto_prices (symbol)',
  ],
  foreign: [
    'alter table public.crypto_profiles add foreign key (user_id) references public.users (id)',
    'alter table public.crypto_wallets add foreign key (user_id) references public.users (id)',
    'alter table public.crypto_transactions add foreign key (user_id) references public.users (id)',
    'alter table public.crypto_transactions add foreign key (wallet_id) references public.crypto_wallets (id)',
    'alter table public.crypto_trades add foreign key (user_id) references public.users (id)',
    'alter table public.crypto_trades add foreign key (transaction_id) references public.crypto_transactions (id)',
  ],
  after: '',
  loose: [
    'public.users alter created_at drop not null',
    'public.crypto_profiles alter user_id drop not null',
    'public.crypto_wallets alter user_id drop not null',
    'public.crypto_transactions alter user_id drop not null',
  ],
  transactionStatus: 'text',
}
