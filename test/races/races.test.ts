import { after, before, test } from 'node:test'
import { Arena } from './arena.ts'
import { EVERY_RACE } from './every.ts'

/** `npm run proof` runs a thousand of each. */
const ROUNDS = 10

let arena: Arena
before(async () => {
  arena = await Arena.open()
})
after(() => arena.close())

for (const race of EVERY_RACE) {
  test(`${ROUNDS} races: ${race.name}`, () => arena.repeat(race, ROUNDS))
}
