-- mode: statements
-- What the product needs beside the specification's columns. crypto_trades.user_id is the seller, buyer_id
-- the buyer, side the maker's side of the offer, taker_id the one of the two who took it; expires_at is the
-- end of the payment window, deadline the end of whatever duty is open now.
alter table public.crypto_trades
  add column offer_id uuid,
  add column offer_version integer,
  add column taker_id uuid,
  add column seller_fee numeric(20, 8) not null default 0,
  add column buyer_fee numeric(20, 8) not null default 0,
  add column payment_window_minutes integer,
  add column deadline timestamptz,
  add column funded_at timestamptz,
  add column paid_at timestamptz,
  add column ended_by_actor text,
  add column cancel_reason text;

alter table public.crypto_escrows
  add column released_amount numeric(20, 8) not null default 0,
  add column refunded_amount numeric(20, 8) not null default 0,
  add column fee_amount numeric(20, 8) not null default 0,
  add column closed_at timestamptz;

alter table public.crypto_profiles
  add column display_name text;
