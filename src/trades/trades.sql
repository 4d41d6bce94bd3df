-- The trade: one table of legal moves, one function that takes an offer, one that moves a trade along the table.
-- Locks are taken in one order everywhere: offer, trade, escrow, then ledger accounts by id, then profiles by user.
grant select, insert on public.crypto_trades to fairlock_engine;
grant update (status, funded_at, paid_at, completed_at, cancelled_at, deadline, expires_at, ended_by_actor,
  cancel_reason, payment_method_id, dispute_id, dispute_reason, dispute_status,
  updated_at) on public.crypto_trades to fairlock_engine;
grant select on public.crypto_trades to fairlock_app;
grant select, insert, delete on fairlock.trade_transitions to fairlock_engine;
grant select on fairlock.trade_transitions to fairlock_app;

alter table public.crypto_trades enable row level security, force row level security;
create policy "the engine moves trades" on public.crypto_trades to fairlock_engine using (true);
-- Records of an earlier platform, which come from no offer, are none of these: see trades.records.sql.
create policy "both sides see the trade" on public.crypto_trades for select to fairlock_app
  using (offer_id is not null
    and (user_id = (select fairlock.acting_user()) or buyer_id = (select fairlock.acting_user())));
create policy "a grant shows staff trades" on public.crypto_trades for select to fairlock_app
  using (offer_id is not null and (
    user_id = any (array(select fairlock.granted('trades'))) and fairlock.still_granted('trades', user_id)
    or buyer_id = any (array(select fairlock.granted('trades'))) and fairlock.still_granted('trades', buyer_id)
    or id = any (array(select fairlock.granted('case'))) and fairlock.still_granted('case', id)));
alter table fairlock.trade_transitions enable row level security, force row level security;
create policy "the table of moves is public" on fairlock.trade_transitions for select to fairlock_app using (true);
create policy "the engine keeps the table of moves" on fairlock.trade_transitions to fairlock_engine using (true);

set local role fairlock_engine;

delete from fairlock.trade_transitions;
insert into fairlock.trade_transitions (from_status, event, actor, to_status, escrow_from, escrow_to) values
  ('pending', 'fund', 'seller', 'funded', 'pending', 'funded'),
  ('pending', 'cancel', 'seller', 'cancelled', 'pending', 'pending'),
  ('pending', 'cancel', 'buyer', 'cancelled', 'pending', 'pending'),
  ('pending', 'expire', 'clock', 'expired', 'pending', 'pending'),
  ('funded', 'pay', 'buyer', 'paid', 'funded', 'funded'),
  ('funded', 'cancel', 'buyer', 'cancelled', 'funded', 'refunded'),
  ('funded', 'expire', 'clock', 'expired', 'funded', 'refunded'),
  ('paid', 'release', 'seller', 'completed', 'funded', 'released'),
  ('paid', 'cancel', 'buyer', 'cancelled', 'funded', 'refunded'),
  ('paid', 'dispute', 'seller', 'disputed', 'funded', 'disputed'),
  ('paid', 'dispute', 'buyer', 'disputed', 'funded', 'disputed'),
  ('paid', 'dispute', 'clock', 'disputed', 'funded', 'disputed'),
  ('disputed', 'release', 'seller', 'completed', 'disputed', 'released'),
  ('disputed', 'cancel', 'buyer', 'cancelled', 'disputed', 'refunded'),
  ('disputed', 'rule_release', 'arbitrator', 'completed', 'disputed', 'released'),
  ('disputed', 'rule_split', 'arbitrator', 'completed', 'disputed', 'released'),
  ('disputed', 'rule_refund', 'arbitrator', 'cancelled', 'disputed', 'refunded');

-- What a side of a trade received. Texts that staff have hidden are shown to nobody.
create function fairlock.rating_json(p_trade uuid, p_rated uuid, p_rating numeric, p_feedback text) returns jsonb
language sql stable
as $$
  select jsonb_build_object('id', r.id, 'rating', p_rating::text,
    'feedback', case when not r.feedback_hidden then p_feedback end,
    'answer', case when not r.answer_hidden then r.answer end)
  from fairlock.ratings r where r.trade_id = p_trade and r.rated_id = p_rated
$$;
grant execute on function fairlock.rating_json(uuid, uuid, numeric, text) to fairlock_app;

