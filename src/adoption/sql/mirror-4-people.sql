-- People and history: what Fairlock adds, in the old application's words. What only the new schema knows stays there.
create or replace function fairlock_adoption.mirror_person() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not fairlock_adoption.is_mirroring() then
    return null;
  elsif tg_op = 'INSERT' then
    perform fairlock_adoption.insert_old('users', 'users', new.id,
      jsonb_build_object('email', new.email, 'created_at', new.created_at));
  else
    perform fairlock_adoption.update_old('users', new.id, jsonb_build_object('email', new.email));
  end if;
  return null;
end $$;

-- Preferences and settings have another form in Fairlock, and what is sealed there is not for here: of these the old row
-- is only told that they are gone, as after an erasure.
create or replace function fairlock_adoption.mirror_profile() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_values jsonb;
begin
  if not fairlock_adoption.is_mirroring() then
    return null;
  elsif tg_op = 'INSERT' then
    perform fairlock_adoption.insert_old('crypto_profiles', 'crypto_profiles', new.id,
      fairlock_adoption.added_values('crypto_profiles', to_jsonb(new)) || jsonb_build_object(
      'user_id', fairlock_adoption.old_key('users', new.user_id), 'trading_volume', 0, 'total_trades', 0,
      'kyc_status', fairlock_adoption.old_word('kyc_status', new.kyc_status), 'kyc_verified_at', new.kyc_verified_at,
      'is_verified_trader', new.is_verified_trader, 'created_at', new.created_at, 'updated_at', new.updated_at));
    return null;
  end if;
  v_values := fairlock_adoption.changed(to_jsonb(old), to_jsonb(new), '{wallet_address,wallet_provider,kyc_status,
    kyc_verified_at,is_verified_trader,preferred_currencies,trading_pairs,risk_tolerance,investment_strategy,
    notification_preferences,security_settings}');
  if v_values ->> 'notification_preferences' is not null then
    v_values := v_values - 'notification_preferences';
  end if;
  if v_values ->> 'security_settings' is not null then
    v_values := v_values - 'security_settings';
  end if;
  if v_values ? 'kyc_status' then
    v_values := v_values || jsonb_build_object('kyc_status', fairlock_adoption.old_word('kyc_status', new.kyc_status));
  end if;
  if v_values <> '{}' then
    perform fairlock_adoption.update_old('crypto_profiles', new.id,
      v_values || jsonb_build_object('updated_at', new.updated_at));
  end if;
  return null;
end $$;

-- A trade of Fairlock's when it has ended. In the old table it is a row of the seller's that names the buyer.
create or replace function fairlock_adoption.mirror_trade() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text;
begin
  if fairlock_adoption.is_mirroring() then
    select mapping #>> '{counterpartyKeys,0}' into v_name from fairlock_adoption.state;
    perform fairlock_adoption.insert_old('crypto_trades', 'mirrored', new.id,
      fairlock_adoption.added_values('crypto_trades', to_jsonb(new)) || jsonb_build_object(
      'user_id', fairlock_adoption.old_key('users', new.user_id), 'pair', fairlock_adoption.old_pair(new.pair),
      'side', fairlock_adoption.old_word('side', 'sell'), 'price', new.price, 'amount', new.amount,
      'total_value', new.total_value, 'fee', new.fee,
      'fee_currency', fairlock_adoption.old_word('currency', new.fee_currency),
      'status', fairlock_adoption.old_word('trade_status', new.status), 'order_type', new.order_type,
      'timestamp', new.created_at, 'created_at', new.created_at, 'updated_at', new.updated_at,
      'metadata', jsonb_build_object(coalesce(v_name, 'buyer_id'),
        coalesce(fairlock_adoption.old_key('users', new.buyer_id), new.buyer_id::text))));
  end if;
  return null;
end $$;

create or replace function fairlock_adoption.mirror_movement() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not fairlock_adoption.is_mirroring() then
    return null;
  elsif tg_op = 'UPDATE' then
    perform fairlock_adoption.update_old('crypto_transactions', new.id, jsonb_build_object(
      'status', fairlock_adoption.old_word('transaction_status', new.status), 'updated_at', new.updated_at));
    return null;
  end if;
  perform fairlock_adoption.insert_old('crypto_transactions', 'mirrored', new.id,
    fairlock_adoption.added_values('crypto_transactions', to_jsonb(new)) || jsonb_build_object(
    'user_id', fairlock_adoption.old_key('users', new.user_id),
    'wallet_id', fairlock_adoption.old_key('crypto_wallets', new.wallet_id), 'amount', new.amount,
    'currency', fairlock_adoption.old_word('currency', new.currency),
    'transaction_fee', coalesce(new.transaction_fee, new.network_fee + new.platform_fee),
    'transaction_hash', new.transaction_hash, 'from_address', new.from_address, 'to_address', new.to_address,
    'status', fairlock_adoption.old_word('transaction_status', new.status),
    'transaction_type', fairlock_adoption.old_word('transaction_type', new.transaction_type),
    'timestamp', new.timestamp, 'confirmations', new.confirmations, 'created_at', new.created_at,
    'updated_at', new.updated_at));
  return null;
end $$;

do $$
begin
  if to_regclass('fairlock_next.crypto_trades') is null then
    return;
  end if;
  create or replace trigger mirror after insert or update of email on fairlock_next.users
    for each row execute function fairlock_adoption.mirror_person();
  create or replace trigger mirror after insert or update of wallet_address, wallet_provider, kyc_status, kyc_verified_at,
    is_verified_trader, preferred_currencies, trading_pairs, risk_tolerance, investment_strategy, notification_preferences,
    security_settings on fairlock_next.crypto_profiles
    for each row execute function fairlock_adoption.mirror_profile();
  create or replace trigger mirror after update of status on fairlock_next.crypto_trades
    for each row when (new.status in ('completed', 'cancelled', 'expired') and new.status <> old.status)
    execute function fairlock_adoption.mirror_trade();
  create or replace trigger mirror after insert or update of status on fairlock_next.crypto_transactions
    for each row execute function fairlock_adoption.mirror_movement();
end $$;

select fairlock_adoption.learn_words();
-- Only triggers and these functions themselves call them.
do $$
declare
  f regprocedure;
begin
  for f in select oid from pg_proc
    where pronamespace = 'fairlock_adoption'::regnamespace and prosecdef and pg_get_userbyid(proowner) = current_user
  loop
    execute format('revoke execute on function %s from public', f);
  end loop;
end $$;
