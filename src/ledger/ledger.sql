-- The only writer of balances. fairlock_ledger is the one role that may insert transfers and entries and change a
-- balance, and it does so in ledger.post and ledger.post_each; fairlock_engine may call them, nobody else.
grant select, insert on ledger.transfers, ledger.entries to fairlock_ledger;
grant select on ledger.accounts, ledger.roll_up_mark to fairlock_ledger;
grant insert (id, kind, currency, user_id), update (balance, rolled_up_to) on ledger.accounts to fairlock_ledger;
grant update on ledger.roll_up_mark to fairlock_ledger;
grant select (id, balance), update (balance, updated_at) on public.crypto_wallets to fairlock_ledger;
grant select on ledger.accounts, ledger.transfers, ledger.entries, ledger.roll_up_mark to fairlock_engine;
-- Locking a row asks for the right to change one of its columns; created_at is one that no rule reads.
grant update (created_at) on ledger.accounts to fairlock_engine;

do $$
declare
  t regclass;
begin
  foreach t in array array['ledger.accounts', 'ledger.transfers', 'ledger.entries', 'ledger.roll_up_mark']::regclass[] loop
    execute format('alter table %s enable row level security, force row level security', t);
    execute format('create policy "the ledger posts" on %s to fairlock_ledger using (true)', t);
    execute format('create policy "the engine reads the books" on %s to fairlock_engine using (true)', t);
  end loop;
end $$;

create policy "the ledger sets the balance" on public.crypto_wallets to fairlock_ledger using (true);

create function ledger.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using errcode = 'FL090', message = format('%I.%I is append-only', tg_table_schema, tg_table_name);
end $$;

create trigger append_only before update or delete or truncate on ledger.transfers
  for each statement execute function ledger.refuse_change();
create trigger append_only before update or delete or truncate on ledger.entries
  for each statement execute function ledger.refuse_change();
create trigger never_deleted before delete or truncate on ledger.accounts
  for each statement execute function ledger.refuse_change();

-- I1: what one statement adds must add up to zero in each transfer and currency.
create function ledger.check_zero_sum() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from added group by transfer_id, currency having sum(amount) <> 0) then
    raise exception using errcode = 'FL091', message = 'the entries of a transfer do not add up to zero';
  end if;
  return null;
end $$;
create trigger zero_sum after insert on ledger.entries referencing new table as added
  for each statement execute function ledger.check_zero_sum();

-- I5: the wallet shows what the account holds.
create function ledger.follow_balance() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  update public.crypto_wallets set balance = new.balance, updated_at = now() where id = new.id;
  return null;
end $$;
create trigger wallet_follows after update of balance on ledger.accounts
  for each row when (new.kind = 'trader' and new.balance is distinct from old.balance)
  execute function ledger.follow_balance();

set local role fairlock_ledger;

-- The account of the fees or of custody (what the platform holds for everybody, the opposite side) in a currency.
-- Its id follows from its name, so that posting needs no lookup.
create function ledger.system_account(p_kind text, p_currency text) returns uuid
language sql immutable
as $$ select md5('fairlock:' || p_kind || ':' || p_currency)::uuid $$;

