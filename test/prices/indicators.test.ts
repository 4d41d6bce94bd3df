import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Decimal } from 'decimal.js'
import { ema, indicatorsOf, macd, rsi } from '../../src/prices/indicators.ts'
import { compareFromTheBeginning, compareTheEnd } from './second-opinions.ts'

// Series of textbooks. They round or cut what they print, and some their steps: each is met to its last digit.

const decimals = (text: string) => text.split(' ').map((value) => new Decimal(value))
function printed(values: Decimal[], text: string): void {
  const expected = decimals(text)
  assert.equal(values.length, expected.length)
  for (const [i, value] of values.entries()) {
    const lastDigit = new Decimal(10).pow(-expected[i]!.decimalPlaces())
    assert.ok(value.minus(expected[i]!).abs().lt(lastDigit), `${value} against ${expected[i]}`)
  }
}

const prefixes = <T>(values: readonly T[]) => values.map((_, i) => values.slice(0, i + 1))

test('RSI-14 of the series that charting schools print', () => {
  const closes = decimals(
    '44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826 45.8931 46.0328 45.6140 46.2820 ' +
      '46.2820 46.0028 46.0328 46.4116 46.2222 45.6439 46.2122 46.2521 45.7137 46.4515 45.7835 45.3548 44.0288 ' +
      '44.1783 44.2181 44.5672 43.4205 42.6628 43.1314',
  )
  assert.deepEqual(
    prefixes(closes)
      .map((some) => rsi(some)?.toFixed(2))
      .slice(13),
    [
      undefined,
      ...'70.53 66.32 66.55 69.41 66.36 57.97 62.93 63.26 56.06 62.38 54.71 50.42 39.99 41.46 41.87 45.46 37.30 33.08 37.77'.split(
        ' ',
      ),
    ],
  )
})

test('an EMA of 10, and MACD(12, 26, 9) of shares', () => {
  const shares = decimals(
    '22.27 22.19 22.08 22.17 22.18 22.13 22.23 22.43 22.24 22.29 22.15 22.39 22.38 22.61 23.36 24.05 23.75 23.83 23.95 ' +
      '23.63 23.82 23.87 23.65 23.19 23.10 23.33 22.68 23.10 22.40 22.17',
  )
  printed(
    ema(shares, 10),
    '22.22 22.21 22.24 22.27 22.33 22.52 22.80 22.97 23.13 23.28 23.34 23.43 23.51 23.54 23.47 23.40 23.39 23.26 23.23 ' +
      '23.08 22.92',
  )
  const closes = decimals(
    '459.99 448.85 446.06 450.81 442.8 448.97 444.57 441.4 430.47 420.05 431.14 425.66 430.58 431.72 437.87 428.43 428.35 ' +
      '432.5 443.66 455.72 454.49 452.08 452.73 461.91 463.58 461.14 452.08 442.66 428.91 429.79 431.99 427.72 423.2 ' +
      '426.21 426.98',
  )
  const { lines, signals } = macd(closes)
  printed(
    lines,
    '8.275269504 7.703378381 6.416074757 4.237519783 2.552583325 1.378885719 0.102981491 -1.258401953 -2.070558190 ' +
      '-2.621842328',
  )
  printed(signals, '3.037525869 1.905652229')
})

test('what cannot be said is empty', () => {
  const flat = Array.from({ length: 60 }, () => '5')
  assert.deepEqual(indicatorsOf([]), { rsi: null, macd: null, macdSignal: null })
  // Nothing moved: neither strong nor weak.
  assert.deepEqual(indicatorsOf(flat), { rsi: null, macd: '0', macdSignal: '0' })
  const rising = flat.map((_, i) => `${i + 1}`)
  assert.equal(indicatorsOf(rising).rsi, '100')
  assert.equal(indicatorsOf(rising.toReversed()).rsi, '0')
  // A token at a billionth has the indicators of its shape, without anything rounded away.
  const tiny = indicatorsOf(rising.map((value) => new Decimal(value).mul('1e-9').toFixed()))
  assert.equal(tiny.macd, new Decimal(indicatorsOf(rising).macd!).mul('1e-9').toFixed())
})

// 600 closes of a walk: x = (1664525 x + 1013904223) mod 2^32 from 20261123 on, and each close is the one before with
// (x / 256) mod 60001 − 30000 millionths more, from 250 on.
const walk = readFileSync(new URL('fixtures/walk.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')

test('two libraries agree to 1e-8 on each value of a made-up series, and on its end as they come', () => {
  assert.equal(compareFromTheBeginning(walk.slice(0, 120)), 2 * (106 + 95 + 87))
  compareTheEnd(walk)
  // 500 days back is as good as all history.
  const [all, some] = [indicatorsOf(walk), indicatorsOf(walk.slice(-500))]
  for (const key of ['rsi', 'macd', 'macdSignal'] as const)
    assert.ok(new Decimal(all[key]!).minus(some[key]!).abs().lte('1e-11'), key)
})

const real = new URL('../../../shared/data/prices/btcusd-monthly.csv', import.meta.url)
if (existsSync(real)) {
  test('two libraries agree to 1e-8 on each value of the real BTC/USD series', () => {
    const rows = readFileSync(real, 'utf8').trim().split('\n').slice(1)
    const closes = rows.map((row) => row.split(',')[4]!)
    assert.equal(compareFromTheBeginning(closes), 2 * (closes.length * 3 - 14 - 25 - 33))
  })
} else
  process.stdout.write('the real BTC/USD series is not beside this project: nothing is compared with it\n')
