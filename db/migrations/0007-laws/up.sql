-- mode: statements
-- changes public.crypto_wallets (wallet_address)
-- squawk-ignore-file ban-drop-not-null
-- The laws where the specification is silent: which words a status may be, which numbers an amount, and that
-- a state and its time stamp tell the same story. Each is added for new rows at once and validated on the old
-- ones without stopping anybody. Money cannot be infinite in numeric(20, 8), but it could be NaN, which is
-- greater than any number. What one row cannot know (transitions, both halves of a trade and its escrow) is
-- held by triggers in src/.

create schema fairlock;

-- A custodial wallet has no address of its own on a chain.
alter table public.crypto_wallets alter column wallet_address drop not null;
update public.crypto_wallets set wallet_address = null where wallet_address = 'custodial:' || id;

alter table public.crypto_trades alter column status set default 'pending';

alter table public.crypto_profiles
  -- The KYC level is none for pending and rejected, otherwise the status itself.
  add constraint crypto_profiles_kyc_status check (
    kyc_status in ('pending', 'rejected', 'basic', 'full', 'institution')
  ) not valid;
alter table public.crypto_profiles
  validate constraint crypto_profiles_kyc_status;
-- Proven first by a CHECK that is validated without a lock, so that SET NOT NULL need not look at the rows.
alter table public.crypto_profiles
  add constraint crypto_profiles_complete check (
    kyc_status is not null
    and trading_volume is not null
    and total_trades is not null
    and is_verified_trader is not null
    and current_daily_volume is not null
    and current_monthly_volume is not null
    and successful_escrows is not null
    and disputed_trades is not null
    and two_factor_enabled is not null
  ) not valid;
alter table public.crypto_profiles validate constraint crypto_profiles_complete;
alter table public.crypto_profiles
  alter column kyc_status set not null,
  alter column trading_volume set not null,
  alter column total_trades set not null,
  alter column is_verified_trader set not null,
  alter column current_daily_volume set not null,
  alter column current_monthly_volume set not null,
  alter column successful_escrows set not null,
  alter column disputed_trades set not null,
  alter column two_factor_enabled set not null;
alter table public.crypto_profiles drop constraint crypto_profiles_complete;

alter table public.crypto_wallets
  add constraint crypto_wallets_balance check (
    balance >= 0 and balance <> 'NaN'
  ) not valid;
alter table public.crypto_wallets
  validate constraint crypto_wallets_balance;
alter table public.crypto_wallets
  add constraint crypto_wallets_complete check (
    balance is not null
    and is_primary is not null
    and is_connected is not null
  ) not valid;
alter table public.crypto_wallets validate constraint crypto_wallets_complete;
alter table public.crypto_wallets
  alter column balance set not null,
  alter column is_primary set not null,
  alter column is_connected set not null;
alter table public.crypto_wallets drop constraint crypto_wallets_complete;

alter table public.crypto_transactions
  add constraint crypto_transactions_status check (
    status in ('pending', 'completed', 'failed', 'cancelled', 'reversed')
  ) not valid,
  add constraint crypto_transactions_type check (
    transaction_type in ('deposit', 'withdrawal', 'hold', 'release', 'refund', 'fee', 'adjustment',
                         'transfer', 'buy', 'sell')
  ) not valid,
  -- The type says which way the money went; only an adjustment goes both ways.
  add constraint crypto_transactions_amount check (
    amount <> 'NaN' and (amount > 0 or transaction_type = 'adjustment' and amount < 0)
  ) not valid;
alter table public.crypto_transactions
  validate constraint crypto_transactions_status,
  validate constraint crypto_transactions_type,
  validate constraint crypto_transactions_amount;

alter table public.crypto_trades
  add constraint crypto_trades_status check (
    status in ('pending', 'funded', 'paid', 'disputed', 'completed', 'cancelled', 'expired')
  ) not valid,
  add constraint crypto_trades_amounts check (
    price > 0 and price <> 'NaN' and amount > 0 and amount <> 'NaN'
    and total_value >= 0 and total_value <> 'NaN'
  ) not valid,
  -- Nobody trades with themselves (I9).
  add constraint crypto_trades_parties check (
    buyer_id <> user_id and (taker_id is null or taker_id in (user_id, buyer_id))
  ) not valid;
alter table public.crypto_trades
  validate constraint crypto_trades_status,
  validate constraint crypto_trades_amounts,
  validate constraint crypto_trades_parties;
alter table public.crypto_trades
  add constraint crypto_trades_complete check (
    buyer_id is not null
  ) not valid;
alter table public.crypto_trades validate constraint crypto_trades_complete;
alter table public.crypto_trades
  alter column buyer_id set not null;
alter table public.crypto_trades drop constraint crypto_trades_complete;

