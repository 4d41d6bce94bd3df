import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Court, done, refusal } from '../disputes/court.ts'
import { assertCleanBooks } from '../support/books.ts'

// Disputes as the people in them live through them, over HTTP. A trade of 0.1 BTC holds 0.1001 in escrow; released it
// gives the buyer 0.0998 and the platform 0.0003.

let court: Court
before(async () => {
  court = await Court.open(3)
})
after(() => court?.close())

test('the seller says that no money came, the buyer cannot show it, the coins go back', async () => {
  const { id, seller, buyer, offerId } = await court.paid()
  const trade = await done(seller.get(`/v1/trades/${id}`))
  assert.deepEqual(trade.actions, ['release', 'dispute'])
  const dispute = await done(
    seller.post(`/v1/trades/${id}/dispute`, {
      reason: 'payment_not_received',
      description: 'Nothing arrived.',
    }),
  )
  assert.deepEqual(
    [
      dispute.status,
      dispute.stage,
      dispute.reason,
      dispute.raisedBy,
      dispute.description,
      dispute.isAssigned,
    ],
    ['pending', 'open', 'payment_not_received', seller.id, 'Nothing arrived.', true],
  )
  const arbitrator = await court.assigned(dispute.id)
  await done(buyer.post(`/v1/disputes/${dispute.id}/answer`, { statement: 'I paid yesterday, wait a day.' }))
  await done(
    arbitrator.post(`/v1/disputes/${dispute.id}/questions`, {
      to: 'buyer',
      text: 'Which account?',
      answerWithinHours: 2,
    }),
  )
  const seen = await done(buyer.get(`/v1/disputes/${dispute.id}`))
  const question = seen.timeline.find((line: { kind: string }) => line.kind === 'dispute.question')
  await done(
    buyer.post(`/v1/disputes/${dispute.id}/questions/${question.facts.entryId}/answer`, {
      text: 'My brother’s.',
    }),
  )
  await done(arbitrator.post(`/v1/disputes/${dispute.id}/notes`, { text: 'A third party paid, if anybody.' }))
  const ruled = await done(court.rule(arbitrator, dispute.id, { outcome: 'refund' }))
  assert.deepEqual(
    [ruled.status, ruled.resolution, ruled.settlement.toSeller],
    ['resolved', 'refund', '0.10010000'],
  )

  const ended = await done(buyer.get(`/v1/trades/${id}`))
  assert.deepEqual(
    [
      ended.status,
      ended.endedBy,
      ended.dispute.status,
      ended.escrow.status,
      ended.escrow.refundedAmount,
      ended.actions,
    ],
    ['cancelled', 'arbitrator', 'resolved', 'refunded', '0.10010000', []],
  )
  assert.equal(await court.available(seller), '2.00000000')
  assert.equal((await done(seller.get(`/v1/offers/${offerId}`))).remainingAmount, '0.10000000')
  const told = await done(seller.get(`/v1/disputes/${dispute.id}`))
  assert.deepEqual(
    told.timeline.map((line: { kind: string; actor: string; text: string | null }) => [
      line.kind,
      line.actor,
      line.text,
    ]),
    [
      ['trade.taken', 'buyer', null],
      ['trade.funded', 'seller', null],
      ['trade.paid', 'buyer', null],
      ['dispute.opened', 'seller', 'Nothing arrived.'],
      ['dispute.assigned', 'clock', null],
      ['dispute.answer', 'buyer', 'I paid yesterday, wait a day.'],
      ['dispute.question', 'arbitrator', 'Which account?'],
      ['dispute.reply', 'buyer', 'My brother’s.'],
      ['dispute.ruling', 'arbitrator', 'The evidence says so.'],
      ['dispute.settled', 'arbitrator', null],
    ],
  )
  assert.ok(!JSON.stringify(told).includes(arbitrator.id), 'a side is told who arbitrated')
  const row = await court.row('select * from crypto_disputes where id = $1', [dispute.id])
  assert.deepEqual(
    [row.status, row.resolution, row.resolved_by, row.lost_by],
    ['resolved', 'refund', arbitrator.id, buyer.id],
  )
  assert.match(row.description, /^RkwBA/)
})

test('the buyer has paid and can show it, the coins are theirs', async () => {
  const { id, seller, buyer } = await court.paid()
  const dispute = await done(buyer.post(`/v1/trades/${id}/dispute`, { reason: 'payment_not_released' }))
  const arbitrator = await court.assigned(dispute.id)
  const ruled = await done(court.rule(arbitrator, dispute.id, { outcome: 'release', faultOf: 'seller' }))
  assert.deepEqual(ruled.settlement, {
    currency: 'BTC',
    toBuyer: '0.09980000',
    toSeller: '0.00000000',
    fee: '0.00030000',
  })
  const ended = await done(seller.get(`/v1/trades/${id}`))
  assert.deepEqual(
    [ended.status, ended.endedBy, ended.escrow.status],
    ['completed', 'arbitrator', 'released'],
  )
  assert.equal(await court.available(buyer), '0.09980000')
  for (const side of [seller, buyer]) {
    const profile = await court.row('select * from crypto_profiles where user_id = $1', [side.id])
    assert.deepEqual([profile.disputed_trades, profile.total_trades], [1, 1])
  }
})

