-- mode: statements
-- squawk-ignore-file require-concurrent-index-creation
-- What an older platform kept in clear and Fairlock has sealed: found in its documents when the platform was taken over,
-- with where it was. Nobody reads them but the operator, who gives them back or has the person choose new ones.
create table fairlock.adopted_secrets (
  id          uuid primary key,
  -- Empty where the old row belongs to nobody who has been carried.
  user_id     uuid references public.users (id),
  table_name  text not null,
  row_key     text not null,
  -- The column, and below it the keys of the document.
  path        text[] not null,
  secret      text not null,
  sealed_at   timestamptz not null default clock_timestamp(),
  unique (table_name, row_key, path)
);
create index adopted_secrets_user on fairlock.adopted_secrets (user_id);

-- Old platforms often told one sale twice, once for each of its sides. The second telling points at the first and counts
-- nothing.
alter table public.crypto_trades add column same_as uuid;
alter table public.crypto_trades
  add constraint crypto_trades_same_as_fkey foreign key (same_as) references public.crypto_trades (id) not valid;
alter table public.crypto_trades validate constraint crypto_trades_same_as_fkey;
create index concurrently crypto_trades_same_as on public.crypto_trades (same_as) where same_as is not null;
