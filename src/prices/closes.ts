import { setImmediate as othersTurn } from 'node:timers/promises'
import type { Pool } from 'pg'
import { DAYS_OF_CLOSES, type Indicators, indicatorsOf } from './indicators.ts'

type Price = { currency: string; priceUsd: string; isSample: boolean }

/**
 * The indicators of coins as of their newest price: of the closes of the days before in UTC, as far back as none of them
 * is missing, and that price as the close of a day that is not over.
 */
export async function readIndicators(
  db: Pick<Pool, 'query'>,
  at: Date,
  prices: readonly Price[],
): Promise<Map<string, Indicators>> {
  const { rows } = await db.query<{ currency: string; isSample: boolean; closes: string[] }>({
    name: 'closes of the days before',
    // A day plus its distance from the newest one is the same day, until one is missing.
    text: `
      select currency, is_sample as "isSample", array_agg(close::text order by day) as closes
      from (
        select currency, is_sample, close, (at at time zone 'UTC')::date as day,
          (at at time zone 'UTC')::date + row_number() over (partition by currency, is_sample order by at desc)::integer
            as ends
        from fairlock.price_days
        where currency = any ($2) and at < date_trunc('day', $1::timestamptz, 'UTC')
          and at >= date_trunc('day', $1::timestamptz, 'UTC') - make_interval(days => $3)
      ) days
      where ends = ($1::timestamptz at time zone 'UTC')::date
      group by currency, is_sample`,
    values: [at, prices.map(({ currency }) => currency), DAYS_OF_CLOSES],
  })
  const indicators = new Map<string, Indicators>()
  for (const { currency, priceUsd, isSample } of prices) {
    const days = rows.find((row) => row.currency === currency && row.isSample === isSample)
    indicators.set(currency, indicatorsOf([...(days?.closes ?? []), priceUsd]))
    // Some milliseconds each: who else waits for this process goes first.
    await othersTurn()
  }
  return indicators
}
