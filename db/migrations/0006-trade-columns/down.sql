-- keep public.crypto_trades (offer_id, offer_version, taker_id, seller_fee, buyer_fee, payment_window_minutes, deadline, funded_at, paid_at, ended_by_actor, cancel_reason)
-- keep public.crypto_escrows (released_amount, refunded_amount, fee_amount, closed_at)
-- keep public.crypto_profiles (display_name)
alter table public.crypto_profiles
  drop column display_name;

alter table public.crypto_escrows
  drop column released_amount,
  drop column refunded_amount,
  drop column fee_amount,
  drop column closed_at;

alter table public.crypto_trades
  drop column offer_id,
  drop column offer_version,
  drop column taker_id,
  drop column seller_fee,
  drop column buyer_fee,
  drop column payment_window_minutes,
  drop column deadline,
  drop column funded_at,
  drop column paid_at,
  drop column ended_by_actor,
  drop column cancel_reason;
