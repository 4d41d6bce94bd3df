import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import { aggregate, spreadOf } from '../../src/prices/aggregate.ts'
import { Exact } from '../../src/prices/exact.ts'

const pricesOf = (...values: (number | string)[]) => values.map((value) => new Exact(value))
const price = (...values: (number | string)[]) => aggregate(pricesOf(...values))?.price

test('the rule gives what it is known to give', () => {
  const third = new Exact(305).div(3)
  const vectors: [(number | string)[], InstanceType<typeof Exact> | null][] = [
    [[], null],
    [[100], new Exact(100)],
    [[100, 102], new Exact(101)],
    [[100, 101, 200], new Exact('100.5')],
    [[100, 100, 105], third],
    [[100, 100, 106], new Exact(100)],
    [[1, 2, 100, 101], new Exact(51)],
    [['NaN', 100, 100], new Exact(100)],
    [[0, -5, 100], new Exact(100)],
    [['NaN', 0, -1], null],
  ]
  for (const [given, wanted] of vectors) {
    const made = price(...given)
    if (wanted === null) assert.equal(made, undefined, `${given}`)
    else assert.ok(made?.eq(wanted), `${given}: ${made}`)
  }
})

test('what was used is said, and so is how far it is apart', () => {
  const spread = (...values: (number | string)[]) =>
    spreadOf(pricesOf(...values), aggregate(pricesOf(...values))!).toFixed()
  assert.deepEqual(aggregate(pricesOf(100, 'Infinity', 101, 200))?.used, [true, false, true, false])
  assert.deepEqual(aggregate(pricesOf(101, 1, 100, 2))?.used, [false, false, true, true])
  assert.equal(spread(100), '0')
  assert.equal(spread(100, 102), '1.9802')
  assert.equal(spread(100, 101, 200), '0.9951')
  // The median of four that are far apart is no agreement.
  assert.ok(new Decimal(spread(1, 2, 100, 101)).gt(100))
})

const positive = fc
  .tuple(fc.bigInt({ min: 1n, max: 10n ** 20n }), fc.integer({ min: -24, max: 4 }))
  .map(([digits, exponent]) => new Exact(`${digits}e${exponent}`))

test('the price lies among those it was made of, in whatever order they come', () => {
  fc.assert(
    fc.property(fc.array(positive, { minLength: 1, maxLength: 8 }), fc.integer(), (prices, turn) => {
      const made = aggregate(prices)!
      const used = prices.filter((_, i) => made.used[i])
      assert.ok(made.price.gte(Exact.min(...used)) && made.price.lte(Exact.max(...used)))
      const at = Math.abs(turn) % prices.length
      const turned = [...prices.slice(at), ...prices.slice(0, at)].reverse()
      assert.ok(aggregate(turned)!.price.eq(made.price))
      assert.ok(spreadOf(prices, made).gte(0))
    }),
    { numRuns: 300 },
  )
})

test('one liar among three honest sources or more moves the price by less than 2 %, whatever it says', () => {
  const honest = fc.array(fc.integer({ min: 10_000, max: 10_040 }), { minLength: 3, maxLength: 6 })
  fc.assert(
    fc.property(
      honest,
      fc.oneof(positive, fc.constant(new Exact('NaN')), fc.constant(new Exact(-1))),
      (good, lie) => {
        const without = aggregate(pricesOf(...good))!.price
        const withLie = aggregate([...pricesOf(...good), lie])!.price
        // A lie that is kept lies within 5 % of the median, and has one vote among four or more.
        assert.ok(withLie.sub(without).abs().div(without).lt('0.02'), `${good} ${lie}`)
      },
    ),
    { numRuns: 300 },
  )
  fc.assert(
    fc.property(honest, fc.integer({ min: 9_000, max: 11_000 }), (good, lie) => {
      const without = aggregate(pricesOf(...good))!.price
      const moved = aggregate(pricesOf(...good, lie))!
        .price.sub(without)
        .abs()
        .div(without)
      assert.ok(moved.lt('0.02'), `${good} ${lie}: ${moved}`)
    }),
    { numRuns: 300 },
  )
})
