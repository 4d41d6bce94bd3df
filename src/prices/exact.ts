import { Decimal } from 'decimal.js'

/** Prices are computed with so many digits that sums of what sources say are exact. */
export const Exact = Decimal.clone({ precision: 120, rounding: Decimal.ROUND_HALF_EVEN })
