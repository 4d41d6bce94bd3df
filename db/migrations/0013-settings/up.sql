-- Numbers that the operator chooses, kept where the rules that use them run. `fairlock serve` and `fairlock db up`
-- write them from the configuration.
create table fairlock.settings (
  one                     boolean primary key default true check (one),
  maker_fee_rate          numeric(9, 8) not null default 0.001 check (maker_fee_rate between 0 and 0.1),
  taker_fee_rate          numeric(9, 8) not null default 0.002 check (taker_fee_rate between 0 and 0.1),
  funding_window_minutes  integer not null default 30 check (funding_window_minutes between 1 and 1440),
  release_window_minutes  integer not null default 1440 check (release_window_minutes between 10 and 20160),
  open_offers_per_user    integer not null default 50 check (open_offers_per_user between 1 and 1000),
  live_trades_per_user    integer not null default 20 check (live_trades_per_user between 1 and 100000)
);
insert into fairlock.settings default values;

-- The legal moves of a trade and its escrow; the text of src/trades/states.ts, compared with it by a test.
create table fairlock.trade_transitions (
  from_status   text not null,
  event         text not null,
  actor         text not null check (actor in ('seller', 'buyer', 'arbitrator', 'clock')),
  to_status     text not null,
  escrow_from   text not null,
  escrow_to     text not null,
  primary key (from_status, event, actor, escrow_from)
);
