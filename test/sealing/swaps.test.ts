import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Market, startMarket } from '../support/market.ts'
import { swapCiphertexts } from './swaps.ts'

let market: Market
before(async () => {
  market = await startMarket()
})
after(() => market?.stop())

test('500 sealed values moved between rows, columns, tables and purposes: none opens (I15)', async () => {
  const { opened, sameKey, otherKey, byPart } = await swapCiphertexts(market, 500)
  assert.equal(opened, 0)
  assert.ok(sameKey >= 250 && otherKey >= 249)
  for (const count of Object.values(byPart)) assert.ok(count > 50, JSON.stringify(byPart))
})
