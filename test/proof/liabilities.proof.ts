import { after, before, test } from 'node:test'
import { proveMany } from '../operations/many.ts'
import { type Market, startMarket } from '../support/market.ts'

const PEOPLE = Number(process.env.LIABILITY_PEOPLE ?? 1_000_000)

let market: Market
before(async () => {
  market = await startMarket()
})
after(() => market?.stop())

test(`the tree of ${PEOPLE} people: taken, checked, and everybody's proof at hand`, async (t) => {
  const { leaves, takenSeconds, megabytes, checkedSeconds, proofMs, tableMegabytes } = await proveMany(
    market,
    PEOPLE,
  )
  t.diagnostic(
    `liabilities: ${PEOPLE} people in ${leaves} leaves; taken in ${takenSeconds} s with ${megabytes} MB more memory at most, ` +
      `${tableMegabytes} MB stored, checked in ${checkedSeconds} s; a proof in ${proofMs} ms`,
  )
})
