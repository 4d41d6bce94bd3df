import { Decimal } from 'decimal.js'
import { engineSteps } from '../../platform/index.ts'
import { recordPrices } from '../board.ts'
import { SAMPLE_COINS, sampleDollars } from './market.ts'

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS

/**
 * How far back the made-up history goes, by its finest bars; how far its points lie apart, and how far the price goes
 * from one to the next at most, as a part of the coin's swing.
 */
const STRETCHES = [
  { bar: 'minute', reach: 2 * 60 * MINUTE_MS, step: MINUTE_MS, part: '0.04' },
  { bar: 'hour', reach: 9 * DAY_MS, step: 60 * MINUTE_MS, part: '0.25' },
  { bar: 'day', reach: 120 * DAY_MS, step: DAY_MS / 2, part: '1' },
] as const

type Point = { currency: string; at: string; price: string; bar: 'minute' | 'hour' | 'day' }

/**
 * Gives the sample market a past, made up like its present: 120 days, the last nine of them by the hour, the last two
 * hours by the minute, each coin's ending in what it is worth now; and puts that on the board, unless there are real
 * prices. All of it says that it is a sample. Where the sample market has a yesterday already, nothing is done.
 */
export async function backfillSampleHistory(ownerUrl: string, now = new Date()): Promise<void> {
  await engineSteps(ownerUrl, async (client) => {
    const { rowCount } = await client.query(
      `select from fairlock.price_days where is_sample and at < date_trunc('day', $1::timestamptz, 'UTC') limit 1`,
      [now],
    )
    if (rowCount !== 0) return
    const coins = Object.keys(SAMPLE_COINS)
    const points = coins.flatMap((currency) => pastOf(currency, now))
    await client.query('select fairlock.backfill_sample_prices($1)', [JSON.stringify(points)])
    const real = await client.query('select from fairlock.price_board where not is_sample limit 1')
    if (real.rowCount !== 0) return
    const prices = coins.map((currency) => ({
      currency,
      priceUsd: sampleDollars(currency, now),
      isSample: true,
    }))
    await recordPrices(client, { at: now, prices, markets: [] })
  })
}

/** From now back: a walk that is the same each time for the same coin. */
function pastOf(currency: string, now: Date): Point[] {
  const { swing, rank } = SAMPLE_COINS[currency]!
  const chance = chances(rank)
  const points: Point[] = []
  let price = new Decimal(sampleDollars(currency, now))
  let at = now.getTime() - MINUTE_MS
  for (const { bar, reach, step, part } of STRETCHES) {
    for (; at > now.getTime() - reach; at -= step) {
      const move = new Decimal(chance()).mul(swing).mul(part).div(100)
      price = price.mul(move.add(1)).toSignificantDigits(10)
      points.push({ currency, at: new Date(at).toISOString(), price: price.toFixed(), bar })
    }
  }
  return points
}

/** Numbers between -1 and 1 with four decimals, the same ones for the same seed: no price is made of floats. */
function chances(seed: number): () => string {
  let state = BigInt(seed) * 2_654_435_761n
  return () => {
    state = (state * 1_664_525n + 1_013_904_223n) % 4_294_967_296n
    return new Decimal(((state >> 8n) % 20_001n).toString()).minus(10_000).div(10_000).toFixed(4)
  }
}
