import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { offerBody } from '../support/market.ts'
import { Court, done, refusal } from './court.ts'

// Who arbitrates, what it shows them and for how long; the clock of rulings; and the right to open disputes.

let court: Court
before(async () => {
  court = await Court.open(2)
})
after(() => court?.close())

test('cases go to the least loaded, in turn, and never to who traded with a side lately or is one', async () => {
  const [one, two] = court.arbitrators as [(typeof court.arbitrators)[0], (typeof court.arbitrators)[0]]
  const given = []
  for (let n = 0; n < 4; n++) given.push((await court.disputed()).arbitrator.id)
  assert.deepEqual(given.filter((id) => id === one.id).length, 2)
  assert.notEqual(given[0], given[1])

  const seller = await court.market.person('seller')
  await court.market.credit(seller, 'BTC', '1')
  const offer = await done(seller.post('/v1/offers', offerBody()))
  await done(one.post(`/v1/offers/${offer.id}/trades`, { amount: '0.01', paymentMethodType: 'sepa' }))
  for (let n = 0; n < 2; n++) {
    const trade = await court.paid('0.1', { seller })
    const dispute = await done(seller.post(`/v1/trades/${trade.id}/dispute`, { reason: 'wrong_amount' }))
    assert.equal((await court.assigned(dispute.id)).id, two.id, 'who traded with the seller')
  }
  // An arbitrator may trade; their own dispute is somebody else's.
  const own = await court.paid('0.1', { buyer: two })
  const dispute = await done(own.seller.post(`/v1/trades/${own.id}/dispute`, { reason: 'wrong_amount' }))
  assert.equal((await court.assigned(dispute.id)).id, one.id)
  assert.deepEqual(refusal(await court.rule(two, dispute.id, { outcome: 'release' })), [
    403,
    'arbitrator_only',
  ])
  const queue = await done(two.get('/v1/disputes?queue=mine'))
  assert.ok(queue.items.every((item: { id: string }) => item.id !== dispute.id))
  await assert.rejects(
    court.superuser.query(
      `insert into fairlock.dispute_assignments (id, dispute_id, arbitrator_id, part) values (gen_random_uuid(), $1, $2, 'second')`,
      [dispute.id, two.id],
    ),
    { code: 'FL096' },
  )
})

test('the assigned arbitrator sees the case while it is theirs, each look is in the log, nobody else does', async () => {
  const { id, seller, disputeId, arbitrator } = await court.disputed()
  const other = court.arbitrators.find((one) => one !== arbitrator)!
  const looks = async () =>
    (
      await court.row(
        `select count(*)::int as looks from audit.events where action = 'case.viewed' and subject_id = $1 and actor_id = $2`,
        [id, arbitrator.id],
      )
    ).looks
  const seen = await done(arbitrator.get(`/v1/disputes/${disputeId}`))
  assert.deepEqual([seen.seenBy, seen.trade.id, seen.trade.seller.id], ['arbitrator', id, seller.id])
  assert.equal(await looks(), 1)
  assert.equal((await arbitrator.get(`/v1/trades/${id}`)).status, 404, 'without a look nothing is shown')
  for (const stranger of [other, await court.market.admin(), await court.market.person('stranger')])
    assert.equal((await stranger.get(`/v1/disputes/${disputeId}`)).status, 404)
  assert.deepEqual(refusal(await court.rule(other, disputeId, { outcome: 'refund' })), [404, 'not_found'])

  await done(arbitrator.post(`/v1/disputes/${disputeId}/recusal`, { reason: 'The buyer is my neighbour.' }))
  assert.equal((await court.assigned(disputeId)).id, other.id)
  assert.equal((await arbitrator.get(`/v1/disputes/${disputeId}`)).status, 404)
  const told = JSON.stringify(await done(seller.get(`/v1/disputes/${disputeId}`)))
  assert.ok(!told.includes('neighbour') && !told.includes(other.id))
  assert.match(JSON.stringify(await done(other.get(`/v1/disputes/${disputeId}`))), /neighbour/)
})

test('an administrator reassigns, but not to who has a conflict of interest; who loses the role loses the case', async () => {
  const { seller, disputeId, arbitrator } = await court.disputed()
  const admin = await court.market.admin()
  const path = `/v1/disputes/${disputeId}/assignment`
  const reason = 'A holiday.'
  for (const person of [seller, arbitrator])
    assert.deepEqual(refusal(await person.post(path, { reason })), [403, 'admin_only'])
  for (const unfit of [seller, arbitrator, admin])
    assert.deepEqual(refusal(await admin.post(path, { reason, arbitratorId: unfit.id })), [
      409,
      'conflict_of_interest',
    ])
  const third = await court.arbitrator()
  const reassigned = await done(admin.post(path, { reason, arbitratorId: third.id }))
  assert.deepEqual(
    reassigned.arbitrators.map((one: { id: string; endedAs: string | null }) => [one.id, one.endedAs]),
    [
      [arbitrator.id, 'reassigned'],
      [third.id, null],
    ],
  )
  await court.superuser.query('delete from fairlock.staff_roles where user_id = $1', [third.id])
  assert.equal((await third.get(`/v1/disputes/${disputeId}`)).status, 404)
  assert.deepEqual(refusal(await court.rule(third, disputeId, { outcome: 'refund' })), [
    403,
    'arbitrator_only',
  ])
  await court.tend()
  const left = court.arbitrators.find((one) => one !== arbitrator && one !== third)!
  assert.equal((await court.assigned(disputeId)).id, left.id)
})

