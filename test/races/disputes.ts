import assert from 'node:assert/strict'
import { type Actor, newActors, type Reply, tend } from '../support/actors.ts'
import { type Arena, type Race, round, tally } from './arena.ts'

export const disputes: Race[] = [
  { name: 'both sides and the clock open a dispute at once', run: openAtOnce },
  { name: 'a dispute against release and cancel', run: openAgainstEnd },
  { name: 'ruling against release and concession', run: rulingAgainstEnd },
  { name: 'the same ruling again and again', run: sameRuling },
  { name: 'appeal against the end of its window, release and concession', run: appealAgainstEnd },
]

const RELEASED = 'completed hold release'
const REFUNDED = 'cancelled hold refund'
const SPLIT = 'completed hold split'
const REASON = { reason: 'payment_not_received' }

/** The arbitrators of the arena, made with the first race. */
const benches = new WeakMap<Arena, Promise<Actor[]>>()
export function bench(arena: Arena): Promise<Actor[]> {
  let found = benches.get(arena)
  if (found === undefined) {
    found = newActors(arena.market, 4).then(async (arbitrators) => {
      await arena.superuser.query(
        `insert into fairlock.staff_roles (user_id, role) select id, 'arbitrator' from unnest($1::uuid[]) id`,
        [arbitrators.map(({ id }) => id)],
      )
      return arbitrators
    })
    benches.set(arena, found)
  }
  return found
}

async function assigned(arena: Arena, disputeId: string, part: string): Promise<Actor> {
  const { rows } = await arena.superuser.query(
    `select arbitrator_id as id from fairlock.dispute_assignments
     where dispute_id = $1 and part = $2 and ended_at is null`,
    [disputeId, part],
  )
  const found = (await bench(arena)).find(({ id }) => id === rows[0]?.id)
  assert.ok(found, `nobody has the part ${part}`)
  return found
}

const open = (arena: Arena, actor: Actor, tradeId: string) =>
  arena.do(actor, 'open_dispute', { tradeId, ...REASON })
const rule = (arena: Arena, actor: Actor, disputeId: string, outcome: string) =>
  arena.do(actor, 'rule_dispute', {
    disputeId,
    reason: 'so it is',
    outcome,
    ...(outcome === 'split' && { buyerAmount: '0.03333333' }),
  })

async function openAtOnce(arena: Arena, number: number): Promise<void> {
  await bench(arena)
  const { id, seller, buyer } = await arena.trade('paid')
  await arena.setDeadline(id, number % 2 === 0 ? -1000 : 60_000)
  const replies = await round([
    () => open(arena, seller, id),
    () => open(arena, buyer, id),
    () => tend(arena.market, 'open_overdue_dispute', id),
    () => tend(arena.market, 'open_overdue_dispute', id),
  ])
  const { done, disputed_already = 0, deadline_not_reached = 0 } = tally(replies)
  assert.deepEqual([done, disputed_already + deadline_not_reached], [1, 3])
  assert.equal(await arena.outcome(id), 'disputed hold')
  const { rows } = await arena.superuser.query(
    `select (select count(*)::int from crypto_disputes where trade_id = $1) as disputes,
       (select array_agg(disputed_trades) from crypto_profiles where user_id = any ($2)) as counted`,
    [id, [seller.id, buyer.id]],
  )
  assert.deepEqual(rows[0], { disputes: 1, counted: [1, 1] })
}

async function openAgainstEnd(arena: Arena): Promise<void> {
  await bench(arena)
  const { id, seller, buyer } = await arena.trade('paid')
  const [opened, release, cancel] = await round([
    () => open(arena, buyer, id),
    () => arena.move(seller, 'release', id),
    () => arena.move(buyer, 'cancel', id),
  ])
  // Who ends the trade may come before the dispute or end it; of the two that end it one wins.
  assert.deepEqual(tally([release!, cancel!]), { done: 1, move_not_allowed: 1 })
  assert.ok(opened?.code === null || opened?.code === 'move_not_allowed')
  assert.equal(await arena.outcome(id), release?.code === null ? RELEASED : REFUNDED)
  await assertNoOpenDispute(arena, id)
}

async function disputed(arena: Arena) {
  await bench(arena)
  const trade = await arena.trade('paid')
  const { body } = await arena.must(open(arena, trade.seller, trade.id))
  return { ...trade, disputeId: body.id as string, first: await assigned(arena, body.id, 'first') }
}

