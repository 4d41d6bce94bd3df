import type { Shape } from './shape.ts'

const users = `create table public.users (
  name          varchar(255),
  id            uuid not null,
  email         varchar(320),
  password_hash char(60),
  role          varchar(20),
  created_at    timestamptz default now(),
  last_login    timestamptz,
  locale        varchar(10)
)`
const profiles = `create table public.crypto_profiles (
  id                       uuid not null default gen_random_uuid(),
  created_at               timestamp,
  updated_at               timestamp,
  user_id                  uuid,
  kyc_status               varchar(50),
  kyc_verified_at          timestamp,
  trading_volume           double precision,
  total_trades             bigint,
  average_rating           double precision,
  is_verified_trader       boolean,
  wallet_address           varchar(255),
  wallet_provider          varchar(50),
  preferred_currencies     text,
  trading_pairs            text,
  risk_tolerance           varchar(20),
  investment_strategy      text,
  notification_preferences text,
  security_settings        json,
  avatar_url               varchar(500)
)`
const wallets = `create table public.crypto_wallets (
  id              uuid not null,
  balance         double precision default 0,
  currency        varchar(20),
  user_id         uuid,
  wallet_address  varchar(255),
  wallet_provider varchar(50),
  chain_type      varchar(50),
  is_primary      boolean,
  is_connected    boolean,
  last_synced_at  timestamptz,
  created_at      timestamptz,
  updated_at      timestamptz,
  nickname        varchar(100)
)`
// The words that the old application never writes came by hand, over the years.
const status = `create type public.tx_state as enum ('pending', 'completed', 'failed', 'cancelled', 'done', 'confirmed',
  'success', 'COMPLETED ', 'Completed', 'limbo')`
const transactions = `create table public.crypto_transactions (
  id               uuid not null,
  user_id          uuid,
  wallet_id        uuid,
  amount           numeric,
  currency         varchar(20),
  transaction_fee  numeric,
  transaction_type varchar(50),
  status           public.tx_state default 'pending',
  transaction_hash varchar(255),
  from_address     varchar(255),
  to_address       varchar(255),
  timestamp        timestamp,
  confirmations    integer,
  block_number     integer,
  gas_price        double precision,
  gas_limit        numeric,
  gas_used         numeric,
  metadata         text,
  created_at       timestamp,
  updated_at       timestamp,
  reviewed_by      varchar(100)
)`
const trades = `create table public.crypto_trades (
  id             varchar(36) not null,
  user_id        uuid,
  transaction_id varchar(36),
  pair           varchar(20),
  side           varchar(10),
  price          double precision,
  amount         numeric,
  total_value    double precision,
  fee            double precision,
  fee_currency   varchar(10),
  status         varchar(20) default 'open',
  order_type     varchar(20),
  timestamp      timestamptz,
  metadata       json,
  created_at     timestamptz,
  updated_at     timestamptz,
  source         varchar(20) default 'web'
)`
const prices = `create table public.crypto_prices (
  id                 varchar(36) not null,
  symbol             varchar(20),
  name               varchar(100),
  price_usd          double precision,
  price_change_24h   double precision,
  volume_24h         double precision,
  market_cap         double precision,
  market_cap_rank    integer,
  high_24h           double precision,
  low_24h            double precision,
  circulating_supply double precision,
  total_supply       double precision,
  max_supply         double precision,
  last_updated       timestamptz,
  created_at         timestamptz,
  image_url          text
)`

// What stands around the five tables in a database that is somebody's: it has to go on working, too.
const surroundings = `
create table public.support_tickets (
  id serial primary key, customer uuid constraint ticket_of_customer references public.users (id),
  subject varchar(200), opened timestamptz default now()
);
insert into public.support_tickets (customer, subject)
  select id, 'Where are my coins?' from public.users order by id limit 50;
create view public.recent_trades as
  select id, user_id, pair, side, price, amount, status from public.crypto_trades where status <> 'cancelled';
create schema reporting;
create table reporting.daily_activity (
  day date, customer uuid references public.users on delete cascade, trades integer, primary key (day, customer)
);
insert into reporting.daily_activity select '2025-01-01', id, 1 from public.users order by id limit 50;
create view reporting.balances as
  select currency, sum(balance) as total, count(*) as wallets from public.crypto_wallets group by currency;
create function public.touch_updated_at() returns trigger language plpgsql
  as $$ begin new.updated_at := now(); return new; end $$;
create trigger touch before update on public.crypto_wallets
  for each row execute function public.touch_updated_at();`

/** The same tables as other people would have made them: other types, names and surroundings. */
export const ODD: Shape = {
  before: [status, users, profiles, wallets, transactions, trades, prices].join(';\n'),
  keys: [
    'alter table public.users add constraint "PK_a3ffb1c0c8416b9fc6f907b7433" primary key (id)',
    'create unique index "IDX_97672ac88f789774dd47f7c8be" on public.users (email)',
    'alter table public.crypto_profiles add constraint "PK_profiles" primary key (id)',
    'alter table public.crypto_wallets add constraint "PK_wallets" primary key (id)',
    'alter table public.crypto_transactions add constraint "transactions pk" primary key (id)',
    'alter table public.crypto_trades add constraint "TradePrimary" primary key (id)',
    'alter table public.crypto_prices add constraint crypto_prices_pk primary key (id)',
    'create index ix_profiles_1 on public.crypto_profiles (user_id)',
    'create index ix_wallets_1 on public.crypto_wallets (user_id, currency)',
    'create index ix_tx_1 on public.crypto_transactions (user_id, timestamp)',
    'create index ix_trades_1 on public.crypto_trades (user_id)',
    `create index "Trades open" on public.crypto_trades (pair, timestamp) where status = 'open'`,
    'create index ix_prices_1 on public.crypto_prices (symbol, last_updated)',
  ],
  foreign: [
    `alter table public.crypto_profiles add constraint fk_1 foreign key (user_id) references public.users (id)
       on delete cascade`,
    'alter table public.crypto_wallets add constraint fk_2 foreign key (user_id) references public.users (id)',
    `alter table public.crypto_transactions add constraint "FK_tx_wallet" foreign key (wallet_id)
       references public.crypto_wallets (id) on delete set null`,
  ],
  after: surroundings,
  loose: [],
  transactionStatus: 'public.tx_state',
}