alter table public.crypto_escrows
  add constraint crypto_escrows_status check (
    status in ('pending', 'funded', 'released', 'refunded', 'disputed')
  ) not valid,
  add constraint crypto_escrows_amount check (
    amount > 0 and amount <> 'NaN'
  ) not valid,
  -- At the end released + refunded + fee = amount; before it nothing has left (I6).
  add constraint crypto_escrows_settled check (
    released_amount >= 0 and refunded_amount >= 0 and fee_amount >= 0
    and case status
      when 'released' then released_amount > 0 and released_amount + refunded_amount + fee_amount = amount
      when 'refunded' then refunded_amount = amount and released_amount = 0 and fee_amount = 0
      else released_amount = 0 and refunded_amount = 0 and fee_amount = 0
    end
  ) not valid;
alter table public.crypto_escrows
  validate constraint crypto_escrows_status,
  validate constraint crypto_escrows_amount,
  validate constraint crypto_escrows_settled;

alter table public.crypto_disputes
  add constraint crypto_disputes_status check (status in ('pending', 'resolved', 'closed')) not valid,
  add constraint crypto_disputes_parties check (raised_by <> against_user_id) not valid,
  -- Resolved by an arbitrator, or closed because the two of them ended the trade.
  add constraint crypto_disputes_ended check ((status = 'pending') = (resolved_at is null)) not valid,
  add constraint crypto_disputes_resolved check (
    (status = 'resolved') = (resolved_by is not null) and (status <> 'resolved' or resolution is not null)
  ) not valid;
alter table public.crypto_disputes
  validate constraint crypto_disputes_status,
  validate constraint crypto_disputes_parties,
  validate constraint crypto_disputes_ended,
  validate constraint crypto_disputes_resolved;

alter table public.crypto_payment_methods
  add constraint crypto_payment_methods_type check (type <> '' and provider <> '') not valid,
  add constraint crypto_payment_methods_verification_status check (
    verification_status in ('pending', 'verified', 'rejected')
  ) not valid,
  add constraint crypto_payment_methods_verified check (
    is_verified = (verified_at is not null)
    and is_verified = (verification_status is not null and verification_status = 'verified')
  ) not valid;
alter table public.crypto_payment_methods
  validate constraint crypto_payment_methods_type,
  validate constraint crypto_payment_methods_verification_status,
  validate constraint crypto_payment_methods_verified;

alter table public.crypto_prices
  add constraint crypto_prices_symbol check (symbol <> '' and symbol = upper(symbol)) not valid,
  add constraint crypto_prices_prices check (
    price_usd >= 0 and price_usd <> 'NaN' and price_btc >= 0 and price_btc <> 'NaN'
    and price_eth >= 0 and price_eth <> 'NaN' and high_24h >= 0 and high_24h <> 'NaN'
    and low_24h >= 0 and low_24h <> 'NaN'
  ) not valid,
  add constraint crypto_prices_market check (
    volume_24h >= 0 and volume_24h <> 'NaN' and market_cap >= 0 and market_cap <> 'NaN'
    and market_cap_rank > 0
    and circulating_supply >= 0 and circulating_supply <> 'NaN'
    and total_supply >= 0 and total_supply <> 'NaN' and max_supply >= 0 and max_supply <> 'NaN'
    and dominance_percentage between 0 and 100
  ) not valid,
  add constraint crypto_prices_changes check (
    price_change_1h <> 'NaN' and price_change_24h <> 'NaN' and price_change_7d <> 'NaN'
    and price_change_30d <> 'NaN' and sentiment_score <> 'NaN'
  ) not valid,
  add constraint crypto_prices_indicators check (
    rsi_14 between 0 and 100 and macd <> 'NaN' and macd_signal <> 'NaN'
  ) not valid;
alter table public.crypto_prices
  validate constraint crypto_prices_symbol,
  validate constraint crypto_prices_prices,
  validate constraint crypto_prices_market,
  validate constraint crypto_prices_changes,
  validate constraint crypto_prices_indicators;

-- The laws that tie columns of one row together, for the tables that every trade writes. They are not CHECKs, because
-- PostgreSQL reads the text of every CHECK of a table anew for every statement: sixty of them cost a release 340 of its
-- 1,020 microseconds. A trigger's expression is prepared once per connection. `broken_law` names the first law, in the
-- order of their names, that a row breaks; the trigger refuses it as a CHECK of that name would.
create function fairlock.broken_law(r public.crypto_profiles) returns text
language sql immutable
as $$
  select case
    when not (r.average_rating between 1 and 5)
      then 'crypto_profiles_average_rating'
    when not (r.trading_volume >= 0 and r.trading_volume <> 'NaN'
      and r.current_daily_volume >= 0 and r.current_daily_volume <> 'NaN'
      and r.current_monthly_volume >= 0 and r.current_monthly_volume <> 'NaN'
      and r.total_trades >= 0
      and r.successful_escrows >= 0
      and r.disputed_trades >= 0)
      then 'crypto_profiles_counters'
    when not ((r.kyc_status in ('basic', 'full', 'institution')) = (r.kyc_verified_at is not null))
      then 'crypto_profiles_kyc_verified'
    when not (r.daily_limit >= 0 and r.daily_limit <> 'NaN' and r.monthly_limit >= 0 and r.monthly_limit <> 'NaN')
      then 'crypto_profiles_limits'
  end
$$;

