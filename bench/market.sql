-- The market that the benchmark trades in, made by set-based statements with triggers and foreign keys off. The rows are
-- what the commands would have left behind; only the opening balances come from nowhere.
create schema bench;
grant usage on schema bench to fairlock_app;

-- Ids as the program makes them: a version 7 UUID whose time part grows with n.
create function bench.id(p_kind text, n bigint) returns uuid
language sql immutable strict parallel safe
as $$
  select (substr(ms, 1, 8) || '-' || substr(ms, 9, 4) || '-7' || substr(h, 1, 3) || '-8' || substr(h, 4, 3) || '-'
    || substr(h, 7, 12))::uuid
  from (select lpad(to_hex(1700000000000 + n), 12, '0') as ms, md5(p_kind || n) as h) parts
$$;

-- Spreads n over 1 … p_most, always the same way.
create function bench.spread(n bigint, p_seed integer, p_most bigint) returns bigint
language sql immutable strict parallel safe
as $$ select 1 + (hashint8extended(n, p_seed) & 9223372036854775807) % p_most $$;

create table bench.people (n bigint primary key, user_id uuid not null);
grant select on bench.people to fairlock_app;

-- People 1 … p_count: each with a profile, a wallet of 100,000 BTC, a session whose secret is sha256('secret <n>'),
-- and one offer to sell.
create procedure bench.add_people(p_count bigint)
language plpgsql
as $$
begin
  insert into bench.people select n, bench.id('person', n) from generate_series(1, p_count) n;
  insert into public.users (id, email) select user_id, 'person' || n || '@example.org' from bench.people;
  -- Of the highest level, and even that is more than a benchmark trades in a day.
  update fairlock.kyc_levels set daily_limit = 1e11, monthly_limit = 1e11 where level = 'institution';
  insert into public.crypto_profiles (user_id, display_name, kyc_status, kyc_verified_at, daily_limit, monthly_limit)
  select user_id, 'person ' || n, 'institution', now(), 1e11, 1e11 from bench.people;
  insert into fairlock.market_quotes (pair, base_currency, quote_currency, price, via, sources, source_count,
    spread_percent, as_of, is_sample)
  values ('EUR/USD', 'EUR', 'USD', 1.16, 'direct', '[]', 2, 0, now(), true);
  insert into public.crypto_wallets (id, user_id, currency, balance, wallet_provider)
  select bench.id('wallet', n), user_id, 'BTC', 100000, 'fairlock' from bench.people;
  insert into ledger.accounts (id, kind, currency, user_id, balance)
  select bench.id('wallet', n), 'trader', 'BTC', user_id, 100000 from bench.people;
  insert into ledger.accounts (id, kind, currency)
  select ledger.system_account(kind, 'BTC'), kind, 'BTC' from unnest(array['fees', 'custody']) kind;
  insert into fairlock.sessions (id, user_id, token_hash, expires_at)
  select bench.id('session', n), user_id, sha256(sha256(convert_to('secret ' || n, 'UTF8'))), now() + interval '1 day'
  from bench.people;
  insert into fairlock.offers (id, maker_id, side, base_currency, quote_currency, price, total_amount, min_amount,
    max_amount, payment_method_types, payment_window_minutes)
  select bench.id('offer', n), user_id, 'sell', 'BTC', 'EUR', 60000, 50000, 0.0001, 1000, array['revolut', 'sepa'], 30
  from bench.people;
  insert into fairlock.offer_listings (pair, side, payment_method_type, anchor, rank, offer_id)
  select o.pair, o.side, method, 'fixed', o.price, o.id
  from fairlock.offers o, unnest('*'::text || o.payment_method_types) method;
end $$;

-- Trade number n, as the numbers say it went: who sold, who bought, how much.
create function bench.plan(p_first bigint, p_last bigint)
returns table (n bigint, trade uuid, escrow uuid, seller_n bigint, buyer_n bigint, seller uuid, buyer uuid,
  amount numeric, seller_fee numeric, buyer_fee numeric, at timestamptz)
