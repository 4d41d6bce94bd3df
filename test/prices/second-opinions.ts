import assert from 'node:assert/strict'
import { Decimal } from 'decimal.js'
import * as indicatorts from 'indicatorts'
import { EMA as LibraryEma, RSI as LibraryRsi } from 'trading-signals'
import { indicatorsOf } from '../../src/prices/indicators.ts'

// Two libraries that know nothing of each other and count with floats. RSI of trading-signals begins as Wilder says, and
// is compared as it is. Both libraries begin an EMA with the first value alone, ours with the mean of the first ones; so
// theirs is given that mean as its first value and then the rest, which compares the recursion value for value. RSI of
// indicatorts counts a change of nothing before the first one; so its moving average is given the true changes. On a long
// series, where no beginning is left to see, both are compared as they are, with nothing prepared.

export const TOLERANCE = 1e-8

type Emas = (values: number[], period: number) => number[]
const EMAS: Record<string, Emas> = {
  'trading-signals': (values, period) => {
    const library = new LibraryEma(period)
    return values.map((value) => library.update(value, false))
  },
  indicatorts: (values, period) => indicatorts.ema(values, { period }),
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const seeded = (ema: Emas, values: number[], period: number) =>
  ema([mean(values.slice(0, period)), ...values.slice(period)], period)

/** Compares every prefix of the series, as long as there is anything to compare; returns how many values were. */
export function compareFromTheBeginning(closes: readonly string[]): number {
  const numbers = closes.map(Number)
  const expected: Record<string, Record<'rsi' | 'macd' | 'macdSignal', number[]>> = {}
  const library = new LibraryRsi(14)
  const rsis = {
    'trading-signals': numbers.flatMap((value) => library.update(value, false) ?? []),
    indicatorts: rmaRsi(numbers),
  }
  for (const [name, ema] of Object.entries(EMAS)) {
    const slow = seeded(ema, numbers, 26)
    const macd = seeded(ema, numbers, 12)
      .slice(14)
      .map((fast, i) => fast - slow[i]!)
    expected[name] = { rsi: rsis[name as keyof typeof rsis], macd, macdSignal: seeded(ema, macd, 9) }
  }
  let compared = 0
  for (let length = 1; length <= closes.length; length++) {
    const ours = indicatorsOf(closes.slice(0, length))
    for (const [name, theirs] of Object.entries(expected)) {
      for (const [key, needed] of [
        ['rsi', 15],
        ['macd', 26],
        ['macdSignal', 34],
      ] as const) {
        const tell = `${key} of ${length} closes by ${name}`
        if (length < needed) assert.equal(ours[key], null, tell)
        else compared += near(ours[key], theirs[key][length - needed]!, tell)
      }
    }
  }
  return compared
}

/** Compares the ends of a series that is so long that no beginning is left to see, with the libraries as they come. */
export function compareTheEnd(closes: readonly string[]): void {
  const numbers = closes.map(Number)
  const ours = indicatorsOf(closes)
  const { macdLine, signalLine } = indicatorts.macd(numbers, { fast: 12, slow: 26, signal: 9 })
  near(ours.rsi, indicatorts.rsi(numbers, { period: 14 }).at(-1)!, 'rsi of indicatorts')
  near(ours.macd, macdLine.at(-1)!, 'macd of indicatorts')
  near(ours.macdSignal, signalLine.at(-1)!, 'signal of indicatorts')
}

function rmaRsi(closes: number[]): number[] {
  const changes = closes.slice(1).map((close, i) => close - closes[i]!)
  const average = (values: number[]) => indicatorts.rma(values, { period: 14 }).slice(13)
  const losses = average(changes.map((change) => Math.max(-change, 0)))
  return average(changes.map((change) => Math.max(change, 0))).map(
    (gain, i) => 100 - 100 / (1 + gain / losses[i]!),
  )
}

function near(ours: string | null, theirs: number, tell: string): 1 {
  assert.ok(ours !== null, tell)
  const difference = new Decimal(ours).minus(theirs).abs()
  assert.ok(difference.lte(TOLERANCE), `${tell}: ${ours} against ${theirs}`)
  return 1
}
