-- mode: statements
-- changes public.crypto_wallets (wallet_address)
-- squawk-ignore-file ban-drop-not-null
-- The laws where the specification is silent: which words a status may be, which numbers an amount, and that
-- a state and its time stamp tell the same story. Each is added for new rows at once and validated on the old
-- ones without stopping anybody. Money cannot be infinite in numeric(20, 8), but it could be NaN, which is
-- greater than any number. What one row cannot know (transitions, both halves of a trade and its escrow) is
-- held by triggers in src/.

-- A custodial wallet has no address of its own on a chain.
alter table public.crypto_wallets alter column wallet_address drop not null;
update public.crypto_wallets set wallet_address = null where wallet_address = 'custodial:' || id;

alter table public.crypto_trades alter column status set default 'pending';

alter table public.crypto_profiles
  -- The KYC level is none for pending and rejected, otherwise the status itself.
  add constraint crypto_profiles_kyc_status check (
    kyc_status is not null and kyc_status in ('pending', 'rejected', 'basic', 'full', 'institution')
  ) not valid,
  add constraint crypto_profiles_kyc_verified check (
    (kyc_status in ('basic', 'full', 'institution')) = (kyc_verified_at is not null)
  ) not valid,
  add constraint crypto_profiles_counters check (
    trading_volume is not null and trading_volume >= 0 and trading_volume <> 'NaN'
    and current_daily_volume is not null and current_daily_volume >= 0 and current_daily_volume <> 'NaN'
    and current_monthly_volume is not null and current_monthly_volume >= 0 and current_monthly_volume <> 'NaN'
    and total_trades is not null and total_trades >= 0
    and successful_escrows is not null and successful_escrows >= 0
    and disputed_trades is not null and disputed_trades >= 0
  ) not valid,
  add constraint crypto_profiles_flags check (
    is_verified_trader is not null and two_factor_enabled is not null
  ) not valid,
  add constraint crypto_profiles_limits check (
    daily_limit >= 0 and daily_limit <> 'NaN' and monthly_limit >= 0 and monthly_limit <> 'NaN'
  ) not valid,
  add constraint crypto_profiles_average_rating check (average_rating between 1 and 5) not valid;
alter table public.crypto_profiles
  validate constraint crypto_profiles_kyc_status,
  validate constraint crypto_profiles_kyc_verified,
  validate constraint crypto_profiles_counters,
  validate constraint crypto_profiles_flags,
  validate constraint crypto_profiles_limits,
  validate constraint crypto_profiles_average_rating;
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

alter table public.crypto_wallets
  add constraint crypto_wallets_balance check (
    balance is not null and balance >= 0 and balance <> 'NaN'
  ) not valid,
  add constraint crypto_wallets_flags check (is_primary is not null and is_connected is not null) not valid,
  add constraint crypto_wallets_currency check (currency <> '' and currency = upper(currency)) not valid,
  add constraint crypto_wallets_limits check (
    withdrawal_limit_daily >= 0 and withdrawal_limit_daily <> 'NaN'
    and withdrawal_limit_monthly >= 0 and withdrawal_limit_monthly <> 'NaN'
  ) not valid;
alter table public.crypto_wallets
  validate constraint crypto_wallets_balance,
  validate constraint crypto_wallets_flags,
  validate constraint crypto_wallets_currency,
  validate constraint crypto_wallets_limits;
alter table public.crypto_wallets
  alter column balance set not null,
  alter column is_primary set not null,
  alter column is_connected set not null;

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
  ) not valid,
  add constraint crypto_transactions_currency check (currency <> '' and currency = upper(currency)) not valid,
  add constraint crypto_transactions_fees check (
    transaction_fee >= 0 and transaction_fee <> 'NaN' and network_fee >= 0 and network_fee <> 'NaN'
    and platform_fee >= 0 and platform_fee <> 'NaN'
  ) not valid,
  add constraint crypto_transactions_value check (
    exchange_rate > 0 and exchange_rate <> 'NaN' and fiat_value >= 0 and fiat_value <> 'NaN'
  ) not valid,
  add constraint crypto_transactions_chain check (
    confirmations >= 0 and block_number >= 0 and gas_limit >= 0 and gas_used >= 0
    and gas_price >= 0 and gas_price <> 'NaN'
  ) not valid;
alter table public.crypto_transactions
  validate constraint crypto_transactions_status,
  validate constraint crypto_transactions_type,
  validate constraint crypto_transactions_amount,
  validate constraint crypto_transactions_currency,
  validate constraint crypto_transactions_fees,
  validate constraint crypto_transactions_value,
  validate constraint crypto_transactions_chain;

