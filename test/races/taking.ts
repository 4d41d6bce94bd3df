import assert from 'node:assert/strict'
import type { Actor, Reply } from '../support/actors.ts'
import { decimal, feeOf, MAKER_FEE, units } from '../support/amounts.ts'
import { type Arena, type Race, round, tally } from './arena.ts'

const LIVE_TRADES_PER_USER = 20

export const taking: Race[] = [
  { name: 'two takers, enough left for one', run: twoTakers },
  { name: 'thirty-two takers of one offer', run: crowdOfTakers },
  { name: 'thirty-two takes by one person who may have twenty', run: oneTaker },
  { name: 'take against pause', run: takeAgainstPause },
  { name: 'take against a smaller total', run: takeAgainstEdit },
  { name: 'take against the seller’s first coins', run: takeAgainstCredit },
]

async function twoTakers(arena: Arena): Promise<void> {
  const seller = await arena.owner('1')
  const offer = await arena.offer(seller, { totalAmount: '0.5', maxAmount: '0.5' })
  const takers = arena.crowd.slice(0, 2)
  const replies = await round(takers.map((taker) => () => arena.take(taker, offer, '0.3')))
  assert.deepEqual(tally(replies), { done: 1, not_enough_left: 1 })
  assert.equal(decimal(await arena.remaining(offer)), '0.20000000')
  await arena.assertAvailable(seller, '0.6997')
  await arena.endAll(won(takers, replies))
  await arena.assertAvailable(seller, '1')
}

/** Amounts differ; nobody may be refused who would still have fitted in, and the coins reach for some of them only. */
async function crowdOfTakers(arena: Arena, number: number): Promise<void> {
  const seller = await arena.owner('0.25')
  const offer = await arena.offer(seller, { totalAmount: '0.5', maxAmount: '0.5' })
  const amounts = arena.crowd.map(
    (_, index) => units('0.01') + BigInt((index * 7919 + number) % 97) * 100_003n,
  )
  const replies = await round(
    arena.crowd.map((taker, index) => () => arena.take(taker, offer, decimal(amounts[index]!))),
  )
  const remaining = await arena.remaining(offer)
  let taken = 0n
  let held = 0n
  for (const [index, reply] of replies.entries()) {
    const amount = amounts[index]!
    if (reply.code === null) taken += amount
    else assert.equal(reply.code, 'not_enough_left')
    if (reply.code !== null) assert.ok(amount > remaining, 'a take was refused that would have fitted in')
    if (reply.body.status === 'funded') held += amount + feeOf(amount, MAKER_FEE)
  }
  assert.equal(taken + remaining, units('0.5'))
  const available = units('0.25') - held
  assert.equal(await arena.available(seller), available)
  for (const [index, reply] of replies.entries()) {
    if (reply.body.status !== 'pending') continue
    assert.ok(
      amounts[index]! + feeOf(amounts[index]!, MAKER_FEE) > available,
      'a take waits that was covered',
    )
  }
  await arena.endAll(won(arena.crowd, replies))
}

async function oneTaker(arena: Arena): Promise<void> {
  const [seller, taker] = [await arena.owner('1'), await arena.person()]
  const offer = await arena.offer(seller)
  const replies = await round(arena.crowd.map(() => () => arena.take(taker, offer, '0.001')))
  assert.deepEqual(tally(replies), {
    done: LIVE_TRADES_PER_USER,
    too_many_live_trades: arena.crowd.length - LIVE_TRADES_PER_USER,
  })
}

async function takeAgainstPause(arena: Arena): Promise<void> {
  const seller = await arena.owner('1')
  const offerId = await arena.offer(seller)
  const takers = arena.crowd.slice(0, 7)
  const [paused, ...replies] = await round([
    () => arena.do(seller, 'change_offer', { offerId, change: { status: 'paused' } }),
    ...takers.map((taker) => () => arena.take(taker, offerId, '0.1')),
  ])
  assert.equal(paused?.code, null)
  const { done = 0, offer_not_open = 0 } = tally(replies)
  assert.equal(done + offer_not_open, takers.length)
  // What the pause answered is what was left when the last take had won, and is so for good.
  assert.equal(paused?.body.remainingAmount, decimal(units('1') - BigInt(done) * units('0.1')))
  assert.equal(decimal(await arena.remaining(offerId)), paused?.body.remainingAmount)
  await arena.endAll(won(takers, replies))
}

async function takeAgainstEdit(arena: Arena): Promise<void> {
  const seller = await arena.owner('1')
  const offerId = await arena.offer(seller)
  const takers = arena.crowd.slice(0, 7)
  const change = { totalAmount: '0.4', maxAmount: '0.4' }
  const [edited, ...replies] = await round([
    () => arena.do(seller, 'change_offer', { offerId, change }),
    ...takers.map((taker) => () => arena.take(taker, offerId, '0.1')),
  ])
  const { done = 0, not_enough_left = 0 } = tally(replies)
  assert.equal(done + not_enough_left, takers.length)
  assert.equal(done, edited?.code === null ? 4 : 7, 'the takes went beyond the total that was agreed to')
  assert.ok(edited?.code === null || edited?.code === 'invalid_amounts')
  await arena.endAll(won(takers, replies))
}

/** The wallet does not exist yet: who opens it, and whether the coins are seen, is decided by chance. */
async function takeAgainstCredit(arena: Arena): Promise<void> {
  const seller = await arena.person()
  const offer = await arena.offer(seller)
  const takers = [arena.crowd[0]!, await arena.person(), await arena.person(), arena.crowd[1]!]
  const replies = await round([
    ...takers.map((taker) => () => arena.take(taker, offer, '0.1')),
    () => arena.adjust(seller, '0.15'),
    () => arena.adjust(seller, '0.1'),
  ])
  assert.deepEqual(tally(replies), { done: 6 })
  const states = replies.slice(0, 4).map((reply) => reply.body.status)
  const funded = states.filter((status) => status === 'funded').length
  assert.ok(funded <= 2 && states.every((status) => status === 'funded' || status === 'pending'))
  await arena.assertAvailable(seller, decimal(units('0.25') - BigInt(funded) * units('0.1001')))
  // Now that the coins are there the seller funds the rest, all at once: as many as they reach for.
  const waiting = replies.slice(0, 4).filter((reply) => reply.body.status === 'pending')
  const funding = await round(waiting.map((reply) => () => arena.move(seller, 'fund', reply.body.id)))
  assert.equal(funded + (tally(funding).done ?? 0), 2)
  assert.equal(tally(funding).insufficient_funds, 2)
  await arena.assertAvailable(seller, '0.0498')
  await arena.endAll(won(takers, replies.slice(0, 4)))
  await arena.assertAvailable(seller, '0.25')
}

function won(takers: Actor[], replies: Reply[]): { taker: Actor; id: string }[] {
  return takers.flatMap((taker, index) => {
    const reply = replies[index]
    return reply?.code === null ? [{ taker, id: reply.body.id as string }] : []
  })
}