-- The trade as the API shows it to its two sides.
create view fairlock.trade_views with (security_invoker = true) as
  select t.id, t.user_id as seller_id, t.buyer_id, t.status, t.created_at,
    jsonb_build_object(
      'id', t.id, 'offerId', t.offer_id, 'offerVersion', t.offer_version, 'status', t.status, 'side', t.side,
      'pair', t.pair, 'price', t.price::text, 'priceProvenance', t.price_provenance,
      'priceLockedUntil', fairlock.rfc3339(t.price_locked_until), 'amount', t.amount::text, 'totalValue', t.total_value::text,
      'fee', t.fee::text, 'feeCurrency', t.fee_currency, 'sellerFee', t.seller_fee::text,
      'buyerFee', t.buyer_fee::text, 'paymentMethodType', t.payment_method,
      'paymentMethodId', t.payment_method_id, 'paymentReference', upper(right(t.id::text, 12)),
      'paymentWindowMinutes', t.payment_window_minutes, 'takerId', t.taker_id,
      'seller', jsonb_build_object('id', t.user_id, 'displayName', seller.display_name, 'totalTrades', seller.total_trades,
        'averageRating', seller.average_rating::text, 'isVerifiedTrader', seller.is_verified_trader),
      'buyer', jsonb_build_object('id', t.buyer_id, 'displayName', buyer.display_name, 'totalTrades', buyer.total_trades,
        'averageRating', buyer.average_rating::text, 'isVerifiedTrader', buyer.is_verified_trader),
      'deadline', fairlock.rfc3339(t.deadline), 'createdAt', fairlock.rfc3339(t.created_at),
      'fundedAt', fairlock.rfc3339(t.funded_at), 'paidAt', fairlock.rfc3339(t.paid_at),
      'completedAt', fairlock.rfc3339(t.completed_at), 'cancelledAt', fairlock.rfc3339(t.cancelled_at),
      'endedBy', t.ended_by_actor, 'cancelReason', t.cancel_reason,
      'rateUntil', case when t.status = 'completed' then fairlock.rfc3339(t.completed_at
        + make_interval(days => (select s.rating_days from fairlock.settings s))) end,
      'sellerRating', case when t.seller_rating is not null then
        fairlock.rating_json(t.id, t.user_id, t.seller_rating, t.seller_feedback) end,
      'buyerRating', case when t.buyer_rating is not null then
        fairlock.rating_json(t.id, t.buyer_id, t.buyer_rating, t.buyer_feedback) end,
      'dispute', case when t.dispute_id is not null then jsonb_build_object('id', t.dispute_id,
        'status', t.dispute_status, 'reason', t.dispute_reason) end,
      'escrow', jsonb_build_object('id', e.id, 'status', e.status, 'amount', e.amount::text, 'currency', e.currency,
        'releasedAmount', e.released_amount::text, 'refundedAmount', e.refunded_amount::text,
        'feeAmount', e.fee_amount::text)) as body
  from public.crypto_trades t
  join public.crypto_escrows e on e.trade_id = t.id
  join fairlock.traders seller on seller.user_id = t.user_id
  join fairlock.traders buyer on buyer.user_id = t.buyer_id;
grant select on fairlock.trade_views to fairlock_app;

-- I7, I8 and I9. Both this trigger and the escrow's look when the whole statement is done, so a statement that moves one
-- of the two without the other is refused. The moves and pairs are those of trade_transitions, which a test compares:
-- looked up there they would cost every statement four queries more.
create function fairlock.guard_trade() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_escrow text := (select status from public.crypto_escrows where id = new.escrow_id and trade_id = new.id);
  v_record boolean := new.offer_id is null and new.escrow_id is null;