test('a split is to the last decimal: the buyer’s amount, fees in proportion, the rest to the seller', async () => {
  const { id, seller, buyer, disputeId, arbitrator } = await court.disputed()
  for (const buyerAmount of ['0.0998', '0.1', '1', undefined]) {
    const wrong = await court.rule(arbitrator, disputeId, { outcome: 'split', buyerAmount })
    assert.deepEqual(refusal(wrong), [422, 'invalid_buyer_amount'])
    assert.equal(wrong.body.errors[0].field, 'buyerAmount')
  }
  const wrong = await court.rule(arbitrator, disputeId, { outcome: 'refund', buyerAmount: '0.01' })
  assert.deepEqual(refusal(wrong), [422, 'invalid_buyer_amount'])
  const ruled = await done(court.rule(arbitrator, disputeId, { outcome: 'split', buyerAmount: '0.03333333' }))
  // 0.0003 × 0.03333333 ÷ 0.0998 is 0.000100200390…
  assert.deepEqual(ruled.settlement, {
    currency: 'BTC',
    toBuyer: '0.03333333',
    toSeller: '0.06666647',
    fee: '0.00010020',
  })
  assert.equal(await court.available(buyer), '0.03333333')
  assert.equal(await court.available(seller), '1.96656647')
  const movements = async (person: typeof seller) =>
    (await done(person.get('/v1/transactions'))).items
      .filter((one: { tradeId: string }) => one.tradeId === id)
      .map((one: { type: string; amount: string; platformFee: string }) => [
        one.type,
        one.amount,
        one.platformFee,
      ])
      .sort()
  assert.deepEqual(await movements(buyer), [['buy', '0.03333333', '0.00006680']])
  assert.deepEqual(await movements(seller), [
    ['hold', '0.10010000', '0.00000000'],
    ['refund', '0.06666647', '0.00000000'],
    ['sell', '0.03343353', '0.00003340'],
  ])
})

test('the seller thinks better of it and releases during the dispute, which ends it', async () => {
  const { id, seller, buyer, disputeId, arbitrator } = await court.disputed()
  assert.deepEqual((await done(seller.get(`/v1/trades/${id}`))).actions, ['release'])
  const released = await done(seller.post(`/v1/trades/${id}/release`))
  assert.deepEqual(
    [released.status, released.dispute.status, released.endedBy],
    ['completed', 'closed', 'seller'],
  )
  assert.equal(await court.available(buyer), '0.09980000')
  const dispute = await done(buyer.get(`/v1/disputes/${disputeId}`))
  assert.deepEqual([dispute.status, dispute.resolution, dispute.stage], ['closed', 'seller_released', 'over'])
  assert.ok(dispute.resolvedAt !== null)
  assert.deepEqual(refusal(await court.rule(arbitrator, disputeId, { outcome: 'refund' })), [
    409,
    'dispute_over',
  ])
  assert.equal(
    (await arbitrator.get(`/v1/disputes/${disputeId}`)).status,
    404,
    'the case is closed to its arbitrator',
  )
})

test('the buyer concedes, which ends it', async () => {
  const { id, seller, buyer, disputeId } = await court.disputed()
  const conceded = await done(
    buyer.post(`/v1/trades/${id}/cancellation`, { reason: 'I had the wrong account' }),
  )
  assert.deepEqual([conceded.status, conceded.dispute.status], ['cancelled', 'closed'])
  assert.equal(await court.available(seller), '2.00000000')
  const dispute = await done(seller.get(`/v1/disputes/${disputeId}`))
  assert.deepEqual([dispute.status, dispute.resolution], ['closed', 'buyer_conceded'])
})

test('a silent seller: when the release window is over the clock opens a dispute for the buyer, once', async () => {
  const { id, seller, buyer } = await court.paid()
  await court.tend()
  assert.equal((await done(buyer.get(`/v1/trades/${id}`))).status, 'paid')
  await court.age('crypto_trades', 'deadline', `id = '${id}'`)
  await Promise.all([court.tend(), court.tend()])
  const trade = await done(buyer.get(`/v1/trades/${id}`))
  assert.deepEqual([trade.status, trade.dispute.reason], ['disputed', 'release_overdue'])
  const dispute = await done(buyer.get(`/v1/disputes/${trade.dispute.id}`))
  assert.deepEqual([dispute.openedBy, dispute.raisedBy, dispute.against], ['clock', buyer.id, seller.id])
  await court.age('crypto_disputes', 'answer_due_at', `id = '${dispute.id}'`)
  assert.equal((await done(buyer.get(`/v1/disputes/${dispute.id}`))).answer.isSilent, true)
  await done(seller.post(`/v1/disputes/${dispute.id}/answer`, { statement: 'I was away.' }))
  const { answer } = await done(buyer.get(`/v1/disputes/${dispute.id}`))
  assert.deepEqual([answer.isSilent, answer.isLate], [false, true])
  await done(court.rule(await court.assigned(dispute.id), dispute.id, { outcome: 'release' }))
  assert.equal(await court.available(buyer), '0.09980000')
})

test('both sides open a dispute at once: there is one', async () => {
  const { id, seller, buyer } = await court.paid()
  const answers = await Promise.all([
    seller.post(`/v1/trades/${id}/dispute`, { reason: 'payment_not_received' }),
    buyer.post(`/v1/trades/${id}/dispute`, { reason: 'payment_not_released' }),
  ])
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409])
  const [won, lost] = answers[0]!.status === 201 ? answers : [answers[1]!, answers[0]!]
  assert.deepEqual([lost!.body.code, lost!.body.disputeId], ['disputed_already', won!.body.id])
  const again = await seller.post(`/v1/trades/${id}/dispute`, { reason: 'wrong_amount' })
  assert.deepEqual(refusal(again), [409, 'disputed_already'])
})

test('the books balance after all of it', () => assertCleanBooks(court.market.database.ownerUrl))
