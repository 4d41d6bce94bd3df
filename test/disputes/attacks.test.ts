import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setRole } from '../access/staff.ts'
import { assertCleanBooks } from '../support/books.ts'
import { offerBody, type Person } from '../support/market.ts'
import { Court, done, refusal } from './court.ts'

// What people try who want a dispute to end otherwise than it should, or to be none of those who lost it.

let court: Court
before(async () => {
  court = await Court.open(4)
})
after(() => court?.close())

/** A large dispute that was ruled with consent, and waits for an appeal. */
async function ruled(outcome: string, extra: object = {}) {
  const trade = await court.disputed('0.6')
  await done(court.rule(trade.arbitrator, trade.disputeId, { outcome, ...extra }))
  const second = await court.assigned(trade.disputeId, 'second')
  await done(second.post(`/v1/disputes/${trade.disputeId}/consent`, { agree: true, reason: 'Yes.' }))
  return trade
}

const lost = async (person: Person) => (await done(person.get(`/v1/users/${person.id}`))).disputesLost

test('who gives in to a ruling against them before it takes effect has lost the dispute all the same', async () => {
  const one = await ruled('release')
  await done(one.seller.post(`/v1/trades/${one.id}/release`))
  const ended = await done(one.buyer.get(`/v1/disputes/${one.disputeId}`))
  assert.deepEqual(
    [ended.status, ended.resolution, ended.ruling.state],
    ['resolved', 'seller_released', 'overtaken'],
  )
  assert.equal(ended.timeline.at(-1).kind, 'dispute.closed')
  assert.deepEqual([await lost(one.seller), await lost(one.buyer)], [1, 0])

  const two = await ruled('refund')
  await done(two.buyer.post(`/v1/disputes/${two.disputeId}/appeal`, { reason: 'To win time.' }))
  await done(two.buyer.post(`/v1/trades/${two.id}/cancellation`))
  assert.deepEqual([await lost(two.seller), await lost(two.buyer)], [0, 1], 'an appeal is no way out of it')

  const three = await ruled('split', { buyerAmount: '0.3' })
  await done(three.seller.post(`/v1/trades/${three.id}/release`))
  const four = await ruled('refund')
  await done(four.seller.post(`/v1/trades/${four.id}/release`))
  for (const { seller, buyer, disputeId } of [three, four]) {
    assert.deepEqual([await lost(seller), await lost(buyer)], [0, 0], 'a gift of the one who was not blamed')
    assert.equal((await done(buyer.get(`/v1/disputes/${disputeId}`))).status, 'closed')
  }
})

test('an arbitrator who begins to trade with a side decides nothing any more, and somebody else gets the case', async () => {
  const { seller, disputeId, arbitrator } = await court.disputed()
  const offer = await done(seller.post('/v1/offers', offerBody()))
  await done(arbitrator.post(`/v1/offers/${offer.id}/trades`, { amount: '0.01', paymentMethodType: 'sepa' }))
  assert.deepEqual(refusal(await court.rule(arbitrator, disputeId, { outcome: 'refund' })), [
    409,
    'conflict_of_interest',
  ])
  const question = { to: 'buyer', text: 'Where is the money?' }
  assert.deepEqual(refusal(await arbitrator.post(`/v1/disputes/${disputeId}/questions`, question)), [
    409,
    'conflict_of_interest',
  ])
  await court.tend()
  const other = await court.assigned(disputeId)
  assert.notEqual(other.id, arbitrator.id)
  assert.equal((await arbitrator.get(`/v1/disputes/${disputeId}`)).status, 404)
  await done(court.rule(other, disputeId, { outcome: 'refund' }))
})

test('an administrator who arbitrates as well gives no case to themselves', async () => {
  const { disputeId } = await court.disputed()
  const admin = await court.market.admin()
  await setRole(court.superuser, admin, 'arbitrator', true)
  court.arbitrators.push(admin)
  const path = `/v1/disputes/${disputeId}/assignment`
  const reason = 'I know better.'
  assert.deepEqual(refusal(await admin.post(path, { reason, arbitratorId: admin.id })), [
    409,
    'conflict_of_interest',
  ])
  // By exhaustion neither: with everybody else tried nobody is chosen.
  for (let tries = 0; tries < 4; tries++) {
    const { arbitrators } = await done(admin.post(path, { reason }))
    assert.ok(arbitrators.every((one: { id: string }) => one.id !== admin.id))
  }
  await setRole(court.superuser, admin, 'arbitrator', false)
})

test('disputes that nobody can take keep no other one from being assigned', async () => {
  const { rows } = await court.superuser.query(
    `delete from fairlock.staff_roles where role = 'arbitrator' returning user_id`,
  )
  const everybody = rows.map((row) => row.user_id)
  const trade = await court.paid()
  const { id } = await done(
    trade.seller.post(`/v1/trades/${trade.id}/dispute`, { reason: 'payment_not_received' }),
  )
  // A hundred older ones that every arbitrator has stepped back from.
  await court.superuser.query(`begin; set local session_replication_role = replica;
    insert into crypto_disputes (id, trade_id, raised_by, against_user_id, reason, status, stage, created_at)
      select gen_random_uuid(), gen_random_uuid(), raised_by, against_user_id, 'stuck', 'pending', 'open',
        now() - interval '9 days' from crypto_disputes, generate_series(1, 100) where id = '${id}';
    insert into fairlock.dispute_assignments (id, dispute_id, arbitrator_id, part, ended_at, ended_as)
      select gen_random_uuid(), d.id, a, 'first', now(), 'recused'
      from crypto_disputes d, unnest('{${everybody.join()}}'::uuid[]) a where d.reason = 'stuck';
    insert into fairlock.staff_roles (user_id, role)
      select a, 'arbitrator' from unnest('{${everybody.join()}}'::uuid[]) a; commit`)
  const find = () => court.row('select from fairlock.dispute_assignments where dispute_id = $1', [id])
  for (let run = 0; run < 10 && (await find()) === undefined; run++) await court.tend()
  const found = await find()
  await court.superuser.query(`begin; set local session_replication_role = replica;
    delete from fairlock.dispute_assignments using crypto_disputes d where d.id = dispute_id and d.reason = 'stuck';
    delete from crypto_disputes where reason = 'stuck'; commit`)
  assert.ok(found !== undefined, 'it waits behind them for ever')
})

test('the books balance after all of it', () => assertCleanBooks(court.market.database.ownerUrl))