async function rulingAgainstEnd(arena: Arena, number: number): Promise<void> {
  const { id, seller, buyer, disputeId, first } = await disputed(arena)
  const outcome = ['release', 'refund', 'split'][number % 3]!
  const [ruling, release, cancel] = await round([
    () => rule(arena, first, disputeId, outcome),
    () => arena.move(seller, 'release', id),
    () => arena.move(buyer, 'cancel', id),
  ])
  assertOneWon([ruling!, release!, cancel!], ['dispute_over', 'move_not_allowed'])
  const expected =
    ruling?.code === null
      ? { release: RELEASED, refund: REFUNDED, split: SPLIT }[outcome]
      : release?.code === null
        ? RELEASED
        : REFUNDED
  assert.equal(await arena.outcome(id), expected)
  await assertNoOpenDispute(arena, id)
}

async function sameRuling(arena: Arena): Promise<void> {
  const { id, buyer, disputeId, first } = await disputed(arena)
  const replies = await round(
    ['split', 'refund', 'split', 'release', 'split'].map(
      (outcome) => () => rule(arena, first, disputeId, outcome),
    ),
  )
  assertOneWon(replies, ['dispute_over'])
  const winner = replies.findIndex(({ code }) => code === null)
  assert.equal(await arena.outcome(id), [SPLIT, REFUNDED, SPLIT, RELEASED, SPLIT][winner])
  await arena.assertAvailable(buyer, ['0.03333333', '0', '0.03333333', '0.0998', '0.03333333'][winner]!)
}

/** A large trade whose ruling, a refund, can be appealed until about now. */
async function appealAgainstEnd(arena: Arena, number: number): Promise<void> {
  await bench(arena)
  const [seller, buyer] = [await arena.owner('1'), await arena.person()]
  const offer = await arena.offer(seller)
  const { id } = (await arena.must(arena.take(buyer, offer, '0.6'))).body
  await arena.must(arena.move(buyer, 'pay', id))
  const disputeId = (await arena.must(open(arena, seller, id))).body.id as string
  await arena.must(rule(arena, await assigned(arena, disputeId, 'first'), disputeId, 'refund'))
  const words = { disputeId, reason: 'so it is' }
  const second = await assigned(arena, disputeId, 'second')
  await arena.must(arena.do(second, 'consent_dispute', { ...words, agree: true }))
  await arena.superuser.query(`begin; set local session_replication_role = replica;
    update fairlock.dispute_rulings set appeal_until = clock_timestamp() + interval '${5 + (number % 20)} ms'
    where dispute_id = '${disputeId}'; commit`)
  const [appeal, release, ...clocks] = await round([
    () => arena.do(buyer, 'appeal_dispute', words),
    () => arena.move(seller, 'release', id),
    ...[1, 2, 3].map(() => () => tend(arena.market, 'settle_due_ruling', disputeId)),
  ])
  const { done: settled = 0 } = tally(clocks)
  assert.equal(settled + (release?.code === null ? 1 : 0) <= 1, true, 'two ends')
  assert.ok(appeal?.code !== null || settled === 0, 'what was appealed has settled')
  const outcome = await arena.outcome(id)
  if (release?.code === null) assert.equal(outcome, RELEASED)
  else if (settled === 1) assert.equal(outcome, REFUNDED)
  else assert.equal(outcome, 'disputed hold')
  if (outcome !== 'disputed hold') await assertNoOpenDispute(arena, id)
}

function assertOneWon(replies: Reply[], late: string[]): void {
  const won = replies.filter(({ code }) => code === null)
  assert.equal(won.length, 1)
  for (const { code } of replies) assert.ok(code === null || late.includes(code), `answered ${code}`)
}

/** I8, and nobody is left assigned to what is over. */
async function assertNoOpenDispute(arena: Arena, tradeId: string): Promise<void> {
  const { rows } = await arena.superuser.query(
    `select count(*)::int as open from crypto_disputes d left join fairlock.dispute_assignments a on a.dispute_id = d.id
     where d.trade_id = $1 and (d.status = 'pending' or a.id is not null and a.ended_at is null)`,
    [tradeId],
  )
  assert.equal(rows[0].open, 0)
}
