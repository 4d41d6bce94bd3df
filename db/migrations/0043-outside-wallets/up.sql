-- mode: statements
-- squawk-ignore-file require-concurrent-index-creation
-- Wallets that people connected on the platform they come from. Their coins are not the platform's to keep: what was last
-- known of them is information, and no liability. New and empty: its index stops nobody.
create table fairlock.outside_wallets (
  id                 uuid primary key,
  user_id            uuid not null references public.users (id),
  address            text,
  provider           text,
  chain_type         text,
  currency           text not null constraint outside_wallets_currency check (currency <> ''),
  last_known_balance numeric(20, 8)
    constraint outside_wallets_balance check (last_known_balance >= 0 and last_known_balance <> 'NaN'),
  is_primary         boolean not null default false,
  last_synced_at     timestamptz,
  created_at         timestamptz not null default clock_timestamp()
);
create index outside_wallets_page on fairlock.outside_wallets (user_id, created_at desc, id desc);
