-- Old transactions become lines of statements without a category, which marks them as from before Fairlock: the ledger
-- knows nothing of them. docs/operating/migration.md says by which rules.

-- For finding the trades that named a transaction which was not there when they were carried.
create index if not exists set_aside_links on fairlock_adoption.set_aside (value)
  where table_name = 'crypto_trades' and column_name = 'transaction_id' and length(value) <= 100;

-- Why an old transaction cannot be carried; nothing when it can.
create or replace function fairlock_adoption.refuse_transaction(
  o fairlock_adoption.old_crypto_transactions, p_type text, p_person uuid, p_wallet uuid, p_owner uuid, p_waits boolean
) returns jsonb
language plpgsql stable
as $$
begin
  return (
    select nullif(coalesce(jsonb_agg(fairlock_adoption.reason(code, col, message)), '[]'), '[]') from (values
      (case when fairlock_adoption.try_uuid(o.key) is null then 'id_not_uuid' end, 'id', 'the id is no uuid'),
      (case when p_person is null then 'user_missing' end, 'user_id',
        coalesce('nobody has been carried as ' || o.user_id, 'it is nobody''s')),
      (fairlock_adoption.amount_fault('amount', o.amount, p_type in ('withdrawal', 'sell', 'fee', 'adjustment')), 'amount',
        coalesce('the amount is ' || o.amount, 'there is no amount')),
      (case when fairlock_adoption.mapped('currency', o.currency) is null then 'currency_unknown' end, 'currency',
        format('the mapping does not know the currency %L', o.currency)),
      (case when fairlock_adoption.mapped('transaction_status', o.status) is null then 'status_unknown' end, 'status',
        format('the mapping does not know the status %L', o.status)),
      (case when p_type is null then 'type_unknown' end, 'transaction_type',
        format('the mapping does not know the type %L', o.transaction_type)),
      (case when p_owner <> p_person then 'wallet_of_another' end, 'wallet_id', 'the wallet is somebody else''s'),
      (case when p_waits then 'wallet_quarantined' end, 'wallet_id', 'its wallet has not been carried')
    ) faults (code, col, message) where code is not null
  );
end $$;

-- What of an old transaction has no place in the line that is made of it.
create or replace function fairlock_adoption.transaction_remnants(
  o fairlock_adoption.old_crypto_transactions, p_type text, p_wallet uuid, p_outside boolean, p_metadata jsonb
) returns fairlock_adoption.remnant[]
language plpgsql stable
as $$
begin
  return (
    select array(
      select (o.key, col, code, value)::fairlock_adoption.remnant from (values
        ('amount', case when fairlock_adoption.money(o.amount) < 0 and p_type <> 'adjustment' then 'sign_dropped' end,
          o.amount),
        ('amount', case when fairlock_adoption.rest(o.amount) is not null then 'decimals_cut' end,
          fairlock_adoption.rest(o.amount)),
        ('transaction_fee', coalesce(fairlock_adoption.fee_fault(o.transaction_fee),
          case when fairlock_adoption.money(o.transaction_fee) > abs(fairlock_adoption.money(o.amount))
            then 'fee_above_amount' end), o.transaction_fee),
        ('transaction_fee', case when fairlock_adoption.rest(o.transaction_fee) is not null then 'decimals_cut' end,
          fairlock_adoption.rest(o.transaction_fee)),
        ('wallet_id', case when p_outside then 'wallet_outside' when o.wallet_id is not null and p_wallet is null
          then 'wallet_missing' end, o.wallet_id),
        ('confirmations', case when not coalesce(
          fairlock_adoption.try_bigint(o.confirmations) between 0 and 2147483647, false)
          and o.confirmations is not null then 'number_impossible' end, o.confirmations),
        ('block_number', case when not coalesce(fairlock_adoption.try_bigint(o.block_number) >= 0, false)
          and o.block_number is not null then 'number_impossible' end, o.block_number),
        ('gas_limit', case when not coalesce(fairlock_adoption.try_bigint(o.gas_limit) >= 0, false)
          and o.gas_limit is not null then 'number_impossible' end, o.gas_limit),
        ('gas_used', case when not coalesce(fairlock_adoption.try_bigint(o.gas_used) >= 0, false)
          and o.gas_used is not null then 'number_impossible' end, o.gas_used),
        ('gas_price', case when not coalesce(fairlock_adoption.cut(o.gas_price) >= 0, false)
          and o.gas_price is not null then 'number_impossible' end, o.gas_price),
        ('gas_price', case when fairlock_adoption.rest(o.gas_price) is not null then 'decimals_cut' end,
          fairlock_adoption.rest(o.gas_price)),
        ('timestamp', case when fairlock_adoption.possible(o.timestamp) is null then
          case when o.timestamp is null and not o.extra ? 'timestamp' then 'time_missing' else 'time_impossible' end end,
          coalesce(o.timestamp::text, o.extra ->> 'timestamp')),
        ('created_at', case when fairlock_adoption.possible(o.created_at) is null then
          case when o.created_at is null and not o.extra ? 'created_at' then 'time_missing' else 'time_impossible' end end,
          coalesce(o.created_at::text, o.extra ->> 'created_at')),
        ('metadata', case when o.metadata is not null and btrim(o.metadata) <> ''
          and fairlock_adoption.try_jsonb(o.metadata) is null then 'json_invalid' end,
          fairlock_adoption.without_secrets_in_text(o.metadata)),
        ('metadata', case when p_metadata is distinct from fairlock_adoption.without_secrets(p_metadata)
          then 'secret_in_clear' end, null)
      ) remnants (col, code, value) where code is not null
    )
  );
