-- Custody: the ways coins go into and out of an escrow. The one file an auditor of custody must read.
-- An escrow's ledger account has the escrow's id. It is opened by the hold, never goes below zero, and is empty again
-- at the end; the trigger at the bottom compares it with the escrow's row at every change (I6).
grant select, insert on public.crypto_escrows to fairlock_engine;
grant update (status, funded_at, released_at, refunded_at, disputed_at, released_amount, refunded_amount, fee_amount,
  closed_at) on public.crypto_escrows to fairlock_engine;
grant select on public.crypto_escrows to fairlock_app;

alter table public.crypto_escrows enable row level security, force row level security;
create policy "the engine keeps escrows" on public.crypto_escrows to fairlock_engine using (true);
-- One subquery per side lets each use its own index; an OR over two columns would not.
create policy "both sides see the escrow" on public.crypto_escrows for select to fairlock_app
  using (seller_id = (select fairlock.acting_user()) or buyer_id = (select fairlock.acting_user()));
create policy "a grant shows staff escrows" on public.crypto_escrows for select to fairlock_app
  using (seller_id = any (array(select fairlock.granted('trades'))) and fairlock.still_granted('trades', seller_id)
    or buyer_id = any (array(select fairlock.granted('trades'))) and fairlock.still_granted('trades', buyer_id)
    or trade_id = any (array(select fairlock.granted('case'))) and fairlock.still_granted('case', trade_id));

set local role fairlock_engine;

-- Moves the escrow's amount from the seller's wallet into the escrow. False, and nothing done, when the wallet does
-- not have it. The seller's account is locked before it is looked at, so two holds cannot count the same coins.
create function fairlock.escrow_hold(
  p_escrow uuid, p_trade uuid, p_seller_wallet uuid, p_currency text, p_amount numeric
) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform from ledger.accounts where id = p_seller_wallet and balance >= p_amount for no key update;
  if not found then
    return false;
  end if;
  perform ledger.open_account(p_escrow, 'escrow', p_currency, null);
  perform ledger.post('hold', array[p_seller_wallet, p_escrow], array[-p_amount, p_amount], null, p_trade, null);
  return true;
end $$;

-- Pays the escrow out to the buyer: the trade's amount less the buyer's fee; what is left are both sides' fees.
-- p_held is the escrow's amount, p_to_buyer what the buyer gets, 0 < p_to_buyer <= p_held.
create function fairlock.escrow_release(
  p_escrow uuid, p_trade uuid, p_buyer_wallet uuid, p_currency text, p_held numeric, p_to_buyer numeric
) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform ledger.post('release', array[p_escrow, p_buyer_wallet], array[-p_held, p_to_buyer],
    ledger.system_account('fees', p_currency), p_trade, null);
end $$;

-- Gives everything back to the seller, without a fee.
create function fairlock.escrow_refund(p_escrow uuid, p_trade uuid, p_seller_wallet uuid, p_held numeric)
returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform ledger.post('refund', array[p_escrow, p_seller_wallet], array[-p_held, p_held], null, p_trade, null);
end $$;

-- What a dispute that ends so gives whom of the escrow: p_amount and the seller's fee. A release and a refund are those
-- of every trade. A split gives the buyer exactly p_buyer_amount, less than a release would; both fees together are
-- charged in proportion to it, rounded once, half to even at the 8th decimal, and the rest is the seller's. Of the fee
-- the buyer's part is cut off at the 8th decimal, the rest is the seller's part. src/escrow/settlement.ts computes the
-- same, and a test compares the two.
create function fairlock.settlement(
  p_outcome text, p_amount numeric, p_seller_fee numeric, p_buyer_fee numeric, p_buyer_amount numeric,
  out to_buyer numeric, out to_seller numeric, out buyer_fee numeric, out seller_fee numeric
)
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  v_whole numeric := p_amount - p_buyer_fee;
  v_fees numeric := p_seller_fee + p_buyer_fee;
  v_units numeric;
  v_rest numeric;
  v_fee numeric;
