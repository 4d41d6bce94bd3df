import { Decimal } from 'decimal.js'

/** What indicators are counted with: forty digits, so that nothing they show is an error of rounding. */
const Exact = Decimal.clone({ precision: 40 })

export type Indicators = { rsi: string | null; macd: string | null; macdSignal: string | null }

const RSI_PERIOD = 14
const FAST = 12
const SLOW = 26
const SIGNAL = 9

/**
 * How many days back the closes reach that indicators are made of. Both remember all history, but ever less of it: what
 * lies 500 days back weighs (13/14)^486 in RSI and (25/27)^474 in MACD, below 1e-15, so that the eighth decimal is that
 * of the whole history, for prices up to a million.
 */
export const DAYS_OF_CLOSES = 500

/**
 * RSI-14 and MACD(12, 26, 9) of a series of closes without gaps, oldest first; the last may be the price of a day that is
 * not over. Null while there is too little: RSI needs 15 closes, MACD 26 and its signal 34.
 */
export function indicatorsOf(closes: readonly Decimal.Value[]): Indicators {
  const values = closes.map((close) => new Exact(close))
  const { lines, signals } = macd(values)
  const shown = (value: Decimal | null | undefined) => value?.toSignificantDigits(20).toFixed() ?? null
  return {
    rsi: rsi(values)?.toDecimalPlaces(8).toFixed() ?? null,
    macd: shown(lines.at(-1)),
    macdSignal: shown(signals.at(-1)),
  }
}

/**
 * The relative strength index of J. Welles Wilder ("New Concepts in Technical Trading Systems", 1978): 100 − 100 / (1 +
 * RS), RS = average gain / average loss. The first averages are the means of the first 14 changes; each later one is
 * (13 × the one before + the new change) / 14. Without losses it is 100; null where the price never moved.
 */
export function rsi(closes: readonly Decimal[], period = RSI_PERIOD): Decimal | null {
  if (closes.length <= period) return null
  let gain = new Exact(0)
  let loss = new Exact(0)
  for (let i = 1; i < closes.length; i++) {
    const change = closes[i]!.minus(closes[i - 1]!)
    // Up to the first average these are sums.
    const [before, divisor] = i < period ? [1, 1] : i === period ? [1, period] : [period - 1, period]
    gain = gain
      .mul(before)
      .plus(change.gt(0) ? change : 0)
      .div(divisor)
    loss = loss
      .mul(before)
      .plus(change.lt(0) ? change.neg() : 0)
      .div(divisor)
  }
  const moved = gain.plus(loss)
  // The same as 100 − 100 / (1 + gain / loss), without a division by zero.
  return moved.isZero() ? null : gain.mul(100).div(moved)
}

/**
 * The exponential moving average from the `period`th value on: it begins with the simple mean of the first `period`
 * values, and each later one is value × k + the one before × (1 − k), k = 2 / (period + 1).
 */
export function ema(values: readonly Decimal[], period: number): Decimal[] {
  if (values.length < period) return []
  const first = values.slice(0, period).reduce((sum, value) => sum.plus(value), new Exact(0))
  const averages = [first.div(period)]
  for (const value of values.slice(period)) {
    const before = averages.at(-1)!
    averages.push(
      value
        .minus(before)
        .mul(2)
        .div(period + 1)
        .plus(before),
    )
  }
  return averages
}

/**
 * Moving average convergence/divergence of Gerald Appel ("The Moving Average Convergence-Divergence Trading Method",
 * 1979): EMA(12) − EMA(26) from the 26th close on, and its signal line, the EMA(9) of that, from the 34th. Each EMA begins
 * with the mean of its own first values, as charts usually have it; TA-Lib begins the fast one 14 closes later, which is
 * nothing after some hundred closes.
 */
export function macd(closes: readonly Decimal[]): { lines: Decimal[]; signals: Decimal[] } {
  const fast = ema(closes, FAST).slice(SLOW - FAST)
  const lines = ema(closes, SLOW).map((slow, i) => fast[i]!.minus(slow))
  return { lines, signals: ema(lines, SIGNAL) }
}
