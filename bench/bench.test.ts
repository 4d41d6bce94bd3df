import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Target } from './bench.ts'
import { measure } from './index.ts'
import { judge } from './judge.ts'
import { describe } from './report.ts'
import type { Run } from './rounds.ts'
import { median, randomFrom, ratio, shuffled } from './statistics.ts'

const machine = { load: 0, idle: null, steal: null, waiting: null }
const target: Target = { id: 'P1', title: 'a against b', figure: 'a', to: 'b', wanted: { least: 0.8 } }
const runs = (a: number[], b: number[]): Run[] =>
  [...a.entries()].flatMap(([round, value]) => [
    { phase: 'p', round, figures: { a: value }, machine },
    { phase: 'p', round, figures: { b: b[round]! }, machine },
  ])

test('the median is the middle value, whatever the order', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 2, 3]), 2.5)
  assert.throws(() => median([]), /no values/)
})

test('a ratio is median over median, with the range within rounds', () => {
  assert.deepEqual(ratio([8, 9, 100], [10, 10, 10]), {
    value: 0.9,
    lowest: 0.8,
    highest: 10,
    rounds: 3,
    enough: true,
  })
})

test('a target is judged from three rounds on; fewer are only a hint, and said to be', () => {
  assert.equal(judge(target, runs([8, 9, 9], [10, 10, 10])).verdict, 'met')
  assert.equal(judge(target, runs([7, 7, 9], [10, 10, 10])).verdict, 'MISSED')
  const hint = judge(target, runs([9, 9], [10, 10]))
  assert.equal(hint.verdict, 'not judged')
  const common = { startedAt: '', seconds: 1, seed: 1, machine: '', server: '', driver: '', notes: [] }
  const text = describe({ ...common, targets: [hint], units: {}, runs: [] })
  assert.match(text, /2 of at least 3 rounds: a hint, not a ratio/)
  assert.equal(judge(target, []).verdict, 'not judged')
})

test('what is measured in seconds is compared as it is', () => {
  const start: Target = { id: 'P9', title: 'start', figure: 'a', to: null, wanted: { most: 3 } }
  assert.equal(judge(start, runs([1, 2, 4], [1, 1, 1])).verdict, 'met')
  assert.equal(judge(start, runs([1, 4, 4], [1, 1, 1])).verdict, 'MISSED')
})

test('a seed gives one order of runs, another seed another one', () => {
  const order = (seed: number) => shuffled([1, 2, 3, 4, 5, 6, 7, 8], randomFrom(seed)).join('')
  assert.equal(order(7), order(7))
  assert.notEqual(order(7), order(8))
  assert.equal([...order(7)].sort().join(''), '12345678')
})

test('a whole benchmark in small: it starts its own server, measures, and leaves nothing behind', async () => {
  const report = await measure(
    { quick: true, json: false, strict: false, only: ['P7', 'P8', 'P10'], seed: 42 },
    {
      rounds: 3,
      seconds: 0.2,
      warmUpSeconds: 0,
      tpcbScale: 1,
      people: 100,
      offersFew: 10,
      offersMany: 10,
      pastTrades: 300,
    },
  )
  assert.equal(report.seed, 42)
  assert.deepEqual(
    report.targets.map((one) => one.id),
    ['P7', 'P8'],
  )
  assert.equal(report.runs.length, 12)
  assert.ok(report.targets[0]!.ratio.value! > 0)
  assert.notEqual(report.targets[0]!.verdict, 'not judged')
  assert.ok(report.notes.some((note) => note.startsWith('P10 is not measured')))
})
