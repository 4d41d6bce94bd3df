-- keep public.crypto_trades (offer_id, offer_version, taker_id, seller_fee, buyer_fee, payment_window_minutes, deadline, funded_at, paid_at, ended_by_actor, cancel_reason)
-- keep public.crypto_escrows (released_amount, refunded_amount, fee_amount, closed_at)
-- keep public.crypto_profiles (display_name)
alter table public.crypto_profiles
  drop column if exists display_name;

alter table public.crypto_escrows
  drop column if exists released_amount,
  drop column if exists refunded_amount,
  drop column if exists fee_amount,
  drop column if exists closed_at;

alter table public.crypto_trades
  drop column if exists offer_id,
  drop column if exists offer_version,
  drop column if exists taker_id,
  drop column if exists seller_fee,
  drop column if exists buyer_fee,
  drop column if exists payment_window_minutes,
  drop column if exists deadline,
  drop column if exists funded_at,
  drop column if exists paid_at,
  drop column if exists ended_by_actor,
  drop column if exists cancel_reason;
