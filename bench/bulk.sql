-- Large numbers of rows: the indexes are taken off while they come in and are built again after.
create table bench.indexes (definition text not null);

create procedure bench.drop_indexes(variadic p_tables regclass[])
language plpgsql
as $$
declare
  one record;
begin
  for one in
    select i.indexrelid::regclass as name, pg_get_indexdef(i.indexrelid) as definition
    from pg_index i
    where i.indrelid = any (p_tables) and not exists (select from pg_constraint where conindid = i.indexrelid)
  loop
    insert into bench.indexes values (one.definition);
    execute format('drop index %s', one.name);
  end loop;
end $$;

create procedure bench.build_indexes()
language plpgsql
as $$
declare
  v_definition text;
begin
  for v_definition in delete from bench.indexes returning definition loop
    execute v_definition;
  end loop;
end $$;

-- Trades 1 … p_last that ended long ago, each with all that it left behind.
create procedure bench.add_past_trades(p_last bigint)
language plpgsql
as $$
begin
  create temporary table plan on commit drop as select * from bench.plan(1, p_last);
  insert into public.crypto_trades (id, user_id, buyer_id, taker_id, offer_id, offer_version, escrow_id, pair, side, price,
    amount, total_value, fee, fee_currency, seller_fee, buyer_fee, status, order_type, payment_method,
    payment_window_minutes, created_at, funded_at, paid_at, completed_at, ended_by_actor, reference_value, counted_on)
  select trade, seller, buyer, buyer, bench.id('offer', seller_n), 1, escrow, 'BTC/EUR', 'sell', 60000, amount, 600,
    seller_fee + buyer_fee, 'BTC', seller_fee, buyer_fee, 'completed', 'p2p', 'sepa', 30, at, at, at, at, 'seller',
    696, fairlock.day_of(at)
  from plan order by n;
  insert into public.crypto_escrows (id, trade_id, seller_id, buyer_id, amount, currency, status, created_at, funded_at,
    released_at, closed_at, released_amount, fee_amount)
  select escrow, trade, seller, buyer, amount + seller_fee, 'BTC', 'released', at, at, at, at, amount - buyer_fee,
    seller_fee + buyer_fee
  from plan order by n;
  insert into ledger.accounts (id, kind, currency, created_at) select escrow, 'escrow', 'BTC', at from plan order by n;
  insert into ledger.transfers (kind, trade_id, actor_id, created_at)
  select kind, trade, seller, at from plan, (values (1, 'hold'), (2, 'release')) k(step, kind) order by n, step;
  insert into ledger.entries (transfer_id, account_id, currency, amount, balance_before, balance_after)
  select 2 * n - (step < 3)::integer, leg.account, 'BTC', leg.amount,
    case when step < 5 then 1000 end, case when step < 5 then 1000 + leg.amount end
  from plan, lateral (values
    (1, bench.id('wallet', seller_n), -amount - seller_fee), (2, escrow, amount + seller_fee),
    (3, escrow, -amount - seller_fee), (4, bench.id('wallet', buyer_n), amount - buyer_fee),
    (5, ledger.system_account('fees', 'BTC'), seller_fee + buyer_fee)) leg(step, account, amount)
  order by n, step;
  insert into public.crypto_transactions (id, user_id, wallet_id, trade_id, amount, currency, platform_fee, status,
    transaction_type, timestamp, created_at, network_fee, category, exchange_rate, fiat_value, fiat_currency,
    destination_name, destination_description)
  select bench.id(m.type, n), m.person, bench.id('wallet', m.person_n), trade, m.amount, 'BTC', m.fee, 'completed', m.type,
    at, at, 0, 'trade', 60000, round(m.amount * 60000, 2), 'EUR', 'Wallet',
    'Received in trade ' || upper(right(trade::text, 12))
  from plan, lateral (values
    ('hold', seller, seller_n, amount + seller_fee, 0), ('buy', buyer, buyer_n, amount - buyer_fee, buyer_fee),
    ('sell', seller, seller_n, amount + seller_fee, seller_fee)) m(type, person, person_n, amount, fee)
  order by n;
  insert into audit.events (at, actor_id, session_id, request_id, action, subject, subject_id)
  select at, e.actor, bench.id('session', e.actor_n), bench.id('request', 3 * n + step)::text, e.action, 'crypto_trades', trade
  from plan, lateral (values (1, 'trade.taken', buyer, buyer_n), (2, 'trade.paid', buyer, buyer_n),
    (3, 'trade.completed', seller, seller_n)) e(step, action, actor, actor_n)
  order by n, step;
  -- What is in the fees' account already, so that the next roll-up does not count the past.
  update ledger.accounts set balance = p_last * 0.00003, rolled_up_to = 5 * p_last
  where id = ledger.system_account('fees', 'BTC');
