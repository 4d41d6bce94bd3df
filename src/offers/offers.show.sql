-- The offer and what its price is made of, as the API shows them.
set local role fairlock_engine;

-- The market behind a floating offer, in short: who said it and how old it is.
create function fairlock.market_json(q fairlock.market_quotes) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('price', q.price::text, 'asOf', fairlock.rfc3339(q.as_of),
    'spreadPercent', q.spread_percent::text, 'sample', q.is_sample,
    'sources', (select jsonb_agg(one -> 'source') from jsonb_array_elements(q.sources) one where (one ->> 'used')::boolean))
$$;
grant execute on function fairlock.market_json(fairlock.market_quotes) to fairlock_app;

-- The offer as the API shows it to everybody; q: the quote that a floating one may be priced by, a row of nulls if none.
create function fairlock.offer_json(o fairlock.offers, q fairlock.market_quotes) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'id', o.id, 'side', o.side, 'pair', o.pair, 'status', o.status, 'version', o.version,
    'pricing', case o.pricing when 'fixed' then jsonb_build_object('type', 'fixed', 'price', o.price::text)
      else jsonb_build_object('type', 'floating', 'marginPercent', o.margin_percent::text,
        'floorPrice', o.floor_price::text, 'ceilingPrice', o.ceiling_price::text,
        'market', case when q.pair is not null then fairlock.market_json(q) end) end,
    'price', now.price::text,
    'pausedBecause', case when now.price is null then 'no_market_price' end,
    'totalAmount', o.total_amount::text, 'remainingAmount', (o.total_amount - o.taken_amount)::text,
    'minAmount', o.min_amount::text, 'maxAmount', o.max_amount::text,
    'paymentMethodTypes', to_jsonb(o.payment_method_types), 'paymentWindowMinutes', o.payment_window_minutes,
    'terms', o.terms,
    'requirements', jsonb_build_object(
      'minKycLevel', o.min_kyc_level, 'minCompletedTrades', o.min_completed_trades,
      'verifiedTradersOnly', o.verified_traders_only, 'trustedOnly', o.trusted_only, 'countries', to_jsonb(o.countries),
      'firstTradeLimit', o.first_trade_limit::text),
    'workingHours', case when o.working_zone is not null then jsonb_build_object(
      'timeZone', o.working_zone, 'days', to_jsonb(o.working_days),
      'from', lpad((o.working_from_minute / 60)::text, 2, '0') || ':' || lpad((o.working_from_minute % 60)::text, 2, '0'),
      'to', lpad((o.working_to_minute / 60)::text, 2, '0') || ':' || lpad((o.working_to_minute % 60)::text, 2, '0')) end,
    'workingNow', fairlock.is_working(o, now()),
    'expiresAt', fairlock.rfc3339(o.expires_at), 'createdAt', fairlock.rfc3339(o.created_at),
    'updatedAt', fairlock.rfc3339(o.updated_at),
    'maker', (select m.body from fairlock.makers m where m.user_id = o.maker_id))
  from (select fairlock.price_at(o, q.price) as price) now
$$;
grant execute on function fairlock.offer_json(fairlock.offers, fairlock.market_quotes) to fairlock_app;

-- The same, with the quote of this moment.
create function fairlock.offer_json(o fairlock.offers) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return fairlock.offer_json(o, case o.pricing when 'floating' then fairlock.good_quote(o.pair) end);
end $$;
grant execute on function fairlock.offer_json(fairlock.offers) to fairlock_app;
reset role;
