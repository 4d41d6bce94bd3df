-- squawk-ignore-file require-concurrent-index-creation, ban-drop-table, renaming-table, prefer-robust-stmts
-- The log by month, with what a change did to each column, and the chain of sealed blocks over it (docs/decisions/0014).
-- changes audit.events_before
alter table audit.events rename to events_before;
alter table audit.events_before rename constraint events_pkey to events_before_pkey;

-- A transaction's number begins anew when a database is restored by dump into another server; then this base is raised,
-- so that `tx` still grows. A sequence, because it is read without a query and changed without a row's lock.
create sequence audit.tx_base minvalue 0 start with 0;
select setval('audit.tx_base', 0);
create sequence audit.event_ids;
select setval('audit.event_ids',
  pg_sequence_last_value(pg_get_serial_sequence('audit.events_before', 'id')::regclass));

create table audit.events (
  id         bigint not null default nextval('audit.event_ids'),
  at         timestamptz not null default clock_timestamp(),
  actor_id   uuid,
  session_id uuid,
  request_id text,
  action     text not null,
  subject    text not null,
  subject_id uuid,
  reason     text,
  details    jsonb,
  api_key_id uuid,
  -- {column: [old, new]}; "***" stands for a value that the log must not hold.
  changes    jsonb,
  -- The writing transaction: rows of transactions below the oldest running one are final, and are sealed in this order.
  tx         bigint not null default pg_current_xact_id()::text::bigint + pg_sequence_last_value('audit.tx_base'),
  primary key (at, id)
) partition by range (at);
alter sequence audit.event_ids owned by audit.events.id;
create index events_tx on audit.events (tx, id);
create index events_actor on audit.events (actor_id, at) where actor_id is not null;
create index events_subject on audit.events (subject_id, at) where subject_id is not null;
comment on table audit.events is
  'One row per act or change. actor_id is empty for the clock (deadlines) and for people who are not signed in.';

-- What has no month's partition yet lands here; fairlock.open_audit_months() moves it to its month.
create table audit.events_default partition of audit.events default;
do $$
declare
  v_month timestamp;
begin
  for v_month in
    select distinct date_trunc('month', at at time zone 'UTC') from audit.events_before
    union select date_trunc('month', now() at time zone 'UTC') + n * interval '1 month' from generate_series(0, 2) n
  loop
    execute format('create table audit.%I partition of audit.events for values from (%L) to (%L)',
      'events_' || to_char(v_month, 'YYYY_MM'), v_month at time zone 'UTC',
      (v_month + interval '1 month') at time zone 'UTC');
  end loop;
end $$;

insert into audit.events (id, at, actor_id, session_id, request_id, action, subject, subject_id, reason, details)
select id, at, actor_id, session_id, request_id, action, subject, subject_id, reason, details
from audit.events_before order by id;
drop table audit.events_before;

-- A sealed block: the rows from (from_tx, from_id) up to, not including, (to_tx, to_id), in the order of (tx, id).
-- root is the Merkle root over them; hash covers every other column and with previous the whole chain before it.
create table audit.blocks (
  number            bigint primary key check (number > 0),
  from_tx           bigint not null,
  from_id           bigint not null,
  to_tx             bigint not null,
  to_id             bigint not null,
  events            integer not null check (events > 0),
  first_at          timestamptz not null,
  last_at           timestamptz not null,
  root              bytea not null check (octet_length(root) = 32),
  previous          bytea not null check (octet_length(previous) = 32),
  sealed_at         timestamptz not null,
  -- The server the block was made on: another one says that the database was restored.
  system_identifier bigint not null,
  note              text,
  hash              bytea not null check (octet_length(hash) = 32),
  check ((from_tx, from_id) < (to_tx, to_id))
);

-- Which rows a block has, so that a wrong one can be named: ids, times and the 32 bytes of each leaf, side by side.
create table audit.leaves (
  block  bigint primary key references audit.blocks (number),
  ids    bigint[] not null,
  times  timestamptz[] not null,
  hashes bytea not null,
  check (octet_length(hashes) = 32 * cardinality(ids) and cardinality(times) = cardinality(ids))
);

-- Ed25519 keys: the public half in clear, the private one sealed.
create table audit.signing_keys (
  id                  text primary key,
  public_key          bytea not null check (octet_length(public_key) = 32),
  sealed_private_key text not null,
  created_at          timestamptz not null default clock_timestamp()
);

create table audit.signatures (
  block     bigint primary key references audit.blocks (number),
  key_id    text not null references audit.signing_keys (id),
  signature bytea not null check (octet_length(signature) = 64)
);
create index signatures_key on audit.signatures (key_id);

-- Until the code of this version is applied, the one before it goes on writing.
grant select, insert on audit.events to fairlock_engine;
grant usage on sequence audit.event_ids, audit.tx_base to fairlock_engine;
