import { test } from 'node:test'
import { killAgainAndAgain } from './kills.ts'

/** One of each kind of victim; `npm run proof` kills twenty times. */
const KILLS = 4

test('what was acknowledged survives kill -9 of the program and of PostgreSQL (I19)', async (t) => {
  const { acknowledged, repeated, slowestReturn, slowestDeadline } = await killAgainAndAgain(KILLS)
  t.diagnostic(
    `kills: ${KILLS}, ${acknowledged} requests acknowledged, ${repeated} of them after a repetition, ` +
      `back in at most ${slowestReturn.toFixed(1)} s, deadlines ${slowestDeadline.toFixed(1)} s later`,
  )
})
