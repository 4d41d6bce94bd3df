-- The feed: which sources are asked when, and what they said. Times are those of the worker that asks.
grant select, insert, update, delete on fairlock.price_sources to fairlock_engine;
alter table fairlock.price_sources enable row level security, force row level security;
create policy "the engine keeps what sources say" on fairlock.price_sources to fairlock_engine using (true);

set local role fairlock_engine;

-- Begins a round: who is due is given to this worker alone, so that several do not ask twice as much. Returns them, what
-- every source said last, what there is to be priced, and the rules. Sources that are asked no more are forgotten.
-- p: [{"source", "everySeconds"}].
create function fairlock.begin_price_round(p jsonb, p_now timestamptz) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_due text[];
begin
  delete from fairlock.price_sources s
  where not exists (select from jsonb_to_recordset(p) r (source text) where r.source = s.source);
  insert into fairlock.price_sources (source, next_at)
  select r.source, p_now from jsonb_to_recordset(p) r (source text) order by r.source
  on conflict (source) do nothing;
  with asked as (
    select s.source, r."everySeconds" as every_seconds
    from fairlock.price_sources s
    join jsonb_to_recordset(p) r (source text, "everySeconds" integer) using (source)
    -- A second early is on time: rounds and paces are both half minutes, and the former wander.
    -- None waits for longer than an hour or its pace: whoever does was asked by a clock that was ahead.
    where s.next_at <= p_now + interval '1 second'
      or s.next_at > p_now + make_interval(secs => 60 + greatest(3600, r."everySeconds")) order by s.source for update of s
  ), taken as (
    update fairlock.price_sources s set next_at = p_now + make_interval(secs => asked.every_seconds), tried_at = p_now
    from asked where s.source = asked.source returning s.source
  )
  select coalesce(array_agg(source order by source), '{}') into v_due from taken;
  return jsonb_build_object(
    'due', v_due,
    'ticks', (select coalesce(jsonb_object_agg(s.source, s.ticks), '{}') from fairlock.price_sources s),
    'outliers', (select coalesce(jsonb_object_agg(s.source, s.outliers), '{}') from fairlock.price_sources s),
    'coins', (select jsonb_agg(c.code order by c.code) from fairlock.currencies c where c.kind = 'crypto'),
    'fiats', (select jsonb_agg(c.code order by c.code) from fairlock.currencies c where c.kind = 'fiat'),
    'rules', (select jsonb_build_object('maxAgeSeconds', s.quote_max_age_seconds, 'leastSources', s.quote_least_sources,
      'mostSpreadPercent', s.quote_most_spread_percent, 'referenceHours', s.reference_max_age_hours)
      from fairlock.settings s));
end $$;
grant execute on function fairlock.begin_price_round(jsonb, timestamptz) to fairlock_app;

-- Counts by word, added up.
create function fairlock.add_counts(a jsonb, b jsonb) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_object_agg(word, count), '{}')
  from (select word, sum(count::bigint) as count
    from (select * from jsonb_each_text(a) union all select * from jsonb_each_text(b)) e (word, count) group by word) s
$$;

-- Keeps how a source was read: its prices when it was, the reason when it was not. Returns 'failing' or 'back' when that
-- is news, so that one worker says it once. p: {"source", "at", "ticks", "failure", "dropped", "breaker", "nextAt"}.
create function fairlock.keep_price_reading(p jsonb) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_failure text := p ->> 'failure';
  v_at timestamptz := (p ->> 'at')::timestamptz;
  v_was timestamptz;
begin
  select s.failing_since into v_was from fairlock.price_sources s where s.source = p ->> 'source' for update;
  update fairlock.price_sources s set
    ticks = case when p ? 'ticks' then p -> 'ticks' else s.ticks end,
    read_at = case when p ? 'ticks' then v_at else s.read_at end,
    reads = s.reads + case when p ? 'ticks' then 1 else 0 end,
    failing_since = case when v_failure is not null then coalesce(s.failing_since, v_at) end,
    failure = v_failure,
    failures = case when v_failure is null then s.failures
      else fairlock.add_counts(s.failures, jsonb_build_object(v_failure, 1)) end,
    dropped = fairlock.add_counts(s.dropped, p -> 'dropped'),
    breaker = p ->> 'breaker',
    next_at = greatest(s.next_at, (p ->> 'nextAt')::timestamptz)
  where s.source = p ->> 'source';
  return case when v_was is null and v_failure is not null then 'failing'
    when v_was is not null and v_failure is null then 'back' end;
end $$;
grant execute on function fairlock.keep_price_reading(jsonb) to fairlock_app;

-- Keeps how many prices of each source lie too far from the others. Returns the sources for which that began or ended,
-- with the number. p: {"kraken": 0}.
create function fairlock.keep_price_outliers(p jsonb) returns jsonb
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with told as (
    select s.source, s.outliers as before, e.value::integer as after
    from jsonb_each_text(p) e join fairlock.price_sources s on s.source = e.key
    where s.outliers <> e.value::integer order by s.source for update of s
  ), kept as (
    update fairlock.price_sources s set outliers = told.after from told where s.source = told.source returning s.source
  )
  select coalesce(jsonb_object_agg(told.source, told.after), '{}')
  from told join kept on kept.source = told.source where (told.before = 0) <> (told.after = 0)
$$;
grant execute on function fairlock.keep_price_outliers(jsonb) to fairlock_app;

-- What the command line and the metrics say of the feed. The quotes of coins and the rates of exchange with their
-- number, how many of them nothing may be priced by, and the age of the oldest good one.
create function fairlock.price_feed_state() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'sources', (select coalesce(jsonb_agg(jsonb_build_object('source', s.source, 'triedAt', s.tried_at, 'readAt', s.read_at,
        'nextAt', s.next_at, 'failingSince', s.failing_since, 'failure', s.failure, 'breaker', s.breaker, 'outliers', s.outliers,
        'reads', s.reads, 'failures', s.failures, 'dropped', s.dropped) order by s.source), '[]')
      from fairlock.price_sources s),
    'kinds', (select jsonb_object_agg(k.kind, to_jsonb(k) - 'kind') from (
      select case base.kind when 'fiat' then 'rate' else 'coin' end as kind, count(*) as pairs,
        count(*) filter (where g.good is not true) as without,
        extract(epoch from clock_timestamp() - max(q.as_of))::integer as "newestSeconds",
        extract(epoch from clock_timestamp() - min(q.as_of) filter (where g.good))::integer as "oldestGoodSeconds"
      from fairlock.currencies base
      join fairlock.currencies quote on quote.kind = 'fiat' and quote.code <> base.code
        and (base.kind = 'crypto' or quote.code = 'USD')
      left join fairlock.market_quotes q on q.pair = base.code || '/' || quote.code
      cross join lateral (select fairlock.is_good(q) as good) g
      group by 1) k))
$$;
grant execute on function fairlock.price_feed_state() to fairlock_app;
reset role;
