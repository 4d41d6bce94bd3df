-- What a row of a statement says beside who, what and how much: one place, so that takes, moves, rulings and adjustments
-- cannot differ.
grant update (network_fee, platform_fee, exchange_rate, fiat_value, fiat_currency, destination_name,
  destination_description) on public.crypto_transactions to fairlock_engine;

set local role fairlock_engine;

-- The facts of a movement. p_rate is the trade's own price, or for an adjustment the reference rate of that moment, in
-- p_fiat; p_trade is empty for an adjustment. The worth never has a sign: the amount has it. Nobody can tell a rate: then
-- none, and no worth; nor what is too large or too small for its column. The words name nobody, so that an erasure need not
-- look for them. Without SET, so that the planner puts it into the INSERT that asks.
create function fairlock.movement_facts(p_type text, p_amount numeric, p_rate numeric, p_fiat text, p_trade uuid)
returns table (network_fee numeric, category text, exchange_rate numeric, fiat_value numeric, fiat_currency text,
  destination_name text, destination_description text)
language sql stable
as $$
  select 0::numeric, case when p_trade is null then 'adjustment' else 'trade' end,
    case when p_rate >= 0.00000001 and p_rate < 999999999999 then p_rate end,
    worth.value, case when worth.value is not null then p_fiat end,
    case when p_type = 'hold' then 'Escrow' when p_type = 'sell' then 'Buyer' when p_amount < 0 then 'Operator'
      else 'Wallet' end,
    case p_type when 'hold' then 'Held for trade ' when 'buy' then 'Received in trade '
      when 'sell' then 'Released from escrow to the buyer of trade '
      when 'refund' then 'Returned from the escrow of trade '
      else case when p_amount < 0 then 'Debited by the operator' else 'Credited by the operator' end
    end || case when p_trade is null then '' else upper(right(p_trade::text, 12)) end
  from (
    select case when abs(p_amount * p_rate) < 999999999999 then round(abs(p_amount * p_rate),
      (select decimals from fairlock.currencies where code = p_fiat)) end as value offset 0
  ) worth
$$;

-- What a movement does to the coins that can be used, and to those in live escrows; nothing is known of rows from before
-- Fairlock, which have no category.
create function fairlock.available_change(x public.crypto_transactions) returns numeric
language sql immutable
as $$
  select case when x.category is null then null when x.status <> 'completed' or x.transaction_type = 'sell' then 0
    when x.transaction_type in ('hold', 'withdrawal', 'fee') then -x.amount else x.amount end
$$;
create function fairlock.held_change(x public.crypto_transactions) returns numeric
language sql immutable
as $$
  select case when x.category is null then null when x.status <> 'completed' then 0 when x.transaction_type = 'hold' then x.amount
    when x.transaction_type in ('sell', 'refund') then -x.amount else 0 end
$$;
grant execute on function fairlock.available_change(public.crypto_transactions) to fairlock_app;
grant execute on function fairlock.held_change(public.crypto_transactions) to fairlock_app;
reset role;
