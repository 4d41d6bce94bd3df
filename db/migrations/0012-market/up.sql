-- What is traded, and the advertised offers.
create table fairlock.currencies (
  code     text primary key check (code ~ '^[A-Z0-9]{2,10}$'),
  kind     text not null check (kind in ('crypto', 'fiat')),
  name     text not null,
  -- The smallest unit people pay in: total values are rounded to it. Crypto is kept to 8 decimals.
  decimals smallint not null check (decimals between 0 and 8)
);

insert into fairlock.currencies (code, kind, name, decimals) values
  ('BTC', 'crypto', 'Bitcoin', 8), ('ETH', 'crypto', 'Ether', 8), ('LTC', 'crypto', 'Litecoin', 8),
  ('BCH', 'crypto', 'Bitcoin Cash', 8), ('XMR', 'crypto', 'Monero', 8), ('DOGE', 'crypto', 'Dogecoin', 8),
  ('SOL', 'crypto', 'Solana', 8), ('XRP', 'crypto', 'XRP', 8), ('ADA', 'crypto', 'Cardano', 8),
  ('TRX', 'crypto', 'TRON', 8), ('USDT', 'crypto', 'Tether', 8), ('USDC', 'crypto', 'USD Coin', 8),
  ('DAI', 'crypto', 'Dai', 8),
  ('USD', 'fiat', 'US dollar', 2), ('EUR', 'fiat', 'Euro', 2), ('GBP', 'fiat', 'Pound sterling', 2),
  ('CHF', 'fiat', 'Swiss franc', 2), ('SEK', 'fiat', 'Swedish krona', 2), ('NOK', 'fiat', 'Norwegian krone', 2),
  ('DKK', 'fiat', 'Danish krone', 2), ('PLN', 'fiat', 'Polish złoty', 2), ('CZK', 'fiat', 'Czech koruna', 2),
  ('HUF', 'fiat', 'Hungarian forint', 2), ('RON', 'fiat', 'Romanian leu', 2), ('BGN', 'fiat', 'Bulgarian lev', 2),
  ('TRY', 'fiat', 'Turkish lira', 2), ('UAH', 'fiat', 'Ukrainian hryvnia', 2), ('CAD', 'fiat', 'Canadian dollar', 2),
  ('AUD', 'fiat', 'Australian dollar', 2), ('NZD', 'fiat', 'New Zealand dollar', 2),
  ('JPY', 'fiat', 'Japanese yen', 0), ('CNY', 'fiat', 'Chinese yuan', 2), ('HKD', 'fiat', 'Hong Kong dollar', 2),
  ('SGD', 'fiat', 'Singapore dollar', 2), ('INR', 'fiat', 'Indian rupee', 2), ('PKR', 'fiat', 'Pakistani rupee', 2),
  ('IDR', 'fiat', 'Indonesian rupiah', 2), ('PHP', 'fiat', 'Philippine peso', 2), ('THB', 'fiat', 'Thai baht', 2),
  ('VND', 'fiat', 'Vietnamese dong', 0), ('KRW', 'fiat', 'South Korean won', 0), ('BRL', 'fiat', 'Brazilian real', 2),
  ('ARS', 'fiat', 'Argentine peso', 2), ('MXN', 'fiat', 'Mexican peso', 2), ('COP', 'fiat', 'Colombian peso', 2),
  ('CLP', 'fiat', 'Chilean peso', 0), ('PEN', 'fiat', 'Peruvian sol', 2), ('VES', 'fiat', 'Venezuelan bolívar', 2),
  ('NGN', 'fiat', 'Nigerian naira', 2), ('KES', 'fiat', 'Kenyan shilling', 2), ('GHS', 'fiat', 'Ghanaian cedi', 2),
  ('ZAR', 'fiat', 'South African rand', 2), ('EGP', 'fiat', 'Egyptian pound', 2), ('AED', 'fiat', 'UAE dirham', 2),
  ('ILS', 'fiat', 'Israeli shekel', 2);

