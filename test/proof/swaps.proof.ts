import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { swapCiphertexts } from '../sealing/swaps.ts'
import { type Market, startMarket } from '../support/market.ts'

const SWAPS = Number(process.env.SWAPS ?? 10_000)

let market: Market
before(async () => {
  market = await startMarket()
})
after(() => market?.stop())

test(`${SWAPS} sealed values moved to where others are: none opens`, async (t) => {
  const began = performance.now()
  const { opened, sameKey, otherKey, byPart } = await swapCiphertexts(market, SWAPS)
  const seconds = Math.round((performance.now() - began) / 1000)
  const parts = Object.entries(byPart).map(([part, count]) => `${part} ${count}`)
  t.diagnostic(
    `swaps: ${sameKey + otherKey} (${sameKey} under the same data key; another ${parts.join(', ')}), ${opened} opened, ${seconds} s`,
  )
  assert.equal(opened, 0)
})
