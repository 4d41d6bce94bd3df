-- Wallets. What the old platform keeps for somebody in one currency, in however many wallets, is one wallet here, and its
-- balance is the ledger's: a carry posts what the old balances and the new one differ by. A wallet outside of the platform
-- is information and owes nobody anything.

do $$
begin
  if to_regtype('fairlock_adoption.difference') is null then
    create type fairlock_adoption.difference as (wallet_id uuid, user_id uuid, currency text, amount numeric, is_first boolean);
  end if;
end $$;

-- Why a wallet cannot be carried: a code, or nothing. p_coins are the currencies that wallets can be in.
create or replace function fairlock_adoption.wallet_fault(
  o fairlock_adoption.old_crypto_wallets, p_person uuid, p_coins text[]
) returns text
language sql immutable
as $$
  select case
    when p_person is null then 'user_missing'
    when is_custody is null then 'custody_unclear'
    when not is_custody then case when coalesce(btrim(o.currency), '') = '' then 'currency_unknown' end
    when fairlock_adoption.mapped('currency', o.currency) = any (p_coins) is not true then 'currency_unknown'
    when o.balance is null then null
    when m is null or m = 'NaN' then 'balance_not_a_number'
    when m in ('Infinity', '-Infinity') then 'balance_infinite'
    when trunc(m, 8) < 0 then 'balance_negative'
    when m >= 1000000000000 then 'amount_too_large'
  end
  from fairlock_adoption.money(o.balance) m,
    fairlock_adoption.custody(o.wallet_provider, o.chain_type, o.is_connected) is_custody
$$;

create or replace function fairlock_adoption.explain_wallet_fault(
  p_fault text, o fairlock_adoption.old_crypto_wallets
) returns jsonb
language sql immutable
as $$
  select jsonb_build_array(case p_fault
    when 'user_missing' then
      fairlock_adoption.reason(p_fault, 'user_id', format('there is no person %s', coalesce(o.user_id, 'without an id')))
    when 'custody_unclear' then fairlock_adoption.reason(p_fault, 'wallet_provider',
      format('the mapping does not say whose coins those of provider %L, chain %L, connected %L are', o.wallet_provider,
        o.chain_type, o.is_connected))
    when 'currency_unknown' then fairlock_adoption.reason(p_fault, 'currency',
      format('Fairlock has no wallets in %s', coalesce(nullif(btrim(o.currency), ''), 'no currency')))
    else fairlock_adoption.reason(p_fault, 'balance', format('nobody can have %s %s', o.balance, o.currency)) end)
$$;

-- What of a wallet has no place. The balance of an outside wallet that is no amount is not known, that is all.
create or replace function fairlock_adoption.wallet_remnants(o fairlock_adoption.old_crypto_wallets)
returns setof fairlock_adoption.remnant
language sql stable
as $$
  select (v.r).* from (values
    (fairlock_adoption.time_remnant(o.key, 'created_at', o.created_at, o.extra)),
    (case when fairlock_adoption.possible(o.last_synced_at) is null
        and (o.last_synced_at is not null or o.extra ? 'last_synced_at') then (o.key, 'last_synced_at', 'time_impossible',
          coalesce(o.last_synced_at::text, o.extra ->> 'last_synced_at'))::fairlock_adoption.remnant end),
    (case when o.balance is null then
        case when fairlock_adoption.custody(o.wallet_provider, o.chain_type, o.is_connected) then
          (o.key, 'balance', 'balance_missing', null)::fairlock_adoption.remnant end
      when coalesce(fairlock_adoption.cut(o.balance), -1) < 0 then
        (o.key, 'balance', 'number_impossible', o.balance)::fairlock_adoption.remnant
      when fairlock_adoption.rest(o.balance) is not null then
        (o.key, 'balance', 'decimals_cut', fairlock_adoption.rest(o.balance))::fairlock_adoption.remnant end)
  ) v (r) where (v.r).key is not null
$$;

