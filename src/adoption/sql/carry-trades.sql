-- Old trades: what has ended becomes a record, which belongs to no offer and no escrow; an open order becomes an offer; what
-- is under way has to end where it began. docs/operating/migration.md says by which rules.

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
    select r.o, r.hash, (r.o).key, fairlock_adoption.document((r.o).metadata) as metadata from read r
    where not exists (select from fairlock_adoption.carried c
      where c.table_name = 'crypto_trades' and c.key = (r.o).key and c.hash = r.hash)
  ), pairs as materialized (
    -- Each spelling once, with what its money is worth.
    select d.said, n.pair, b.kind = 'crypto' and q.kind = 'fiat' as tradable,
      coalesce(q.decimals, 8) as decimals, fairlock.limit_rate(q.code) as rate,
      fairlock.reference_rate(b.code) as base_rate
    from (select distinct (c.o).pair as said from changed c) d
    cross join lateral (select fairlock_adoption.pair(d.said) as pair offset 0) n
    left join fairlock.currencies b on b.code = split_part(n.pair, '/', 1)
    left join fairlock.currencies q on q.code = split_part(n.pair, '/', 2)
  ), found as materialized (
    select c.*, fairlock_adoption.try_uuid(c.key) as id, p.pair, p.tradable, p.decimals, p.rate, p.base_rate,
      (fairlock_adoption.mapped('trade_status', (c.o).status), fairlock_adoption.mapped('side', (c.o).side), p.pair,
        c.metadata, person.target_id, named.key, other.target_id, x.id, x.user_id)::fairlock_adoption.trade_facts as f,
      fairlock_adoption.money((c.o).price) as price, fairlock_adoption.money((c.o).amount) as amount,
      fairlock_adoption.money((c.o).total_value) as said_total, fairlock_adoption.money((c.o).fee) as fee,
      fairlock_adoption.mapped('currency', (c.o).fee_currency) as fee_currency,
      fairlock_adoption.possible((c.o).timestamp) as at, fairlock_adoption.possible((c.o).created_at) as made,
      fairlock_adoption.possible((c.o).updated_at) as updated
    from changed c
    cross join lateral (select fairlock_adoption.named_counterparty(c.metadata, v_names) as key offset 0) named
    left join pairs p on p.said = (c.o).pair
    left join fairlock_adoption.carried person on person.table_name = 'users' and person.key = (c.o).user_id
    left join fairlock_adoption.carried other on other.table_name = 'users' and other.key = named.key
    left join fairlock_adoption.carried known on known.table_name = 'crypto_transactions'
      and known.key = (c.o).transaction_id
    left join fairlock_next.crypto_transactions x on x.id = known.target_id
  ), looked_at as materialized (
    -- Of most rows everything has its place, which is seen quickly; the others are asked for each of their faults.
    select f.*, coalesce(f.id is not null and (f.f).person is not null and (f.f).side is not null and f.pair is not null
      and ((f.f).status in ('completed', 'cancelled', 'expired') or (f.f).status = 'open' and f.tradable
        and f.amount <= 900000000000 and (fairlock_adoption.order_terms(f.metadata, 1)).unknown is null
        and not exists (select from fairlock_next.crypto_trades kept where kept.id = f.id))
      and ((f.f).named is null or (f.f).counterparty <> (f.f).person)
      and f.price > 0 and f.price < 1000000000000 and f.price = trunc(f.price, 8)
      and f.amount > 0 and f.amount < 1000000000000 and f.amount = trunc(f.amount, 8)
      and f.price * f.amount < 1000000000000
      and ((f.o).total_value is null or abs(f.said_total - round(f.price * f.amount, f.decimals)) < 0.01)
      and ((f.o).fee is null or f.fee >= 0 and f.fee < 1000000000000 and f.fee = trunc(f.fee, 8))
      and (coalesce(btrim((f.o).fee_currency), '') = '' or f.fee_currency is not null)
      and ((f.o).transaction_id is null or (f.f).transaction_person in ((f.f).person, (f.f).counterparty))
      and f.at is not null and f.made is not null
      and ((f.o).metadata is null or f.metadata is not null and not fairlock_adoption.may_have_secrets((f.o).metadata))
      and not exists (select from fairlock.offers offer where offer.id = f.id), false) as clean
    from found f
  ), judged as materialized (
    select l.*, case when not l.clean then fairlock_adoption.refuse_trade(l.o, l.f) end as reasons from looked_at l
  ), sound as materialized (
    select j.id, j.key, j.hash, j.f, (j.f).status, j.pair, j.decimals, j.rate, j.base_rate, trunc(j.price, 8) as price,
      trunc(j.amount, 8) as amount, case when j.fee >= 0 and j.fee < 1000000000000 then trunc(j.fee, 8) end as fee,
      j.fee_currency, nullif(lower(btrim((j.o).order_type)), '') as order_type,
      case when (j.f).transaction_person in ((j.f).person, (j.f).counterparty) then (j.f).transaction end as transaction_id,
      case when j.clean then j.metadata else fairlock_adoption.without_secrets(j.metadata) end as kept_metadata,
      coalesce(j.at, j.made, j.updated, s.adopted_at) as at, coalesce(j.made, j.at, j.updated, s.adopted_at) as created_at,
      greatest(j.updated, coalesce(j.made, j.at, j.updated, s.adopted_at)) as ended_at
    from judged j join fairlock_adoption.state s on s.one where j.reasons is null
  ), ended as materialized (
    select s.*, round(s.price * s.amount, s.decimals) as total,
      -- The row is the person's who wrote it, and says what they did. Of two sides the seller is user_id.
      case when (s.f).side = 'buy' then coalesce((s.f).counterparty, (s.f).person) else (s.f).person end as user_id,
      case when (s.f).counterparty is not null then
        case when (s.f).side = 'buy' then (s.f).person else (s.f).counterparty end end as buyer_id
    from sound s where s.status <> 'open'
  ), written as (
    insert into fairlock_next.crypto_trades as t (id, user_id, buyer_id, transaction_id, pair, side, price, amount,
      total_value, fee, fee_currency, status, order_type, timestamp, metadata, created_at, updated_at, completed_at,
      cancelled_at, reference_value)
    select e.id, e.user_id, e.buyer_id, e.transaction_id, e.pair, (e.f).side, e.price, e.amount, e.total, e.fee,
      e.fee_currency, e.status, e.order_type, e.at, e.kept_metadata, e.created_at, e.ended_at,
      case when e.status = 'completed' then e.ended_at end, case when e.status <> 'completed' then e.ended_at end,
      case when e.status = 'completed'
        then fairlock_adoption.dollars(e.pair, e.amount, e.total, e.at, e.rate, e.base_rate) end
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
    (select array_agg((s.key, s.hash, s.id)::fairlock_adoption.carriage) from sound s where s.status = 'open'),
    (select array_agg((s.id, (s.f).person, (s.f).side, s.pair, s.price, s.amount, s.kept_metadata, s.created_at)
      ::fairlock_adoption.open_order) from sound s where s.status = 'open'),
    (select array_agg((j.key, j.reasons, array_remove(array[
        case when (j.f).person is null then 'users:' || (j.o).user_id end,
        case when (j.f).counterparty is null then 'users:' || (j.f).named end], null),
      to_jsonb(j.o) - 'id')::fairlock_adoption.refusal) from judged j where j.reasons is not null),
    (select array_agg(r) from judged j, unnest(fairlock_adoption.trade_remnants(j.o, j.f)) r
      where j.reasons is null and not j.clean),
    array(select e.user_id from ended e union select e.buyer_id from ended e
      union select t.user_id from ended e join fairlock_next.crypto_trades t on t.id = e.id
      union select t.buyer_id from ended e join fairlock_next.crypto_trades t on t.id = e.id)
  into v_gone, v_unchanged, v_records, v_offers, v_orders, v_refused, v_remnants, v_people;
  v_done := array(select key from unnest(v_records || v_offers));
  perform fairlock_adoption.drop_trades(array(
    select c.target_id from fairlock_adoption.carried c where c.table_name = 'crypto_trades'
      and (c.key = any (v_gone) or c.key = any (array(select key from unnest(v_refused)))
        -- A record that is an open order again.
        or c.target = 'crypto_trades' and c.key = any (array(select key from unnest(v_offers))))));
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