create table fairlock.offers (
  id                       uuid primary key,
  maker_id                 uuid not null references public.users (id),
  side                     text not null,
  base_currency            text not null references fairlock.currencies (code),
  quote_currency           text not null references fairlock.currencies (code),
  pair                     text not null generated always as (base_currency || '/' || quote_currency) stored,
  price                    numeric(20, 8) not null,
  total_amount             numeric(20, 8) not null,
  -- What live and completed trades have taken; the rest is for sale (I10).
  taken_amount             numeric(20, 8) not null default 0,
  min_amount               numeric(20, 8) not null,
  max_amount               numeric(20, 8) not null,
  payment_method_types     text[] not null,
  payment_window_minutes   integer not null,
  terms                    text,
  -- Who may take it; empty means everybody.
  min_kyc_level            text,
  min_completed_trades     integer,
  verified_traders_only    boolean not null default false,
  countries                text[],
  first_trade_limit        numeric(20, 8),
  -- When it can be taken: local minutes of the day in a zone, on ISO weekdays (1 = Monday); empty means always.
  working_zone             text,
  working_days             smallint[],
  working_from_minute      smallint,
  working_to_minute        smallint,
  status                   text not null default 'open',
  -- On the market: open, and enough left for the smallest take.
  listed                   boolean not null
    generated always as (status = 'open' and total_amount - taken_amount >= min_amount) stored,
  version                  integer not null default 1,
  expires_at               timestamptz,
  created_at               timestamptz not null default now(),
  updated_at               timestamptz not null default now(),
  closed_at                timestamptz,
  -- I10: the trades never take more than is offered. The other laws are in the trigger, see 0007-laws.
  constraint offers_taken check (taken_amount >= 0 and taken_amount <= total_amount)
) with (fillfactor = 80);

create function fairlock.broken_law(r fairlock.offers) returns text
language sql immutable
as $$
  select case
    when not (r.min_amount > 0 and r.min_amount <= r.max_amount and r.max_amount <= r.total_amount
      and r.total_amount <> 'NaN' and r.price > 0 and r.price <> 'NaN')
      then 'offers_amounts'
    when not ((r.status = 'closed') = (r.closed_at is not null))
      then 'offers_closed'
    when r.base_currency = r.quote_currency
      then 'offers_pair'
    when not (cardinality(r.payment_method_types) between 1 and 20 and r.payment_window_minutes between 10 and 20160)
      then 'offers_payment'
    when r.min_kyc_level not in ('none', 'basic', 'full', 'institution')
      or not (r.min_completed_trades between 1 and 100000) or not (cardinality(r.countries) between 1 and 250)
      or not (r.first_trade_limit > 0)
      then 'offers_requirements'
    when r.side not in ('sell', 'buy')
      then 'offers_side'
    when r.status not in ('open', 'paused', 'closed') or r.version < 1
      then 'offers_status'
    when length(r.terms) > 4000
      then 'offers_terms'
    -- What a take computes from it, the value and the amount with the highest fee, must fit NUMERIC(20, 8).
    when not (r.total_amount <= 900000000000 and r.total_amount * r.price < 1000000000000)
      then 'offers_within_range'
    when num_nulls(r.working_zone, r.working_days, r.working_from_minute, r.working_to_minute) not in (0, 4)
      or not (r.working_from_minute between 0 and 1439 and r.working_to_minute between 1 and 1440
        and r.working_from_minute < r.working_to_minute)
      then 'offers_working_hours'
  end
$$;
create trigger laws before insert or update on fairlock.offers
  for each row execute function fairlock.keep_laws();

create index offers_market on fairlock.offers (pair, side, price, id) where listed;
create index offers_maker on fairlock.offers (maker_id, created_at desc, id desc);
create index offers_expiry on fairlock.offers (expires_at) where status <> 'closed' and expires_at is not null;

-- One row per offer on the market and way to pay, so that a search by method walks one index in price order, however
-- rare the method is among a million offers. Kept by a trigger on offers.
create table fairlock.offer_listings (
  pair                text not null,
  side                text not null,
  payment_method_type text not null,
  price               numeric(20, 8) not null,
  offer_id            uuid not null references fairlock.offers (id) on delete cascade,
  primary key (offer_id, payment_method_type)
);
create index offer_listings_market on fairlock.offer_listings (pair, side, payment_method_type, price, offer_id);
