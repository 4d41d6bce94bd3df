-- Movements of trades that do not say their worth: what the program of before wrote between migration 0039 and this moment,
-- in which its functions are replaced. An index that holds only these finds them, so this costs nothing once there are none.
set local role fairlock_engine;
update public.crypto_transactions x set network_fee = told.network_fee, exchange_rate = told.exchange_rate,
  fiat_value = told.fiat_value, fiat_currency = told.fiat_currency, destination_name = told.destination_name,
  destination_description = told.destination_description
from (
  select m.id, f.* from public.crypto_transactions m join public.crypto_trades t on t.id = m.trade_id,
    lateral fairlock.movement_facts(m.transaction_type, m.amount, t.price, split_part(t.pair, '/', 2), t.id) f
  where m.trade_id is not null and m.fiat_currency is null and m.category = 'trade'
) told
where x.id = told.id;
reset role;
