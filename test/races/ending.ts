import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { expire, type Reply } from '../support/actors.ts'
import { type Arena, type Race, round, tally } from './arena.ts'

export const ending: Race[] = [
  { name: 'release against cancel', run: releaseAgainstCancel },
  { name: 'release against expiry', run: releaseAgainstExpiry },
  { name: 'payment against expiry', run: payAgainstExpiry },
  { name: 'payment against cancel', run: payAgainstCancel },
  { name: 'the same release again and again', run: sameRelease },
  { name: 'two sides cancel at once', run: bothCancel },
  { name: 'the buyer cancels twice at once', run: cancelTwice },
  { name: 'fund twice at once', run: fundTwice },
  { name: 'fund against cancel and expiry', run: fundAgainstEnd },
  { name: 'two people trade both ways at once', run: bothWays },
]

const RELEASED = 'completed hold release'
const CANCELLED = 'cancelled hold refund'
const EXPIRED = 'expired hold refund'

async function releaseAgainstCancel(arena: Arena): Promise<void> {
  const { id, seller, buyer } = await arena.trade('paid')
  const [release, cancel] = await round([
    () => arena.move(seller, 'release', id),
    () => arena.move(buyer, 'cancel', id),
  ])
  assert.deepEqual(tally([release!, cancel!]), { done: 1, move_not_allowed: 1 })
  assert.equal(await arena.outcome(id), release?.code === null ? RELEASED : CANCELLED)
  await arena.assertAvailable(seller, release?.code === null ? '0.8999' : '1')
  await arena.assertAvailable(buyer, release?.code === null ? '0.0998' : '0')
}

/** Once the buyer has paid no clock ends the trade, however late it is: only people race here. */
async function releaseAgainstExpiry(arena: Arena): Promise<void> {
  const { id, seller, buyer } = await arena.trade('paid')
  await arena.setDeadline(id, -1000)
  const [release, cancel, ...clocks] = await round([
    () => arena.move(seller, 'release', id),
    () => arena.move(buyer, 'cancel', id),
    ...[1, 2, 3].map(() => () => expire(arena.market, id)),
  ])
  assert.deepEqual(tally(clocks), { move_not_allowed: 3 })
  assert.deepEqual(tally([release!, cancel!]), { done: 1, move_not_allowed: 1 })
  assert.equal(await arena.outcome(id), release?.code === null ? RELEASED : CANCELLED)
}

/** The deadline falls into the race, so that both sides of it are met. */
async function payAgainstExpiry(arena: Arena, number: number): Promise<void> {
  const { id, seller, buyer } = await arena.trade('funded')
  await arena.setDeadline(id, 2 + (number % 8))
  const [pay, ...clocks] = await round([
    () => sleep(number % 7).then(() => arena.move(buyer, 'pay', id)),
    ...[0, 2, 4, 8].map((ms) => () => sleep(ms).then(() => expire(arena.market, id))),
  ])
  const { done = 0 } = tally(clocks)
  if (pay?.code === null) {
    assert.equal(done, 0)
    assert.equal(await arena.outcome(id), 'paid hold')
    return
  }
  assert.ok(pay?.code === 'deadline_passed' || (pay?.code === 'move_not_allowed' && done === 1))
  // Where every clock came too early, the next one ends it.
  const late = await expire(arena.market, id)
  assert.equal(late.code, done === 1 ? 'move_not_allowed' : null)
  assert.equal(await arena.outcome(id), EXPIRED)
  await arena.assertAvailable(seller, '1')
}

async function payAgainstCancel(arena: Arena): Promise<void> {
  const { id, seller, buyer } = await arena.trade('funded')
  const [pay, cancel] = await round([
    () => arena.move(buyer, 'pay', id),
    () => arena.move(buyer, 'cancel', id),
    () => arena.move(buyer, 'cancel', id),
  ])
  // The buyer may also cancel after having paid, so at least one cancel always wins.
  assert.ok(pay?.code === null || pay?.code === 'move_not_allowed')
  assert.ok(cancel?.code === null || cancel?.code === 'move_not_allowed')
  assert.equal(await arena.outcome(id), CANCELLED)
  await arena.assertAvailable(seller, '1')
}

/** Five with one key, five with keys of their own, two without: one effect, and one key has one answer. */
async function sameRelease(arena: Arena, number: number): Promise<void> {
  const { id, seller, buyer } = await arena.trade('paid')
  const release = (key?: string) => () => arena.move(seller, 'release', id, { key })
  const replies = await round([
    ...Array.from({ length: 5 }, () => release(`release ${number}`)),
    ...Array.from({ length: 5 }, (_, index) => release(`release ${number}, ${index}`)),
    release(),
    release(),
  ])
  const [same, others] = [replies.slice(0, 5), replies.slice(5)]
  for (const reply of same) assert.deepEqual(reply, same[0], 'one key was answered in two ways')
  const winners = (same[0]?.code === null ? 1 : 0) + (tally(others).done ?? 0)
  assert.equal(winners, 1)
  for (const reply of replies) assert.ok(reply.code === null || reply.code === 'move_not_allowed')
  assert.equal(await arena.outcome(id), RELEASED)
  await arena.assertAvailable(buyer, '0.0998')
  const again = await arena.move(seller, 'release', id, { key: `release ${number}` })
  assert.deepEqual(again, same[0], 'the key was answered anew')
}

