import { Decimal } from 'decimal.js'

/** How a floating offer's price follows the market; decimal strings. */
export type FloatingTerms = {
  marginPercent: string
  floorPrice: string | null
  ceilingPrice: string | null
}

const Exact = Decimal.clone({ precision: 100, rounding: Decimal.ROUND_HALF_UP })

/**
 * What a floating offer costs at this price of the market: the margin on it, to 8 decimals, half away from zero, held by
 * floor and ceiling. Null where that is nothing. The twin of fairlock.price_at, which decides.
 */
export function effectivePrice(market: string, terms: FloatingTerms): string | null {
  let price = new Exact(market).mul(new Exact(100).add(terms.marginPercent)).div(100)
  if (terms.floorPrice !== null) price = Exact.max(price, terms.floorPrice)
  if (terms.ceilingPrice !== null) price = Exact.min(price, terms.ceilingPrice)
  const rounded = price.toDecimalPlaces(8)
  return rounded.isZero() ? null : rounded.toFixed(8)
}
