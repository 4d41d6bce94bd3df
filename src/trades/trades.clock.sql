-- What the clock does to trades, and what it counts.
set local role fairlock_engine;

-- For the background work: ends one trade whose deadline has passed. It decides again under the lock, so that it
-- never acts twice and never against somebody who was in time.
create function fairlock.expire_trade(p_trade uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('fairlock.user_id', '', true);
  return fairlock.move_trade(p_trade, 'expire', true, null);
end $$;
grant execute on function fairlock.expire_trade(uuid) to fairlock_app;

-- Trades whose open duty is over, oldest first. A paid trade is not among them: only a person ends it (the seller by
-- releasing, the buyer by conceding, an arbitrator by ruling).
create function fairlock.overdue_trades(p_most integer) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select id from public.crypto_trades where status in ('pending', 'funded') and deadline <= clock_timestamp()
  order by deadline limit p_most
$$;
grant execute on function fairlock.overdue_trades(integer) to fairlock_app;

-- For the metrics: live trades by status, and how many are past their deadline.
create function fairlock.count_live_trades() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('pending', count(*) filter (where status = 'pending'),
    'funded', count(*) filter (where status = 'funded'), 'paid', count(*) filter (where status = 'paid'),
    'overdue', count(*) filter (where deadline < clock_timestamp()))
  from public.crypto_trades where status in ('pending', 'funded', 'paid')
$$;
grant execute on function fairlock.count_live_trades() to fairlock_app;
reset role;