-- Makes the wallets that are missing for these rows, each with the id of the wallet that leads, and tells those that have
-- theirs of an old wallet what it says of itself. Everything but the balance.
create or replace function fairlock_adoption.write_wallets(p_rows fairlock_adoption.old_crypto_wallets[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_opened integer;
begin
  with wanted as materialized (
    select fairlock_adoption.id_of('crypto_wallets', o.key) as id, u.target_id as user_id,
      fairlock_adoption.mapped('currency', o.currency) as currency,
      case when not e.is_erased then nullif(btrim(o.wallet_address), '') end as address,
      case when not e.is_erased then o.wallet_provider end as wallet_provider, lower(nullif(btrim(o.chain_type), '')) as chain,
      coalesce(fairlock_adoption.try_boolean(o.is_primary), false) as is_primary,
      coalesce(fairlock_adoption.try_boolean(o.is_connected), false) as is_connected,
      fairlock_adoption.possible(o.last_synced_at) as synced, fairlock_adoption.possible(o.updated_at) as updated,
      coalesce(fairlock_adoption.possible(o.created_at), fairlock_adoption.possible(o.updated_at), s.adopted_at) as since
    from unnest(p_rows) o join fairlock_adoption.state s on s.one
    join fairlock_adoption.carried u on u.table_name = 'users' and u.key = o.user_id
    -- Who was erased here stays so, whatever the old platform still says of them.
    cross join lateral (select u.target_id in (select user_id from fairlock.erasures) as is_erased) e
  ), told as (
    update fairlock_next.crypto_wallets w set wallet_address = x.address, wallet_provider = x.wallet_provider,
      chain_type = x.chain, is_primary = x.is_primary, is_connected = x.is_connected, last_synced_at = x.synced
    from wanted x where w.id = x.id and w.user_id = x.user_id and w.currency = x.currency
      and (w.wallet_address, w.wallet_provider, w.chain_type, w.is_primary, w.is_connected, w.last_synced_at)
        is distinct from (x.address, x.wallet_provider, x.chain, x.is_primary, x.is_connected, x.synced)
  ), first as (
    select distinct on (user_id, currency) * from wanted order by user_id, currency, is_primary desc, since, id
  ), made as (
    insert into fairlock_next.crypto_wallets (id, user_id, currency, balance, wallet_address, wallet_provider, chain_type,
      is_primary, is_connected, last_synced_at, created_at, updated_at)
    -- An id may belong to a wallet of another currency already, which the old one was of before.
    select case when exists (select from fairlock_next.crypto_wallets w where w.id = x.id) then fairlock.new_id() else x.id end,
      x.user_id, x.currency, 0, x.address, x.wallet_provider, x.chain, x.is_primary, x.is_connected, x.synced, x.since,
      greatest(x.since, x.updated)
    from first x where not exists (
      select from fairlock_next.crypto_wallets w where w.user_id = x.user_id and w.currency = x.currency)
    order by x.user_id, x.currency
    on conflict (user_id, currency) do nothing returning id, currency, user_id
  )
  select count(ledger.open_account(id, 'trader', currency, user_id)) into v_opened from made;
end $$;

-- Posts to each of these wallets what the old wallets that lead to it hold more than it does, or less. The accounts are
-- locked first, so nobody of Fairlock's moves the new balances, nor with them the old ones (src/adoption/sql/mirror-*.sql
-- does both in one transaction, after the same lock); then one statement sees both: what they differ by is exactly what
-- the old application did since the last carry.
create or replace function fairlock_adoption.post_differences(p_wallets uuid[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_coins text[] := array(select code from fairlock.currencies where kind = 'crypto');
  v_found fairlock_adoption.difference[];
  v_posted bigint[];
begin
  perform from ledger.accounts where id = any (p_wallets) order by id for no key update;
  with leads as materialized (
    select key, target_id from fairlock_adoption.carried
    where target_id = any (p_wallets) and table_name = 'crypto_wallets' and target = 'crypto_wallets'
  ), held as (
    select l.target_id, sum(coalesce(fairlock_adoption.cut(o.balance), 0)) as amount
    from fairlock_adoption.read_crypto_wallets(array(select key from leads)) o join leads l on l.key = o.key
    join fairlock_adoption.carried u on u.table_name = 'users' and u.key = o.user_id
    join ledger.accounts a on a.id = l.target_id
    where fairlock_adoption.custody(o.wallet_provider, o.chain_type, o.is_connected) and a.user_id = u.target_id
      and fairlock_adoption.mapped('currency', o.currency) = a.currency
      and fairlock_adoption.wallet_fault(o, u.target_id, v_coins) is null
    group by l.target_id
  )
  select array_agg((a.id, a.user_id, a.currency, x.amount, x.amount > 0
      and not exists (select from ledger.entries e where e.account_id = a.id))::fairlock_adoption.difference order by a.id)
  into v_found
  from ledger.accounts a left join held h on h.target_id = a.id
  -- Coins that Fairlock gave somebody for whom there is no old wallet.
  left join fairlock_adoption.unheld n on n.wallet_id = a.id
  cross join lateral (select coalesce(h.amount, 0) + coalesce(n.amount, 0) - a.balance as amount) x
  where a.id = any (p_wallets) and x.amount <> 0;
  if v_found is null then
    return;
  end if;
  select ledger.post_each(array_agg(case when is_first then 'opening' else 'adjustment' end order by wallet_id),
    array_agg(wallet_id order by wallet_id), array_agg(amount order by wallet_id), 'old application')
  into v_posted from unnest(v_found);
  insert into fairlock_next.crypto_transactions (id, user_id, wallet_id, amount, currency, platform_fee, status,
    transaction_type, metadata, timestamp, created_at, network_fee, category, exchange_rate, fiat_value, fiat_currency,
    destination_name, destination_description)
  select fairlock.new_id(), p.user_id, p.wallet_id, p.amount, p.currency, 0, 'completed', 'adjustment',
    jsonb_build_object('reason', 'old application', 'transfer', p.transfer), clock_timestamp(), clock_timestamp(),
    f.network_fee, f.category, f.exchange_rate, f.fiat_value, f.fiat_currency, 'Earlier platform',
    case when p.is_first then 'Brought from the earlier platform' else 'Changed on the earlier platform' end
  from unnest(v_found, v_posted) p (wallet_id, user_id, currency, amount, is_first, transfer)
  join (select currency, fairlock.reference_rate(currency) as rate from unnest(v_found) group by currency) r
    on r.currency = p.currency
  cross join lateral fairlock.movement_facts('adjustment', p.amount, r.rate, 'USD', null) f;
end $$;

create or replace function fairlock_adoption.write_outside_wallets(p_rows fairlock_adoption.old_crypto_wallets[]) returns void
language sql
as $$
  insert into fairlock.outside_wallets as w (id, user_id, address, provider, chain_type, currency, last_known_balance,
    is_primary, last_synced_at, created_at)
  select fairlock_adoption.id_of('crypto_wallets', o.key), u.target_id, nullif(btrim(o.wallet_address), ''),
    nullif(btrim(o.wallet_provider), ''), lower(nullif(btrim(o.chain_type), '')),
    coalesce(fairlock_adoption.mapped('currency', o.currency), upper(btrim(o.currency))),
    case when fairlock_adoption.cut(o.balance) >= 0 then fairlock_adoption.cut(o.balance) end,
    coalesce(fairlock_adoption.try_boolean(o.is_primary), false), fairlock_adoption.possible(o.last_synced_at),
    coalesce(fairlock_adoption.possible(o.created_at), fairlock_adoption.possible(o.updated_at), s.adopted_at)
  from unnest(p_rows) o join fairlock_adoption.state s on s.one
  join fairlock_adoption.carried u on u.table_name = 'users' and u.key = o.user_id
  where u.target_id not in (select user_id from fairlock.erasures)
  on conflict (id) do update set user_id = excluded.user_id, address = excluded.address, provider = excluded.provider,
    chain_type = excluded.chain_type, currency = excluded.currency, last_known_balance = excluded.last_known_balance,
    is_primary = excluded.is_primary, last_synced_at = excluded.last_synced_at, created_at = excluded.created_at
$$;

create or replace function fairlock_adoption.step_crypto_wallets(p_keys text[]) returns fairlock_adoption.outcome
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_coins text[] := array(select code from fairlock.currencies where kind = 'crypto');
  v_rows fairlock_adoption.old_crypto_wallets[] := array(select o from fairlock_adoption.read_crypto_wallets(p_keys) o);
  v_gone text[] := array(select unnest(p_keys) except select key from unnest(v_rows));
  v_unchanged integer := cardinality(v_rows);
  v_removed integer := 0;
  v_before uuid[];
  v_refused fairlock_adoption.refusal[];
  v_kept fairlock_adoption.old_crypto_wallets[];
  v_outside fairlock_adoption.old_crypto_wallets[];
  v_done fairlock_adoption.carriage[];
begin
  v_rows := array(select o from unnest(v_rows) o where not exists (select from fairlock_adoption.carried c
    where c.table_name = 'crypto_wallets' and c.key = o.key and c.hash = fairlock_adoption.row_hash(o)));
  v_unchanged := v_unchanged - cardinality(v_rows);
  -- Also of rows that are what they were: Fairlock may have taken what the old application has given since.
  v_before := array(select distinct target_id from fairlock_adoption.carried where table_name = 'crypto_wallets'
    and target = 'crypto_wallets' and key = any (p_keys));
  with judged as materialized (
    select o, fairlock_adoption.wallet_fault(o, u.target_id, v_coins) as fault,
      fairlock_adoption.custody(o.wallet_provider, o.chain_type, o.is_connected) as is_custody
    from unnest(v_rows) o left join fairlock_adoption.carried u on u.table_name = 'users' and u.key = o.user_id
  )
  select array(select ((j.o).key, fairlock_adoption.explain_wallet_fault(j.fault, j.o),
      case when j.fault = 'user_missing' and (j.o).user_id is not null then array['users:' || (j.o).user_id] end,
      to_jsonb(j.o) - 'id')::fairlock_adoption.refusal from judged j where j.fault is not null),
    array(select j.o from judged j where j.fault is null and j.is_custody),
    array(select j.o from judged j where j.fault is null and not j.is_custody)
  into v_refused, v_kept, v_outside;
  -- The accounts before the wallets, in the order in which Fairlock's own commands come to them.
  perform from ledger.accounts where id = any (v_before || array(
    select w.id from unnest(v_kept) o
    join fairlock_adoption.carried u on u.table_name = 'users' and u.key = o.user_id
    join fairlock_next.crypto_wallets w
      on w.user_id = u.target_id and w.currency = fairlock_adoption.mapped('currency', o.currency)
  )) order by id for no key update;
  perform fairlock_adoption.write_wallets(v_kept), fairlock_adoption.quarantine_all('crypto_wallets', v_refused);
  delete from fairlock.outside_wallets w using unnest(p_keys) key
  where w.id = fairlock_adoption.id_of('crypto_wallets', key) and (key = any (v_gone)
    or key = any (array(select key from unnest(v_refused))) or key = any (array(select key from unnest(v_kept))));
  perform fairlock_adoption.write_outside_wallets(v_outside);
  v_done := array(
    select (o.key, fairlock_adoption.row_hash(o), w.id)::fairlock_adoption.carriage
    from unnest(v_kept) o join fairlock_adoption.carried u on u.table_name = 'users' and u.key = o.user_id
    join fairlock_next.crypto_wallets w
      on w.user_id = u.target_id and w.currency = fairlock_adoption.mapped('currency', o.currency));
  perform fairlock_adoption.note_carried('crypto_wallets', 'crypto_wallets', v_done);
  perform fairlock_adoption.note_carried('crypto_wallets', 'outside_wallets', array(
    select (o.key, fairlock_adoption.row_hash(o), fairlock_adoption.id_of('crypto_wallets', o.key))
      ::fairlock_adoption.carriage from unnest(v_outside) o));
  perform fairlock_adoption.keep_aside('crypto_wallets', array(select key from unnest(v_kept || v_outside)),
    array(select r from unnest(v_kept || v_outside) o cross join lateral fairlock_adoption.wallet_remnants(o) r));
  if v_gone <> '{}' then
    v_removed := fairlock_adoption.forget('crypto_wallets', v_gone);
  end if;
  perform fairlock_adoption.post_differences(array(
    select unnest(v_before) union select target_id from unnest(v_done)));
  return (cardinality(v_kept) + cardinality(v_outside), v_unchanged, cardinality(v_refused), v_removed)
    ::fairlock_adoption.outcome;
end $$;

create or replace function fairlock_adoption.carry_crypto_wallets(p_keys text[]) returns fairlock_adoption.outcome
language sql
as $$ select fairlock_adoption.carry_in_parts('step_crypto_wallets', 'crypto_wallets', p_keys) $$;