-- Opens an account, and with a trader's the two of its currency that the platform itself needs. Safe to repeat.
create function ledger.open_account(p_id uuid, p_kind text, p_currency text, p_user uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into ledger.accounts (id, kind, currency, user_id) values (p_id, p_kind, p_currency, p_user)
  on conflict do nothing;
  if p_kind = 'trader' then
    insert into ledger.accounts (id, kind, currency)
    select ledger.system_account(kind, p_currency), kind, p_currency from unnest(array['fees', 'custody']) kind
    on conflict do nothing;
  end if;
end $$;

-- Posts one transfer: adds each amount to its account, and what is left over to the system account, if one is given.
-- Accounts are locked in the order of their ids, so that two transfers cannot wait for each other. One statement writes
-- the transfer, the balances and the entries; their triggers look when it is done.
-- Errors: 23514 accounts_never_negative when a trader's or an escrow's account would fall below zero (I3), FL091 when
-- the amounts do not add up to zero in one currency (I1), FL092 for an unknown account.
create function ledger.post(
  p_kind text, p_accounts uuid[], p_amounts numeric[], p_system uuid, p_trade uuid, p_reason text
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_transfer bigint;
  v_entries integer;
begin
  perform from ledger.accounts where id = any (p_accounts) order by id for no key update;
  with transfer as (
    insert into ledger.transfers (kind, trade_id, actor_id, reason)
    values (p_kind, p_trade, fairlock.acting_user(), p_reason) returning id
  ), moved as (
    update ledger.accounts a set balance = a.balance + leg.amount
    from unnest(p_accounts, p_amounts) leg(account, amount)
    where a.id = leg.account and a.kind in ('trader', 'escrow')
    returning a.id, a.currency, leg.amount, a.balance
  ), legs as (
    select id, currency, amount, balance - amount as balance_before, balance as balance_after from moved
    union all
    -- The system's entry has no balance: nobody waits for the row of an account that every trade touches.
    select a.id, a.currency, rest.amount, null, null
    from (select -sum(amount) as amount from moved) rest, ledger.accounts a
    where a.id = p_system and a.kind in ('fees', 'custody') and rest.amount <> 0
  ), entries as (
    insert into ledger.entries (transfer_id, account_id, currency, amount, balance_before, balance_after)
    select transfer.id, legs.* from transfer, legs returning transfer_id, balance_after
  )
  select min(transfer_id), count(balance_after) into v_transfer, v_entries from entries;
  if v_entries <> cardinality(p_accounts) then
    raise exception using errcode = 'FL092', message = 'an account of the transfer is unknown or named twice';
  end if;
  return v_transfer;
end $$;

-- Posts a transfer against custody for each of these traders' accounts, in the order of their ids; returns the transfers, one
-- for each account. The same laws hold as in ledger.post; one statement for all, where a platform that is taken over brings
-- hundreds of balances at once.
create function ledger.post_each(p_kinds text[], p_accounts uuid[], p_amounts numeric[], p_reason text) returns bigint[]
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_transfers bigint[];
  v_entries integer;
begin
  perform from ledger.accounts where id = any (p_accounts) order by id for no key update;
  with posted as (
    insert into ledger.transfers (kind, actor_id, reason)
    select l.kind, fairlock.acting_user(), p_reason from unnest(p_kinds) with ordinality l (kind, place) order by l.place
    returning id
  )
  select array_agg(id order by id) into v_transfers from posted;
  with moved as (
    update ledger.accounts a set balance = a.balance + l.amount
    from unnest(v_transfers, p_accounts, p_amounts) l (transfer, account, amount)
    where a.id = l.account and a.kind = 'trader'
    returning l.transfer, a.id, a.currency, l.amount, a.balance
  ), legs as (
    select transfer, id, currency, amount, balance - amount as balance_before, balance as balance_after from moved
    union all
    select transfer, ledger.system_account('custody', currency), currency, -amount, null, null from moved
  ), entries as (
    insert into ledger.entries (transfer_id, account_id, currency, amount, balance_before, balance_after)
    select * from legs order by transfer, (balance_after is null) returning balance_after
  )
  select count(balance_after) into v_entries from entries;
  if v_entries <> cardinality(p_accounts) then
    raise exception using errcode = 'FL092', message = 'an account of the transfers is unknown or named twice';
  end if;
  return v_transfers;
end $$;

-- Adds the appended entries of fees and custody to their accounts' balances; returns how many entries it counted in.
-- Entry ids are drawn before they are committed, so "everything up to the newest id" may still have holes. Hence two
-- steps: one run notes the newest id it sees and then its own transaction number; a later run, once every transaction
-- with a lower number has ended, knows that nothing below the mark can still appear, and adds it up. A transaction has
-- its number before it draws an entry id, because ledger.post writes the transfer first; so whoever drew an id below the
-- newest has a lower number than a run that takes its own only after it has looked. (The snapshot's xmax would not do:
-- it is one past the newest transaction that ended, and the one that is late may have begun after that.) Nobody waits.
create function ledger.roll_up() returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  mark ledger.roll_up_mark;
  v_newest bigint;
  v_counted bigint := 0;
begin
  if pg_current_xact_id_if_assigned() is not null then
    raise exception using errcode = '25001', message = 'ledger.roll_up has to be the first thing that its transaction does';
  end if;
  select coalesce(max(id), 0) into v_newest from ledger.entries;
  select * into mark from ledger.roll_up_mark for update;
  if mark.settled_after <= pg_snapshot_xmin(pg_current_snapshot()) then
    with sums as (
      select e.account_id, sum(e.amount) as amount, count(*) as entries
      from ledger.accounts a join ledger.entries e on e.account_id = a.id
      where a.kind in ('fees', 'custody') and e.id > a.rolled_up_to and e.id <= mark.entry_id
      group by e.account_id
    ), added as (
      update ledger.accounts a set balance = a.balance + s.amount, rolled_up_to = mark.entry_id
      from sums s where a.id = s.account_id returning s.entries
    )
    select coalesce(sum(entries), 0) into v_counted from added;
    update ledger.roll_up_mark set entry_id = v_newest, settled_after = pg_current_xact_id();
  elsif mark.settled_after > pg_snapshot_xmax(pg_current_snapshot()) then
    -- A database restored by dump counts its transactions anew: the old mark would never be reached.
    update ledger.roll_up_mark set settled_after = pg_current_xact_id();
  end if;
  return v_counted;
end $$;

-- Every account with its balance as of now, what is not rolled up yet included.
create view ledger.balances as
  select a.id, a.kind, a.currency, a.user_id,
    case when a.kind in ('trader', 'escrow') then a.balance
      else a.balance + coalesce((
        select sum(e.amount) from ledger.entries e where e.account_id = a.id and e.id > a.rolled_up_to
      ), 0) end as balance
  from ledger.accounts a;

grant select on ledger.balances to fairlock_engine;
grant execute on function ledger.post(text, uuid[], numeric[], uuid, uuid, text) to fairlock_engine;
grant execute on function ledger.post_each(text[], uuid[], numeric[], text) to fairlock_engine;
grant execute on function ledger.open_account(uuid, text, text, uuid) to fairlock_engine;
grant execute on function ledger.system_account(text, text) to fairlock_engine;
grant execute on function ledger.roll_up() to fairlock_app;
reset role;
