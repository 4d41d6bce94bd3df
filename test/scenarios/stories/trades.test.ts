import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Outside } from '../../../src/notifications/index.ts'
import { say } from '../../chat/support.ts'
import { addMethod } from '../../payment-methods/support.ts'
import { assertCleanBooks } from '../../support/books.ts'
import { offerBody, type Person } from '../../support/market.ts'
import { done, refused, Stage } from './stage.ts'

// Trades from the first look at an offer to the last word about each other. A sale of 0.1 BTC by an offer's maker holds
// 0.1001: the maker pays 0.1 %, the taker 0.2 %.

let stage: Stage
before(async () => {
  stage = await Stage.open({ connections: 20, outside: new Outside({ lookup: async () => [] }) })
})
after(() => stage?.close())
const booksBalance = () => assertCleanBooks(stage.market.database.ownerUrl)

test('a sale: Marta offers, Dan takes, sees her account, pays; she releases, both rate, everybody can read it', async () => {
  const [marta, dan] = [await stage.trader('marta', '1'), await stage.trader('dan')]
  const { iban } = await stage.account(marta)
  const offer = await stage.offer(marta)
  assert.equal(await refused(dan.get(`/v1/offers/${offer}/payment-details`)), 'not_found')
  const sale = await stage.take(dan, offer, marta)
  assert.deepEqual(await stage.told(marta), ['payment_method.added', 'trade.taken'])
  assert.equal(await stage.shownAccount(dan, sale), iban)
  await say(sale, dan, 'I pay from my account at N26')
  await say(sale, marta, 'fine, I am here')
  await stage.pay(sale)
  assert.deepEqual(await stage.told(marta), ['message.posted', 'trade.paid'])
  assert.deepEqual((await stage.see(marta, sale)).actions, ['release', 'dispute'])
  await stage.release(sale)
  assert.deepEqual(await stage.told(dan), ['message.posted', 'trade.completed'])
  assert.equal(await stage.shownAccount(dan, sale), 'payment_details_not_shown', 'it is over')
  assert.deepEqual(await stage.lines(dan, sale), ['trade.taken', 'trade.paid', 'trade.completed'])
  assert.deepEqual(await stage.bitcoins(marta), ['0.89990000', '0.00000000'])
  assert.deepEqual(await stage.bitcoins(dan), ['0.09980000', '0.00000000'])

  const rating = `/v1/trades/${sale.id}/rating`
  await done(dan.post(rating, { rating: '4.5', feedback: 'quick and friendly' }))
  await done(marta.post(`${rating}/answer`, { text: 'gladly again' }))
  await done(marta.post(rating, { rating: '5' }))
  assert.deepEqual(await stage.told(marta), ['rating.given'])
  assert.deepEqual(await stage.told(dan), ['rating.answered', 'rating.given'], 'each of what the other did')
  const stranger = await stage.trader('stranger')
  const { items } = await done(stranger.get(`/v1/users/${marta.id}/ratings`))
  assert.deepEqual([items[0].feedback, items[0].answer], ['quick and friendly', 'gladly again'])
  const { averageRating, totalTrades, completionRate, volumes } = await stage.profile(marta, stranger)
  assert.deepEqual([averageRating, totalTrades, completionRate], ['4.50', 1, '100.0'])
  assert.deepEqual(volumes, { BTC: '0.10000000' })
  assert.equal((await stage.profile(dan)).averageRating, '5.00')
  const { maker } = await done(stranger.get(`/v1/offers/${offer}`))
  assert.deepEqual([maker.averageRating, maker.totalTrades], ['4.50', 1], 'the market shows it at once')
  await booksBalance()
})

