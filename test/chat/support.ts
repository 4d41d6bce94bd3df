import assert from 'node:assert/strict'
import type pg from 'pg'
import { type Market, offerBody, type Person } from '../support/market.ts'

export type Deal = { id: string; seller: Person; buyer: Person; path: string }

/** A funded trade between two new people. */
export async function deal(market: Market, seller?: Person, buyer?: Person): Promise<Deal> {
  const [maker, taker] = [seller ?? (await market.person('seller')), buyer ?? (await market.person('buyer'))]
  await market.credit(maker, 'BTC', '1')
  const offer = await maker.post('/v1/offers', offerBody())
  const take = { amount: '0.1', paymentMethodType: 'sepa' }
  const trade = await taker.post(`/v1/offers/${offer.body.id}/trades`, take)
  assert.equal(trade.status, 201, JSON.stringify(trade.body))
  const { id } = trade.body
  return { id, seller: maker, buyer: taker, path: `/v1/trades/${id}/messages` }
}

/** Writes a message and gives it. */
export async function say({ path }: { path: string }, who: Person, text: string) {
  const said = await who.post(path, { text })
  assert.equal(said.status, 201, JSON.stringify(said.body))
  return said.body
}

/** The whole chat, oldest first, page by page from a number on. */
export async function hear({ path }: { path: string }, who: Person, after = 0, limit = 100) {
  const heard = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const rest: string = cursor === '' ? `after=${after}` : `cursor=${cursor}`
    const page = await who.get(`${path}?limit=${limit}&${rest}`)
    assert.equal(page.status, 200, JSON.stringify(page.body))
    heard.push(...page.body.items)
    cursor = page.body.nextCursor
  }
  return heard
}

/** Tells the chats what has happened, as the dispatcher does. */
export async function tell(superuser: pg.Client): Promise<void> {
  await superuser.query('select fairlock.dispatch(10000)')
}
