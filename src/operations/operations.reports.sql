-- Reports for whoever runs the house. Amounts are decimal text, days are UTC days.
set local role fairlock_engine;

create function fairlock.report_fees(p_from date, p_to date) returns setof jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('day', day, 'currency', split_part(pair, '/', 1), 'trades', sum(trades),
    'amount', sum(fees)::numeric(38, 8)::text)
  from fairlock.days(p_from, p_to) group by day, split_part(pair, '/', 1) order by day, split_part(pair, '/', 1)
$$;

create function fairlock.report_volume(p_from date, p_to date) returns setof jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('day', day, 'pair', pair, 'trades', sum(trades), 'amount', sum(amount)::numeric(38, 8)::text,
    'totalValue', sum(total_value)::numeric(38, 8)::text,
    'referenceValue', case when sum(valued_trades) > 0 then sum(reference_value)::numeric(38, 8)::text end,
    'valuedTrades', sum(valued_trades))
  from fairlock.days(p_from, p_to) group by day, pair order by day, pair
$$;

-- Escrows of live trades, which an index of live trades finds however many have ended.
create function fairlock.report_escrows() returns setof jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('currency', e.currency, 'status', e.status, 'escrows', count(*),
    'amount', sum(e.amount)::numeric(38, 8)::text, 'oldestAt', fairlock.rfc3339(min(e.created_at)),
    'oldestSeconds', floor(extract(epoch from clock_timestamp() - min(e.created_at)))::bigint)
  from public.crypto_trades t join public.crypto_escrows e on e.trade_id = t.id
  where t.status in ('pending', 'funded', 'paid', 'disputed')
  group by e.currency, e.status order by e.currency, e.status
$$;

-- I4: what people have available and in escrow, and what the fees have come to, is what custody owes; the difference is zero.
create function fairlock.report_liabilities() returns setof jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('currency', currency,
    'available', coalesce(sum(balance) filter (where kind = 'trader'), 0)::numeric(38, 8)::text,
    'held', coalesce(sum(balance) filter (where kind = 'escrow'), 0)::numeric(38, 8)::text,
    'fees', coalesce(sum(balance) filter (where kind = 'fees'), 0)::numeric(38, 8)::text,
    'custody', coalesce(sum(balance) filter (where kind = 'custody'), 0)::numeric(38, 8)::text,
    'difference', sum(balance)::numeric(38, 8)::text)
  from (
    select kind, currency, balance from ledger.accounts where kind = 'trader'
    union all
    -- The accounts of ended escrows are empty, and there is one for every trade there ever was.
    select a.kind, a.currency, a.balance from public.crypto_escrows e join ledger.accounts a on a.id = e.id
    where e.status in ('funded', 'disputed') and a.kind = 'escrow'
    union all
    select kind, currency, balance from ledger.balances where kind in ('fees', 'custody')
  ) books
  group by currency order by currency
$$;

-- By day or week (from its Monday): disputes by when they were opened, and by when they ended.
create function fairlock.report_disputes(p_from date, p_to date, p_by text) returns setof jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with bounds as (
    select p_from::timestamp at time zone 'UTC' as first, p_to::timestamp at time zone 'UTC' as after
  ), facts as (
    select d.created_at as at, 1 as opened, 0 as ended, null::text as status, null::text as outcome,
      null::interval as took, 0::bigint as completed
    from public.crypto_disputes d, bounds where d.created_at >= bounds.first and d.created_at < bounds.after
    union all
    select d.resolved_at, 0, 1, d.status, r.outcome, d.resolved_at - d.created_at, 0
    from bounds, public.crypto_disputes d
    left join lateral (
      select outcome from fairlock.dispute_rulings where dispute_id = d.id and state = 'settled' order by ruled_at desc limit 1
    ) r on d.status = 'resolved'
    where d.resolved_at >= bounds.first and d.resolved_at < bounds.after
    union all
    select day::timestamp at time zone 'UTC', 0, 0, null, null, null, trades from fairlock.days(p_from, p_to)
  ), periods as (
    select case p_by when 'week' then date_trunc('week', at at time zone 'UTC') else at at time zone 'UTC' end::date as period,
      sum(opened) as opened, sum(completed) as completed, count(*) filter (where status = 'resolved') as ruled,
      count(*) filter (where outcome = 'release') as released, count(*) filter (where outcome = 'refund') as refunded,
      count(*) filter (where outcome = 'split') as split, count(*) filter (where status = 'closed') as closed,
      percentile_cont(0.5) within group (order by took) filter (where status = 'resolved') as median
    from facts group by 1
  )
  select jsonb_build_object('period', period, 'opened', opened, 'ruled', ruled, 'ruledRelease', released,
    'ruledRefund', refunded, 'ruledSplit', split, 'endedBySides', closed, 'completedTrades', completed,
    'openedPerHundred', case when completed > 0 then round(100.0 * opened / completed, 2)::text end,
    'medianHours', round(extract(epoch from median) / 3600, 2)::text)
  from periods order by period
$$;

create function fairlock.report(p_report text, p_from date, p_to date, p_by text) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_rows jsonb;
begin
  case p_report
    when 'fees' then select jsonb_agg(r) into v_rows from fairlock.report_fees(p_from, p_to) r;
    when 'volume' then select jsonb_agg(r) into v_rows from fairlock.report_volume(p_from, p_to) r;
    when 'escrows' then select jsonb_agg(r) into v_rows from fairlock.report_escrows() r;
    when 'liabilities' then select jsonb_agg(r) into v_rows from fairlock.report_liabilities() r;
    when 'disputes' then select jsonb_agg(r) into v_rows from fairlock.report_disputes(p_from, p_to, p_by) r;
    else raise exception using errcode = '22023', message = format('there is no report %s', p_report);
  end case;
  return jsonb_build_object('report', p_report, 'asOf', fairlock.rfc3339(clock_timestamp()), 'rows', coalesce(v_rows, '[]'));
end $$;

-- The same for administrators and compliance.
create function fairlock.operator_report(p_report text, p_from date, p_to date, p_by text) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if fairlock.acting_user() is null then
    raise exception using errcode = 'FL001', message = 'nobody is signed in';
  elsif fairlock.acting_key() is not null then
    return fairlock.refuse('session_only');
  elsif not (fairlock.has_role('admin') or fairlock.has_role('compliance')) then
    return fairlock.refuse('admin_only');
  end if;
  return fairlock.report(p_report, p_from, p_to, p_by);
end $$;
grant execute on function fairlock.operator_report(text, date, date, text) to fairlock_app;
reset role;
