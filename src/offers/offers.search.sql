-- Searching the market by what offers cost now, best first (decision 31).
set local role fairlock_engine;

-- Whether who searches wants to see it: on the market now, with room for the amount, of nobody they keep apart from.
-- Written into the plan of the search, so it has no settings of its own.
create function fairlock.is_wanted(o fairlock.offers, p_amount numeric, p_apart uuid[]) returns boolean
language sql stable
as $$
  select o.listed and (o.expires_at is null or o.expires_at > now()) and (o.hidden_until is null or o.hidden_until <= now())
    and (p_amount is null or p_amount between o.min_amount and least(o.max_amount, o.total_amount - o.taken_amount))
    and (p_apart is null or o.maker_id <> all (p_apart))
$$;
grant execute on function fairlock.is_wanted(fairlock.offers, numeric, uuid[]) to fairlock_app;

-- The offers of one pair and side from a place in their order on: best is what the taker pays (negative: receives) for one
-- unit, then the id. Four walks along indexes, merged: by fixed price, by margin, by the bound that holds, and the few whose
-- place is wrong because the market has just gone past their bound; the two before leave those out. Each walk reads as
-- many rows as the page has, and those it passes over. The market is the caller's: the price that a walk began with.
create function fairlock.offers_from(
  p_pair text, p_side text, p_method text, p_market numeric, p_best numeric, p_id uuid, p_most integer, p_amount numeric,
  p_apart uuid[]
) returns table (best numeric, offer_id uuid)
language plpgsql stable rows 20 set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
  set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
  v_sign integer := case p_side when 'sell' then 1 else -1 end;
  -- Where the walk by margin goes on; a step before, for this is rounded.
  v_margin numeric := trunc((p_best / p_market - v_sign) * 100, 2) - 0.01;
begin
  return query select found.best, found.offer_id from (
    (select l.rank as best, l.offer_id
    from fairlock.offer_listings l join fairlock.offers o on o.id = l.offer_id
    where l.pair = p_pair and l.side = p_side and l.payment_method_type = p_method and l.anchor = 'fixed'
      and (l.rank, l.offer_id) > (p_best, p_id) and fairlock.is_wanted(o, p_amount, p_apart)
    order by l.rank, l.offer_id limit p_most)
    union all
    (select p_market * (v_sign + l.rank * 0.01), l.offer_id
    from fairlock.offer_listings l join fairlock.offers o on o.id = l.offer_id
    where l.pair = p_pair and l.side = p_side and l.payment_method_type = p_method and l.anchor = 'market'
      and p_market is not null and l.rank >= v_margin
      and (p_market * (v_sign + l.rank * 0.01), l.offer_id) > (p_best, p_id)
      and p_market * (v_sign + l.rank * 0.01)
        = v_sign * fairlock.exact_price(p_market, o.margin_percent, o.floor_price, o.ceiling_price)
      and abs(p_market * (v_sign + l.rank * 0.01)) between 0.000000005 and 999999999999.99999999
      and fairlock.is_wanted(o, p_amount, p_apart)
    order by l.rank, l.offer_id limit p_most)
    union all
    (select l.rank, l.offer_id
    from fairlock.offer_listings l join fairlock.offers o on o.id = l.offer_id
    where l.pair = p_pair and l.side = p_side and l.payment_method_type = p_method and l.anchor = 'bound'
      and p_market is not null and (l.rank, l.offer_id) > (p_best, p_id)
      and l.rank = v_sign * fairlock.exact_price(p_market, o.margin_percent, o.floor_price, o.ceiling_price)
      and fairlock.is_wanted(o, p_amount, p_apart)
    order by l.rank, l.offer_id limit p_most)
    union all
    (select exact.best, l.offer_id
    from (
      select anchor, rank, offer_id from fairlock.offer_listings
      where pair = p_pair and anchor_from > p_market and side = p_side and payment_method_type = p_method
      union all
      select anchor, rank, offer_id from fairlock.offer_listings
      where pair = p_pair and anchor_to < p_market and side = p_side and payment_method_type = p_method
        and (anchor_from is null or anchor_from <= p_market)
    ) l join fairlock.offers o on o.id = l.offer_id,
    lateral (select v_sign * fairlock.exact_price(p_market, o.margin_percent, o.floor_price, o.ceiling_price) as best) exact
    where exact.best <> case l.anchor when 'market' then p_market * (v_sign + l.rank * 0.01) else l.rank end
      and (exact.best, l.offer_id) > (p_best, p_id) and abs(exact.best) between 0.000000005 and 999999999999.99999999
      and fairlock.is_wanted(o, p_amount, p_apart)
    order by exact.best, l.offer_id limit p_most)
  ) found order by found.best, found.offer_id limit p_most;
end $$;
grant execute on function fairlock.offers_from(text, text, text, numeric, numeric, uuid, integer, numeric, uuid[])
  to fairlock_app;

-- A page of the market: pair by pair in the order of their names, of each first what is sold, then what is bought, best
-- first. A search that names a pair and a side has one such part. What is before at_… was on the pages before: the part,
-- the market's price when the walk through that part began, and the last row's place. The order stays the one of that price,
-- whatever the market does meanwhile, so nobody is skipped or met twice; prices shown are those of now. Without a good
-- quote floating offers are not found.
create function fairlock.find_offers(
  p_pair text, p_side text, p_method text, p_amount numeric, p_most integer, p_apart uuid[],
  p_at_pair text, p_at_side text, p_at_market numeric, p_at_best numeric, p_at_id uuid
) returns table (pair text, side text, market numeric, best numeric, id uuid, body jsonb)
language plpgsql stable rows 20 set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
  set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
  v_pair text := coalesce(p_pair, p_at_pair, (select min(l.pair) from fairlock.offer_listings l));
  v_side text;
  q fairlock.market_quotes;
  v_market numeric;
  v_is_there boolean;
  v_left integer := p_most;
  v_found integer;
begin
  while v_pair is not null and v_left > 0 loop
    q := fairlock.good_quote(v_pair);
    foreach v_side in array case when p_side is null then '{sell,buy}' else array[p_side] end loop
      v_is_there := coalesce(v_pair = p_at_pair and v_side = p_at_side, false);
      continue when v_left = 0 or not v_is_there and v_pair = p_at_pair and v_side = 'sell';
      v_market := case when q.price is not null then coalesce(case when v_is_there then p_at_market end, q.price) end;
      return query
        select v_pair, v_side, v_market, trim_scale(found.best), found.offer_id, fairlock.offer_json(o, q)
        from fairlock.offers_from(v_pair, v_side, coalesce(p_method, '*'), v_market,
          case when v_is_there then p_at_best else '-Infinity' end,
          case when v_is_there then p_at_id else '00000000-0000-0000-0000-000000000000' end, v_left, p_amount, p_apart) found
        join fairlock.offers o on o.id = found.offer_id
        order by found.best, found.offer_id;
      get diagnostics v_found = row_count;
      v_left := v_left - v_found;
    end loop;
    v_pair := case when p_pair is null then (select min(l.pair) from fairlock.offer_listings l where l.pair > v_pair) end;
  end loop;
end $$;
grant execute on function fairlock.find_offers(text, text, text, numeric, integer, uuid[], text, text, numeric, numeric, uuid)
  to fairlock_app;
reset role;
