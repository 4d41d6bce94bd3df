import assert from 'node:assert/strict'
import { type Actor, expire, newActors, type Reply, tend } from '../support/actors.ts'
import { type Arena, type Race, round } from './arena.ts'
import { bench } from './disputes.ts'

export const tangle: Race[] = [{ name: 'everything at once between the same three people', run: everything }]

/** Three who sell to each other all the time, and who decides about them; made with the first round. */
type Cast = { people: Actor[]; offers: string[]; arbitrators: Actor[]; admin: Actor }
const casts = new WeakMap<Arena, Promise<Cast>>()
function castOf(arena: Arena): Promise<Cast> {
  let found = casts.get(arena)
  if (found === undefined) {
    found = assemble(arena)
    casts.set(arena, found)
  }
  return found
}

async function assemble(arena: Arena): Promise<Cast> {
  const people = [await arena.owner('500'), await arena.owner('500'), await arena.owner('500')]
  const large = { totalAmount: '900', maxAmount: '1' }
  const offers = await Promise.all(people.map((maker) => arena.offer(maker, large)))
  const [admin] = (await newActors(arena.market, 1)) as [Actor]
  await arena.superuser.query(`insert into fairlock.staff_roles (user_id, role) values ($1, 'admin')`, [
    admin.id,
  ])
  return { people, offers, arbitrators: await bench(arena), admin }
}

type Deal = { id: string; seller: Actor; buyer: Actor; disputeId?: string }

/**
 * Trades in every direction, and all that can be done to them and to the people in them in one instant: whoever takes
 * two locks in another order than the rest meets somebody here who holds one and wants the other. Each trade then ends
 * once at most, and the books are looked at after all rounds.
 */
async function everything(arena: Arena, number: number): Promise<void> {
  const { people, offers, arbitrators, admin } = await castOf(arena)
  const deals: Deal[] = []
  for (const [index, seller] of people.entries()) {
    for (const buyer of people.filter((one) => one !== seller)) {
      const { id } = (await arena.must(arena.take(buyer, offers[index]!, '0.1'))).body
      const deal: Deal = { id, seller, buyer }
      deals.push(deal)
      if (deals.length % 6 === number % 6) continue
      await arena.must(arena.move(buyer, 'pay', id))
      const reason = { tradeId: id, reason: 'payment_not_received' }
      if (deals.length % 3 === 0)
        deal.disputeId = (await arena.must(arena.do(seller, 'open_dispute', reason))).body.id
      else if (deals.length % 3 === 1) await arena.must(arena.move(seller, 'release', id))
    }
  }
  await arena.superuser.query(`begin; set local session_replication_role = replica;
    update crypto_trades set deadline = clock_timestamp() where status in ('funded', 'paid') and id = any
      ('{${deals.map(({ id }) => id).join()}}'); commit`)
  const until = new Date(Date.now() + 3_600_000).toISOString()
  await round([
    ...deals.flatMap((deal, index) => onesOf(arena, deal, arbitrators, index + number)),
    ...offers.map((offer, index) => () => arena.take(people[(index + 1) % 3]!, offer, '0.01')),
    () =>
      arena.do(admin, 'ban', { userId: people[number % 3]!.id, until, reason: 'a race' }, { http: false }),
    () => arena.adjust(people[(number + 1) % 3]!, '0.01'),
  ])
  await arena.superuser.query('update crypto_profiles set banned_until = null where user_id = any ($1)', [
    people.map(({ id }) => id),
  ])
  await settle(arena, people)
}

function onesOf(arena: Arena, { id, seller, buyer, disputeId }: Deal, arbitrators: Actor[], number: number) {
  const rating = { tradeId: id, rating: '4.50', feedback: null }
  const direct = { http: false }
  const outcome = ['release', 'refund', 'split'][number % 3]!
  const ruling = {
    disputeId: disputeId ?? '',
    outcome,
    ...(outcome === 'split' && { buyerAmount: '0.00000001' }),
  }
  const all: (() => Promise<Reply>)[] = [
    () => arena.move(seller, 'release', id),
    () => arena.move(buyer, 'cancel', id),
    () => arena.do(seller, 'rate_trade', rating, direct),
    () => arena.do(buyer, 'rate_trade', rating, direct),
    () => expire(arena.market, id),
    () => tend(arena.market, 'open_overdue_dispute', id),
    () => arena.do(buyer, 'open_dispute', { tradeId: id, reason: 'payment_not_released' }),
  ]
  if (disputeId === undefined) return all
  const rulings = arbitrators.map(
    (one) => () => arena.do(one, 'rule_dispute', { ...ruling, reason: 'so it is' }),
  )
  return [...all, ...rulings, () => arena.do(buyer, 'answer_dispute', { disputeId, statement: 'I paid.' })]
}

/** Ends what the round has left open, so that the next one may take again; nothing is left that nobody can end. */
async function settle(arena: Arena, people: Actor[]): Promise<void> {
  const { rows } = await arena.superuser.query<{ id: string; buyer: string }>(
    `select id, buyer_id as buyer from crypto_trades
     where user_id = any ($1) and status in ('pending', 'funded', 'paid', 'disputed')`,
    [people.map(({ id }) => id)],
  )
  for (const { id, buyer } of rows)
    await arena.must(arena.move(people.find((one) => one.id === buyer)!, 'cancel', id))
  const { rows: open } = await arena.superuser.query(
    `select count(*)::int as n from crypto_disputes d join crypto_trades t on t.id = d.trade_id
     where t.user_id = any ($1) and d.status = 'pending'`,
    [people.map(({ id }) => id)],
  )
  assert.equal(open[0].n, 0)
}
