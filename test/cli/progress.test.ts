import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProgressLine } from '../../src/cli/progress.ts'

/** A line on an output that is written down, and the hand of its clock. */
function lineOn(isTTY: boolean, columns = 20) {
  const clock = { ms: 0 }
  const written: string[] = []
  const out = { isTTY, columns, write: (text: string) => written.push(text) }
  return { clock, written, line: new ProgressLine(out, () => clock.ms) }
}

test('on a terminal the line is redrawn in place, five times a second at most, and never wider than the screen', () => {
  const { clock, written, line } = lineOn(true)
  line.show('1 of 9')
  clock.ms = 199
  line.show('2 of 9')
  clock.ms = 200
  line.show('3 of 9, and much more than fits')
  assert.deepEqual(written, ['\r\x1b[K1 of 9', '\r\x1b[K3 of 9, and much mo'])
})

test('what stays is written where the redrawn line was', () => {
  const { written, line } = lineOn(true)
  line.show('1 of 9')
  line.say('done')
  line.clear()
  assert.deepEqual(written, ['\r\x1b[K1 of 9', '\r\x1b[K', 'done\n'])
})

test('a log gets a line every ten seconds, and nothing of what is over sooner', () => {
  const { clock, written, line } = lineOn(false)
  for (clock.ms = 0; clock.ms <= 25_000; clock.ms += 500) line.show(`at ${clock.ms}`)
  line.say('done')
  line.clear()
  assert.deepEqual(written, ['at 10000\n', 'at 20000\n', 'done\n'])
})