begin
  -- A record of an older platform is written, and follows what happens there, while that platform is taken over; its own
  -- words are all that the log has of it. Later it can lose what a person's erasure takes, and nothing else.
  if v_record and fairlock.is_carrying() then
    if new.status not in ('completed', 'cancelled', 'expired') then
      raise exception using errcode = 'FL095', message = format('a record does not say that a trade is %s', new.status);
    end if;
    return null;
  elsif v_record and tg_op = 'UPDATE' and new.status <> old.status then
    raise exception using errcode = 'FL095', message = 'what an older platform recorded has ended';
  end if;
  if tg_op = 'INSERT' then
    if new.status not in ('pending', 'funded') then
      raise exception using errcode = 'FL095', message = format('a trade does not begin as %s', new.status);
    end if;
  elsif new.status <> old.status and (old.status || ' ' || new.status) not in ('pending funded', 'pending cancelled',
      'pending expired', 'funded paid', 'funded cancelled', 'funded expired', 'paid completed', 'paid cancelled',
      'paid disputed', 'disputed completed', 'disputed cancelled') then
    raise exception using errcode = 'FL095',
      message = format('a trade does not go from %s to %s', old.status, new.status);
  elsif new.id <> old.id or new.user_id <> old.user_id or new.buyer_id is distinct from old.buyer_id
    or new.taker_id is distinct from old.taker_id or new.offer_id is distinct from old.offer_id
    or new.escrow_id is distinct from old.escrow_id or new.amount <> old.amount or new.price <> old.price
    or new.seller_fee <> old.seller_fee or new.buyer_fee <> old.buyer_fee or new.fee is distinct from old.fee
    or new.fee_currency is distinct from old.fee_currency or new.pair <> old.pair or new.side <> old.side
    or new.total_value is distinct from old.total_value or new.price_provenance is distinct from old.price_provenance
    or new.price_locked_until is distinct from old.price_locked_until
    or new.reference_value is distinct from old.reference_value or new.counted_on is distinct from old.counted_on
    or old.chat_channel_id is not null and new.chat_channel_id is distinct from old.chat_channel_id then
    raise exception using errcode = 'FL094',
      message = 'the two sides, the escrow and the terms of a trade never change';
  elsif old.dispute_id is not null and new.dispute_id is distinct from old.dispute_id then
    raise exception using errcode = 'FL094', message = 'a trade has one dispute, and keeps it';
  elsif old.paid_at is not null and new.paid_at is distinct from old.paid_at then
    raise exception using errcode = 'FL094', message = 'that a trade was marked paid is never undone';
  elsif old.payment_method_id is not null and new.payment_method_id is distinct from old.payment_method_id
    or old.payment_details is not null and new.payment_details <> old.payment_details then
    raise exception using errcode = 'FL094', message = 'where the buyer pays to never changes';
  end if;
  if new.payment_method_id is not null and (tg_op = 'INSERT' or old.payment_method_id is null) then
    -- Under the lock of the offer or the trade: an account that is removed at this moment waits, or is found gone, and
    -- the API repeats the request.
    perform from public.crypto_payment_methods
    where id = new.payment_method_id and user_id = new.user_id and deleted_at is null for key share;
    if not found then
      raise exception using errcode = '40001', message = 'the payment method is not one of the seller''s any more';
    end if;
  end if;
  if (tg_op = 'INSERT' or not v_record) and coalesce(new.status || ' ' || v_escrow, '') not in (
    'pending pending', 'funded funded', 'paid funded',
    'disputed disputed', 'completed released', 'cancelled refunded', 'expired refunded', 'cancelled pending',
    'expired pending') then
    raise exception using errcode = 'FL096', message =
      format('a trade that is %s cannot have an escrow that is %s', new.status, coalesce(v_escrow, 'missing'));
  end if;
  -- With the law that a trade is disputed exactly while it says that its dispute is pending: an ended trade has none.
  if new.dispute_id is not null and not exists (select from public.crypto_disputes where id = new.dispute_id
      and trade_id = new.id and status = new.dispute_status and reason = new.dispute_reason) then
    raise exception using errcode = 'FL096', message =
      format('a trade that is %s and its dispute %s do not agree', new.status, coalesce(new.dispute_status, 'missing'));
  end if;
  -- The line in the log, whoever did it. Here and not in triggers of its own: reading the condition of one more trigger
  -- and calling it costs a release more than the line itself.
  if tg_op = 'INSERT' or new.status <> old.status then
    perform fairlock.record_event(
      'trade.' || case tg_op when 'INSERT' then 'taken' else new.status end, 'crypto_trades', new.id,
      coalesce(new.cancel_reason, nullif(current_setting('fairlock.operation', true), '')), null,
      jsonb_build_object('escrow', v_escrow,
        'status', jsonb_build_array(case tg_op when 'UPDATE' then old.status end, new.status)));
    insert into fairlock.outbox (kind, people, trade_id, data)
    values ('trade.' || case tg_op when 'INSERT' then 'taken' else new.status end, array[new.user_id, new.buyer_id],
      new.id, jsonb_build_object('from', case tg_op when 'UPDATE' then old.status end, 'status', new.status,
        'actor', coalesce(new.ended_by_actor, case fairlock.acting_user() when new.user_id then 'seller'
          when new.buyer_id then 'buyer' else 'clock' end)));
  else
    perform fairlock.record_row('crypto_trades', 'id',
      '{deadline,funded_at,paid_at,completed_at,dispute_id,dispute_status,payment_method_id}',
      '{updated_at}', to_jsonb(old), to_jsonb(new));
  end if;
  return null;
end $$;
grant execute on function fairlock.guard_trade() to session_user;
reset role;

create trigger guard after insert or update on public.crypto_trades
  for each row execute function fairlock.guard_trade();
create trigger never_deleted before delete on public.crypto_trades
  for each row when (not (old.offer_id is null and old.escrow_id is null and fairlock.is_carrying()))
  execute function ledger.refuse_change();
create trigger deleted_by_nobody before delete on public.crypto_trades
  for each statement when (not fairlock.is_carrying()) execute function ledger.refuse_change();
create trigger never_emptied before truncate on public.crypto_trades
  for each statement execute function ledger.refuse_change();
