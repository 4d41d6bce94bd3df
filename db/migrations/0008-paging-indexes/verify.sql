select format('index public.%s is missing or invalid', name) as problem
from unnest(array[
  'crypto_trades_deadline', 'crypto_trades_seller_page', 'crypto_trades_buyer_page',
  'crypto_escrows_holding', 'crypto_transactions_page', 'crypto_transactions_trade'
]) as name
where not exists (select from pg_index where indexrelid = to_regclass('public.' || name) and indisvalid);