test('a purchase: Kwame wants to buy, Greta takes and names the account that he pays to', async () => {
  const [kwame, greta] = [await stage.trader('kwame'), await stage.trader('greta', '0.2')]
  const [daily, savings] = [await stage.account(greta), await stage.account(greta)]
  assert.notEqual(daily.iban, savings.iban)
  const offer = await stage.offer(kwame, { side: 'buy' })
  const sale = await stage.take(greta, offer, kwame, { paymentMethodId: savings.id })
  assert.deepEqual([sale.seller, sale.buyer], [greta, kwame])
  assert.deepEqual(await stage.told(kwame), ['trade.taken'])
  assert.equal(await stage.shownAccount(kwame, sale), savings.iban, 'not the one she is usually paid to')
  assert.equal(await stage.shownAccount(greta, sale), 'not_found', 'she knows it; the page is for him')
  await stage.pay(sale)
  await stage.release(sale)
  assert.deepEqual(await stage.told(kwame), ['trade.completed'])
  // Greta took the offer, so hers is the fee of 0.2 %.
  assert.deepEqual(await stage.bitcoins(greta), ['0.09980000', '0.00000000'])
  assert.deepEqual(await stage.bitcoins(kwame), ['0.09990000', '0.00000000'])
  assert.equal((await stage.profile(kwame)).medianPaymentMinutes, 1)
  assert.equal((await stage.profile(greta)).medianReleaseMinutes, 1)
  await booksBalance()
})

test('a buyer who does not pay: the coins go back, it is counted, and after the second time they pause', async () => {
  const [marta, ghost] = [await stage.trader('marta', '1'), await stage.trader('ghost')]
  // Who was not told where to pay to is not blamed.
  await addMethod(marta)
  const offer = await stage.offer(marta)
  const [first, second, third] = [
    await stage.take(ghost, offer, marta),
    await stage.take(ghost, offer, marta),
    await stage.take(ghost, offer, marta),
  ]
  assert.deepEqual(await stage.bitcoins(marta), ['0.69970000', '0.30030000'])
  await stage.lapse(first)
  const ended = await stage.see(ghost, first)
  assert.deepEqual([ended.status, ended.endedBy, ended.escrow.status], ['expired', 'clock', 'refunded'])
  assert.deepEqual(await stage.bitcoins(marta), ['0.79980000', '0.20020000'])
  assert.equal((await ghost.get('/v1/me')).body.cooldownUntil, null, 'once is no habit')
  const own = await stage.offer(ghost, { side: 'buy' })
  await stage.lapse(second)
  const fourth = ghost.post(`/v1/offers/${offer}/trades`, { amount: '0.1', paymentMethodType: 'sepa' })
  assert.equal(await refused(fourth), 'cooling_down')
  const led = marta.post(`/v1/offers/${own}/trades`, { amount: '0.1', paymentMethodType: 'sepa' })
  assert.equal(await refused(led), 'offer_not_open', 'nobody is led into a trade with them')
  const faults = (await done(ghost.get('/v1/me/faults'))).items
  assert.deepEqual(
    faults.map(({ kind, tradeId }: { kind: string; tradeId: string }) => [kind, tradeId]),
    [
      ['not_paid', second.id],
      ['not_paid', first.id],
    ],
  )
  const expired = ['trade.expired', 'trade.expired']
  const toldGhost = await stage.told(ghost)
  assert.deepEqual(
    toldGhost.filter((kind) => kind === 'trade.expired'),
    expired,
  )
  assert.ok(toldGhost.includes('cooldown.began'), 'and is told of the pause')
  assert.deepEqual((await stage.told(marta)).slice(-2), expired)
  await stage.pay(third)
  await stage.release(third)
  const { completionRate, unfinishedTrades } = await stage.profile(ghost, marta)
  assert.deepEqual([completionRate, unfinishedTrades], ['33.3', 2])
  assert.deepEqual(await stage.bitcoins(ghost), ['0.09980000', '0.00000000'])
  assert.deepEqual(await stage.bitcoins(marta), ['0.89990000', '0.00000000'])
  assert.equal((await done(marta.get(`/v1/offers/${offer}`))).remainingAmount, '0.90000000')
  assert.equal((await stage.profile(marta)).completionRate, '100.0', 'it was no fault of hers')
  await booksBalance()
})

