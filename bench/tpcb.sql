-- TPC-B as pgbench has it, and the same transaction as one function.
create schema bench;
create table pgbench_branches (bid integer not null, bbalance integer, filler char(88)) with (fillfactor = 100);
create table pgbench_tellers (tid integer not null, bid integer, tbalance integer, filler char(84)) with (fillfactor = 100);
create table pgbench_accounts (aid integer not null, bid integer, abalance integer, filler char(84)) with (fillfactor = 100);
create table pgbench_history (tid integer, bid integer, aid integer, delta integer, mtime timestamp, filler char(22));

create procedure bench.fill(p_scale integer)
language plpgsql
as $$
begin
  insert into pgbench_branches (bid, bbalance) select n, 0 from generate_series(1, p_scale) n;
  insert into pgbench_tellers (tid, bid, tbalance) select n, (n - 1) / 10 + 1, 0 from generate_series(1, p_scale * 10) n;
  insert into pgbench_accounts (aid, bid, abalance, filler)
  select n, (n - 1) / 100000 + 1, 0, '' from generate_series(1, p_scale * 100000) n;
  alter table pgbench_branches add primary key (bid);
  alter table pgbench_tellers add primary key (tid);
  alter table pgbench_accounts add primary key (aid);
end $$;

create function bench.tpcb(p_aid integer, p_bid integer, p_tid integer, p_delta integer) returns integer
language plpgsql volatile
as $$
declare
  v_balance integer;
begin
  update pgbench_accounts set abalance = abalance + p_delta where aid = p_aid;
  select abalance into v_balance from pgbench_accounts where aid = p_aid;
  update pgbench_tellers set tbalance = tbalance + p_delta where tid = p_tid;
  update pgbench_branches set bbalance = bbalance + p_delta where bid = p_bid;
  insert into pgbench_history (tid, bid, aid, delta, mtime) values (p_tid, p_bid, p_aid, p_delta, current_timestamp);
  return v_balance;
end $$;
