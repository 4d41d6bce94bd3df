-- squawk-ignore-file adding-not-nullable-field, ban-drop-table, ban-drop-not-null, require-concurrent-index-deletion
-- Offers whose price follows the market, and prices that are held for a taker for some seconds.
alter table fairlock.settings
  add column price_lock_seconds integer not null default 30 check (price_lock_seconds between 5 and 300),
  add column price_locks_per_user integer not null default 5 check (price_locks_per_user between 1 and 100),
  add column price_lock_most_percent integer not null default 2 check (price_lock_most_percent between 0 and 10);

-- A floating offer has no price of its own: margin_percent above or below the market, between floor and ceiling.
alter table fairlock.offers
  add column pricing text not null default 'fixed',
  add column margin_percent numeric(5, 2),
  add column floor_price numeric(20, 8),
  add column ceiling_price numeric(20, 8),
  alter column price drop not null;

create or replace function fairlock.broken_law(r fairlock.offers) returns text
language sql immutable
as $$
  select case
    when not (r.min_amount > 0 and r.min_amount <= r.max_amount and r.max_amount <= r.total_amount
      and r.total_amount <> 'NaN')
      then 'offers_amounts'
    when not ((r.status = 'closed') = (r.closed_at is not null))
      then 'offers_closed'
    when r.base_currency = r.quote_currency
      then 'offers_pair'
    when not (cardinality(r.payment_method_types) between 1 and 20 and r.payment_window_minutes between 10 and 20160)
      then 'offers_payment'
    when not coalesce(case r.pricing
        when 'fixed' then r.price > 0 and r.price <> 'NaN'
          and num_nonnulls(r.margin_percent, r.floor_price, r.ceiling_price) = 0
        when 'floating' then r.price is null and r.margin_percent between -50 and 100
          and (r.floor_price is null or r.floor_price > 0 and r.floor_price <> 'NaN')
          and (r.ceiling_price is null or r.ceiling_price > 0 and r.ceiling_price <> 'NaN')
          and (num_nulls(r.floor_price, r.ceiling_price) > 0 or r.floor_price <= r.ceiling_price)
      end, false)
      then 'offers_pricing'
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
    -- What a take computes from it, the value and the amount with the highest fee, must fit NUMERIC(20, 8). What the
    -- market alone decides is looked at by the take.
    when not (r.total_amount <= 900000000000
      and r.total_amount * coalesce(r.price, r.ceiling_price, r.floor_price, 0) < 1000000000000)
      then 'offers_within_range'
    when num_nulls(r.working_zone, r.working_days, r.working_from_minute, r.working_to_minute) not in (0, 4)
      or not (r.working_from_minute between 0 and 1439 and r.working_to_minute between 1 and 1440
        and r.working_from_minute < r.working_to_minute)
      then 'offers_working_hours'
  end
$$;

-- Floating offers that a way down has set aside come back, unless their makers have changed them since.
do $$ begin
  if to_regclass('fairlock_kept.floating_offers') is not null then
    update fairlock.offers o set pricing = 'floating', price = null, margin_percent = k.margin_percent,
      floor_price = k.floor_price, ceiling_price = k.ceiling_price, status = k.status
    from fairlock_kept.floating_offers k where k.id = o.id and k.version = o.version and o.status in ('paused', k.status);
    drop table fairlock_kept.floating_offers;
  end if;
end $$;

-- Where an offer stands in the market, for each way to pay and once, as '*', for those who do not say how they pay.
-- Derived from the offers, so it is made anew. Best for the taker first: for offers to buy the rank is negative.
-- anchor 'fixed' and 'bound': the rank is the price that holds whatever the market does, or the floor or ceiling that
-- holds now; 'market': it is the margin. The place is right while the market is between anchor_from and anchor_to.
drop table fairlock.offer_listings;
create table fairlock.offer_listings (
  pair                text not null,
  side                text not null,
  payment_method_type text not null,
  anchor              text not null,
  rank                numeric(20, 8) not null,
  anchor_from         numeric,
  anchor_to           numeric,
  offer_id            uuid not null references fairlock.offers (id) on delete cascade,
  primary key (offer_id, payment_method_type)
);

-- All floating offers by their margins; those at a bound are moved there as by any other change of the market. The bounds
-- are rounded inwards, so that between them the place is right in every digit.
insert into fairlock.offer_listings (pair, side, payment_method_type, anchor, rank, anchor_from, anchor_to, offer_id)
select o.pair, o.side, method, case o.pricing when 'fixed' then 'fixed' else 'market' end,
  case o.side when 'sell' then 1 else -1 end * coalesce(o.price, o.margin_percent),
  low + case when low * (100 + o.margin_percent) < 100 * o.floor_price then 1e-20 else 0 end,
  high - case when high * (100 + o.margin_percent) > 100 * o.ceiling_price then 1e-20 else 0 end, o.id
from fairlock.offers o, unnest('*'::text || o.payment_method_types) method,
  lateral (select round(100 * o.floor_price::numeric(40, 20) / (100 + o.margin_percent), 20) as low,
    round(100 * o.ceiling_price::numeric(40, 20) / (100 + o.margin_percent), 20) as high) exact
where o.listed;

create index offer_listings_market on fairlock.offer_listings (pair, side, payment_method_type, anchor, rank, offer_id);
-- The few whose place is wrong until they are moved, when the market has gone past them.
create index offer_listings_from on fairlock.offer_listings (pair, anchor_from, side, payment_method_type)
  where anchor_from is not null;
create index offer_listings_to on fairlock.offer_listings (pair, anchor_to, side, payment_method_type)
  where anchor_to is not null;
drop index fairlock.offers_market;

-- A price that an offer has promised to somebody: used once, or over at expires_at. One of each person for each offer.
create table fairlock.price_locks (
  id            uuid primary key,
  offer_id      uuid not null references fairlock.offers (id) on delete cascade,
  user_id       uuid not null references public.users (id),
  offer_version integer not null,
  -- Up to this amount; empty: up to what the offer allows.
  amount        numeric(20, 8),
  price         numeric(20, 8) not null,
  -- What the price was made of, as the trade will keep it.
  provenance    jsonb not null,
  created_at    timestamptz not null,
  expires_at    timestamptz not null,
  unique (user_id, offer_id),
  constraint price_locks_price check (price > 0 and price <> 'NaN' and (amount is null or amount > 0)),
  constraint price_locks_times check (expires_at > created_at)
);
create index price_locks_offer on fairlock.price_locks (offer_id);
create index price_locks_expiry on fairlock.price_locks (expires_at);

-- What the price of a trade was made of; empty where it was fixed. Until when the taker was sure of it.
alter table public.crypto_trades
  add column price_provenance jsonb,
  add column price_locked_until timestamptz;
