-- keep public.crypto_transactions (fiat_currency)
create or replace function fairlock.broken_law(r public.crypto_transactions) returns text
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
drop index public.crypto_transactions_untold;
alter table public.crypto_transactions drop column fiat_currency;
