-- Old trades: what has ended becomes a record, which belongs to no offer and no escrow; an open order becomes an offer; what
-- is under way has to end where it began. docs/operating/migration.md says by which rules.

-- Whose numbers have to be counted anew: carrying trades puts them here, fairlock_adoption.recount_waiting takes them out.
create table if not exists fairlock_adoption.to_recount (user_id uuid primary key);

-- Who the metadata names as the other side, by the first of the mapping's keys that is there.
create or replace function fairlock_adoption.named_counterparty(p_metadata jsonb, p_keys text[]) returns text
language sql immutable
as $$
  select btrim(p_metadata ->> k) from unnest(p_keys) with ordinality keys (k, place)
  where jsonb_typeof(p_metadata) = 'object' and jsonb_typeof(p_metadata -> k) in ('string', 'number')
    and btrim(p_metadata ->> k) <> ''
  order by place limit 1
$$;

do $$
begin
  if to_regtype('fairlock_adoption.trade_facts') is null then
    -- What is known of an old trade beside its own row.
    create type fairlock_adoption.trade_facts as (
      status text, side text, pair text, metadata jsonb, person uuid, named text, counterparty uuid,
      transaction uuid, transaction_person uuid
    );
  end if;
end $$;

create or replace function fairlock_adoption.refuse_trade(
  o fairlock_adoption.old_crypto_trades, f fairlock_adoption.trade_facts
) returns jsonb
language sql stable
as $$
  select nullif(coalesce(jsonb_agg(fairlock_adoption.reason(code, col, message)), '[]'), '[]') from (values
    (case when fairlock_adoption.try_uuid(o.key) is null then 'id_not_uuid' end, 'id', 'the id is no uuid'),
    (case when f.person is null then 'user_missing' end, 'user_id',
      coalesce('nobody has been carried as ' || o.user_id, 'it is nobody''s')),
    (case when f.status is null then 'status_unknown' end, 'status',
      format('the mapping does not know the status %L', o.status)),
    (case when f.status = 'live' then 'live_trade' end, 'status',
      format('it is %s: let the old application complete or cancel it', o.status)),
    (case when f.side is null then 'side_unknown' end, 'side', format('the mapping does not know the side %L', o.side)),
    (case when f.pair is null then 'pair_unknown' end, 'pair', format('%L are not two currencies of the mapping', o.pair)),
    (case when f.status = 'open' and not exists (
        select from fairlock.currencies b, fairlock.currencies q
        where b.code = split_part(f.pair, '/', 1) and b.kind = 'crypto' and q.code = split_part(f.pair, '/', 2)
          and q.kind = 'fiat') then 'pair_not_traded' end, 'pair',
      format('%s is not a coin against a currency: it cannot be offered', f.pair)),
    (fairlock_adoption.amount_fault('price', o.price, false), 'price', coalesce('the price is ' || o.price, 'there is none')),
    (fairlock_adoption.amount_fault('amount', o.amount, false), 'amount',
      coalesce('the amount is ' || o.amount, 'there is none')),
    (case when fairlock_adoption.cut(o.amount) * fairlock_adoption.cut(o.price) >= 1000000000000
        or f.status = 'open' and fairlock_adoption.cut(o.amount) > 900000000000 then 'amount_too_large' end,
      'total_value', 'price times amount is more than can be kept'),
    (case when f.status <> 'open' and f.counterparty = f.person then 'self_trade' end, 'metadata',
      'both sides are the same person'),
    (case when f.status not in ('open', 'live') and f.named is not null and f.counterparty is null
        then 'counterparty_missing' end, 'metadata', 'nobody has been carried as ' || f.named)
  ) faults (code, col, message) where code is not null
$$;

-- Price times amount, rounded as a take rounds it.
create or replace function fairlock_adoption.total_of(p_price numeric, p_amount numeric, p_pair text) returns numeric
language sql stable
as $$
  select round(p_price * p_amount, coalesce((select decimals from fairlock.currencies where code = split_part(p_pair, '/', 2)), 8))
$$;

