-- mode: statements
-- changes public.crypto_transactions (network_fee, platform_fee, destination_name, destination_description)
-- changes public.crypto_transactions (exchange_rate, fiat_value, fiat_currency)
-- What every row of a statement says of itself: its fees, where the coins went, its price and worth, and in which money.
alter table public.crypto_transactions add column fiat_currency text;

-- Rows of trades that do not say their worth: none, once the block below is through. What the program of before still
-- writes until its functions are replaced is found here when they are (src/wallets/wallets.movements.sql).
create index concurrently crypto_transactions_untold on public.crypto_transactions (id)
  where trade_id is not null and fiat_currency is null;

-- The law of decision 13, with two lines more: a category is one of few, so that reports can rely on it, and nothing is
-- in a currency that has no worth. Rows without a category are from before Fairlock.
create or replace function fairlock.broken_law(r public.crypto_transactions) returns text
language sql immutable
as $$
  select case
    when not (r.category in ('trade', 'adjustment', 'deposit', 'withdrawal', 'fee')
      and (r.category <> 'trade' or r.trade_id is not null))
      then 'crypto_transactions_category'
    when not (r.confirmations >= 0 and r.block_number >= 0 and r.gas_limit >= 0 and r.gas_used >= 0
      and r.gas_price >= 0 and r.gas_price <> 'NaN')
      then 'crypto_transactions_chain'
    when not (r.currency <> '' and r.currency = upper(r.currency))
      then 'crypto_transactions_currency'
    when not (r.transaction_fee >= 0 and r.transaction_fee <> 'NaN' and r.network_fee >= 0 and r.network_fee <> 'NaN'
      and r.platform_fee >= 0 and r.platform_fee <> 'NaN')
      then 'crypto_transactions_fees'
    when not (r.exchange_rate > 0 and r.exchange_rate <> 'NaN' and r.fiat_value >= 0 and r.fiat_value <> 'NaN'
      and (r.fiat_currency is null or r.fiat_value is not null))
      then 'crypto_transactions_value'
  end
$$;

-- Row-level security is forced on the owner too. Policies of its own let the block below see the rows without a lock on
-- the table while it works.
create policy "0039 fills in old rows" on public.crypto_transactions to current_user using (true);
create policy "0039 asks trades" on public.crypto_trades for select to current_user using (true);
create policy "0039 asks currencies" on fairlock.currencies for select to current_user using (true);

-- What the trade tells of its old rows. Small batches with pauses, so that nobody waits behind them (decision 6). Of rows
-- from before Fairlock, which have no category, only price and worth are known.
do $$
declare
  v_last uuid := '00000000-0000-0000-0000-000000000000';
  v_ids uuid[];
begin
  loop
    v_ids := array(select id from public.crypto_transactions
      where trade_id is not null and fiat_currency is null and id > v_last order by id limit 500);
    exit when v_ids = '{}';
    update public.crypto_transactions x set
      network_fee = case when x.category is not null then coalesce(x.network_fee, 0) else x.network_fee end,
      platform_fee = case when x.category is not null then coalesce(x.platform_fee, 0) else x.platform_fee end,
      exchange_rate = coalesce(x.exchange_rate, told.price),
      fiat_value = coalesce(x.fiat_value, told.worth),
      fiat_currency = case when coalesce(x.fiat_value, told.worth) is not null then told.code end,
      destination_name = coalesce(x.destination_name, case when x.category is not null then
        case x.transaction_type when 'hold' then 'Escrow' when 'sell' then 'Buyer' when 'buy' then 'Wallet'
          when 'refund' then 'Wallet' end end),
      destination_description = coalesce(x.destination_description, case when x.category is not null then
        case x.transaction_type when 'hold' then 'Held for trade ' when 'buy' then 'Received in trade '
          when 'sell' then 'Released from escrow to the buyer of trade '
          when 'refund' then 'Returned from the escrow of trade ' end || told.reference end)
    from (
      select m.id, t.price, c.code, upper(right(t.id::text, 12)) as reference,
        case when m.amount * t.price < 999999999999 then round(m.amount * t.price, c.decimals) end as worth
      from public.crypto_transactions m join public.crypto_trades t on t.id = m.trade_id
      join fairlock.currencies c on c.code = split_part(t.pair, '/', 2)
      where m.id = any (v_ids)
    ) told
    where x.id = told.id;
    v_last := v_ids[cardinality(v_ids)];
    perform pg_sleep(case cardinality(v_ids) when 500 then 0.02 else 0 end);
  end loop;
end $$;

drop policy "0039 fills in old rows" on public.crypto_transactions;
drop policy "0039 asks trades" on public.crypto_trades;
drop policy "0039 asks currencies" on fairlock.currencies;
