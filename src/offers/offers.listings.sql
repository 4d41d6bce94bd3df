-- Where an offer stands in the market (decision 31). Fixed offers stand by their price; floating ones by their margin,
-- which is their order at every price of the market, so that nothing is written when it moves; those at their floor or
-- ceiling by that. Only a market that goes past a floor or ceiling moves an offer from one of these orders to another. Until
-- that is done its place is wrong, which a search sees and puts right: how many are moved, and when, is only a matter of speed.
grant select, insert, delete, update (anchor, rank, anchor_from, anchor_to) on fairlock.offer_listings to fairlock_engine;
grant select on fairlock.offer_listings to fairlock_app;

alter table fairlock.offer_listings enable row level security, force row level security;
create policy "the engine keeps listings" on fairlock.offer_listings to fairlock_engine using (true);
create policy "listings are public" on fairlock.offer_listings for select to fairlock_app using (true);

set local role fairlock_engine;

-- The place of an offer when the market is at this price, and between which prices of the market it is the right one:
-- rounded inwards where the bound has more digits than are kept. Without a price an offer stands by its margin.
create function fairlock.place(
  o fairlock.offers, p_market numeric, out anchor text, out rank numeric, out anchor_from numeric, out anchor_to numeric
)
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_sign integer := case o.side when 'sell' then 1 else -1 end;
  v_percent numeric := 100 + o.margin_percent;
  v_low numeric := round(100 * o.floor_price::numeric(40, 20) / v_percent, 20);
  v_high numeric := round(100 * o.ceiling_price::numeric(40, 20) / v_percent, 20);
begin
  if o.pricing = 'fixed' then
    anchor := 'fixed';
    rank := v_sign * o.price;
  elsif p_market * v_percent < 100 * o.floor_price then
    anchor := 'bound';
    rank := v_sign * o.floor_price;
    anchor_to := v_low - case when v_low * v_percent > 100 * o.floor_price then 1e-20 else 0 end;
  elsif p_market * v_percent > 100 * o.ceiling_price then
    anchor := 'bound';
    rank := v_sign * o.ceiling_price;
    anchor_from := v_high + case when v_high * v_percent < 100 * o.ceiling_price then 1e-20 else 0 end;
  else
    anchor := 'market';
    rank := v_sign * o.margin_percent;
    anchor_from := v_low + case when v_low * v_percent < 100 * o.floor_price then 1e-20 else 0 end;
    anchor_to := v_high - case when v_high * v_percent > 100 * o.ceiling_price then 1e-20 else 0 end;
  end if;
end $$;

create function fairlock.keep_listings() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE' then
    delete from fairlock.offer_listings where offer_id = new.id;
  end if;
  if new.listed then
    insert into fairlock.offer_listings (pair, side, payment_method_type, anchor, rank, anchor_from, anchor_to, offer_id)
    select new.pair, new.side, method, place.anchor, place.rank, place.anchor_from, place.anchor_to, new.id
    from fairlock.place(new, case new.pricing when 'floating' then
        (select price from fairlock.market_quotes where pair = new.pair) end) place,
      unnest('*'::text || new.payment_method_types) method;
  end if;
  return null;
end $$;
grant execute on function fairlock.keep_listings() to session_user;

-- Moves listings of a pair to where they belong at this price of the market, at most so many past each kind of bound.
-- Returns how many. Who is being changed by somebody else at this moment is left: nobody is waited for.
create function fairlock.move_listings(p_pair text, p_market numeric, p_most integer) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  v_below integer;
  v_above integer;
begin
  update fairlock.offer_listings l set anchor = p.anchor, rank = p.rank, anchor_from = p.anchor_from, anchor_to = p.anchor_to
  from (
    select l.offer_id, l.payment_method_type, p.*
    from fairlock.offer_listings l join fairlock.offers o on o.id = l.offer_id, lateral fairlock.place(o, p_market) p
    where l.pair = p_pair and l.anchor_from > p_market and (p.anchor, p.rank) <> (l.anchor, l.rank)
    limit p_most for no key update of l skip locked
  ) p
  where l.offer_id = p.offer_id and l.payment_method_type = p.payment_method_type;
  get diagnostics v_below = row_count;
  update fairlock.offer_listings l set anchor = p.anchor, rank = p.rank, anchor_from = p.anchor_from, anchor_to = p.anchor_to
  from (
    select l.offer_id, l.payment_method_type, p.*
    from fairlock.offer_listings l join fairlock.offers o on o.id = l.offer_id, lateral fairlock.place(o, p_market) p
    where l.pair = p_pair and l.anchor_to < p_market and (p.anchor, p.rank) <> (l.anchor, l.rank)
    limit p_most for no key update of l skip locked
  ) p
  where l.offer_id = p.offer_id and l.payment_method_type = p.payment_method_type;
  get diagnostics v_above = row_count;
  return v_below + v_above;
end $$;

-- A few hundred with the quote itself, so that mostly nothing is left to do.
create function fairlock.follow_market() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform fairlock.move_listings(new.pair, new.price, 300);
  return null;
end $$;
grant execute on function fairlock.follow_market() to session_user;

-- The rest, for the background work. Returns how many it moved: more than nothing, and there may be more to do.
create function fairlock.anchor_offers(p_most integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  q fairlock.market_quotes;
  v_moved integer := 0;
begin
  for q in select * from fairlock.market_quotes order by pair loop
    v_moved := v_moved + fairlock.move_listings(q.pair, q.price, p_most);
    exit when v_moved >= p_most;
  end loop;
  return v_moved;
end $$;
grant execute on function fairlock.anchor_offers(integer) to fairlock_app;
reset role;

create trigger listings after insert on fairlock.offers for each row execute function fairlock.keep_listings();
-- A take changes taken_amount and mostly nothing else that a listing shows: the WHEN spares it the rewrite.
create trigger listings_follow after update on fairlock.offers for each row
  when (new.listed <> old.listed or new.payment_method_types <> old.payment_method_types
    or (new.pricing, new.price, new.margin_percent, new.floor_price, new.ceiling_price)
      is distinct from (old.pricing, old.price, old.margin_percent, old.floor_price, old.ceiling_price))
  execute function fairlock.keep_listings();
create trigger listings_follow_the_market after insert or update of price on fairlock.market_quotes
  for each row execute function fairlock.follow_market();