end $$;

-- Offers on four pairs, of the ways to pay one to three each, prices within 10 %: dense enough that the first page of a
-- search is full among 10,000 of them as well, or a larger market would only seem slower. Half of them follow the market,
-- which is at 1000; a third of these have a floor and a third a ceiling, within 5 % of it.
create procedure bench.add_offers(p_count bigint)
language plpgsql
as $$
begin
  -- In force for as long as a benchmark takes.
  update fairlock.settings set quote_max_age_seconds = 86400;
  insert into fairlock.market_quotes (pair, base_currency, quote_currency, price, via, sources, source_count, spread_percent,
    as_of, is_sample)
  select base || '/' || quote, base, quote, 1000, 'direct', '[]', 2, 0, now(), true
  from unnest(array['BTC', 'ETH']) base, unnest(array['EUR', 'USD']) quote;
  insert into fairlock.offers (id, maker_id, side, base_currency, quote_currency, pricing, price, margin_percent, floor_price,
    ceiling_price, total_amount, min_amount, max_amount, payment_method_types, payment_window_minutes)
  select bench.id('wide offer', n), bench.id('person', bench.spread(n, 3, (select count(*) from bench.people))),
    case when bench.spread(n, 4, 2) = 1 then 'sell' else 'buy' end,
    (array['BTC', 'ETH'])[bench.spread(n, 5, 2)],
    (array['EUR', 'USD'])[bench.spread(n, 6, 2)],
    case when floats then 'floating' else 'fixed' end,
    case when not floats then 1000 * (0.9 + bench.spread(n, 7, 200000) / 1000000.0) end,
    case when floats then bench.spread(n, 7, 2000) / 100.0 - 10 end,
    case when floats and bench.spread(n, 13, 3) = 1 then 950 + bench.spread(n, 14, 10000) / 100.0 end,
    case when floats and bench.spread(n, 13, 3) = 2 then 950 + bench.spread(n, 14, 10000) / 100.0 end,
    100, low, low * (2 + bench.spread(n, 8, 40)),
    case bench.spread(n, 9, 3) when 1 then array[m[a]] when 2 then array[m[a], m[a + 1]]
      else array[m[a], m[a + 1], m[a + 2]] end, 30
  from generate_series(1, p_count) n,
    lateral (select bench.spread(n, 10, 200) / 100.0 as low, bench.spread(n, 11, 12) as a, bench.spread(n, 12, 2) = 1 as floats,
      array['bank_transfer', 'cash_by_post', 'faster_payments', 'mobilepay', 'n26', 'paypal', 'pix', 'revolut', 'sepa', 'swish',
        'twint', 'wise', 'zelle', 'zengin'] as m) drawn;
  insert into fairlock.offer_listings (pair, side, payment_method_type, anchor, rank, anchor_from, anchor_to, offer_id)
  select o.pair, o.side, method, place.anchor, place.rank, place.anchor_from, place.anchor_to, o.id
  from fairlock.offers o, lateral fairlock.place(o, 1000) place, unnest('*'::text || o.payment_method_types) method
  on conflict do nothing;
end $$;
