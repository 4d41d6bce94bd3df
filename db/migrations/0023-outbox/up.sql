-- News on its way: what happened, written in the transaction that made it happen, and taken away by the dispatcher
-- (src/notifications) when everybody whom it concerns has been told. Numbers are drawn before the commit, so rows
-- become visible out of their order; the dispatcher gives the final one.
create table fairlock.outbox (
  id         bigint generated always as identity primary key,
  kind       text not null check (kind ~ '^[a-z_]+(\.[a-z_]+)+$' and length(kind) <= 60),
  people     uuid[] not null check (cardinality(people) <= 1000),
  -- Without a foreign key: trades are never deleted, and looking one up would cost every release.
  trade_id   uuid,
  data       jsonb not null check (jsonb_typeof(data) = 'object' and pg_column_size(data) <= 4000),
  created_at timestamptz not null default clock_timestamp()
);
