-- Wallets show what the ledger holds; the rows of crypto_transactions are what a person reads of each movement.
grant select, insert on public.crypto_wallets, public.crypto_transactions to fairlock_engine;
grant select on fairlock.currencies to fairlock_engine, fairlock_app;
grant select (id, user_id, wallet_address, wallet_provider, chain_type, balance, currency, is_primary, is_connected,
  last_synced_at, last_backup, supported_currencies, withdrawal_limit_daily, withdrawal_limit_monthly, created_at,
  updated_at) on public.crypto_wallets to fairlock_app;
grant select on public.crypto_transactions to fairlock_app;

alter table public.crypto_wallets enable row level security, force row level security;
alter table public.crypto_transactions enable row level security, force row level security;
alter table fairlock.currencies enable row level security, force row level security;
create policy "the engine opens wallets" on public.crypto_wallets to fairlock_engine using (true);
create policy "people see their wallets" on public.crypto_wallets for select to fairlock_app
  using (user_id = (select fairlock.acting_user()));
create policy "a grant shows staff wallets" on public.crypto_wallets for select to fairlock_app
  using (user_id = any (array(select fairlock.granted('money'))) and fairlock.still_granted('money', user_id));
create policy "the engine writes movements" on public.crypto_transactions to fairlock_engine using (true);
create policy "people see their movements" on public.crypto_transactions for select to fairlock_app
  using (user_id = (select fairlock.acting_user()));
create policy "a grant shows staff movements" on public.crypto_transactions for select to fairlock_app
  using (user_id = any (array(select fairlock.granted('money'))) and fairlock.still_granted('money', user_id));
create policy "everybody knows the currencies" on fairlock.currencies for select
  to fairlock_app, fairlock_engine using (true);

set local role fairlock_engine;

-- The person's wallet in a currency, opened with its ledger account on first use.
create function fairlock.wallet_of(p_user uuid, p_currency text) returns uuid
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_wallet uuid;
begin
  select id into v_wallet from public.crypto_wallets where user_id = p_user and currency = p_currency;
  if found then
    return v_wallet;
  end if;
  insert into public.crypto_wallets (id, user_id, currency, balance, wallet_provider)
  values (fairlock.new_id(), p_user, p_currency, 0, 'fairlock')
  on conflict (user_id, currency) do nothing returning id into v_wallet;
  if v_wallet is null then
    -- Somebody opened it in the same moment; the insert has waited for their commit.
    select id into v_wallet from public.crypto_wallets where user_id = p_user and currency = p_currency;
    return v_wallet;
  end if;
  perform ledger.open_account(v_wallet, 'trader', p_currency, p_user);
  return v_wallet;
end $$;

-- The wallet as the API shows it. `held` is what the person's coins in live escrows come to.
create function fairlock.wallet_json(p_user uuid, p_currency text) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'currency', p_currency,
    'available', coalesce((select w.balance from public.crypto_wallets w
      where w.user_id = p_user and w.currency = p_currency), 0::numeric(20, 8))::numeric(20, 8)::text,
    'held', coalesce((select sum(e.amount) from public.crypto_escrows e
      where e.seller_id = p_user and e.currency = p_currency and e.status in ('funded', 'disputed')), 0)::numeric(20, 8)::text)
$$;

-- Credits (above zero) or debits (below) a person's wallet against custody. Admins only, and nobody their own; always
-- with a reason.
create function fairlock.adjust_balance(p_user uuid, p_currency text, p_amount numeric, p_reason text)
returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid := fairlock.new_id();
  v_wallet uuid;
  v_transfer bigint;
begin
  if not fairlock.has_role('admin') then
    return fairlock.refuse('admin_only');
  elsif p_user = fairlock.acting_user() then
    return fairlock.refuse('own_request');
  elsif not exists (select from public.users where id = p_user) then
    return fairlock.refuse('unknown_user', '{"field": "userId"}');
  elsif not exists (select from fairlock.currencies where code = p_currency and kind = 'crypto') then
    return fairlock.refuse('unknown_currency', '{"field": "currency"}');
  end if;
  -- Only a credit opens a wallet: a debit that is refused leaves nothing behind.
  v_wallet := case when p_amount > 0 then fairlock.wallet_of(p_user, p_currency)
    else (select id from public.crypto_wallets where user_id = p_user and currency = p_currency) end;
  perform from ledger.accounts where id = v_wallet and balance + p_amount >= 0 for no key update;
  if not found then
    return fairlock.refuse('insufficient_funds', '{"field": "amount"}');
  end if;
  v_transfer := ledger.post('adjustment', array[v_wallet], array[p_amount],
    ledger.system_account('custody', p_currency), null, p_reason);
  insert into public.crypto_transactions (id, user_id, wallet_id, amount, currency, platform_fee, status, transaction_type,
    metadata, timestamp, created_at, network_fee, category, exchange_rate, fiat_value, fiat_currency, destination_name,
    destination_description)
  select v_id, p_user, v_wallet, p_amount, p_currency, 0, 'completed', 'adjustment',
    jsonb_build_object('reason', p_reason, 'transfer', v_transfer), clock_timestamp(), clock_timestamp(), f.*
  from fairlock.movement_facts('adjustment', p_amount, fairlock.reference_rate(p_currency), 'USD', null) f;
  perform fairlock.record_event('balance.adjusted', 'crypto_wallets', v_wallet, p_reason,
    jsonb_build_object('amount', p_amount::text, 'currency', p_currency, 'transfer', v_transfer));
  return jsonb_build_object('id', v_id, 'userId', p_user, 'amount', p_amount::numeric(20, 8)::text, 'reason', p_reason,
    'createdAt', fairlock.rfc3339(now()), 'currency', p_currency, 'wallet', fairlock.wallet_json(p_user, p_currency));
end $$;
reset role;
