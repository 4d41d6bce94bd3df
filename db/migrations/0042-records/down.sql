-- Records that know one side only have no place in the older shape, and are not Fairlock's to lose.
do $$
begin
  lock table public.crypto_trades, ledger.transfers in access exclusive mode;
  if exists (select from public.crypto_trades where buyer_id is null)
    or exists (select from ledger.transfers where kind = 'opening') then
    raise exception 'the database was taken over: without the old platform''s records and openings it is not what it was';
  end if;
end $$;

create or replace function fairlock.broken_law(r public.crypto_trades) returns text
language sql immutable
as $$
  select case
    -- cancelled_at is when the trade ended without a sale, by a person or by the clock.
    when not ((r.status in ('cancelled', 'expired')) = (r.cancelled_at is not null))
      then 'crypto_trades_cancelled'
    when not ((r.status = 'completed') = (r.completed_at is not null))
      then 'crypto_trades_completed'
    -- Every live trade has one open duty with an end; an ended one has none.
    when not ((r.deadline is null) = (r.status in ('completed', 'cancelled', 'expired')))
      then 'crypto_trades_deadline'
    when not ((r.dispute_id is null) = (r.dispute_status is null) and r.dispute_status in ('pending', 'resolved', 'closed')
      and (r.status = 'disputed') = (r.dispute_status is not null and r.dispute_status = 'pending'))
      then 'crypto_trades_dispute'
    -- A trade that came from an offer knows both fees; one from before Fairlock knows only their sum.
    when not (r.fee >= 0 and r.fee <> 'NaN' and r.seller_fee >= 0 and r.seller_fee <> 'NaN'
      and r.buyer_fee >= 0 and r.buyer_fee <> 'NaN'
      and (r.offer_id is null or r.fee is not null and r.fee = r.seller_fee + r.buyer_fee))
      then 'crypto_trades_fees'
    -- No funded_at means never funded; trades completed before Fairlock do not know.
    when not (case
        when r.status = 'pending' then r.funded_at is null
        when r.status in ('funded', 'paid', 'disputed') then r.funded_at is not null and r.escrow_id is not null
        when r.status = 'completed' then r.offer_id is null or r.funded_at is not null
        else true
      end)
      then 'crypto_trades_funded'
    when not ((r.offer_id is null) = (r.offer_version is null) and (r.offer_id is null) = (r.taker_id is null))
      then 'crypto_trades_offer'
    when not (case
        when r.status in ('pending', 'funded') then r.paid_at is null
        when r.status in ('paid', 'disputed') then r.paid_at is not null
        else true
      end)
      then 'crypto_trades_paid'
    when not (r.payment_window_minutes between 10 and 20160)
      then 'crypto_trades_payment_window'
    -- Each side is rated only after the end (I13).
    when not ((r.seller_rating is null or r.seller_rating between 1 and 5)
      and (r.buyer_rating is null or r.buyer_rating between 1 and 5)
      and (r.status in ('completed', 'cancelled', 'expired') or r.seller_rating is null and r.buyer_rating is null))
      then 'crypto_trades_ratings'
    when not (r.side in ('buy', 'sell'))
      then 'crypto_trades_side'
  end
$$;

alter table public.crypto_trades alter column buyer_id set not null;

alter table ledger.transfers drop constraint transfers_kind;
alter table ledger.transfers
  add constraint transfers_kind check (
    kind = 'adjustment' and trade_id is null and reason is not null and reason <> ''
    or kind in ('hold', 'release', 'refund', 'split') and trade_id is not null
  );
