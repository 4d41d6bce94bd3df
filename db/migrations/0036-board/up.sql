-- squawk-ignore-file adding-not-nullable-field
-- What the market said before, and the board of what it says now, exact (docs/decisions/0030).
alter table fairlock.settings
  add column price_minutes_days smallint not null default 7 check (price_minutes_days between 2 and 90),
  add column price_hours_days smallint not null default 90 check (price_hours_days between 35 and 3650);

-- US dollars for one unit of a coin, a row for each minute that had a price; made-up prices are a series of their own,
-- and never meet real ones. No scale: a token can be worth 1e-9 dollars. Partitioned by day, and dropped by day.
create table fairlock.price_history (
  currency  text not null,
  is_sample boolean not null,
  -- The beginning of the minute.
  at        timestamptz not null,
  open      numeric not null,
  high      numeric not null,
  low       numeric not null,
  close     numeric not null,
  -- How many prices it was made of, and when the first and the last of them were said.
  samples   integer not null,
  first_at  timestamptz not null,
  last_at   timestamptz not null,
  primary key (currency, is_sample, at),
  constraint price_history_bar check (low > 0 and high < 'Infinity' and open between low and high
    and close between low and high and samples > 0 and at <= first_at and first_at <= last_at)
) partition by range (at);
-- What has no day's partition yet lands here; fairlock.open_price_partitions() moves it to its day.
create table fairlock.price_history_default partition of fairlock.price_history default;

-- The same by the hour, rolled up from the minutes in the transaction that writes them. Partitioned by month.
create table fairlock.price_hours (
  like fairlock.price_history including constraints,
  primary key (currency, is_sample, at)
) partition by range (at);
create table fairlock.price_hours_default partition of fairlock.price_hours default;

-- The same by the day in UTC, rolled up from the hours. Kept for good: thirteen coins make 5,000 rows a year.
create table fairlock.price_days (
  like fairlock.price_history including constraints,
  primary key (currency, is_sample, at)
);

-- What is known of each coin now: what public.crypto_prices says, without its limits of size.
create table fairlock.price_board (
  currency           text primary key references fairlock.currencies (code),
  is_sample          boolean not null,
  -- When the price was said.
  at                 timestamptz not null,
  price_usd          numeric not null check (price_usd > 0 and price_usd < 'Infinity'),
  price_btc          numeric,
  price_eth          numeric,
  -- Percent.
  change_1h          numeric,
  change_24h         numeric,
  change_7d          numeric,
  change_30d         numeric,
  high_24h           numeric,
  low_24h            numeric,
  -- What only a source of the whole market knows, when it said it, and which.
  facts_at           timestamptz,
  facts_source       text,
  source_high_24h    numeric,
  source_low_24h     numeric,
  volume_24h         numeric,
  market_cap         numeric,
  market_cap_rank    integer,
  circulating_supply numeric,
  total_supply       numeric,
  max_supply         numeric,
  dominance          numeric,
  sentiment          numeric,
  rsi_14             numeric,
  macd               numeric,
  macd_signal        numeric,
  -- Columns of public.crypto_prices that cannot hold what stands here: empty there, or rounded to zero.
  not_fitting        text[] not null default '{}'
);
comment on table public.crypto_prices is
  'Rounded from fairlock.price_board, whose not_fitting names the values that these columns cannot hold.';
