-- What Fairlock knows of the database it takes over. The schema belongs to the operator's login and is no part of the
-- product's own: `db adopt` makes it, and it stays behind after the contract as the record of what was done. Each
-- statement may be run again.
create schema if not exists fairlock_adoption;

-- One row: where the take-over stands. `mapping` is what the operator confirmed; docs/operating/migration.md explains it.
create table if not exists fairlock_adoption.state (
  one           boolean primary key default true check (one),
  phase         text not null default 'adopted' check (
    phase in ('adopted', 'expanding', 'carrying', 'validating', 'beside', 'parked', 'contracted')
  ),
  mapping       jsonb not null,
  -- What the old tables looked like when they were adopted: a column that changes type later is noticed.
  recognised    jsonb not null,
  -- Where Fairlock's own market tables are: beside the old ones until the contract, in public after it.
  market_schema text not null default 'fairlock_next',
  -- When the take-over was recorded before its first row was carried: nothing of Fairlock's is older.
  adopted_at    timestamptz not null default clock_timestamp(),
  -- When the mapping was.
  recorded_at   timestamptz not null default clock_timestamp(),
  recorded_by   text not null default session_user,
  confirmed_at  timestamptz,
  confirmed_by  text,
  changed_at    timestamptz not null default clock_timestamp(),
  contracted_at timestamptz,
  -- The hash of the functions and views of this schema that are in force.
  installed     text,
  -- The hash of the mapping by which the last walk began.
  walked_by     text,
  -- Since when both applications have been served; `db contract` asks for some days of it.
  beside_since  timestamptz
);

-- How far the walk through each old table is; a killed run goes on after last_key.
create table if not exists fairlock_adoption.progress (
  table_name  text primary key,
  pass        integer not null default 1,
  last_key    text,
  rows_done   bigint not null default 0,
  rows_total  bigint not null default 0,
  started_at  timestamptz not null default clock_timestamp(),
  updated_at  timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  -- When the old application wrote to the table last, as far as its marks are worked off.
  written_at  timestamptz,
  -- The mapping was changed since the walk before: rows that have not changed are carried again, too.
  anew        boolean not null default false
);

-- Rows that the old application touched: its triggers only ever append here, so that they neither fail nor wait.
create table if not exists fairlock_adoption.marks (
  id         bigint generated always as identity primary key,
  table_name text not null,
  key        text not null,
  marked_at  timestamptz not null default clock_timestamp(),
  -- The old application wrote the row; else it is only tried again.
  written    boolean not null default false
);

-- Old rows that have no place in the new schema, and why. `reasons` is [{"code", "column", "message"}]; waits_for names
-- rows ('users:<key>') whose arrival is reason enough to try again. Secrets in old_row are masked.
create table if not exists fairlock_adoption.quarantine (
  table_name text not null,
  key        text not null,
  reasons    jsonb not null,
  waits_for  text[] not null default '{}',
  old_row    jsonb not null,
  first_at   timestamptz not null default clock_timestamp(),
  last_at    timestamptz not null default clock_timestamp(),
  tries      integer not null default 1,
  primary key (table_name, key)
);
create index if not exists quarantine_waits on fairlock_adoption.quarantine using gin (waits_for);

-- Parts of carried rows that had no place: a ninth decimal, an address that two people have. Null for a secret.
create table if not exists fairlock_adoption.set_aside (
  table_name  text not null,
  key         text not null,
  column_name text not null,
  code        text not null,
  value       text,
  at          timestamptz not null default clock_timestamp(),
  primary key (table_name, key, column_name, code)
);

-- One row for each old row that is in the new schema: every old row is here or in quarantine. The hash is of the old row
-- as it was when it was carried.
create table if not exists fairlock_adoption.carried (
  table_name text not null,
  key        text not null,
  hash       bigint not null,
  target     text not null,
  target_id  uuid not null,
  at         timestamptz not null default clock_timestamp(),
  primary key (table_name, key)
);
create index if not exists carried_target on fairlock_adoption.carried (target_id);

-- Statistics that were counted again and are not what the old platform said.
create table if not exists fairlock_adoption.differences (
  table_name  text not null,
  key         text not null,
  column_name text not null,
  old         text,
  new         text,
  at          timestamptz not null default clock_timestamp(),
  primary key (table_name, key, column_name)
);

-- The last batches, for whoever watches.
create table if not exists fairlock_adoption.batches (
  id           bigint generated always as identity primary key,
  at           timestamptz not null default clock_timestamp(),
  table_name   text not null,
  rows         integer not null,
  ms           numeric(12, 3) not null,
  probe_p99_ms numeric(12, 3),
  pause_ms     numeric(12, 3) not null,
  lock_waits   integer not null default 0,
  retries      integer not null default 0
);

-- What `db verify` found, as it was signed.
create table if not exists fairlock_adoption.reports (
  id        bigint generated always as identity primary key,
  at        timestamptz not null default clock_timestamp(),
  passed    boolean not null,
  report    jsonb not null,
  key_id    text,
  signature text
);

-- What the take-over added to the old tables, so that the way down takes away exactly that. `is_filled`: the old rows get
-- the new schema's values of the column.
create table if not exists fairlock_adoption.expansion (
  kind       text not null check (kind in ('column', 'index', 'view')),
  table_name text not null,
  name       text not null,
  definition text not null,
  is_filled  boolean not null default false,
  at         timestamptz not null default clock_timestamp(),
  primary key (kind, table_name, name)
);

-- Whose numbers have to be counted anew: carrying profiles and trades puts them here, recount_waiting takes them out.
create table if not exists fairlock_adoption.to_recount (user_id uuid primary key);

-- What of Fairlock's the old tables did not take while both are served, so that somebody can see to it. One line per row
-- and kind of work.
create table if not exists fairlock_adoption.mirror_failures (
  table_name text not null,
  target_id  uuid not null,
  operation  text not null,
  code       text not null,
  message    text not null,
  at         timestamptz not null default clock_timestamp(),
  primary key (table_name, target_id, operation)
);

-- What was done with the take-over and who did it, until the audit log has it: that is there only while Fairlock's code is.
create table if not exists fairlock_adoption.deeds (
  id      bigint generated always as identity primary key,
  at      timestamptz not null default clock_timestamp(),
  action  text not null,
  reason  text,
  details jsonb not null,
  told_at timestamptz
);

-- What else is in `public` when a contract moves Fairlock's tables there, by full names: other people's, and no drift.
create table if not exists fairlock_adoption.neighbours (name text primary key);