async function bothCancel(arena: Arena): Promise<void> {
  const { id, seller, buyer } = await arena.trade('pending')
  const replies = await round([
    () => arena.move(seller, 'cancel', id),
    () => arena.move(buyer, 'cancel', id),
    () => arena.move(seller, 'cancel', id, { key: `cancel ${id}` }),
  ])
  assertOneWon(replies)
  assert.equal(await arena.outcome(id), 'cancelled')
  await assertGivenBack(arena, id)
}

async function cancelTwice(arena: Arena, number: number): Promise<void> {
  const { id, seller, buyer } = await arena.trade(number % 2 === 0 ? 'funded' : 'paid')
  assertOneWon(await round([1, 2, 3, 4].map(() => () => arena.move(buyer, 'cancel', id))))
  assert.equal(await arena.outcome(id), CANCELLED)
  await arena.assertAvailable(seller, '1')
  await assertGivenBack(arena, id)
}

async function fundTwice(arena: Arena): Promise<void> {
  const { id, seller } = await arena.trade('pending')
  await arena.must(arena.adjust(seller, '0.3'))
  assertOneWon(await round([1, 2, 3, 4].map(() => () => arena.move(seller, 'fund', id))))
  assert.equal(await arena.outcome(id), 'funded hold')
  await arena.assertAvailable(seller, '0.1999')
}

async function fundAgainstEnd(arena: Arena, number: number): Promise<void> {
  const { id, seller, buyer } = await arena.trade('pending')
  await arena.must(arena.adjust(seller, '0.1001'))
  if (number % 2 === 0) await arena.setDeadline(id, 1 + (number % 5))
  const [fund, cancel, clock] = await round([
    () => arena.move(seller, 'fund', id),
    () => arena.move(buyer, 'cancel', id),
    () => sleep(number % 6).then(() => expire(arena.market, id)),
  ])
  const outcome = await arena.outcome(id)
  const ended = outcome.split(' ')[0]
  // The buyer may cancel a funded trade too, and the clock of funding does not run on in a funded one.
  if (fund?.code === null) assert.equal(outcome, CANCELLED)
  else assert.ok(outcome === 'cancelled' || outcome === 'expired', outcome)
  assert.equal(cancel?.code === null, ended === 'cancelled')
  assert.equal(clock?.code === null, ended === 'expired')
  await arena.assertAvailable(seller, '0.1001')
  await assertGivenBack(arena, id)
}

/** Each is the other's seller: their accounts, profiles and first wallets are asked for in both orders. */
async function bothWays(arena: Arena): Promise<void> {
  const people = [await arena.person(), await arena.person()] as const
  const offers = await Promise.all(people.map((maker) => arena.offer(maker)))
  const taken = await round([
    () => arena.take(people[1], offers[0]!, '0.1'),
    () => arena.take(people[0], offers[1]!, '0.1'),
    () => arena.adjust(people[0], '1'),
    () => arena.adjust(people[1], '1'),
  ])
  const trades = [0, 1].map((side) => ({
    id: taken[side]!.body.id as string,
    status: taken[side]!.body.status as string,
    seller: people[side]!,
    buyer: people[1 - side]!,
  }))
  for (const { seller, buyer, id, status } of trades) {
    if (status === 'pending') await arena.must(arena.move(seller, 'fund', id))
    await arena.must(arena.move(buyer, 'pay', id))
  }
  const ends = await round([
    ...trades.map(
      ({ seller, id }) =>
        () =>
          arena.move(seller, 'release', id),
    ),
    ...people.map((person) => () => arena.adjust(person, '-0.5')),
  ])
  assert.deepEqual(tally(ends), { done: 4 })
  for (const person of people) await arena.assertAvailable(person, '0.4997')
}

function assertOneWon(replies: Reply[]): void {
  assert.deepEqual(tally(replies), { done: 1, move_not_allowed: replies.length - 1 })
}

/** The offer has its amount back, and once only. */
async function assertGivenBack(arena: Arena, tradeId: string): Promise<void> {
  const { rows } = await arena.superuser.query(
    'select o.taken_amount::text from fairlock.offers o join public.crypto_trades t on t.offer_id = o.id where t.id = $1',
    [tradeId],
  )
  assert.equal(rows[0].taken_amount, '0.00000000')
}
