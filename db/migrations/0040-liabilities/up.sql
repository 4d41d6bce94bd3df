-- mode: statements
-- squawk-ignore-file require-concurrent-index-creation,adding-not-nullable-field
-- Days of trading added up for the reports, and the trees by which people check what the platform owes them. All tables
-- are new and empty: their indexes stop nobody.
alter table fairlock.settings
  add column liability_hours integer not null default 24 check (liability_hours between 0 and 720),
  add column liability_keep_days integer not null default 90 check (liability_keep_days between 1 and 3650);

-- What was completed on a UTC day in a pair, and what it earned. Added up behind the trades from the ledger's entries up
-- to the mark; a report adds those after it.
create table fairlock.daily_trades (
  day             date not null,
  pair            text not null,
  trades          bigint not null,
  -- In the crypto currency, in the currency it is paid in, and what the platform earned of it in the crypto currency.
  amount          numeric(38, 8) not null,
  total_value     numeric(38, 8) not null,
  fees            numeric(38, 8) not null,
  -- In US dollars at the trades' own rates, and how many of the trades have such a value.
  reference_value numeric(38, 8) not null,
  valued_trades   bigint not null,
  primary key (day, pair),
  constraint daily_trades_counts check (trades > 0 and amount >= 0 and fees >= 0 and valued_trades between 0 and trades)
);
create table fairlock.daily_mark (
  one      boolean primary key default true check (one),
  -- The last entry of the ledger that daily_trades contains.
  entry_id bigint not null default 0
);
insert into fairlock.daily_mark default values;

-- Disputes are few beside trades: two more entries for each cost nothing.
create index concurrently crypto_disputes_created on public.crypto_disputes (created_at);
create index concurrently crypto_disputes_ended on public.crypto_disputes (resolved_at) where resolved_at is not null;

-- One look at all that people have. Its head is a hash over everything that is published of it and over the head before,
-- so that whoever compares one head with somebody else has compared every snapshot up to it.
create table fairlock.liability_snapshots (
  number     integer primary key check (number > 0),
  id         uuid not null unique,
  as_of      timestamptz not null,
  previous   bytea not null check (octet_length(previous) = 32),
  head       bytea not null check (octet_length(head) = 32),
  key_id     text not null references audit.signing_keys (id),
  public_key bytea not null check (octet_length(public_key) = 32),
  signature  bytea not null check (octet_length(signature) = 64),
  -- Which entries of the ledger it saw: all up to this one but those that were not committed yet.
  entry_id   bigint not null,
  unseen     bigint[] not null,
  -- When the leaves and nodes went; the head and the roots stay.
  retired_at timestamptz
);
create index liability_snapshots_key on fairlock.liability_snapshots (key_id);

create table fairlock.liability_trees (
  snapshot integer not null references fairlock.liability_snapshots (number),
  tree     smallint not null,
  currency text not null references fairlock.currencies (code),
  -- A power of two: the people who have something, filled up with leaves of nothing.
  leaves   integer not null check (leaves > 0 and leaves & (leaves - 1) = 0),
  total    numeric(38, 8) not null check (total >= 0),
  root     bytea not null check (octet_length(root) = 32),
  primary key (snapshot, tree),
  unique (snapshot, currency)
);
create index liability_trees_currency on fairlock.liability_trees (currency, snapshot);

-- Whose leaf is where, and the secret that keeps others from guessing it. Written in the same transaction as its tree, by
-- the one who takes the snapshot: a foreign key would ask a million times. An erased person's leaf has neither name nor
-- secret. Leaves of nothing are in the nodes alone.
create table fairlock.liability_leaves (
  snapshot  integer not null,
  tree      smallint not null,
  position  integer not null,
  user_id   uuid,
  nonce     bytea check (octet_length(nonce) = 32),
  available numeric(38, 8) not null check (available >= 0),
  held      numeric(38, 8) not null check (held >= 0),
  primary key (snapshot, tree, position),
  constraint liability_leaves_erased check ((user_id is null) = (nonce is null))
);
create unique index liability_leaves_person on fairlock.liability_leaves (user_id, snapshot, tree) where user_id is not null;

-- The tree's nodes, 32 neighbours of a level to a row, 48 bytes each: hash, and sum as 16 bytes. A node of its own row
-- would take three times the room.
create table fairlock.liability_nodes (
  snapshot integer not null,
  tree     smallint not null,
  level    smallint not null,
  chunk    integer not null,
  nodes    bytea not null check (octet_length(nodes) between 48 and 1536 and octet_length(nodes) % 48 = 0),
  primary key (snapshot, tree, level, chunk)
);