test('a silent seller: the clock opens a dispute for the buyer, ines rules, and it stands in the seller’s profile', async () => {
  const [silent, dan] = [await stage.trader('silent', '1'), await stage.trader('dan')]
  const ines = await stage.arbitrator()
  const sale = await stage.paid(silent, dan)
  await stage.lapse(sale)
  const { dispute, status } = await stage.see(dan, sale)
  assert.deepEqual([status, dispute.reason], ['disputed', 'release_overdue'])
  for (const side of [silent, dan]) assert.ok((await stage.told(side)).includes('dispute.opened'))
  assert.ok((await stage.told(ines)).includes('dispute.assigned'))
  await say(sale, dan, 'I have paid, and nobody answers')
  await say(sale, ines, 'I am looking at it')
  await done(ines.post(`/v1/disputes/${dispute.id}/ruling`, { outcome: 'release', reason: 'It is paid.' }))
  for (const side of [silent, dan]) assert.ok((await stage.told(side)).includes('dispute.ruled'))
  const lines = await stage.lines(dan, sale)
  assert.deepEqual(lines, [
    'trade.taken',
    'trade.paid',
    'trade.disputed',
    'dispute.opened',
    'dispute.taken_up',
    'dispute.ruled',
    'trade.completed',
    'dispute.settled',
  ])
  assert.equal(await refused(ines.get(sale.path)), 'not_found', 'her access ends with the dispute')
  assert.deepEqual(await stage.bitcoins(dan), ['0.09980000', '0.00000000'])
  assert.deepEqual(await stage.bitcoins(silent), ['0.89990000', '0.00000000'])
  assert.equal((await stage.profile(silent)).disputesLost, 1)
  assert.equal((await stage.profile(dan)).disputesLost, 0)
  await booksBalance()
})

test('two arbitrators rule at once: one ruling counts, the other is told so, and the coins move once', async () => {
  const [marta, dan] = [await stage.trader('marta', '1'), await stage.trader('dan')]
  const colleague = await stage.arbitrator()
  const sale = await stage.paid(marta, dan)
  const why = { reason: 'payment_not_released' }
  const dispute = await done(dan.post(`/v1/trades/${sale.id}/dispute`, why))
  const ines = await stage.assigned(dispute.id)
  const other = ines.id === colleague.id ? await stage.arbitrator() : colleague
  const admin = await stage.market.admin()
  const rule = (who: Person, outcome: string) =>
    who.post(`/v1/disputes/${dispute.id}/ruling`, { outcome, reason: 'So it is.' })
  // The case is being given to a colleague while both of them rule, Ines in two windows.
  const [first, second, others, moved] = await Promise.all([
    rule(ines, 'release'),
    rule(ines, 'refund'),
    rule(other, 'refund'),
    admin.post(`/v1/disputes/${dispute.id}/assignment`, { arbitratorId: other.id, reason: 'Ines is ill.' }),
  ])
  const rulings = [first, second, others]
  if (moved.status === 200 && rulings.every(({ status }) => status !== 200))
    rulings.push(await rule(other, 'refund'))
  const counted = rulings.filter(({ status }) => status === 200)
  assert.equal(counted.length, 1, JSON.stringify(rulings.map(({ status, body }) => [status, body.code])))
  for (const { status } of rulings) assert.ok([200, 403, 404, 409].includes(status), `${status}`)
  const ended = await stage.see(dan, sale)
  const isReleased = counted[0]?.body.resolution === 'release'
  assert.equal(ended.status, isReleased ? 'completed' : 'cancelled')
  assert.deepEqual(await stage.bitcoins(dan), [isReleased ? '0.09980000' : '0.00000000', '0.00000000'])
  assert.deepEqual(await stage.bitcoins(marta), [isReleased ? '0.89990000' : '1.00000000', '0.00000000'])
  const lines = await stage.lines(dan, sale)
  assert.equal(lines.filter((line) => line === 'dispute.settled').length, 1)
  await booksBalance()
})