alter table public.crypto_trades
  add constraint crypto_trades_status check (
    status in ('pending', 'funded', 'paid', 'disputed', 'completed', 'cancelled', 'expired')
  ) not valid,
  add constraint crypto_trades_side check (side in ('buy', 'sell')) not valid,
  add constraint crypto_trades_amounts check (
    price > 0 and price <> 'NaN' and amount > 0 and amount <> 'NaN'
    and total_value >= 0 and total_value <> 'NaN'
  ) not valid,
  -- A trade that came from an offer knows both fees; one from before Fairlock knows only their sum.
  add constraint crypto_trades_fees check (
    fee >= 0 and fee <> 'NaN' and seller_fee >= 0 and seller_fee <> 'NaN'
    and buyer_fee >= 0 and buyer_fee <> 'NaN'
    and (offer_id is null or fee is not null and fee = seller_fee + buyer_fee)
  ) not valid,
  add constraint crypto_trades_has_buyer check (buyer_id is not null) not valid,
  -- Nobody trades with themselves (I9).
  add constraint crypto_trades_parties check (
    buyer_id <> user_id and (taker_id is null or taker_id in (user_id, buyer_id))
  ) not valid,
  add constraint crypto_trades_offer check (
    (offer_id is null) = (offer_version is null) and (offer_id is null) = (taker_id is null)
  ) not valid,
  add constraint crypto_trades_payment_window check (payment_window_minutes between 10 and 20160) not valid,
  -- Every live trade has one open duty with an end; an ended one has none.
  add constraint crypto_trades_deadline check (
    (deadline is null) = (status in ('completed', 'cancelled', 'expired'))
  ) not valid,
  -- No funded_at means never funded; trades completed before Fairlock do not know.
  add constraint crypto_trades_funded check (
    case
      when status = 'pending' then funded_at is null
      when status in ('funded', 'paid', 'disputed') then funded_at is not null and escrow_id is not null
      when status = 'completed' then offer_id is null or funded_at is not null
      else true
    end
  ) not valid,
  add constraint crypto_trades_paid check (
    case
      when status in ('pending', 'funded') then paid_at is null
      when status in ('paid', 'disputed') then paid_at is not null
      else true
    end
  ) not valid,
  add constraint crypto_trades_completed check (
    (status = 'completed') = (completed_at is not null)
  ) not valid,
  -- cancelled_at is when the trade ended without a sale, by a person or by the clock.
  add constraint crypto_trades_cancelled check (
    (status in ('cancelled', 'expired')) = (cancelled_at is not null)
  ) not valid,
  add constraint crypto_trades_dispute check (
    (dispute_id is null) = (dispute_status is null) and dispute_status in ('pending', 'resolved', 'closed')
    and (status = 'disputed') = (dispute_status is not null and dispute_status = 'pending')
  ) not valid,
  -- Each side is rated only after the end (I13).
  add constraint crypto_trades_ratings check (
    (seller_rating is null or seller_rating between 1 and 5)
    and (buyer_rating is null or buyer_rating between 1 and 5)
    and (status in ('completed', 'cancelled', 'expired') or seller_rating is null and buyer_rating is null)
  ) not valid;
alter table public.crypto_trades
  validate constraint crypto_trades_status,
  validate constraint crypto_trades_side,
  validate constraint crypto_trades_amounts,
  validate constraint crypto_trades_fees,
  validate constraint crypto_trades_has_buyer,
  validate constraint crypto_trades_parties,
  validate constraint crypto_trades_offer,
  validate constraint crypto_trades_payment_window,
  validate constraint crypto_trades_deadline,
  validate constraint crypto_trades_funded,
  validate constraint crypto_trades_paid,
  validate constraint crypto_trades_completed,
  validate constraint crypto_trades_cancelled,
  validate constraint crypto_trades_dispute,
  validate constraint crypto_trades_ratings;
alter table public.crypto_trades
  alter column buyer_id set not null;

alter table public.crypto_escrows
  add constraint crypto_escrows_status check (
    status in ('pending', 'funded', 'released', 'refunded', 'disputed')
  ) not valid,
  add constraint crypto_escrows_amount check (amount > 0 and amount <> 'NaN') not valid,
  add constraint crypto_escrows_currency check (currency <> '' and currency = upper(currency)) not valid,
  add constraint crypto_escrows_parties check (buyer_id <> seller_id) not valid,
  add constraint crypto_escrows_funded check ((status = 'pending') = (funded_at is null)) not valid,
  add constraint crypto_escrows_released check ((status = 'released') = (released_at is not null)) not valid,
  add constraint crypto_escrows_refunded check ((status = 'refunded') = (refunded_at is not null)) not valid,
  add constraint crypto_escrows_disputed check (
    (status <> 'disputed' or disputed_at is not null) and (status <> 'pending' or disputed_at is null)
  ) not valid,
  -- An escrow that was never funded stays pending and is closed when its trade ends.
  add constraint crypto_escrows_closed check (
    closed_at is null or status not in ('funded', 'disputed')
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
  validate constraint crypto_escrows_currency,
  validate constraint crypto_escrows_parties,
  validate constraint crypto_escrows_funded,
  validate constraint crypto_escrows_released,
  validate constraint crypto_escrows_refunded,
  validate constraint crypto_escrows_disputed,
  validate constraint crypto_escrows_closed,
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
