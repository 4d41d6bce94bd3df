-- squawk-ignore-file require-concurrent-index-creation
-- Sections 5 to 7 of the specification. The tables are new and empty, so their indexes need no CONCURRENTLY.
create table public.crypto_escrows (
  id          uuid primary key default gen_random_uuid(),
  trade_id    uuid not null references public.crypto_trades (id),
  seller_id   uuid not null references public.users (id),
  buyer_id    uuid not null references public.users (id),
  amount      numeric(20, 8) not null,
  currency    text not null,
  status      text not null default 'pending',
  created_at  timestamptz not null default now(),
  funded_at   timestamptz,
  released_at timestamptz,
  refunded_at timestamptz,
  disputed_at timestamptz,
  expires_at  timestamptz,
  metadata    jsonb
);

-- The specification's index, made unique: a trade has one escrow (I6).
create unique index idx_crypto_escrows_trade_id on public.crypto_escrows (trade_id);
create index idx_crypto_escrows_seller_id on public.crypto_escrows (seller_id);
create index idx_crypto_escrows_buyer_id on public.crypto_escrows (buyer_id);
create index idx_crypto_escrows_status on public.crypto_escrows (status);

create table public.crypto_disputes (
  id              uuid primary key default gen_random_uuid(),
  trade_id        uuid not null references public.crypto_trades (id),
  escrow_id       uuid references public.crypto_escrows (id),
  raised_by       uuid not null references public.users (id),
  against_user_id uuid not null references public.users (id),
  reason          text not null,
  description     text,
  evidence        jsonb,
  status          text not null default 'pending',
  resolution      text,
  resolved_by     uuid references public.users (id),
  resolved_at     timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now()
);

create index idx_crypto_disputes_trade_id on public.crypto_disputes (trade_id);
create index idx_crypto_disputes_raised_by on public.crypto_disputes (raised_by);
create index idx_crypto_disputes_against_user on public.crypto_disputes (against_user_id);
create index idx_crypto_disputes_status on public.crypto_disputes (status);

create table public.crypto_payment_methods (
  id                        uuid primary key default gen_random_uuid(),
  user_id                   uuid not null references public.users (id),
  type                      text not null,
  provider                  text not null,
  account_details_encrypted text not null,
  is_verified               boolean not null default false,
  verification_status       text,
  verified_at               timestamptz,
  is_primary                boolean not null default false,
  created_at                timestamptz not null default now(),
  updated_at                timestamptz not null default now()
);

create index idx_crypto_payment_methods_user_id on public.crypto_payment_methods (user_id);
create index idx_crypto_payment_methods_type on public.crypto_payment_methods (type);
create index idx_crypto_payment_methods_is_primary on public.crypto_payment_methods (is_primary);
