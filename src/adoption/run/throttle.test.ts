import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Throttle } from './throttle.ts'

/** A throttle with a clock that is moved two seconds on for each batch. */
function paced(options: { baselineMs: number; maxRate?: number; maxP99Ms?: number }) {
  let now = 0
  const throttle = new Throttle({ ...options, now: () => now })
  const batches = (count: number, p99Ms: number, ms = 30) => {
    for (let i = 0; i < count; i++) {
      now += 2_000
      throttle.after({ rows: throttle.rows, ms, p99Ms })
    }
  }
  return { throttle, batches }
}

test('it gives way when the old database answers slowly, and comes back when that is over', () => {
  const { throttle, batches } = paced({ baselineMs: 6 })
  batches(2, 10)
  assert.deepEqual([throttle.rows, throttle.pauseMs], [125, 80])
  batches(4, 8)
  assert.deepEqual([throttle.rows, throttle.pauseMs], [125, 80])
  batches(8, 40)
  assert.deepEqual([throttle.rows, throttle.pauseMs], [50, 1_000])
  batches(40, 6)
  assert.deepEqual([throttle.rows, throttle.pauseMs], [500, 20])
})

test('what the slowest pace does not mend is not its doing', () => {
  const { throttle, batches } = paced({ baselineMs: 3 })
  batches(60, 40)
  assert.deepEqual([throttle.rows, throttle.pauseMs], [500, 20])
})

test('whoever says which p99 is bearable gets this one, above or below what it would have been', () => {
  for (const [maxP99Ms, bearable, slow] of [
    [25, 24, 26],
    [2, 1.9, 2.1],
  ] as const) {
    const { throttle, batches } = paced({ baselineMs: 6, maxP99Ms })
    batches(10, bearable)
    assert.deepEqual([throttle.rows, throttle.pauseMs], [500, 20])
    batches(1, slow)
    assert.deepEqual([throttle.rows, throttle.pauseMs], [250, 40])
  }
})

test('a batch that takes too long gets smaller; what is almost nothing is no reason to go slowly', () => {
  const { throttle, batches } = paced({ baselineMs: 0.1 })
  batches(1, 1, 400)
  assert.equal(throttle.rows, 250)
  batches(20, 4)
  assert.deepEqual([throttle.rows, throttle.pauseMs], [500, 20])
})

test('no more rows a second than were asked for', () => {
  const throttle = new Throttle({ baselineMs: 1, maxRate: 100 })
  assert.equal(throttle.rows, 100)
  assert.equal(throttle.after({ rows: 100, ms: 40, p99Ms: 1 }), 960)
})
