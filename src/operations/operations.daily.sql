-- Days of trading, added up behind the trades: reports over years read a few rows for each day, and the trades of the last
-- minute themselves. Nothing on the path of a trade waits for it.
do $$
declare
  t regclass;
begin
  foreach t in array array['fairlock.daily_trades', 'fairlock.daily_mark']::regclass[] loop
    execute format('alter table %s enable row level security, force row level security', t);
    execute format('create policy "the engine adds up days" on %s to fairlock_engine using (true)', t);
    execute format('grant select, insert, update on %s to fairlock_engine', t);
  end loop;
end $$;

set local role fairlock_engine;

-- What was completed by the entries after p_from up to p_to, by UTC day and pair. A transfer that pays an escrow out has one
-- entry of the escrow's own account, and belongs where that one is. A split counts as far as the buyer got the coins.
create function fairlock.completed_between(p_from bigint, p_to bigint)
returns table (
  day date, pair text, trades bigint, amount numeric, total_value numeric, fees numeric, reference_value numeric,
  valued_trades bigint
)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select done.day, done.pair, count(*), sum(round(done.amount * done.share, 8)),
    sum(round(done.total_value * done.share, 8)),
    sum(done.fees), coalesce(sum(round(done.reference_value * done.share, 8)), 0), count(done.reference_value)
  from (
    select (t.created_at at time zone 'UTC')::date as day, c.pair, c.amount, coalesce(c.total_value, 0) as total_value,
      c.reference_value,
      e.released_amount / (c.amount - c.buyer_fee) as share, coalesce((
        select sum(f.amount) from ledger.entries f
        where f.transfer_id = t.id and f.account_id = ledger.system_account('fees', own.currency)), 0) as fees
    from ledger.entries own
    join ledger.transfers t on t.id = own.transfer_id
    join public.crypto_trades c on c.id = t.trade_id
    join public.crypto_escrows e on e.id = own.account_id
    where own.id > p_from and own.id <= p_to and own.amount < 0 and t.kind in ('release', 'split')
  ) done
  group by done.day, done.pair
$$;

-- Adds up the next entries of the ledger, at most so many; gives how far it came. Everything below the ledger's own mark is
-- final (ledger.roll_up says why), so that nothing is counted twice or missed. A second worker waits for the first.
create function fairlock.count_days(p_most integer) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_from bigint;
  v_to bigint;
begin
  select entry_id into v_from from fairlock.daily_mark for no key update;
  select least(v_from + p_most, greatest(
    (select max(rolled_up_to) from ledger.accounts where kind in ('fees', 'custody')),
    (select entry_id from ledger.roll_up_mark where settled_after <= pg_snapshot_xmin(pg_current_snapshot()))))
  into v_to;
  if v_to is null or v_to <= v_from then
    return 0;
  end if;
  insert into fairlock.daily_trades as d
  select * from fairlock.completed_between(v_from, v_to)
  on conflict (day, pair) do update set trades = d.trades + excluded.trades, amount = d.amount + excluded.amount,
    total_value = d.total_value + excluded.total_value, fees = d.fees + excluded.fees,
    reference_value = d.reference_value + excluded.reference_value, valued_trades = d.valued_trades + excluded.valued_trades;
  update fairlock.daily_mark set entry_id = v_to;
  return v_to - v_from;
end $$;
grant execute on function fairlock.count_days(integer) to fairlock_app;

-- The days from p_from up to the one before p_to, with what is not added up yet.
create function fairlock.days(p_from date, p_to date) returns setof fairlock.daily_trades
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select * from fairlock.daily_trades where day >= p_from and day < p_to
  union all
  select c.* from fairlock.daily_mark m, fairlock.completed_between(m.entry_id, 9223372036854775807) c
  where c.day >= p_from and c.day < p_to
$$;
reset role;
