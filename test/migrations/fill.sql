-- Rows in every state that the laws allow, in every table of the specification.
insert into public.users (id, email, created_at)
select ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'person' || n || '@example.org',
       '2024-01-01T00:00:00Z'::timestamptz + n * interval '1 hour'
from generate_series(1, 60) as n;

insert into public.crypto_profiles (user_id, kyc_status, kyc_verified_at, trading_volume, average_rating, daily_limit,
  monthly_limit, current_daily_volume, preferred_currencies, preferred_payment_methods, notification_preferences,
  banned_until, two_factor_enabled, two_factor_secret, display_name)
select id, case when n % 5 in (0, 1) then 'pending' else (array['basic', 'full', 'institution'])[n % 5 - 1] end,
       case when n % 5 > 1 then '2024-02-01T00:00:00.123456Z'::timestamptz end, n * 1.00000001,
       case when n % 2 = 0 then 4.25 end, n, n * 10, 0.1 * n, array['BTC', null, 'a,"b"'], array['sepa'],
       jsonb_build_object('mail', n), case when n % 7 = 0 then 'infinity'::timestamptz end, n % 3 = 0, 'sealed' || n,
       'person ' || n
from (select id, row_number() over (order by id) as n from public.users) as people;

insert into public.crypto_wallets (user_id, wallet_address, currency, balance, encrypted_private_key,
  supported_currencies, withdrawal_limit_daily, last_backup)
select id, case when n % 2 = 0 then 'bc1q' || n end, currency, n * 0.12345678, 'sealed' || n, array[currency], 5,
       '2024-03-01T12:00:00Z'
from (select id, row_number() over (order by id) as n from public.users) as people,
     unnest(array['BTC', 'ETH']) as currency;

insert into public.crypto_trades (id, user_id, buyer_id, taker_id, pair, side, price, amount, total_value, fee,
  seller_fee, buyer_fee, offer_id, offer_version, status, expires_at, deadline, funded_at, paid_at, completed_at,
  cancelled_at, payment_method, payment_details, payment_window_minutes, seller_rating, buyer_feedback,
  chat_channel_id)
select ('10000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
       ('00000000-0000-4000-8000-' || lpad(to_hex(n % 60 + 1), 12, '0'))::uuid,
       ('00000000-0000-4000-8000-' || lpad(to_hex((n + 7) % 60 + 1), 12, '0'))::uuid,
       null, 'BTC/EUR', (array['buy', 'sell'])[n % 2 + 1], 60000 + n, 0.01 * n, 600 * n, 0.00003, 0.00001, 0.00002,
       null, null, 'pending', '2024-05-01T00:00:00Z', '2024-05-01T00:00:00Z', null, null, null, null, 'sepa',
       jsonb_build_object('iban', n), 30, null, 'fine ' || n, gen_random_uuid()
from generate_series(1, 70) as n;

insert into public.crypto_escrows (id, trade_id, seller_id, buyer_id, amount, currency, status, funded_at, released_at,
  refunded_at, disputed_at, released_amount, refunded_amount, fee_amount, closed_at, metadata)
select ('20000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, id, user_id, buyer_id, 10,
       'BTC', state, case when state <> 'pending' then now() end, case when state = 'released' then now() end,
       case when state = 'refunded' then now() end, case when state = 'disputed' then now() end,
       case when state = 'released' then 9 else 0 end, case when state = 'refunded' then 10 else 0 end,
       case when state = 'released' then 1 else 0 end,
       case when state in ('released', 'refunded') or n % 7 = 6 then now() end, '{"a": [1, null]}'
from (
  select id, user_id, buyer_id, n,
         (array['pending', 'funded', 'funded', 'disputed', 'released', 'refunded', 'pending'])[n % 7 + 1] as state
  from (select *, row_number() over (order by id) as n from public.crypto_trades) as numbered
) as trades;

insert into public.crypto_disputes (id, trade_id, escrow_id, raised_by, against_user_id, reason, evidence, status,
  resolution, resolved_by, resolved_at)
select ('30000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, trade_id, id, buyer_id, seller_id,
       'no coins', '[{"hash": "abc"}]', state, case when state = 'resolved' then 'paid' end,
       case when state = 'resolved' then '00000000-0000-4000-8000-000000000001'::uuid end,
       case when state <> 'pending' then now() end
from (
  select *, row_number() over (order by id) as n,
         case when status = 'disputed' then 'pending'
              when row_number() over (order by id) % 4 = 0 then 'closed' else 'resolved' end as state
  from public.crypto_escrows
  where status in ('disputed', 'released')
) as escrows;

update public.crypto_trades as trade
set escrow_id = escrow.id,
    status = (array['pending', 'funded', 'paid', 'disputed', 'completed', 'cancelled', 'expired'])[part + 1],
    funded_at = case when part between 1 and 5 then now() end,
    paid_at = case when part between 2 and 4 then now() end,
    completed_at = case when part = 4 then now() end,
    cancelled_at = case when part in (5, 6) then now() end,
    deadline = case when part < 4 then trade.deadline end,
    dispute_id = dispute.id, dispute_status = dispute.status, dispute_reason = dispute.reason,
    seller_rating = case when part = 4 then 5 end
from public.crypto_escrows as escrow
left join public.crypto_disputes as dispute on dispute.escrow_id = escrow.id
cross join lateral (select ('x' || right(escrow.id::text, 8))::bit(32)::int % 7 as part) as parts
where escrow.trade_id = trade.id;

insert into public.crypto_transactions (user_id, wallet_id, trade_id, amount, currency, status, transaction_type,
  network_fee, platform_fee, destination_name, category, exchange_rate, fiat_value, metadata)
select wallet.user_id, wallet.id, trade.id, 1, 'BTC', 'completed', 'release', 0.0001, 0.0002, 'own wallet', 'trade',
       61000, 61000, '{}'
from public.crypto_trades as trade
join public.crypto_wallets as wallet on wallet.user_id = trade.user_id and wallet.currency = 'BTC';

update public.crypto_trades as trade set transaction_id = movement.id
from public.crypto_transactions as movement where movement.trade_id = trade.id and trade.status = 'completed';

insert into public.crypto_payment_methods (user_id, type, provider, account_details_encrypted, is_verified,
  verification_status, verified_at, is_primary)
select id, 'sepa', 'a bank', 'sealed', n % 2 = 0, case when n % 2 = 0 then 'verified' end,
       case when n % 2 = 0 then now() end, true
from (select id, row_number() over (order by id) as n from public.users) as people;

insert into public.crypto_prices (symbol, price_usd, price_btc, rsi_14, macd, dominance_percentage, last_updated)
values ('BTC', 61000, 1, 55.5, -12.5, 52, now()), ('ETH', 3000, 0.05, 45, 3, 17, now());
