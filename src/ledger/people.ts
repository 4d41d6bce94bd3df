import type { Check } from './checks.ts'

/** Whoever is rated was rated by the rows of their trades, and the means are those of the numbers there (I13). */
const ratings: Check = {
  name: 'ratings are the means of what was given',
  invariant: 'I13',
  counts: 'fairlock.ratings',
  distance: 3,
  // Who came from an earlier platform keeps the average they brought until somebody rates them here.
  findings: `
    with given as (
      select id as trade_id, user_id as rated, buyer_id as rater, seller_rating as rating
      from crypto_trades where seller_rating is not null
      union all select id, buyer_id, user_id, buyer_rating from crypto_trades where buyer_rating is not null
    ), pairs as (
      select rated, rater, count(*) as ratings, sum(rating) as total from given group by 1, 2
    ), means as (
      select rated, sum(ratings) as ratings, sum(total) as total, count(*) as raters,
        sum(round(total / ratings, 8)) as means from pairs group by rated
    )
    select null::bigint as transfer, p.created_at as at, 'public.crypto_profiles' as "table", p.id::text as id,
      format('of %s says %s from %s ratings and %s from %s people, but was given %s ratings of %s together by %s people',
        p.user_id, coalesce(p.average_rating::text, 'nothing'), p.rating_count, coalesce(p.weighted_rating::text, 'nothing'),
        p.rater_count, coalesce(m.ratings, 0), coalesce(m.total, 0), coalesce(m.raters, 0)) as what
    from crypto_profiles p left join means m on m.rated = p.user_id
    where (p.rating_count, p.rating_sum, p.rater_count, p.rater_means)
        <> (coalesce(m.ratings, 0), coalesce(m.total, 0), coalesce(m.raters, 0), coalesce(m.means, 0))
      or m.ratings > 0 and (p.average_rating is distinct from round(m.total / m.ratings, 2)
        or p.weighted_rating is distinct from round(m.means / m.raters, 2))
    union all
    select null, c.given_on::timestamptz, 'fairlock.ratings', c.id::text,
      format('of trade %s is not what the trade says', c.trade_id)
    from fairlock.ratings c left join given g on g.trade_id = c.trade_id and g.rated = c.rated_id and g.rater = c.rater_id
    where g.trade_id is null
    union all
    select null, t.created_at, 'public.crypto_trades', t.id::text, 'was rated, but has no row for it'
    from given g join crypto_trades t on t.id = g.trade_id
    where not exists (select from fairlock.ratings r where r.trade_id = g.trade_id and r.rated_id = g.rated)
    union all
    select null, p.created_at, 'public.crypto_profiles', p.id::text,
      format('of %s counts %s and %s ratings from %s, who gave %s and %s', c.low_id, c.low_ratings, c.low_sum, c.high_id,
        coalesce(g.ratings, 0), coalesce(g.total, 0))
    from (select low_id, high_id, low_ratings, low_sum from fairlock.counterparties
      union all select high_id, low_id, high_ratings, high_sum from fairlock.counterparties) c
    join crypto_profiles p on p.user_id = c.low_id
    left join pairs g on g.rated = c.low_id and g.rater = c.high_id
    where (c.low_ratings, c.low_sum) <> (coalesce(g.ratings, 0), coalesce(g.total, 0))`,
}

const counts: Check = {
  name: 'people are counted as they traded',
  invariant: 'I13',
  counts: 'public.crypto_profiles',
  distance: 3,
  findings: `
    with sales as (
      select t.user_id as seller, t.buyer_id as buyer, split_part(t.pair, '/', 1) as currency,
        case when e.refunded_amount > 0 then round(t.amount * e.released_amount / (t.amount - t.buyer_fee), 8)
          else t.amount end as amount
      from crypto_trades t left join crypto_escrows e on e.trade_id = t.id
      where t.status = 'completed' and t.same_as is null
    ), sides as (
      select seller as person, buyer as other, currency, amount from sales
      union all select buyer, seller, currency, amount from sales
    ), volumes as (
      select person, jsonb_object_agg(currency, amount::text) as volumes from (
        select person, currency, sum(amount)::numeric(38, 8) as amount from sides group by 1, 2
      ) sums group by person
    ), others as (
      select person, count(distinct other) as people from sides group by person
    ), failed as (
      select user_id as person, count(*) as trades from fairlock.faults
      where kind <> 'dispute_lost' and forgiven_at is null group by 1
    )
    select null::bigint as transfer, p.created_at as at, 'public.crypto_profiles' as "table", p.id::text as id,
      case when p.volumes <> coalesce(v.volumes, '{}') then
          format('of %s counts the volumes %s, but traded %s', p.user_id, p.volumes, coalesce(v.volumes, '{}'))
        when p.counterparties <> coalesce(o.people, 0) then
          format('of %s counts %s counterparties, but traded with %s', p.user_id, p.counterparties, coalesce(o.people, 0))
        else format('of %s counts %s unfinished trades, but %s faults say so', p.user_id, p.unfinished_trades,
          coalesce(f.trades, 0)) end as what
    from crypto_profiles p left join volumes v on v.person = p.user_id left join others o on o.person = p.user_id
    left join failed f on f.person = p.user_id
    where p.volumes <> coalesce(v.volumes, '{}') or p.counterparties <> coalesce(o.people, 0)
      or p.unfinished_trades <> coalesce(f.trades, 0)`,
}

const faults: Check = {
  name: 'faults are those of the trades',
  invariant: 'I13',
  counts: 'fairlock.faults',
  distance: 3,
  findings: `
    select null::bigint as transfer, f.at, 'fairlock.faults' as "table", f.id::text as id,
      format('blames %s for %s in trade %s, which is %s', f.user_id, f.kind, f.trade_id, t.status) as what
    from fairlock.faults f join crypto_trades t on t.id = f.trade_id
    where case f.kind
      when 'not_funded' then t.status <> 'expired' or t.funded_at is not null or f.user_id <> t.user_id
      when 'not_paid' then t.status <> 'expired' or t.funded_at is null or f.user_id <> t.buyer_id
      when 'cancelled' then t.status <> 'cancelled'
        or f.user_id <> case when t.funded_at is null then t.user_id else t.buyer_id end
      else f.user_id not in (t.user_id, t.buyer_id) end`,
}

/** What is counted of people, compared with the rows that it is counted from. */
export const PEOPLE = [ratings, counts, faults]