end $$;

-- Removes lines whose old rows are gone or can no longer be kept; never one of Fairlock's own.
create or replace function fairlock_adoption.drop_transactions(p_ids uuid[]) returns void
language plpgsql
as $$
begin
  if cardinality(p_ids) > 0 then
    update fairlock_next.crypto_trades set transaction_id = null
    where transaction_id = any (p_ids) and id = any (array(
      select trade_id from fairlock_next.crypto_transactions where id = any (p_ids)));
    delete from fairlock_next.crypto_transactions where id = any (p_ids) and category is null;
  end if;
end $$;

-- Trades that named transactions which were not there then are carried once more.
create or replace function fairlock_adoption.look_again(p_keys text[]) returns void
language sql
as $$
  with waiting as (
    select key from fairlock_adoption.set_aside
    where table_name = 'crypto_trades' and column_name = 'transaction_id' and length(value) <= 100 and value = any (p_keys)
  ), changed as (
    update fairlock_adoption.carried c set hash = 0 from waiting w
    where c.table_name = 'crypto_trades' and c.key = w.key returning c.key
  )
  insert into fairlock_adoption.marks (table_name, key) select 'crypto_trades', key from changed
$$;

-- Carries what of these old rows has changed. The trade of a line, and with it its price, is set when the trade is carried.
create or replace function fairlock_adoption.step_crypto_transactions(p_keys text[]) returns fairlock_adoption.outcome
language plpgsql set search_path = pg_catalog, pg_temp
  -- By the indexes, whatever the statistics of tables say that were empty a minute ago.
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  v_priced boolean := exists (select from fairlock.price_days where not is_sample);
  v_gone text[];
  v_unchanged integer;
  v_done fairlock_adoption.carriage[];
  v_refused fairlock_adoption.refusal[];
  v_remnants fairlock_adoption.remnant[];
  v_removed integer := 0;