language sql stable
as $$
  select n, bench.id('trade', n), bench.id('escrow', n), seller_n, buyer_n,
    bench.id('person', seller_n), bench.id('person', buyer_n), 0.01, 0.00001, 0.00002,
    now() - interval '1 second' * (p_last - n) - interval '1 hour'
  from (
    select n, seller_n, 1 + (seller_n + bench.spread(n, 2, people - 1) - 1) % people as buyer_n
    from (select count(*) as people from bench.people) p, generate_series(p_first, p_last) n,
      lateral (select bench.spread(n, 1, people) as seller_n) s
  ) sides
$$;

-- Trades that wait for their release, and the numbers under which bench.release() finds them.
create table bench.paid (n bigint primary key, trade uuid not null, seller uuid not null);
grant select on bench.paid to fairlock_app;
create sequence bench.released;
grant usage on sequence bench.released to fairlock_app;

create procedure bench.add_paid_trades(p_first bigint, p_last bigint)
language plpgsql
as $$
begin
  create temporary table plan on commit drop as select * from bench.plan(p_first, p_last);
  insert into public.crypto_trades (id, user_id, buyer_id, taker_id, offer_id, offer_version, escrow_id, pair, side, price,
    amount, total_value, fee, fee_currency, seller_fee, buyer_fee, status, order_type, payment_method,
    payment_window_minutes, deadline, expires_at, funded_at, paid_at, reference_value, counted_on)
  select trade, seller, buyer, buyer, bench.id('offer', seller_n), 1, escrow, 'BTC/EUR', 'sell', 60000, amount, 600,
    seller_fee + buyer_fee, 'BTC', seller_fee, buyer_fee, 'paid', 'p2p', 'sepa', 30, now() + interval '1 day', at, at, at,
    696, fairlock.day_of(at)
  from plan order by n;
  insert into public.crypto_escrows (id, trade_id, seller_id, buyer_id, amount, currency, status, funded_at, expires_at)
  select escrow, trade, seller, buyer, amount + seller_fee, 'BTC', 'funded', at, at from plan order by n;
  insert into ledger.accounts (id, kind, currency, balance)
  select escrow, 'escrow', 'BTC', amount + seller_fee from plan order by n;
  insert into bench.paid select n, trade, seller from plan order by n;
  perform setval('bench.released', p_first, false);
end $$;

-- One release by the seller through the program's one door, of the next trade that waits. fairlock_app calls it.
create function bench.release() returns jsonb
language plpgsql volatile
as $$
declare
  v_n bigint := nextval('bench.released');
  next bench.paid;
  answer jsonb;
begin
  select * into next from bench.paid where n = v_n;
  if not found then
    raise exception 'the prepared trades ran out, the machine became much faster than in the trial: run it again';
  end if;
  perform set_config('fairlock.user_id', next.seller::text, true);
  answer := fairlock.command('release_trade', jsonb_build_object('tradeId', next.trade), null, null);
  if answer ? 'refusal' then
    raise exception 'release refused: %', answer;
  end if;
  return answer;
end $$;

-- Takes that any number of connections make at once: the next person takes from one of the first p_offers offers, in
-- turn. With p_full the offer may have run out, and the answer says so.
create sequence bench.takes;
grant usage on sequence bench.takes to fairlock_app;

create function bench.take(p_offers bigint, p_full boolean) returns jsonb
language plpgsql volatile
as $$
declare
  v_take bigint := nextval('bench.takes');
  -- The makers of the first 64 offers do not take.
  v_taker uuid := (select user_id from bench.people
    where n = 65 + v_take % ((select max(n) from bench.people) - 64));
  answer jsonb;
begin
  perform set_config('fairlock.user_id', v_taker::text, true);
  answer := fairlock.command('take_offer', jsonb_build_object('offerId', bench.id('offer', 1 + v_take % p_offers),
    'amount', '0.001', 'paymentMethodType', 'sepa'), null, null);
  if answer ? 'refusal' and not (p_full and answer ->> 'refusal' in ('not_enough_left', 'offer_not_open')) then
    raise exception 'take refused: %', answer;
  end if;
  return answer;
end $$;

-- Offers whose taken amount is not what their trades come to.
create function bench.wrong_offers() returns bigint
language sql stable
as $$
  select count(*) from fairlock.offers o
  where taken_amount <> (select coalesce(sum(amount), 0) from public.crypto_trades where offer_id = o.id)
$$;
