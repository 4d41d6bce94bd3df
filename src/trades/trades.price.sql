-- At what price an offer is taken: the offer's own, the market's now, or one that was promised to the taker for some seconds.
grant select, insert, update, delete on fairlock.price_locks to fairlock_engine;
alter table fairlock.price_locks enable row level security, force row level security;
create policy "the engine keeps price locks" on fairlock.price_locks to fairlock_engine using (true);

set local role fairlock_engine;

-- What a floating offer's price is made of at this quote, for the trade to keep.
create function fairlock.provenance(o fairlock.offers, q fairlock.market_quotes, p_price numeric) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('price', p_price::text, 'pricedAt', fairlock.rfc3339(clock_timestamp()),
    'marginPercent', o.margin_percent::text, 'floorPrice', o.floor_price::text, 'ceilingPrice', o.ceiling_price::text,
    'boundBy', case when q.price * (100 + o.margin_percent) < 100 * o.floor_price then 'floor'
      when q.price * (100 + o.margin_percent) > 100 * o.ceiling_price then 'ceiling' end,
    'market', jsonb_build_object('pair', q.pair, 'price', q.price::text, 'asOf', fairlock.rfc3339(q.as_of),
      'rateAsOf', fairlock.rfc3339(q.rate_as_of), 'via', q.via, 'spreadPercent', q.spread_percent::text,
      'sample', q.is_sample, 'sources', q.sources))
$$;

-- The price of a take, decided from the locked row of the offer and the quote read under it. p_worst: the highest that a
-- buyer accepts, the lowest that a seller does. A lock holds its price until it is over, the offer has changed, or the market
-- has gone further than the house lets it: a lock is the taker's choice at the maker's cost.
create function fairlock.agree_price(
  o fairlock.offers, p_taker uuid, p_amount numeric, p_worst numeric, p_lock uuid,
  out price numeric, out provenance jsonb, out locked_until timestamptz, out refusal jsonb
)
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  q fairlock.market_quotes;
  k fairlock.price_locks;
begin
  price := o.price;
  if o.pricing = 'floating' then
    q := fairlock.good_quote(o.pair);
    price := fairlock.price_at(o, q.price);
    if price is null then
      refusal := fairlock.refuse('no_market_price');
      return;
    end if;
    provenance := fairlock.provenance(o, q, price);
  end if;
  if p_lock is not null then
    select * into k from fairlock.price_locks where id = p_lock and user_id = p_taker and offer_id = o.id for update;
    refusal := case
      when k.id is null then fairlock.refuse('price_lock_unknown')
      when k.expires_at <= clock_timestamp() or k.offer_version <> o.version then fairlock.refuse('price_lock_expired',
        jsonb_build_object('price', price::text, 'expiresAt', fairlock.rfc3339(k.expires_at), 'version', o.version))
      when p_amount > k.amount then fairlock.refuse('amount_outside_offer', jsonb_build_object('field', 'amount',
        'problem', 'is above what the price was locked for', 'maxAmount', k.amount::text))
      when abs(price - k.price) * 100 > k.price * (select price_lock_most_percent from fairlock.settings)
        then fairlock.refuse('price_moved', jsonb_build_object('field', 'priceLockId', 'price', price::text)) end;
    if refusal is not null then
      return;
    end if;
    price := k.price;
    locked_until := k.expires_at;
    provenance := k.provenance || jsonb_build_object('lock', jsonb_build_object('id', k.id,
      'lockedAt', fairlock.rfc3339(k.created_at), 'expiresAt', fairlock.rfc3339(k.expires_at)));
  end if;
  if o.side = 'sell' and price > p_worst or o.side = 'buy' and price < p_worst then
    refusal := fairlock.refuse('price_moved', jsonb_build_object('field', 'price', 'price', price::text));
  elsif p_amount * price >= 1000000000000 then
    refusal := fairlock.refuse('amount_outside_offer',
      '{"field": "amount", "problem": "times the price is above what can be kept"}');
  end if;
end $$;

-- Promises the price of this moment to the acting person for some seconds; an earlier promise of the same offer ends.
create function fairlock.create_price_lock(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  v_amount numeric(20, 8) := (p ->> 'amount')::numeric(20, 8);
  s fairlock.settings;
  o fairlock.offers;
  q fairlock.market_quotes;
  k fairlock.price_locks;
  v_refusal jsonb;
begin
  if fairlock.is_banned(me) then
    return fairlock.refuse('banned');
  end if;
  -- One person's promises wait for each other, so that two at once cannot both be the last one allowed.
  perform pg_advisory_xact_lock(hashtextextended('price locks of ' || me, 0));
  select * into o from fairlock.offers where id = (p ->> 'offerId')::uuid;
  if not found then
    return fairlock.refuse('not_found');
  end if;
  v_refusal := coalesce(fairlock.refuse_take(o, me, coalesce(v_amount, o.min_amount), o.payment_method_types[1], null),
    case o.pricing when 'fixed' then fairlock.refuse('price_is_fixed') end, fairlock.refuse_together(me, o.maker_id));
  if v_refusal is not null then
    return v_refusal;
  end if;
  select * into s from fairlock.settings;
  if (select count(*) from fairlock.price_locks
      where user_id = me and offer_id <> o.id and expires_at > clock_timestamp()) >= s.price_locks_per_user then
    return fairlock.refuse('too_many_price_locks', jsonb_build_object('limit', s.price_locks_per_user));
  end if;
  q := fairlock.good_quote(o.pair);
  k.price := fairlock.price_at(o, q.price);
  if k.price is null then
    return fairlock.refuse('no_market_price');
  end if;
  k.created_at := clock_timestamp();
  insert into fairlock.price_locks as old (id, offer_id, user_id, offer_version, amount, price, provenance, created_at,
    expires_at)
  values (fairlock.new_id(), o.id, me, o.version, v_amount, k.price, fairlock.provenance(o, q, k.price), k.created_at,
    k.created_at + make_interval(secs => s.price_lock_seconds))
  on conflict (user_id, offer_id) do update set id = excluded.id, offer_version = excluded.offer_version,
    amount = excluded.amount, price = excluded.price, provenance = excluded.provenance, created_at = excluded.created_at,
    expires_at = excluded.expires_at
  returning * into k;
  perform fairlock.record_event('price.locked', 'offers', o.id);
  return jsonb_build_object('id', k.id, 'offerId', k.offer_id, 'offerVersion', k.offer_version, 'price', k.price::text,
    'amount', k.amount::text, 'createdAt', fairlock.rfc3339(k.created_at), 'expiresAt', fairlock.rfc3339(k.expires_at),
    'market', fairlock.market_json(q));
end $$;

create function fairlock.sweep_price_locks(p_most integer) returns void
language sql volatile
as $$
  delete from fairlock.price_locks where ctid = any (array(
    select ctid from fairlock.price_locks where expires_at < clock_timestamp() - interval '1 hour' limit p_most))
$$;
reset role;
