-- keep fairlock.price_locks
-- keep public.crypto_trades (price_provenance, price_locked_until)
-- keep fairlock.settings (price_lock_seconds, price_locks_per_user, price_lock_most_percent)
alter table public.crypto_trades drop column price_provenance, drop column price_locked_until;
drop table fairlock.price_locks;
drop table fairlock.offer_listings;

-- The older shape has no offers without a price. They wait off the market, at a price that nobody is shown, and come back
-- as they were on the way up.
create table fairlock_kept.floating_offers as
select id, version, status, margin_percent, floor_price, ceiling_price from fairlock.offers where pricing = 'floating';
update fairlock.offers set pricing = 'fixed', margin_percent = null, floor_price = null, ceiling_price = null,
  price = coalesce(floor_price, ceiling_price, least(1, 100000000000 / total_amount)),
  status = case status when 'open' then 'paused' else status end
where pricing = 'floating';
create or replace function fairlock.broken_law(r fairlock.offers) returns text
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
alter table fairlock.offers
  drop column pricing, drop column margin_percent, drop column floor_price, drop column ceiling_price,
  alter column price set not null;
create index offers_market on fairlock.offers (pair, side, price, id) where listed;

create table fairlock.offer_listings (
  pair                text not null,
  side                text not null,
  payment_method_type text not null,
  price               numeric(20, 8) not null,
  offer_id            uuid not null references fairlock.offers (id) on delete cascade,
  primary key (offer_id, payment_method_type)
);
insert into fairlock.offer_listings (pair, side, payment_method_type, price, offer_id)
select pair, side, method, price, id from fairlock.offers, unnest(payment_method_types) method where listed;
create index offer_listings_market on fairlock.offer_listings (pair, side, payment_method_type, price, offer_id);
alter table fairlock.settings
  drop column price_lock_seconds, drop column price_locks_per_user, drop column price_lock_most_percent;
