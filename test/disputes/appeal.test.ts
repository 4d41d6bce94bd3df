import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assertCleanBooks } from '../support/books.ts'
import { Court, done, refusal } from './court.ts'

// Large rulings: a second arbitrator's consent, the window in which they can be appealed, and the appeal. From 0.5 BTC on.

let court: Court
before(async () => {
  court = await Court.open(4)
})
after(() => court?.close())

const consent = { agree: true, reason: 'I see it the same way.' }

/** A large dispute ruled for the seller, with the consent of a second arbitrator. */
async function ruled(outcome = 'refund', extra: object = {}) {
  const trade = await court.disputed('0.6')
  const { disputeId, arbitrator } = trade
  await done(court.rule(arbitrator, disputeId, { outcome, ...extra }))
  const second = await court.assigned(disputeId, 'second')
  await done(second.post(`/v1/disputes/${disputeId}/consent`, consent))
  return { ...trade, second }
}

test('a large ruling waits for a second arbitrator, and the sides know nothing of it before', async () => {
  const { id, seller, buyer, disputeId, arbitrator } = await court.disputed('0.6')
  const waiting = await done(court.rule(arbitrator, disputeId, { outcome: 'refund' }))
  assert.deepEqual([waiting.status, waiting.stage, waiting.ruling.state], ['pending', 'consent', 'consent'])
  for (const side of [seller, buyer]) {
    const seen = await done(side.get(`/v1/disputes/${disputeId}`))
    assert.deepEqual(
      [seen.stage, seen.ruling, JSON.stringify(seen).includes('evidence says')],
      ['open', null, false],
    )
  }
  assert.equal((await done(buyer.get(`/v1/trades/${id}`))).status, 'disputed')
  const second = await court.assigned(disputeId, 'second')
  assert.notEqual(second.id, arbitrator.id)
  const path = `/v1/disputes/${disputeId}/consent`
  assert.deepEqual(refusal(await arbitrator.post(path, consent)), [409, 'dispute_stage'])
  assert.deepEqual(refusal(await seller.post(path, consent)), [403, 'arbitrator_only'])
  assert.deepEqual(refusal(await court.rule(second, disputeId, { outcome: 'release' })), [
    409,
    'dispute_stage',
  ])

  const refused = await done(second.post(path, { agree: false, reason: 'The receipt is real.' }))
  assert.deepEqual([refused.stage, refused.ruling.state], ['open', 'refused'])
  const back = await done(arbitrator.get(`/v1/disputes/${disputeId}`))
  assert.ok(back.timeline.some((line: { text: string }) => line.text === 'The receipt is real.'))
  await done(court.rule(arbitrator, disputeId, { outcome: 'release' }))
  await done((await court.assigned(disputeId, 'second')).post(path, consent))
  const told = await done(seller.get(`/v1/disputes/${disputeId}`))
  assert.deepEqual([told.stage, told.ruling.outcome, told.status], ['appeal', 'release', 'pending'])
  assert.equal((await done(buyer.get(`/v1/trades/${id}`))).deadline, told.ruling.appealUntil)
  const texts = told.timeline.map((line: { text: string | null }) => line.text).join()
  assert.ok(
    !texts.includes('The receipt is real.') && !texts.includes(consent.reason),
    'told between arbitrators',
  )
})

test('nobody appeals: when the window is over it settles, and not before', async () => {
  const { id, seller, disputeId } = await ruled()
  await court.tend()
  assert.equal((await done(seller.get(`/v1/trades/${id}`))).status, 'disputed')
  await court.age('fairlock.dispute_rulings', 'appeal_until', `dispute_id = '${disputeId}'`)
  await Promise.all([court.tend(), court.tend()])
  const trade = await done(seller.get(`/v1/trades/${id}`))
  assert.deepEqual(
    [trade.status, trade.endedBy, trade.dispute.status],
    ['cancelled', 'arbitrator', 'resolved'],
  )
  assert.equal(await court.available(seller), '2.00000000')
})

test('the losing side appeals once, somebody else decides, and finally', async () => {
  const { id, seller, buyer, disputeId, arbitrator, second } = await ruled()
  const path = `/v1/disputes/${disputeId}/appeal`
  const appeal = { reason: 'Look at the date of the transfer.' }
  assert.deepEqual(refusal(await seller.post(path, appeal)), [409, 'nothing_to_appeal'])
  assert.deepEqual(refusal(await arbitrator.post(path, appeal)), [404, 'not_found'])
  const appealed = await done(buyer.post(path, appeal))
  assert.equal(appealed.stage, 'appealed')
  assert.deepEqual(refusal(await buyer.post(path, appeal)), [409, 'dispute_stage'])
  const third = await court.assigned(disputeId, 'appeal')
  assert.ok(third.id !== arbitrator.id && third.id !== second.id)
  for (const earlier of [arbitrator, second]) {
    assert.deepEqual(refusal(await court.rule(earlier, disputeId, { outcome: 'refund' })), [
      403,
      'arbitrator_only',
    ])
    assert.equal((await earlier.get(`/v1/disputes/${disputeId}`)).status, 404)
  }
  await court.age('fairlock.dispute_rulings', 'appeal_until', `dispute_id = '${disputeId}'`)
  await court.tend()
  assert.equal(
    (await done(buyer.get(`/v1/trades/${id}`))).status,
    'disputed',
    'what was appealed does not settle',
  )
  const settled = await done(
    court.rule(third, disputeId, { outcome: 'split', buyerAmount: '0.3', faultOf: 'seller' }),
  )
  assert.deepEqual([settled.status, settled.resolution, settled.ruling.isFinal], ['resolved', 'split', true])
  assert.equal(await court.available(buyer), '0.30000000')
})

test('too late to appeal is too late, also before the clock has come', async () => {
  const { buyer, disputeId } = await ruled()
  await court.age('fairlock.dispute_rulings', 'appeal_until', `dispute_id = '${disputeId}'`)
  assert.deepEqual(refusal(await buyer.post(`/v1/disputes/${disputeId}/appeal`, { reason: 'late' })), [
    409,
    'appeal_over',
  ])
})

test('the seller releases while a ruling for them can be appealed: the ruling is overtaken', async () => {
  const { id, seller, buyer, disputeId } = await ruled()
  assert.equal((await done(seller.post(`/v1/trades/${id}/release`))).status, 'completed')
  const dispute = await done(buyer.get(`/v1/disputes/${disputeId}`))
  assert.deepEqual(
    [dispute.status, dispute.resolution, dispute.ruling.state],
    ['closed', 'seller_released', 'overtaken'],
  )
})

test('the books balance after all of it', () => assertCleanBooks(court.market.database.ownerUrl))