begin
  with read as materialized (
    select o, fairlock_adoption.row_hash(o) as hash from fairlock_adoption.read_crypto_transactions(p_keys) o
  ), found as materialized (
    select r.o, r.hash, (r.o).key, fairlock_adoption.try_uuid((r.o).key) as id, person.target_id as person, w.id as wallet,
      w.user_id as owner, q.key is not null as waits, coalesce(known.target = 'outside_wallets', false) as outside,
      fairlock_adoption.mapped('transaction_type', (r.o).transaction_type) as type,
      fairlock_adoption.mapped('transaction_status', (r.o).status) as status,
      fairlock_adoption.mapped('currency', (r.o).currency) as currency,
      fairlock_adoption.money((r.o).amount) as amount, fairlock_adoption.money((r.o).transaction_fee) as fee,
      fairlock_adoption.money((r.o).gas_price) as gas_price, fairlock_adoption.try_bigint((r.o).gas_used) as gas_used,
      fairlock_adoption.try_bigint((r.o).gas_limit) as gas_limit,
      fairlock_adoption.try_bigint((r.o).confirmations) as confirmations,
      fairlock_adoption.try_bigint((r.o).block_number) as block_number,
      fairlock_adoption.document((r.o).metadata) as metadata,
      fairlock_adoption.possible((r.o).timestamp) as at, fairlock_adoption.possible((r.o).created_at) as made,
      fairlock_adoption.possible((r.o).updated_at) as changed
    from read r
    left join fairlock_adoption.carried person on person.table_name = 'users' and person.key = (r.o).user_id
    left join fairlock_adoption.carried known on known.table_name = 'crypto_wallets' and known.key = (r.o).wallet_id
    left join fairlock_next.crypto_wallets w on w.id = known.target_id
    left join fairlock_adoption.quarantine q on q.table_name = 'crypto_wallets' and q.key = (r.o).wallet_id
    where not exists (select from fairlock_adoption.carried c
      where c.table_name = 'crypto_transactions' and c.key = (r.o).key and c.hash = r.hash)
  ), looked_at as materialized (
    -- Of most rows everything has its place, which is seen quickly; the others are asked for each of their faults.
    select f.*, coalesce(f.id is not null and f.person is not null and f.type is not null and f.status is not null
      and f.currency is not null and (f.owner is null or f.owner = f.person) and not f.waits
      and f.amount > 0 and f.amount < 1000000000000 and f.amount = trunc(f.amount, 8)
      and ((f.o).transaction_fee is null or f.fee between 0 and f.amount and f.fee = trunc(f.fee, 8))
      and ((f.o).wallet_id is null or f.wallet is not null or f.outside)
      and ((f.o).confirmations is null or f.confirmations between 0 and 2147483647)
      and ((f.o).block_number is null or f.block_number >= 0) and ((f.o).gas_limit is null or f.gas_limit >= 0)
      and ((f.o).gas_used is null or f.gas_used >= 0)
      and ((f.o).gas_price is null
        or f.gas_price >= 0 and f.gas_price < 1000000000000 and f.gas_price = trunc(f.gas_price, 8))
      and f.at is not null and f.made is not null
      and ((f.o).metadata is null or f.metadata is not null and not fairlock_adoption.may_have_secrets((f.o).metadata)),
      false) as clean
    from found f
  ), judged as materialized (
    select l.*, case when not l.clean
      then fairlock_adoption.refuse_transaction(l.o, l.type, l.person, l.wallet, l.owner, l.waits) end as reasons
    from looked_at l
  ), sound as materialized (
    select j.*, case j.type when 'adjustment' then trunc(j.amount, 8) else abs(trunc(j.amount, 8)) end as sum,
      case when j.fee between 0 and abs(j.amount) then trunc(j.fee, 8) end as whole_fee, s.adopted_at
    from judged j join fairlock_adoption.state s on s.one where j.reasons is null
  ), valued as (
    -- What a line is worth: by its trade where that is known already, else by the price that was written down then.
    select s.*, fairlock_adoption.network_part(s.whole_fee, s.type, s.gas_used * s.gas_price) as network, v.rate,
      c.code as quote, round(abs(s.sum) * v.rate, c.decimals) as worth
    from sound s
    left join fairlock_next.crypto_transactions was on was.id = s.id
    left join fairlock_next.crypto_trades t on t.id = was.trade_id and split_part(t.pair, '/', 1) = s.currency
    cross join lateral (select case when t.id is not null then t.price
      when v_priced then fairlock_adoption.price_then(s.currency, coalesce(s.at, s.made)) end as rate offset 0) v
    left join fairlock.currencies c on v.rate between 0.00000001 and 999999999999
      and abs(s.sum) * v.rate < 999999999999
      and c.code = case when t.id is null then 'USD' else split_part(t.pair, '/', 2) end
  ), written as (
    insert into fairlock_next.crypto_transactions as x (id, user_id, wallet_id, transaction_hash, from_address, to_address,
      amount, currency, transaction_fee, network_fee, platform_fee, status, transaction_type, timestamp, confirmations,
      block_number, gas_price, gas_limit, gas_used, metadata, created_at, updated_at, exchange_rate, fiat_value,
      fiat_currency)
    select v.id, v.person, v.wallet, nullif(btrim((v.o).transaction_hash), ''), nullif(btrim((v.o).from_address), ''),
      nullif(btrim((v.o).to_address), ''), v.sum, v.currency, v.whole_fee, v.network, v.whole_fee - v.network, v.status,
      v.type, coalesce(v.at, v.made, v.changed, v.adopted_at),
      case when v.confirmations between 0 and 2147483647 then v.confirmations end,
      case when v.block_number >= 0 then v.block_number end,
      case when v.gas_price >= 0 and v.gas_price < 1000000000000 then trunc(v.gas_price, 8) end,
      case when v.gas_limit >= 0 then v.gas_limit end, case when v.gas_used >= 0 then v.gas_used end,
      fairlock_adoption.without_secrets(v.metadata), coalesce(v.made, v.at, v.changed, v.adopted_at),
      greatest(v.changed, coalesce(v.made, v.at, v.changed, v.adopted_at)),
      case when v.quote is not null then round(v.rate, 8) end, v.worth, v.quote
    from valued v
    on conflict (id) do update set user_id = excluded.user_id, wallet_id = excluded.wallet_id,
      transaction_hash = excluded.transaction_hash, from_address = excluded.from_address, to_address = excluded.to_address,
      amount = excluded.amount, currency = excluded.currency, transaction_fee = excluded.transaction_fee,
      network_fee = excluded.network_fee, platform_fee = excluded.platform_fee, status = excluded.status,
      transaction_type = excluded.transaction_type, timestamp = excluded.timestamp, confirmations = excluded.confirmations,
      block_number = excluded.block_number, gas_price = excluded.gas_price, gas_limit = excluded.gas_limit,
      gas_used = excluded.gas_used, metadata = excluded.metadata, created_at = excluded.created_at,
      updated_at = excluded.updated_at, exchange_rate = excluded.exchange_rate, fiat_value = excluded.fiat_value,
      fiat_currency = excluded.fiat_currency
      where x.category is null
  )
  select array(select key from unnest(p_keys) key except select (r.o).key from read r),
    (select count(*) from read) - (select count(*) from judged),
    (select array_agg((s.key, s.hash, s.id)::fairlock_adoption.carriage) from sound s),
    (select array_agg((j.key, j.reasons, array_remove(array[
        case when j.person is null then 'users:' || (j.o).user_id end,
        case when j.waits then 'crypto_wallets:' || (j.o).wallet_id end], null),
      to_jsonb(j.o) - 'id')::fairlock_adoption.refusal) from judged j where j.reasons is not null),
    array(select r from judged j, unnest(
        fairlock_adoption.transaction_remnants(j.o, j.type, j.wallet, j.outside, j.metadata)) r
      where j.reasons is null and not j.clean
      union all
      -- A wallet outside of the platform has no statement here; which one it was is kept.
      select (j.key, 'wallet_id', 'wallet_outside', (j.o).wallet_id)::fairlock_adoption.remnant from judged j
      where j.clean and j.outside)
  into v_gone, v_unchanged, v_done, v_refused, v_remnants;
  perform fairlock_adoption.drop_transactions(array(
    select c.target_id from fairlock_adoption.carried c where c.table_name = 'crypto_transactions'
      and (c.key = any (v_gone) or c.key = any (array(select key from unnest(v_refused))))));
  perform fairlock_adoption.quarantine_all('crypto_transactions', v_refused);
  perform fairlock_adoption.keep_aside('crypto_transactions', array(select key from unnest(v_done)), v_remnants);
  perform fairlock_adoption.note_carried('crypto_transactions', 'crypto_transactions', v_done);
  perform fairlock_adoption.look_again(array(select key from unnest(v_done)));
  if v_gone <> '{}' then
    v_removed := fairlock_adoption.forget('crypto_transactions', v_gone);
  end if;
  return (coalesce(cardinality(v_done), 0), v_unchanged, coalesce(cardinality(v_refused), 0), v_removed)
    ::fairlock_adoption.outcome;
end $$;

create or replace function fairlock_adoption.carry_crypto_transactions(p_keys text[]) returns fairlock_adoption.outcome
language sql
as $$ select fairlock_adoption.carry_in_parts('step_crypto_transactions', 'crypto_transactions', p_keys) $$;