test('a ban in the middle: nothing new begins, the offers are gone, and what is in escrow goes to its end', async () => {
  const [marta, dan, noor] = [
    await stage.trader('marta', '1'),
    await stage.trader('dan'),
    await stage.trader('noor', '1'),
  ]
  const offer = await stage.offer(marta)
  const buys = await stage.offer(noor, { side: 'buy' })
  const sale = await stage.take(dan, offer, marta)
  const until = new Date(Date.now() + 7 * 86_400_000).toISOString()
  const admin = await stage.market.admin()
  const ban = (end: string | null) =>
    done(admin.put(`/v1/admin/users/${marta.id}/ban`, { until: end, reason: 'papers that are not hers' }))
  await ban(until)
  assert.ok((await stage.told(marta)).includes('person.banned'))
  assert.equal((await done(marta.get('/v1/me'))).bannedUntil, until)
  assert.equal(await isOnMarket(offer, noor), false)
  const take = { amount: '0.1', paymentMethodType: 'sepa' }
  assert.equal(await refused(marta.post(`/v1/offers/${buys}/trades`, take)), 'banned')
  assert.equal(await refused(marta.post('/v1/offers', offerBody())), 'banned')
  assert.equal(await refused(noor.post(`/v1/offers/${offer}/trades`, take)), 'offer_not_open')

  await say(sale, marta, 'I can still do my part')
  await stage.pay(sale)
  await stage.release(sale)
  assert.equal((await stage.see(dan, sale)).status, 'completed')
  await done(dan.post(`/v1/trades/${sale.id}/rating`, { rating: 4 }))
  assert.deepEqual(await stage.bitcoins(dan), ['0.09980000', '0.00000000'])
  assert.deepEqual(await stage.bitcoins(marta), ['0.89990000', '0.00000000'])
  await ban(null)
  assert.ok((await stage.told(marta)).includes('person.unbanned'))
  assert.equal(await isOnMarket(offer, noor), true)
  await booksBalance()
})

test('Dan blocks Rui: neither finds nor takes the other’s offers, and what they had goes to its end', async () => {
  const [dan, rui] = [await stage.trader('dan', '1'), await stage.trader('rui', '1')]
  const [ofDan, ofRui] = [await stage.offer(dan), await stage.offer(rui)]
  const sale = await stage.take(rui, ofDan, dan)
  await done(dan.put(`/v1/me/blocks/${rui.id}`, {}))
  const take = { amount: '0.1', paymentMethodType: 'sepa' }
  assert.equal(await isOnMarket(ofRui, dan), false, 'who blocks does not see them')
  for (const [who, offer] of [
    [rui, ofDan],
    [dan, ofRui],
  ] as const)
    assert.equal(await refused(who.post(`/v1/offers/${offer}/trades`, take)), 'offer_not_for_you')
  assert.ok(!(await stage.told(rui)).some((kind) => kind.includes('block')), 'nobody is told of it')
  await stage.pay(sale)
  await stage.release(sale)
  assert.deepEqual(await stage.bitcoins(rui), ['1.09980000', '0.00000000'])
  await done(dan.delete(`/v1/me/blocks/${rui.id}`))
  await stage.take(rui, ofDan, dan)
  assert.deepEqual(await stage.bitcoins(dan), ['0.79980000', '0.10010000'])
  await booksBalance()
})

async function isOnMarket(offer: string, asker: Person): Promise<boolean> {
  const found = await done(asker.get('/v1/offers?pair=BTC/EUR&limit=100'))
  return found.items.some(({ id }: { id: string }) => id === offer)
}