create or replace function fairlock_adoption.trade_remnants(
  o fairlock_adoption.old_crypto_trades, f fairlock_adoption.trade_facts
) returns fairlock_adoption.remnant[]
language sql stable
as $$
  select array(
    select (o.key, col, code, value)::fairlock_adoption.remnant from (values
      ('price', case when fairlock_adoption.rest(o.price) is not null then 'decimals_cut' end, fairlock_adoption.rest(o.price)),
      ('amount', case when fairlock_adoption.rest(o.amount) is not null then 'decimals_cut' end,
        fairlock_adoption.rest(o.amount)),
      ('total_value', case when o.total_value is not null and abs(fairlock_adoption.cut(o.total_value)
          - fairlock_adoption.total_of(fairlock_adoption.cut(o.price), fairlock_adoption.cut(o.amount), f.pair)) < 0.01
          is not true then 'total_differs' end, o.total_value),
      ('fee', fairlock_adoption.fee_fault(o.fee), o.fee),
      ('fee', case when fairlock_adoption.fee_fault(o.fee) is null and fairlock_adoption.rest(o.fee) is not null
        then 'decimals_cut' end, fairlock_adoption.rest(o.fee)),
      ('fee_currency', case when btrim(o.fee_currency) <> '' and fairlock_adoption.mapped('currency', o.fee_currency) is null
        then 'currency_unknown' end, o.fee_currency),
      ('transaction_id', case when f.status = 'open' or o.transaction_id is null then null
        when f.transaction is null then 'transaction_missing'
        when f.transaction_person not in (f.person, f.counterparty) or f.counterparty is null
          and f.transaction_person <> f.person then 'transaction_of_another' end, o.transaction_id),
      ('timestamp', case when fairlock_adoption.possible(o.timestamp) is null then
        case when o.timestamp is null then 'time_missing' else 'time_impossible' end end, o.timestamp::text),
      ('created_at', case when fairlock_adoption.possible(o.created_at) is null then
        case when o.created_at is null then 'time_missing' else 'time_impossible' end end, o.created_at::text),
      ('metadata', case when btrim(o.metadata) <> '' and fairlock_adoption.try_jsonb(o.metadata) is null
        then 'json_invalid' end, fairlock_adoption.without_secrets_in_text(o.metadata)),
      ('metadata', case when f.metadata is distinct from fairlock_adoption.without_secrets(f.metadata)
        then 'secret_in_clear' end, null),
      ('metadata', case when f.status = 'open' and (fairlock_adoption.order_terms(f.metadata, 1)).unknown is not null
        then 'payment_method_unknown' end, (fairlock_adoption.order_terms(f.metadata, 1)).unknown),
      ('status', case when f.status = 'open' and exists (select from fairlock.offers
          where id = fairlock_adoption.try_uuid(o.key) and status = 'closed') then 'offer_closed' end, o.status),
      ('status', case when f.status = 'open' and exists (select from fairlock_next.crypto_trades
          where id = fairlock_adoption.try_uuid(o.key)) then 'record_kept' end, o.status),
      ('status', case when f.status <> 'open' and exists (select from fairlock.offers
          where id = fairlock_adoption.try_uuid(o.key) and taken_amount > 0) then 'traded_on_both_sides' end, o.status)
    ) remnants (col, code, value) where code is not null
  )
$$;

-- What a record was worth in US dollars: by its own price where that is in dollars, else by the reference rate of its
-- money, else by what its coin was or is worth. Nothing where nobody can tell.
create or replace function fairlock_adoption.dollars(p_pair text, p_amount numeric, p_total numeric, p_at timestamptz)
returns numeric
language sql stable
as $$
  select case when v < 1000000000000 then round(v, 8) end from (
    select coalesce(p_total * fairlock.limit_rate(split_part(p_pair, '/', 2)),
      p_amount * coalesce(fairlock_adoption.price_then(split_part(p_pair, '/', 1), p_at),
        fairlock.reference_rate(split_part(p_pair, '/', 1)))) as v
  ) worth
$$;

