import assert from 'node:assert/strict'
import { publishQuotes } from '../../src/prices/index.ts'
import { type Answer, type Json, type Market, offerBody, type Person } from '../support/market.ts'
import { testQuotes } from '../support/quotes.ts'

let saidAt = 0

/** The market says something else from now on; never twice at the same time, for then the first would stay. */
export async function marketSays(market: Market, prices: Record<string, string>): Promise<void> {
  saidAt = Math.max(Date.now(), saidAt + 1)
  const quotes = testQuotes(prices, new Date(saidAt))
  assert.equal(await publishQuotes(market.db.pool, quotes), quotes.length)
}

export type Floating = { marginPercent: string; floorPrice?: string; ceilingPrice?: string }

/** An offer that follows the market. */
export async function floats(maker: Person, terms: Floating, changes: Json = {}) {
  const pricing = { type: 'floating', ...terms }
  const { status, body } = await maker.post('/v1/offers', offerBody({ ...changes, pricing }))
  assert.equal(status, 201, JSON.stringify(body))
  return body
}

export const refusal = ({ status, body }: Answer) => [status, body.code, body.errors?.[0]?.field]
