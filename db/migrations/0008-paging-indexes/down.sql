-- mode: statements
drop index concurrently if exists public.crypto_transactions_trade;
drop index concurrently if exists public.crypto_transactions_page;
drop index concurrently if exists public.crypto_escrows_holding;
drop index concurrently if exists public.crypto_trades_buyer_page;
drop index concurrently if exists public.crypto_trades_seller_page;
drop index concurrently if exists public.crypto_trades_deadline;
