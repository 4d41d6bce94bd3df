-- squawk-ignore-file adding-not-nullable-field
-- What the market says a currency is worth: one row for each pair, the newest only. Its history is kept elsewhere.
alter table fairlock.settings
  add column quote_max_age_seconds integer not null default 300 check (quote_max_age_seconds between 10 and 86400),
  add column quote_least_sources smallint not null default 2 check (quote_least_sources between 1 and 10),
  add column quote_most_spread_percent smallint not null default 5 check (quote_most_spread_percent between 1 and 50),
  add column reference_max_age_hours integer not null default 72 check (reference_max_age_hours between 1 and 720);

-- BTC/EUR is the price of a coin, EUR/USD a rate of exchange. The price has no scale of its own: a coin can be worth
-- 1e-9 dollars, which numeric(20, 8) would call nothing.
create table fairlock.market_quotes (
  pair           text primary key,
  base_currency  text not null references fairlock.currencies (code),
  quote_currency text not null references fairlock.currencies (code),
  price          numeric not null,
  -- From prices of this very pair, or through the US dollar.
  via            text not null,
  -- Each price it was made of and each that was dropped: [{"source", "price", "at", "used"}].
  sources        jsonb not null,
  -- Of how many sources it was made, and how far the outermost of them are apart, in percent of the price.
  source_count   smallint not null,
  spread_percent numeric(9, 4) not null,
  -- The time of the oldest price it was made of; rate_as_of: of the rate of exchange, where it went through one.
  as_of          timestamptz not null,
  rate_as_of     timestamptz,
  -- Made up, for a demo or a test; said wherever it is shown.
  is_sample      boolean not null,
  published_at   timestamptz not null default clock_timestamp(),
  constraint market_quotes_pair check (pair = base_currency || '/' || quote_currency and base_currency <> quote_currency),
  constraint market_quotes_price check (price > 0 and price < 'Infinity'),
  constraint market_quotes_via check (via in ('direct', 'cross')),
  constraint market_quotes_sources check (jsonb_typeof(sources) = 'array' and source_count > 0 and spread_percent >= 0)
);
create index market_quotes_base on fairlock.market_quotes (base_currency);
create index market_quotes_quote on fairlock.market_quotes (quote_currency);
