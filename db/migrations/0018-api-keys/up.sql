-- API keys: what a program signs in with instead of a session, for some of what its owner may do.
create table fairlock.api_keys (
  id                  uuid primary key,
  user_id             uuid not null references public.users (id),
  name                text not null check (length(name) between 1 and 80),
  -- SHA-256 of the secret half of the key: who reads this table cannot sign in with it.
  token_hash          bytea not null check (octet_length(token_hash) = 32),
  scopes              text[] not null check (scopes <@ array['read', 'trade', 'withdraw'] and 'read' = any (scopes)),
  -- Where it may be used from; null is everywhere, which is not enough for taking money out.
  addresses           cidr[] check (cardinality(addresses) between 1 and 50),
  requests_per_minute integer check (requests_per_minute between 1 and 6000),
  created_at          timestamptz not null default now(),
  last_used_at        timestamptz,
  expires_at          timestamptz check (expires_at > created_at),
  ended_at            timestamptz,
  check (not ('withdraw' = any (scopes) and addresses is null))
);
create index api_keys_user on fairlock.api_keys (user_id, created_at desc);
-- For sweeping away what was over long ago.
create index api_keys_over on fairlock.api_keys (coalesce(ended_at, expires_at));
