-- mode: statements
-- What the product asks for all the time: the deadline sweep, each participant's pages, what is held.
create index concurrently crypto_trades_deadline
  on public.crypto_trades (deadline) where status in ('pending', 'funded', 'paid');
create index concurrently crypto_trades_seller_page on public.crypto_trades (user_id, created_at desc, id);
create index concurrently crypto_trades_buyer_page on public.crypto_trades (buyer_id, created_at desc, id);
create index concurrently crypto_escrows_holding
  on public.crypto_escrows (seller_id, currency) where status in ('funded', 'disputed');
create index concurrently crypto_transactions_page on public.crypto_transactions (user_id, created_at, id);
create index concurrently crypto_transactions_trade on public.crypto_transactions (trade_id);
