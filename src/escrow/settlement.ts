import { Decimal } from 'decimal.js'

const Exact = Decimal.clone({ precision: 100, rounding: Decimal.ROUND_HALF_EVEN })

export type Terms = { amount: string; sellerFee: string; buyerFee: string }
export type Settlement = { toBuyer: string; toSeller: string; buyerFee: string; sellerFee: string }

/**
 * What a split gives whom of an escrow that holds the trade's amount and the seller's fee: the buyer exactly
 * `buyerAmount`, the platform both fees in proportion to it, rounded once, half to even at the 8th decimal, and the
 * seller the rest. The twin of fairlock.settlement in escrow.sql, which does it; for showing a split before it is
 * ruled. Null when `buyerAmount` is not above zero and below what a release would give.
 */
export function splitSettlement(
  { amount, sellerFee, buyerFee }: Terms,
  buyerAmount: string,
): Settlement | null {
  const whole = new Exact(amount).minus(buyerFee)
  const buyers = new Exact(buyerAmount)
  if (buyers.lte(0) || buyers.gte(whole)) return null
  const fees = new Exact(sellerFee).plus(buyerFee)
  const fee = fees.times(buyers).div(whole).toDecimalPlaces(8, Decimal.ROUND_HALF_EVEN)
  const ofBuyer = fees.isZero() ? fees : fee.times(buyerFee).div(fees).toDecimalPlaces(8, Decimal.ROUND_DOWN)
  return {
    toBuyer: buyers.toFixed(8),
    toSeller: new Exact(amount).plus(sellerFee).minus(buyers).minus(fee).toFixed(8),
    buyerFee: ofBuyer.toFixed(8),
    sellerFee: fee.minus(ofBuyer).toFixed(8),
  }
}
