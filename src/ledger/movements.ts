import type { Check } from './checks.ts'

const facts: Check = {
  name: 'movements say what their trades say',
  invariant: 'I5',
  counts: `public.crypto_transactions where category = 'trade'`,
  distance: 4,
  // What is worth more than its column holds says nothing of it; see fairlock.movement_facts.
  findings: `
    with judged as (
      select x.id, x.created_at, case
        when t.id is null then 'is of a trade that does not exist'
        when num_nulls(x.network_fee, x.platform_fee, x.exchange_rate, x.destination_name, x.destination_description) > 0
          then 'does not say its fees, its price or where the coins went'
        when x.exchange_rate <> t.price then format('says %s, but the price of its trade is %s', x.exchange_rate, t.price)
        when x.amount * t.price < 999999999999 and (x.fiat_value, x.fiat_currency)
          is distinct from (round(x.amount * t.price, c.decimals), c.code)
          then format('of %s says it is worth %s %s, but at %s it is %s %s', x.amount, coalesce(x.fiat_value::text, 'nothing'),
            x.fiat_currency, t.price, round(x.amount * t.price, c.decimals), c.code)
        end as what
      from crypto_transactions x left join crypto_trades t on t.id = x.trade_id
      left join fairlock.currencies c on c.code = split_part(t.pair, '/', 2)
      where x.category = 'trade'
    )
    select null::bigint as transfer, created_at as at, 'public.crypto_transactions' as "table", id::text as id, what
    from judged where what is not null`,
}

const fees: Check = {
  name: 'movements charge what the trade charged',
  invariant: 'I6',
  counts: `public.crypto_trades where status = 'completed' and escrow_id is not null`,
  distance: 4,
  findings: `
    with charged as (
      select trade_id, sum(platform_fee) as fee from crypto_transactions where category = 'trade' group by trade_id
    )
    select null::bigint as transfer, t.created_at as at, 'public.crypto_trades' as "table", t.id::text as id,
      format('charged %s, but its movements say %s', e.fee_amount, coalesce(c.fee, 0)) as what
    from crypto_trades t join crypto_escrows e on e.id = t.escrow_id
    left join charged c on c.trade_id = t.id
    where t.status = 'completed' and t.offer_id is not null and (coalesce(c.fee, 0) <> e.fee_amount
      or e.refunded_amount = 0 and coalesce(c.fee, 0) <> t.fee)`,
}

/** What the rows of statements say beside their amounts. */
export const MOVEMENTS = [facts, fees]