begin
  if p_outcome = 'refund' then
    select 0, p_amount + p_seller_fee, 0, 0 into to_buyer, to_seller, buyer_fee, seller_fee;
    return;
  elsif p_outcome = 'release' then
    select v_whole, 0, p_buyer_fee, p_seller_fee into to_buyer, to_seller, buyer_fee, seller_fee;
    return;
  elsif p_buyer_amount <= 0 or p_buyer_amount >= v_whole then
    raise exception using errcode = '22003', message = format('a split gives the buyer more than 0 and less than %s', v_whole);
  end if;
  -- In whole units of the 8th decimal, so that a half is a half: a quotient would be rounded before it is looked at.
  v_units := div(v_fees * p_buyer_amount * 100000000, v_whole);
  v_rest := v_fees * p_buyer_amount * 100000000 - v_units * v_whole;
  if 2 * v_rest > v_whole or 2 * v_rest = v_whole and v_units % 2 = 1 then
    v_units := v_units + 1;
  end if;
  v_fee := round(v_units / 100000000, 8);
  to_buyer := p_buyer_amount;
  to_seller := p_amount + p_seller_fee - p_buyer_amount - v_fee;
  buyer_fee := case when v_fees = 0 then 0 else round(div(v_units * p_buyer_fee, v_fees) / 100000000, 8) end;
  seller_fee := v_fee - buyer_fee;
end $$;

-- Pays the escrow out to both: p_to_buyer and p_to_seller as fairlock.settlement says; what is left are the fees.
create function fairlock.escrow_split(
  p_escrow uuid, p_trade uuid, p_buyer_wallet uuid, p_seller_wallet uuid, p_currency text, p_held numeric,
  p_to_buyer numeric, p_to_seller numeric
) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform ledger.post('split', array[p_escrow, p_buyer_wallet, p_seller_wallet],
    array[-p_held, p_to_buyer, p_to_seller], ledger.system_account('fees', p_currency), p_trade, null);
end $$;

-- I6 and I7: a live escrow's account holds exactly its amount, an ended one's nothing; the parties, the amount and the
-- currency never change; the status moves only as the transition table says.
create function fairlock.guard_escrow() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance numeric;
  v_trade text;
begin
  select (select status from public.crypto_trades where id = new.trade_id and escrow_id = new.id), coalesce(
    (select balance from ledger.accounts where id = new.id and kind = 'escrow' and currency = new.currency), 0)
  into v_trade, v_balance;
  if v_balance <> (case when new.status in ('funded', 'disputed') then new.amount else 0 end) then
    raise exception using errcode = 'FL093',
      message = format('escrow %s is %s but its account holds %s', new.id, new.status, v_balance);
  elsif tg_op = 'UPDATE' then
    if new.id <> old.id or new.trade_id <> old.trade_id or new.seller_id <> old.seller_id
      or new.buyer_id <> old.buyer_id or new.amount <> old.amount or new.currency <> old.currency then
      raise exception using errcode = 'FL094', message = 'parties, amount and currency of an escrow never change';
    elsif new.status <> old.status and (old.status || ' ' || new.status) not in ('pending funded', 'funded released',
        'funded refunded', 'funded disputed', 'disputed released', 'disputed refunded') then
      raise exception using errcode = 'FL095',
        message = format('an escrow does not go from %s to %s', old.status, new.status);
    end if;
  end if;
  if coalesce(v_trade || ' ' || new.status, '') not in ('pending pending', 'funded funded', 'paid funded',
    'disputed disputed', 'completed released', 'cancelled refunded', 'expired refunded', 'cancelled pending',
    'expired pending') then
    raise exception using errcode = 'FL096', message =
      format('a trade that is %s cannot have an escrow that is %s', coalesce(v_trade, 'missing'), new.status);
  end if;
  -- A move's line is written by the trade's guard; what else changes has one of its own.
  if tg_op = 'UPDATE' and new.status = old.status and new is distinct from old then
    perform fairlock.record_row('crypto_escrows', 'id', '{released_amount,refunded_amount,fee_amount,funded_at,expires_at}',
      '{}', to_jsonb(old), to_jsonb(new));
  end if;
  return null;
end $$;
-- Attaching a trigger asks for the right to execute it; the session is the owner's.
grant execute on function fairlock.guard_escrow() to session_user;
reset role;
create trigger guard after insert or update on public.crypto_escrows
  for each row execute function fairlock.guard_escrow();
create trigger never_deleted before delete or truncate on public.crypto_escrows
  for each statement execute function ledger.refuse_change();