test('without an arbitrator a dispute waits in the queue, and is assigned when there is one', async () => {
  const roles = await court.superuser.query(
    `delete from fairlock.staff_roles where role = 'arbitrator' returning user_id`,
  )
  const trade = await court.paid()
  const dispute = await done(
    trade.buyer.post(`/v1/trades/${trade.id}/dispute`, { reason: 'payment_not_released' }),
  )
  assert.equal(dispute.isAssigned, false)
  const admin = await court.market.admin()
  const waiting = async () =>
    (await done(admin.get('/v1/disputes?queue=unassigned'))).items.some(
      (one: { id: string }) => one.id === dispute.id,
    )
  assert.equal(await waiting(), true)
  await court.superuser.query(
    `insert into fairlock.staff_roles (user_id, role) select id, 'arbitrator' from unnest($1::uuid[]) id`,
    [roles.rows.map((row) => row.user_id)],
  )
  await court.tend()
  assert.equal(await waiting(), false)
  await court.assigned(dispute.id)
})

test('an overdue ruling is told to administrators once, and nothing is decided', async () => {
  const { id, disputeId } = await court.disputed()
  await court.age('crypto_disputes', 'ruling_due_at', `id = '${disputeId}'`)
  await Promise.all([court.tend(), court.tend()])
  await court.tend()
  const dispute = await court.row('select status, escalated_at from crypto_disputes where id = $1', [
    disputeId,
  ])
  assert.ok(dispute.status === 'pending' && dispute.escalated_at !== null)
  const told = await court.row(
    `select count(*)::int as count from fairlock.outbox where kind = 'dispute.escalated' and trade_id = $1`,
    [id],
  )
  assert.equal(told.count, 1)
})

test('who opened and lost three disputes opens none for a while; the clock still does it for them', async () => {
  const [seller, buyer] = [await court.market.person('seller'), await court.market.person('buyer')]
  for (let n = 0; n < 3; n++) {
    const trade = await court.paid('0.1', { seller, buyer })
    const { id } = await done(
      buyer.post(`/v1/trades/${trade.id}/dispute`, { reason: 'payment_not_released' }),
    )
    const admin = await court.market.admin()
    if (n === 2) await done(admin.post(`/v1/disputes/${id}/notes`, { text: 'The third of the same kind.' }))
    await done(court.rule(await court.assigned(id), id, { outcome: 'refund' }))
  }
  const trade = await court.paid('0.1', { seller, buyer })
  const refused = await buyer.post(`/v1/trades/${trade.id}/dispute`, { reason: 'payment_not_released' })
  assert.deepEqual(refusal(refused), [403, 'dispute_right_limited'])
  assert.ok(Date.parse(refused.body.until) > Date.now() + 29 * 86_400_000)
  await court.age('crypto_trades', 'deadline', `id = '${trade.id}'`)
  await court.tend()
  assert.equal((await done(buyer.get(`/v1/trades/${trade.id}`))).status, 'disputed')
  await court.superuser.query(`begin; set local session_replication_role = replica;
    update crypto_disputes set resolved_at = resolved_at - interval '31 days' where lost_by = '${buyer.id}'; commit`)
  const later = await court.paid('0.1', { seller, buyer })
  await done(buyer.post(`/v1/trades/${later.id}/dispute`, { reason: 'payment_not_released' }))
})

test('what was said, assigned and ruled cannot be changed or taken back', async () => {
  for (const sql of [
    `update fairlock.dispute_entries set at = now()`,
    `delete from fairlock.dispute_entries`,
    `delete from fairlock.dispute_assignments`,
    `update fairlock.dispute_rulings set outcome = 'release'`,
    `delete from crypto_disputes`,
    `update crypto_disputes set raised_by = against_user_id, against_user_id = raised_by`,
    `update crypto_disputes set status = 'pending', resolved_at = null, resolved_by = null, stage = 'open', lost_by = null
     where status = 'resolved'`,
    `update crypto_disputes set status = 'closed', resolved_at = now(), stage = 'over' where status = 'pending'`,
    `update crypto_trades set status = 'completed', dispute_status = 'closed' where status = 'disputed'`,
  ])
    await assert.rejects(court.superuser.query(sql), { code: /FL09[0456]|23514/ }, sql)
})
