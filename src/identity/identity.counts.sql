-- What is counted of people: every number is right in the transaction of its cause, and none is looked for among their
-- trades. docs/glossary.md says what each one means.
grant select, insert, update on fairlock.counterparties to fairlock_engine;
grant update (unfinished_trades, counterparties, volumes, payment_seconds, release_seconds, rating_count, rating_sum,
  rater_count, rater_means, weighted_rating, average_rating) on public.crypto_profiles to fairlock_engine;
grant select (unfinished_trades, counterparties, volumes, payment_seconds, release_seconds, rating_count, rating_sum,
  rater_count, rater_means, weighted_rating) on public.crypto_profiles to fairlock_app;

alter table fairlock.counterparties enable row level security, force row level security;
create policy "the engine counts" on fairlock.counterparties to fairlock_engine using (true);

set local role fairlock_engine;

-- Counts a completed trade for both sides. Whoever meets a counterparty again costs no row. How long payment and release
-- took is empty where nobody can tell, or where it was not the person who ended it.
create function fairlock.count_sale(
  p_seller uuid, p_buyer uuid, p_currency text, p_amount numeric, p_value numeric, p_payment interval,
  p_release interval
) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  -- Locked in the order of the ids first, like every pair of locks: an UPDATE takes them in any order.
  perform from public.crypto_profiles where user_id in (p_seller, p_buyer) order by user_id for no key update;
  with met as (
    insert into fairlock.counterparties (low_id, high_id) values (least(p_seller, p_buyer), greatest(p_seller, p_buyer))
    on conflict do nothing returning 1
  )
  update public.crypto_profiles set total_trades = total_trades + 1, successful_escrows = successful_escrows + 1,
    trading_volume = least(trading_volume + coalesce(p_value, 0), 999999999999.99999999),
    counterparties = counterparties + (select count(*) from met),
    volumes = jsonb_set(volumes, array[p_currency],
      to_jsonb((coalesce((volumes ->> p_currency)::numeric(38, 8), 0) + p_amount)::text)),
    payment_seconds = case when user_id = p_buyer and p_payment is not null
      then (extract(epoch from p_payment)::integer || payment_seconds)[1:25] else payment_seconds end,
    release_seconds = case when user_id = p_seller and p_release is not null
      then (extract(epoch from p_release)::integer || release_seconds)[1:25] else release_seconds end
  where user_id in (p_seller, p_buyer);
end $$;

-- Of a hundred trades that ended, how many did not fail by this person's doing; cut off after one decimal, so that only
-- who never failed has 100.0.
create function fairlock.completion_rate(p_completed integer, p_unfinished integer) returns text
language sql immutable
as $$ select trunc(p_completed * 100.0 / nullif(p_completed + p_unfinished, 0), 1)::text $$;

grant execute on function fairlock.completion_rate(integer, integer) to fairlock_app;

-- The trader as a row of the market shows its maker. When somebody was here is told no more exactly than others need to
-- know; a session notes its use every five minutes, so what is ten minutes old may be of now. The median is the middle
-- one, of an even number the smaller of the two; written out, because a function with an aggregate costs ten times it.
create view fairlock.makers as
  select p.user_id, jsonb_build_object('id', p.user_id, 'displayName', p.display_name, 'totalTrades', p.total_trades,
    'averageRating', p.average_rating::text, 'ratings', p.rating_count,
    'completionRate', fairlock.completion_rate(p.total_trades, p.unfinished_trades),
    'medianPaymentMinutes', case when p.payment_seconds <> '{}' then (
      select greatest(1, round(percentile_disc(0.5) within group (order by s) / 60.0))::integer
      from unnest(p.payment_seconds) s) end,
    'medianReleaseMinutes', case when p.release_seconds <> '{}' then (
      select greatest(1, round(percentile_disc(0.5) within group (order by s) / 60.0))::integer
      from unnest(p.release_seconds) s) end,
    'isVerifiedTrader', p.is_verified_trader,
    'lastSeen', case when seen.ago < interval '10 minutes' then 'now' when seen.ago < interval '1 hour' then 'hour'
      when seen.ago < interval '1 day' then 'day' when seen.ago < interval '7 days' then 'week'
      when seen.ago is not null then 'longer' end) as body
  from public.crypto_profiles p cross join lateral (
    select now() - greatest((select max(s.last_seen_at) from fairlock.sessions s where s.user_id = p.user_id),
      (select max(k.last_used_at) from fairlock.api_keys k where k.user_id = p.user_id)) as ago
    -- Or the planner writes it in four places, and it is read in each.
    offset 0
  ) seen;
grant select on fairlock.makers to fairlock_app;

-- Everything that everybody may know of a trader.
create function fairlock.trader_profile(p_user uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select m.body || jsonb_build_object('weightedRating', p.weighted_rating::text, 'raters', p.rater_count,
    'unfinishedTrades', p.unfinished_trades, 'counterparties', p.counterparties, 'volumes', p.volumes,
    'disputedTrades', p.disputed_trades, 'disputesLost', (
      select count(*) from fairlock.faults f
      where f.user_id = p.user_id and f.kind = 'dispute_lost' and f.forgiven_at is null),
    'since', to_char(p.created_at at time zone 'UTC', 'YYYY-MM-DD'))
  from fairlock.makers m join public.crypto_profiles p using (user_id) where m.user_id = p_user
$$;
grant execute on function fairlock.trader_profile(uuid) to fairlock_app;

-- Counts one person anew from the rows of their trades and ratings: after the migration that brought the counters, and
-- where the verifier found one wrong.
create function fairlock.recount_person(p_user uuid) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  perform from public.crypto_profiles where user_id = p_user for no key update;
  insert into fairlock.counterparties (low_id, high_id)
  select distinct least(user_id, buyer_id), greatest(user_id, buyer_id) from public.crypto_trades
  where p_user in (user_id, buyer_id) and status = 'completed' and buyer_id is not null on conflict do nothing;
  update public.crypto_profiles p set
    unfinished_trades = (select count(*) from fairlock.faults where user_id = p_user and kind <> 'dispute_lost'
      and forgiven_at is null),
    counterparties = (select count(*) from fairlock.counterparties where p_user in (low_id, high_id)),
    volumes = coalesce((
      select jsonb_object_agg(currency, amount::text) from (
        select split_part(pair, '/', 1) as currency,
          sum(fairlock.sold_of(amount, id, amount - buyer_fee))::numeric(38, 8) as amount
        from public.crypto_trades where p_user in (user_id, buyer_id) and status = 'completed' and same_as is null
        group by 1
      ) sums), '{}'),
    payment_seconds = array(
      select extract(epoch from t.paid_at - t.funded_at)::integer from public.crypto_trades t
      where t.buyer_id = p_user and t.status = 'completed' and t.paid_at >= t.funded_at
      order by t.completed_at desc limit 25),
    release_seconds = array(
      select extract(epoch from t.completed_at - t.paid_at)::integer from public.crypto_trades t
      where t.user_id = p_user and t.status = 'completed' and t.completed_at >= t.paid_at and t.ended_by_actor = 'seller'
      order by t.completed_at desc limit 25)
  where p.user_id = p_user;
  perform fairlock.recount_volume(p_user);
end $$;
reset role;