-- Takes records away whose old rows are gone or can no longer be kept, and closes what was an offer.
create or replace function fairlock_adoption.drop_trades(p_ids uuid[]) returns void
language plpgsql
as $$
begin
  if cardinality(p_ids) = 0 then
    return;
  end if;
  perform fairlock_adoption.close_orders(p_ids);
  insert into fairlock_adoption.to_recount (user_id)
  select person from fairlock_next.crypto_trades t, unnest(array[t.user_id, t.buyer_id]) person
  where t.id = any (p_ids) and person is not null on conflict do nothing;
  update fairlock_next.crypto_transactions set trade_id = null where trade_id = any (p_ids) and category is null;
  -- What was the second telling of one of these is the only one now.
  update fairlock_next.crypto_trades set same_as = null where same_as = any (p_ids);
  delete from fairlock_next.crypto_trades where id = any (p_ids) and offer_id is null and escrow_id is null;
end $$;

-- The transactions of these records tell which trade they are of, and what they are worth by its price. A transaction that
-- two records name belongs to the first; where both tell of the same sale, one of them points at the other and counts
-- nothing. Each half of a sale that knows only its own side counts for that side.
create or replace function fairlock_adoption.link_trades(p_ids uuid[]) returns void
language plpgsql
as $$
begin
  update fairlock_next.crypto_transactions x set trade_id = null
  from fairlock_next.crypto_trades t
  where x.trade_id = any (p_ids) and t.id = x.trade_id and t.transaction_id is distinct from x.id and x.category is null;
  with firsts as (
    select distinct on (transaction_id) id, transaction_id, pair, price from fairlock_next.crypto_trades
    where id = any (p_ids) and transaction_id is not null order by transaction_id, id
  )
  update fairlock_next.crypto_transactions x set trade_id = f.id,
    exchange_rate = case when c.code is null then x.exchange_rate else f.price end,
    fiat_value = case when c.code is null then x.fiat_value else round(abs(y.amount) * f.price, c.decimals) end,
    fiat_currency = coalesce(c.code, x.fiat_currency)
  from firsts f join fairlock_next.crypto_transactions y on y.id = f.transaction_id
  left join fairlock.currencies c on c.code = split_part(f.pair, '/', 2) and y.currency = split_part(f.pair, '/', 1)
    and abs(y.amount) * f.price < 999999999999
  where x.id = y.id and x.category is null and (x.trade_id is null or x.trade_id = f.id);
  update fairlock_next.crypto_trades t set same_as = null,
    reference_value = case t.status when 'completed'
      then fairlock_adoption.dollars(t.pair, t.amount, t.total_value, t.timestamp) end
  where t.same_as = any (p_ids) or t.id = any (p_ids) and t.same_as is not null;
  with twins as (
    select t.id as mine, p.id as other,
      t.user_id in (p.user_id, p.buyer_id) and coalesce(t.buyer_id in (p.user_id, p.buyer_id), t.buyer_id is null) as inside,
      p.user_id in (t.user_id, t.buyer_id) and coalesce(p.buyer_id in (t.user_id, t.buyer_id), p.buyer_id is null) as outside
    from fairlock_next.crypto_trades t
    join fairlock_next.crypto_transactions x on x.id = t.transaction_id
    join fairlock_next.crypto_trades p on p.id = x.trade_id and p.id <> t.id
    where t.id = any (p_ids) and t.status = 'completed' and p.same_as is null
      and (p.pair, p.price, p.amount, p.status) = (t.pair, t.price, t.amount, t.status)
  ), halves as (
    select distinct on (1) case when inside then mine else other end as half, case when inside then other else mine end as whole
    from twins where inside or outside order by 1, 2
  ), set_apart as (
    update fairlock_next.crypto_trades t set same_as = h.whole, reference_value = null
    from halves h where t.id = h.half and not exists (select from halves two where two.half = h.whole)
    returning t.user_id, t.buyer_id
  )
  insert into fairlock_adoption.to_recount (user_id)
  select distinct person from set_apart, unnest(array[user_id, buyer_id]) person where person is not null
  on conflict do nothing;
end $$;

-- Carries what of these old rows has changed.
create or replace function fairlock_adoption.step_crypto_trades(p_keys text[]) returns fairlock_adoption.outcome
language plpgsql set search_path = pg_catalog, pg_temp
  -- By the indexes, whatever the statistics of tables say that were empty a minute ago.
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  v_names text[] := (select array(select jsonb_array_elements_text(mapping -> 'counterpartyKeys'))
    from fairlock_adoption.state);
  v_gone text[];
  v_unchanged integer;
  v_records fairlock_adoption.carriage[];
  v_offers fairlock_adoption.carriage[];
  v_orders fairlock_adoption.open_order[];
  v_refused fairlock_adoption.refusal[];
  v_remnants fairlock_adoption.remnant[];
  v_people uuid[];
  v_done text[];
  v_removed integer := 0;
