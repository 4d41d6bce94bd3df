import { after, before, test } from 'node:test'
import { Arena, CROWD } from '../races/arena.ts'
import { EVERY_RACE } from '../races/every.ts'

const ROUNDS = Number(process.env.RACE_ROUNDS ?? 1000)

let arena: Arena
const began = performance.now()
before(async () => {
  arena = await Arena.open()
})
after(() => arena.close())

for (const race of EVERY_RACE) {
  test(`${ROUNDS} races: ${race.name}`, () => arena.repeat(race, ROUNDS))
}

test('what the races came to', async (t) => {
  const seconds = Math.round((performance.now() - began) / 1000)
  const deadlocks = await arena.deadlocks()
  t.diagnostic(
    `races: ${EVERY_RACE.length} kinds, ${ROUNDS} rounds each, up to ${CROWD} at once, ` +
      `${deadlocks} deadlocks sorted out, none surfaced, books clean, ${seconds} s`,
  )
})
