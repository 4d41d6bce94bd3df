import { test } from 'node:test'
import { killAgainAndAgain } from '../faults/kills.ts'

const KILLS = Number(process.env.KILLS ?? 20)

test(`what was acknowledged survives ${KILLS} times kill -9 of the program and of PostgreSQL (I19)`, async (t) => {
  const began = performance.now()
  const report = await killAgainAndAgain(KILLS)
  const seconds = Math.round((performance.now() - began) / 1000)
  t.diagnostic(
    `kills: ${KILLS}, ${report.acknowledged} requests acknowledged, ${report.repeated} of them after a repetition, ` +
      `${report.refusedWhileDown} refused or cut off, none lost, none done twice, books clean, ` +
      `back in at most ${report.slowestReturn.toFixed(1)} s, ` +
      `deadlines kept at most ${report.slowestDeadline.toFixed(1)} s later, ${seconds} s`,
  )
})
