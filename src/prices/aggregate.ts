import type { Decimal } from 'decimal.js'
import { Exact } from './exact.ts'

/** How far from the median a price may lie to count, where there are three or more: 5 %, inclusive. */
const FARTHEST = new Exact('0.05')

/** A price made of several, and which of these it was made of. */
export type Aggregate = { price: Decimal; used: boolean[] }

/**
 * One price from those that several sources say. What is not finite or not above zero is dropped. Up to two are
 * averaged. From three on, those further than 5 % from the median are dropped and the rest is averaged; where that drops
 * all of them, it is the median. Null where there is none.
 */
export function aggregate(prices: readonly Decimal[]): Aggregate | null {
  const real = prices.filter(isPrice).sort((a, b) => a.cmp(b))
  if (real.length === 0) return null
  if (real.length <= 2) return { price: mean(real), used: prices.map(isPrice) }
  const middle = real.slice((real.length - 1) >> 1, (real.length >> 1) + 1)
  const median = mean(middle)
  const isNear = (price: Decimal) => isPrice(price) && price.sub(median).abs().lte(median.mul(FARTHEST))
  const near = real.filter(isNear)
  if (near.length > 0) return { price: mean(near), used: prices.map(isNear) }
  return { price: median, used: prices.map((price) => isPrice(price) && middle.includes(price)) }
}

/** How far the outermost used prices are apart, in percent of the price, up to four decimals. */
export function spreadOf(prices: readonly Decimal[], { price, used }: Aggregate): Decimal {
  const ours = prices.filter((_, i) => used[i])
  return Exact.max(...ours)
    .sub(Exact.min(...ours))
    .mul(100)
    .div(price)
    .toDecimalPlaces(4, Exact.ROUND_UP)
}

function isPrice(price: Decimal): boolean {
  return price.isFinite() && price.gt(0)
}

function mean(prices: readonly Decimal[]): Decimal {
  return prices.reduce((sum, price) => sum.add(price), new Exact(0)).div(prices.length)
}
