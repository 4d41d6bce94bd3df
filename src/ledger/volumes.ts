import type { Check } from './checks.ts'

// What of each trade's value counts for its two sides: nothing of one that ended without a sale, of a split what the buyer
// got, of any other all.
const SIDES = `
  worth as (
    select t.user_id as seller, t.buyer_id as buyer, t.counted_on, t.status = 'completed' as is_sold,
      case when t.status = 'completed' and e.refunded_amount > 0
        then round(t.reference_value * e.released_amount / (t.amount - t.buyer_fee), 8) else t.reference_value end as value
    from crypto_trades t left join crypto_escrows e on e.trade_id = t.id
    where t.reference_value is not null and t.status not in ('cancelled', 'expired')
  ), sides as (
    select seller as person, counted_on, is_sold, value from worth
    union all select buyer, counted_on, is_sold, value from worth
  )`

/** Whoever counts too little could trade more than their limit (I11). */
const volumes: Check = {
  name: 'volumes are those of the trades that count',
  invariant: 'I11',
  counts: 'public.crypto_profiles',
  distance: 3,
  findings: `
    with ${SIDES}, sums as (
      select p.user_id, coalesce(sum(s.value) filter (where s.counted_on = p.volume_day), 0) as of_day,
        coalesce(sum(s.value) filter (where date_trunc('month', s.counted_on::timestamp)
          = date_trunc('month', p.volume_day::timestamp)), 0) as of_month,
        coalesce(sum(s.value) filter (where s.is_sold), 0) as sold, coalesce(max(s.counted_on), p.volume_day) as last_day
      from crypto_profiles p left join sides s on s.person = p.user_id group by p.user_id, p.volume_day
    )
    select null::bigint as transfer, p.created_at as at, 'public.crypto_profiles' as "table", p.id::text as id,
      format('of %s counts %s on %s, %s in its month and %s altogether, but traded %s, %s and %s', p.user_id,
        p.current_daily_volume, coalesce(p.volume_day::text, 'no day'), p.current_monthly_volume, p.trading_volume, s.of_day,
        s.of_month, p.volume_before + s.sold) as what
    from crypto_profiles p join sums s using (user_id)
    where p.trading_volume <> least(p.volume_before + s.sold, 999999999999.99999999)
      or (p.volume_day is not null or s.last_day is not null)
        and (p.current_daily_volume, p.current_monthly_volume) is distinct from (s.of_day, s.of_month)`,
}

const limits: Check = {
  name: 'limits in force are those of the KYC level',
  invariant: 'I11',
  counts: 'public.crypto_profiles',
  distance: 3,
  findings: `
    select null::bigint as transfer, p.created_at as at, 'public.crypto_profiles' as "table", p.id::text as id,
      format('of %s may trade %s a day and %s a month, but the level %s allows %s and %s', p.user_id,
        coalesce(p.daily_limit::text, 'nothing'), coalesce(p.monthly_limit::text, 'nothing'), k.level, k.daily_limit,
        k.monthly_limit) as what
    from crypto_profiles p join fairlock.kyc_levels k on k.level = fairlock.kyc_level(p.kyc_status)
    where (p.daily_limit, p.monthly_limit) is distinct from (k.daily_limit, k.monthly_limit)`,
}

/** What was withdrawn from a wallet counts as its lines say. */
const withdrawals: Check = {
  name: 'withdrawals count in their wallets',
  invariant: 'I11',
  counts: 'public.crypto_wallets',
  distance: 3,
  findings: `
    with sums as (
      select w.id, coalesce(sum(t.amount) filter (where t.counted_on = w.withdrawal_day), 0) as of_day,
        coalesce(sum(t.amount) filter (where date_trunc('month', t.counted_on::timestamp)
          = date_trunc('month', w.withdrawal_day::timestamp)), 0) as of_month
      from crypto_wallets w left join crypto_transactions t on t.wallet_id = w.id
        and t.transaction_type = 'withdrawal' and t.status in ('pending', 'completed') and t.counted_on is not null
      where w.withdrawal_day is not null group by w.id
    )
    select null::bigint as transfer, w.created_at as at, 'public.crypto_wallets' as "table", w.id::text as id,
      format('counts %s withdrawn on %s and %s in its month, but the lines come to %s and %s', w.withdrawn_today,
        w.withdrawal_day, w.withdrawn_this_month, s.of_day, s.of_month) as what
    from crypto_wallets w join sums s using (id)
    where (w.withdrawn_today, w.withdrawn_this_month) <> (s.of_day, s.of_month)`,
}

/** What counts against limits, compared with the rows that it is counted from. */
export const VOLUMES = [volumes, limits, withdrawals]
