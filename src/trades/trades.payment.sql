-- Where the buyer of a trade pays to: the seller's account, bound once, and shown to the buyer while the trade lives.
set local role fairlock_engine;

-- Which account of the seller a take binds: the primary one of the type, else the newest; none that was rejected.
create function fairlock.account_for(p_seller uuid, p_type text) returns public.crypto_payment_methods
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  m public.crypto_payment_methods;
begin
  select * into m from public.crypto_payment_methods
  where user_id = p_seller and type = p_type and deleted_at is null and verification_status is distinct from 'rejected'
  order by is_primary desc, created_at desc, id desc limit 1;
  return m;
end $$;

-- What a trade tells of the account without a grant or a look.
create function fairlock.account_facts(m public.crypto_payment_methods) returns jsonb
language sql immutable
as $$
  select case when m.id is not null
    then jsonb_build_object('paymentMethodId', m.id, 'type', m.type, 'provider', m.provider) end
$$;

-- An account that the seller names: theirs, living, not rejected.
create function fairlock.named_account(p_seller uuid, p_method uuid) returns public.crypto_payment_methods
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  m public.crypto_payment_methods;
begin
  select * into m from public.crypto_payment_methods where id = p_method and user_id = p_seller and deleted_at is null
    and verification_status is distinct from 'rejected';
  return m;
end $$;

-- The seller says where to pay to, where the take could not: once, for an account that changes after the buyer saw it is
-- how buyers are cheated. Only now can the buyer pay, so the time for it begins. The trade's guard asks again, under the
-- account's lock, whether it still lives.
create function fairlock.bind_payment_method(p_trade uuid, p_method uuid) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  t record;
  m public.crypto_payment_methods;
  v_now timestamptz;
begin
  select ct.id, ct.status, ct.user_id as seller, ct.buyer_id as buyer, ct.payment_method, ct.payment_method_id,
    ct.deadline, ct.expires_at, ct.payment_window_minutes into t
  from public.crypto_trades ct where ct.id = p_trade and ct.offer_id is not null for no key update;
  if not found or me not in (t.seller, t.buyer) then
    return fairlock.refuse('not_found');
  elsif me <> t.seller or t.status not in ('pending', 'funded') then
    return fairlock.refuse('move_not_allowed', jsonb_build_object('status', t.status, 'event', 'name_account',
      'actor', case me when t.seller then 'seller' else 'buyer' end));
  elsif t.payment_method_id is not null then
    return fairlock.refuse('payment_method_bound');
  end if;
  m := fairlock.named_account(me, p_method);
  if m.id is null then
    return fairlock.refuse('not_your_payment_method');
  elsif m.type is distinct from t.payment_method then
    return fairlock.refuse('payment_method_not_offered', '{"field": "paymentMethodId"}');
  end if;
  v_now := clock_timestamp();
  if t.status = 'funded' then
    t.deadline := v_now + make_interval(mins => t.payment_window_minutes);
    t.expires_at := t.deadline;
  end if;
  update public.crypto_trades set payment_method_id = m.id, payment_details = fairlock.account_facts(m),
    deadline = t.deadline, expires_at = t.expires_at, updated_at = v_now where id = t.id;
  perform fairlock.publish('payment_method.bound', array[t.seller, t.buyer], t.id,
    jsonb_build_object('status', t.status, 'type', m.type));
  return (select jsonb_build_object('me', me, 'body', body) from fairlock.trade_views where id = t.id);
end $$;

-- The sealed details of the seller's account, for the buyer, while the coins are held; nobody else ever. The trade's row
-- is share-locked, so that what is decided here still holds when the look is in the log.
create function fairlock.show_payment_details(p_trade uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  t record;
  m public.crypto_payment_methods;
  v_refusal jsonb := fairlock.refuse_scope('show_payment_details');
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  select ct.id, ct.status, ct.buyer_id as buyer, ct.payment_method_id into t
  from public.crypto_trades ct where ct.id = p_trade and ct.offer_id is not null for share;
  if not found or me is distinct from t.buyer then
    return fairlock.refuse('not_found');
  elsif t.status not in ('funded', 'paid', 'disputed') then
    return fairlock.refuse('payment_details_not_shown', jsonb_build_object('status', t.status));
  elsif t.payment_method_id is null then
    return fairlock.refuse('no_payment_method');
  end if;
  select * into m from public.crypto_payment_methods where id = t.payment_method_id;
  perform fairlock.record_event('secret.opened', 'crypto_payment_methods', m.id, 'the buyer pays',
    jsonb_build_object('trade', t.id, 'status', t.status, 'user', m.user_id));
  return jsonb_build_object('id', m.id, 'owner', m.user_id, 'type', m.type, 'provider', m.provider,
    'isVerified', m.is_verified, 'sealed', m.account_details_encrypted);
end $$;
grant execute on function fairlock.show_payment_details(uuid) to fairlock_app;
reset role;