begin
  with read as materialized (
    select o, fairlock_adoption.row_hash(o) as hash from fairlock_adoption.read_crypto_trades(p_keys) o
  ), changed as materialized (
    select r.o, r.hash, fairlock_adoption.document((r.o).metadata) as metadata from read r
    where not exists (select from fairlock_adoption.carried c
      where c.table_name = 'crypto_trades' and c.key = (r.o).key and c.hash = r.hash)
  ), found as materialized (
    select c.o, c.hash, (fairlock_adoption.mapped('trade_status', (c.o).status), fairlock_adoption.mapped('side', (c.o).side),
      fairlock_adoption.pair((c.o).pair), c.metadata, person.target_id, named.key, other.target_id, x.id, x.user_id
      )::fairlock_adoption.trade_facts as f
    from changed c
    cross join lateral fairlock_adoption.named_counterparty(c.metadata, v_names) named (key)
    left join fairlock_adoption.carried person on person.table_name = 'users' and person.key = (c.o).user_id
    left join fairlock_adoption.carried other on other.table_name = 'users' and other.key = named.key
    left join fairlock_adoption.carried known on known.table_name = 'crypto_transactions' and known.key = (c.o).transaction_id
    left join fairlock_next.crypto_transactions x on x.id = known.target_id
  ), judged as materialized (
    select f.o, f.hash, f.f, fairlock_adoption.try_uuid((f.o).key) as id, fairlock_adoption.refuse_trade(f.o, f.f) as reasons
    from found f
  ), sound as materialized (
    select j.id, (j.o).key, j.hash, j.f, fairlock_adoption.cut((j.o).price) as price, fairlock_adoption.cut((j.o).amount) as amount,
      case when fairlock_adoption.fee_fault((j.o).fee) is null then fairlock_adoption.cut((j.o).fee) end as fee,
      fairlock_adoption.mapped('currency', (j.o).fee_currency) as fee_currency,
      case when (j.f).transaction_person in ((j.f).person, (j.f).counterparty) then (j.f).transaction end as transaction_id,
      nullif(lower(btrim((j.o).order_type)), '') as order_type,
      coalesce(fairlock_adoption.possible((j.o).timestamp), fairlock_adoption.possible((j.o).created_at),
        fairlock_adoption.possible((j.o).updated_at), s.recorded_at) as at,
      coalesce(fairlock_adoption.possible((j.o).created_at), fairlock_adoption.possible((j.o).timestamp),
        fairlock_adoption.possible((j.o).updated_at), s.recorded_at) as created_at,
      fairlock_adoption.possible((j.o).updated_at) as updated_at
    from judged j cross join fairlock_adoption.state s where j.reasons is null
  ), ended as materialized (
    select s.*, (s.f).pair as pair, (s.f).status as status, greatest(s.updated_at, s.created_at) as ended_at,
      -- The row is the person's who wrote it, and says what they did. Of two sides the seller is user_id.
      case when (s.f).side = 'buy' then coalesce((s.f).counterparty, (s.f).person) else (s.f).person end as user_id,
      case when (s.f).counterparty is not null then
        case when (s.f).side = 'buy' then (s.f).person else (s.f).counterparty end end as buyer_id,
      fairlock_adoption.total_of(s.price, s.amount, (s.f).pair) as total
    from sound s where (s.f).status <> 'open'
  ), written as (
    insert into fairlock_next.crypto_trades as t (id, user_id, buyer_id, transaction_id, pair, side, price, amount,
      total_value, fee, fee_currency, status, order_type, timestamp, metadata, created_at, updated_at, completed_at,
      cancelled_at, reference_value)
    select e.id, e.user_id, e.buyer_id, e.transaction_id, e.pair, (e.f).side, e.price, e.amount, e.total, e.fee,
      e.fee_currency, e.status, e.order_type, e.at, fairlock_adoption.without_secrets((e.f).metadata), e.created_at, e.ended_at,
      case when e.status = 'completed' then e.ended_at end, case when e.status <> 'completed' then e.ended_at end,
      case when e.status = 'completed' then fairlock_adoption.dollars(e.pair, e.amount, e.total, e.at) end
    from ended e
    on conflict (id) do update set user_id = excluded.user_id, buyer_id = excluded.buyer_id,
      transaction_id = excluded.transaction_id, pair = excluded.pair, side = excluded.side, price = excluded.price,
      amount = excluded.amount, total_value = excluded.total_value, fee = excluded.fee,
      fee_currency = excluded.fee_currency, status = excluded.status, order_type = excluded.order_type,
      timestamp = excluded.timestamp, metadata = excluded.metadata, created_at = excluded.created_at,
      updated_at = excluded.updated_at, completed_at = excluded.completed_at, cancelled_at = excluded.cancelled_at,
      same_as = null,
      -- By what a dollar was when it was carried first, unless the trade itself is another.
      reference_value = case when (t.pair, t.amount, t.total_value, t.status)
          = (excluded.pair, excluded.amount, excluded.total_value, excluded.status)
        then coalesce(t.reference_value, excluded.reference_value) else excluded.reference_value end
      where t.offer_id is null and t.escrow_id is null
  )
  select array(select key from unnest(p_keys) key except select (r.o).key from read r),
    (select count(*) from read) - (select count(*) from judged),
    (select array_agg((e.key, e.hash, e.id)::fairlock_adoption.carriage) from ended e),
    (select array_agg((s.key, s.hash, s.id)::fairlock_adoption.carriage) from sound s where (s.f).status = 'open'),
    (select array_agg((s.id, (s.f).person, (s.f).side, (s.f).pair, s.price, s.amount, (s.f).metadata, s.created_at)
      ::fairlock_adoption.open_order) from sound s where (s.f).status = 'open'),
    (select array_agg(((j.o).key, j.reasons, array_remove(array[
        case when (j.f).person is null then 'users:' || (j.o).user_id end,
        case when (j.f).counterparty is null then 'users:' || (j.f).named end], null),
      to_jsonb(j.o) - 'id')::fairlock_adoption.refusal) from judged j where j.reasons is not null),
    (select array_agg(r) from judged j, unnest(fairlock_adoption.trade_remnants(j.o, j.f)) r where j.reasons is null),
    array(select e.user_id from ended e union select e.buyer_id from ended e
      union select t.user_id from ended e join fairlock_next.crypto_trades t on t.id = e.id
      union select t.buyer_id from ended e join fairlock_next.crypto_trades t on t.id = e.id)
  into v_gone, v_unchanged, v_records, v_offers, v_orders, v_refused, v_remnants, v_people;
  v_done := array(select key from unnest(v_records || v_offers));
  perform fairlock_adoption.drop_trades(array(
    select c.target_id from fairlock_adoption.carried c where c.table_name = 'crypto_trades'
      and (c.key = any (v_gone) or c.key = any (array(select key from unnest(v_refused))))));
  if v_orders is not null then
    perform fairlock_adoption.write_offers(v_orders);
  end if;
  if v_records is not null then
    perform fairlock_adoption.close_orders(array(select target_id from unnest(v_records)));
    perform fairlock_adoption.link_trades(array(select target_id from unnest(v_records)));
    insert into fairlock_adoption.to_recount (user_id)
    select person from unnest(v_people) person where person is not null order by 1 on conflict do nothing;
  end if;
  perform fairlock_adoption.quarantine_all('crypto_trades', v_refused);
  perform fairlock_adoption.keep_aside('crypto_trades', v_done, v_remnants);
  perform fairlock_adoption.note_carried('crypto_trades', 'crypto_trades', v_records);
  perform fairlock_adoption.note_carried('crypto_trades', 'offers', v_offers);
  if v_gone <> '{}' then
    v_removed := fairlock_adoption.forget('crypto_trades', v_gone);
  end if;
  return (cardinality(v_done), v_unchanged, coalesce(cardinality(v_refused), 0), v_removed)::fairlock_adoption.outcome;
end $$;

create or replace function fairlock_adoption.carry_crypto_trades(p_keys text[]) returns fairlock_adoption.outcome
language sql
as $$ select fairlock_adoption.carry_in_parts('step_crypto_trades', 'crypto_trades', p_keys) $$;
