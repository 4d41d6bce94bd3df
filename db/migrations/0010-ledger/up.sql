-- The books. A transfer is one event; its entries say what it did to each account and add up to zero (I1).
-- Traders and escrows carry a running balance. Fees and custody are touched by every trade, so a balance on
-- their row would make every trade wait for one lock: their entries are only appended, and a job adds them
-- up later (docs/decisions/0003: a hot fee row costs two thirds of the throughput at 32 clients).
create schema ledger;

create table ledger.accounts (
  -- A trader's account has the id of the wallet, an escrow's the id of the escrow: nothing to look up.
  id           uuid primary key,
  kind         text not null,
  currency     text not null,
  user_id      uuid references public.users (id),
  balance      numeric(38, 8) not null default 0,
  -- For fees and custody: the last entry that `balance` already contains.
  rolled_up_to bigint not null default 0,
  created_at   timestamptz not null default now(),
  constraint accounts_kind check (
    kind = 'trader' and user_id is not null or user_id is null and kind in ('escrow', 'fees', 'custody')
  ),
  -- I3. NaN is above every number, so it is named.
  constraint accounts_never_negative check (balance <> 'NaN' and (balance >= 0 or kind = 'fees' or kind = 'custody'))
) with (fillfactor = 80);

create unique index accounts_one_per_trader on ledger.accounts (user_id, currency) where kind = 'trader';
create unique index accounts_one_per_system on ledger.accounts (kind, currency) where kind in ('fees', 'custody');

create table ledger.transfers (
  id         bigint generated always as identity primary key,
  kind       text not null,
  trade_id   uuid,
  actor_id   uuid,
  reason     text,
  created_at timestamptz not null default clock_timestamp(),
  -- An adjustment has a reason, everything else its trade.
  constraint transfers_kind check (
    kind = 'adjustment' and trade_id is null and reason is not null and reason <> ''
    or kind in ('hold', 'release', 'refund', 'split') and trade_id is not null
  )
);

create table ledger.entries (
  id             bigint generated always as identity primary key,
  -- No foreign keys on the two ids: ledger.post is the only writer, has just written the one row and locked the
  -- other, and neither can be deleted. The keys cost a quarter of the release throughput; the verifier checks them.
  transfer_id    bigint not null,
  account_id     uuid not null,
  currency       text not null,
  amount         numeric(38, 8) not null constraint entries_amount check (amount <> 0 and amount <> 'NaN'),
  -- Empty for fees and custody, whose entries are only appended.
  balance_before numeric(38, 8),
  balance_after  numeric(38, 8),
  constraint entries_balance check (
    (balance_before is null) = (balance_after is null) and balance_after = balance_before + amount
  )
);

-- Within an account the ids follow the order of posting: they are drawn while the account's row is locked.
create index entries_account on ledger.entries (account_id, id);
create index entries_transfer on ledger.entries (transfer_id);

-- The roll-up's two-step mark, see ledger.roll_up().
create table ledger.roll_up_mark (
  one           boolean primary key default true check (one),
  entry_id      bigint not null default 0,
  settled_after xid8 not null default '0'
);
insert into ledger.roll_up_mark default values;