create function fairlock.broken_law(r public.crypto_wallets) returns text
language sql immutable
as $$
  select case
    when not (r.currency <> '' and r.currency = upper(r.currency))
      then 'crypto_wallets_currency'
    when not (r.withdrawal_limit_daily >= 0 and r.withdrawal_limit_daily <> 'NaN'
      and r.withdrawal_limit_monthly >= 0 and r.withdrawal_limit_monthly <> 'NaN')
      then 'crypto_wallets_limits'
  end
$$;

create function fairlock.broken_law(r public.crypto_transactions) returns text
language sql immutable
as $$
  select case
    when not (r.confirmations >= 0 and r.block_number >= 0 and r.gas_limit >= 0 and r.gas_used >= 0
      and r.gas_price >= 0 and r.gas_price <> 'NaN')
      then 'crypto_transactions_chain'
    when not (r.currency <> '' and r.currency = upper(r.currency))
      then 'crypto_transactions_currency'
    when not (r.transaction_fee >= 0 and r.transaction_fee <> 'NaN' and r.network_fee >= 0 and r.network_fee <> 'NaN'
      and r.platform_fee >= 0 and r.platform_fee <> 'NaN')
      then 'crypto_transactions_fees'
    when not (r.exchange_rate > 0 and r.exchange_rate <> 'NaN' and r.fiat_value >= 0 and r.fiat_value <> 'NaN')
      then 'crypto_transactions_value'
  end
$$;

create function fairlock.broken_law(r public.crypto_trades) returns text
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

create function fairlock.broken_law(r public.crypto_escrows) returns text
language sql immutable
as $$
  select case
    -- An escrow that was never funded stays pending and is closed when its trade ends.
    when not (r.closed_at is null or r.status not in ('funded', 'disputed'))
      then 'crypto_escrows_closed'
    when not (r.currency <> '' and r.currency = upper(r.currency))
      then 'crypto_escrows_currency'
    when not ((r.status <> 'disputed' or r.disputed_at is not null) and (r.status <> 'pending' or r.disputed_at is null))
      then 'crypto_escrows_disputed'
    when not ((r.status = 'pending') = (r.funded_at is null))
      then 'crypto_escrows_funded'
    when not (r.buyer_id <> r.seller_id)
      then 'crypto_escrows_parties'
    when not ((r.status = 'refunded') = (r.refunded_at is not null))
      then 'crypto_escrows_refunded'
    when not ((r.status = 'released') = (r.released_at is not null))
      then 'crypto_escrows_released'
  end
$$;

create function fairlock.keep_laws() returns trigger
language plpgsql
as $$
declare
  v_broken text := fairlock.broken_law(new);
begin
  if v_broken is not null then
    raise exception using errcode = '23514', schema = tg_table_schema, table = tg_table_name, constraint = v_broken,
      message = format('new row for relation "%s" violates the law "%s"', tg_table_name, v_broken);
  end if;
  return new;
end $$;

create trigger laws before insert or update on public.crypto_profiles
  for each row execute function fairlock.keep_laws();
create trigger laws before insert or update on public.crypto_wallets
  for each row execute function fairlock.keep_laws();
create trigger laws before insert or update on public.crypto_transactions
  for each row execute function fairlock.keep_laws();
create trigger laws before insert or update on public.crypto_trades
  for each row execute function fairlock.keep_laws();
create trigger laws before insert or update on public.crypto_escrows
  for each row execute function fairlock.keep_laws();

-- Rows from before the triggers, as VALIDATE looks at those from before a CHECK.
do $$
declare
  v_table text;
  v_id uuid;
  v_law text;
begin
  foreach v_table in array array['crypto_profiles', 'crypto_wallets', 'crypto_transactions', 'crypto_trades',
                                 'crypto_escrows'] loop
    execute format('select id, fairlock.broken_law(r) from public.%I r where fairlock.broken_law(r) is not null limit 1',
      v_table) into v_id, v_law;
    if v_law is not null then
      raise exception using errcode = '23514', constraint = v_law,
        message = format('%s %s violates the law "%s"', v_table, v_id, v_law);
    end if;
  end loop;
end $$;

alter table public.crypto_trades
  add constraint crypto_trades_escrow_id_fkey foreign key (escrow_id)
  references public.crypto_escrows (id) not valid;
alter table public.crypto_trades validate constraint crypto_trades_escrow_id_fkey;
alter table public.crypto_trades
  add constraint crypto_trades_dispute_id_fkey foreign key (dispute_id)
  references public.crypto_disputes (id) not valid;
alter table public.crypto_trades validate constraint crypto_trades_dispute_id_fkey;

create unique index concurrently crypto_profiles_one_per_user on public.crypto_profiles (user_id);
create unique index concurrently crypto_wallets_one_per_currency on public.crypto_wallets (user_id, currency);
create unique index concurrently crypto_disputes_one_open
  on public.crypto_disputes (trade_id) where status = 'pending';
create unique index concurrently crypto_payment_methods_one_primary
  on public.crypto_payment_methods (user_id) where is_primary;
create unique index concurrently crypto_prices_one_per_symbol on public.crypto_prices (symbol);
