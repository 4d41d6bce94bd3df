import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Market, startMarket } from '../support/market.ts'
import { report, tradeForADay } from './support.ts'

let market: Market
before(async () => {
  market = await startMarket()
})
after(() => market.stop())

test('empty books are in order', async () => {
  const { first, totals } = await report(market.database.ownerUrl)
  assert.equal(first, null, JSON.stringify(first))
  assert.deepEqual(totals, [])
})

test('after a day of trading, roll-ups in between, every check passes and has looked at something', async () => {
  await tradeForADay(market)
  const { first, checks, totals } = await report(market.database.ownerUrl)
  assert.equal(first, null, JSON.stringify(first))
  for (const { name, rows } of checks) assert.ok(rows > 0, `${name} looked at nothing`)
  assert.deepEqual(totals, [
    {
      currency: 'BTC',
      trader: '2.24851688',
      escrow: '0.15015000',
      fees: '0.00133312',
      custody: '-2.40000000',
    },
    {
      currency: 'ETH',
      trader: '29.97000001',
      escrow: '0.00000000',
      fees: '0.03000000',
      custody: '-30.00000001',
    },
  ])
})
