import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { expireTrades } from '../../src/trades/index.ts'
import { type Answer, type Market, offerBody, type Person, startMarket } from '../support/market.ts'
import { ENDLESS_PATIENCE } from '../support/patience.ts'

let market: Market
let superuser: pg.Client
before(async () => {
  market = await startMarket()
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

const code = ({ status, body }: Answer) => [status, body.code]
const taking = (amount = '0.1') => ({ amount, paymentMethodType: 'sepa' })
const remaining = async (id: string, who: Person) => (await who.get(`/v1/offers/${id}`)).body.remainingAmount
const wallet = async (who: Person, currency = 'BTC') => {
  const { available, held } = (await who.get(`/v1/wallets/${currency}`)).body
  return { available, held }
}

async function offered(maker: Person, changes: object = {}) {
  const { status, body } = await maker.post('/v1/offers', offerBody({ ...changes }))
  assert.equal(status, 201, JSON.stringify(body))
  return body
}

async function taken(taker: Person, offer: { id: string }, amount?: string) {
  const { status, body } = await taker.post(`/v1/offers/${offer.id}/trades`, taking(amount))
  assert.equal(status, 201, JSON.stringify(body))
  return body
}

async function rich(amount = '10'): Promise<Person> {
  const person = await market.person('rich')
  await market.credit(person, 'BTC', amount)
  return person
}

/** Lets a trade's deadline pass, which no command can. */
async function age(trade: { id: string }): Promise<void> {
  await superuser.query('set session_replication_role = replica')
  await superuser.query(`update crypto_trades set deadline = now() - interval '1 second' where id = $1`, [
    trade.id,
  ])
  await superuser.query('set session_replication_role = origin')
}

test('takes lower what is left, a cancellation gives it back, a sale does not', async () => {
  const [maker, taker] = [await rich(), await market.person()]
  const offer = await offered(maker)
  const [first, second] = [await taken(taker, offer, '0.3'), await taken(taker, offer, '0.5')]
  assert.equal(await remaining(offer.id, maker), '0.20000000')
  assert.deepEqual(code(await taker.post(`/v1/offers/${offer.id}/trades`, taking('0.25'))), [
    409,
    'not_enough_left',
  ])
  await taker.post(`/v1/trades/${first.id}/cancellation`, { reason: 'no' })
  assert.equal(await remaining(offer.id, maker), '0.50000000')
  await taker.post(`/v1/trades/${second.id}/payment`)
  await maker.post(`/v1/trades/${second.id}/release`)
  assert.equal(await remaining(offer.id, maker), '0.50000000')
  await taken(taker, offer, '0.5')
  assert.equal(await remaining(offer.id, maker), '0.00000000')
  assert.equal((await taker.get(`/v1/offers/${offer.id}`)).status, 404, 'nothing is left: off the market')
})

test('of ten takes at once that do not all fit, as many as fit are made', async () => {
  const maker = await rich()
  const offer = await offered(maker)
  const takers = await Promise.all(Array.from({ length: 10 }, () => market.person('taker')))
  const answers = await Promise.all(
    takers.map((one) => one.post(`/v1/offers/${offer.id}/trades`, taking('0.3'))),
  )
  assert.equal(answers.filter((one) => one.status === 201).length, 3)
  for (const one of answers) if (one.status !== 201) assert.deepEqual(code(one), [409, 'not_enough_left'])
  assert.equal(await remaining(offer.id, maker), '0.10000000')
  assert.deepEqual(await wallet(maker), { available: '9.09910000', held: '0.90090000' })
})

test('a take stays inside the offer’s amounts and ways to pay, and is not one’s own', async () => {
  const [maker, taker] = [await rich(), await market.person()]
  const offer = await offered(maker, { minAmount: '0.01', maxAmount: '0.5' })
  const path = `/v1/offers/${offer.id}/trades`
  for (const amount of ['0.00999999', '0.50000001', '999999999999.99999999']) {
    const refused = await taker.post(path, taking(amount))
    assert.deepEqual(code(refused), [422, 'amount_outside_offer'])
    assert.deepEqual([refused.body.minAmount, refused.body.maxAmount], ['0.01000000', '0.50000000'])
  }
  const cash = await taker.post(path, { amount: '0.1', paymentMethodType: 'cash' })
  assert.deepEqual(code(cash), [422, 'payment_method_not_offered'])
  assert.deepEqual(code(await maker.post(path, taking())), [409, 'own_offer'])
  assert.deepEqual((await taker.get('/v1/wallets')).body.items, [], 'a refusal opens no wallet')
  assert.equal((await taken(taker, offer, '0.01')).status, 'funded')
})

test('a buy offer: its maker is the buyer, the taker’s coins are held, and the fees change sides', async () => {
  const [maker, taker] = [await market.person('buyer'), await rich('1')]
  const offer = await offered(maker, { side: 'buy' })
  const trade = await taken(taker, offer, '0.1')
  assert.deepEqual([trade.side, trade.role, trade.status], ['buy', 'seller', 'funded'])
  assert.deepEqual([trade.seller.id, trade.buyer.id, trade.takerId], [taker.id, maker.id, taker.id])
  assert.deepEqual(
    [trade.sellerFee, trade.buyerFee, trade.escrow.amount],
    ['0.00020000', '0.00010000', '0.10020000'],
  )
  assert.deepEqual(await wallet(taker), { available: '0.89980000', held: '0.10020000' })
  assert.deepEqual(code(await taker.post(`/v1/trades/${trade.id}/payment`)), [409, 'move_not_allowed'])
  assert.equal((await maker.post(`/v1/trades/${trade.id}/payment`)).body.status, 'paid')
  const released = await taker.post(`/v1/trades/${trade.id}/release`)
  assert.equal(released.body.escrow.releasedAmount, '0.09990000')
  assert.deepEqual(await wallet(maker), { available: '0.09990000', held: '0.00000000' })
  assert.deepEqual(await wallet(taker), { available: '0.89980000', held: '0.00000000' })
})

test('a seller without the coins funds the trade later, and the buyer’s time to pay begins then', async () => {
  const [maker, taker] = [await market.person(), await market.person()]
  const offer = await offered(maker, { paymentWindowMinutes: 600 })
  const trade = await taken(taker, offer)
  assert.deepEqual([trade.status, trade.escrow.status, trade.fundedAt], ['pending', 'pending', null])
  assert.ok(Math.abs(Date.parse(trade.deadline) - Date.now() - 30 * 60_000) < 60_000, 'the time to fund')
  const path = `/v1/trades/${trade.id}`
  assert.deepEqual((await maker.get(path)).body.actions, ['fund', 'cancel'])
  assert.deepEqual(code(await maker.post(`${path}/funding`)), [409, 'insufficient_funds'])
  await market.credit(maker, 'BTC', '0.10009999')
  assert.deepEqual(code(await maker.post(`${path}/funding`)), [409, 'insufficient_funds'])
  await market.credit(maker, 'BTC', '0.00000001')
  const funded = await maker.post(`${path}/funding`)
  assert.deepEqual([funded.body.status, funded.body.escrow.status], ['funded', 'funded'])
  assert.ok(
    Math.abs(Date.parse(funded.body.deadline) - Date.now() - 600 * 60_000) < 60_000,
    'the time to pay',
  )
  assert.deepEqual(await wallet(maker), { available: '0.00000000', held: '0.10010000' })
})

test('the clock ends what was not funded or not paid in time, gives back, and leaves the paid alone', async () => {
  const [maker, poor, taker] = [await rich('1'), await market.person(), await market.person()]
  const [offer, empty] = [await offered(maker), await offered(poor)]
  const [unpaid, paid] = [await taken(taker, offer), await taken(taker, offer)]
  const unfunded = await taken(taker, empty)
  await taker.post(`/v1/trades/${paid.id}/payment`)
  assert.equal(await expireTrades(market.db), 0, 'it is not time yet')
  for (const trade of [unpaid, paid, unfunded]) await age(trade)
  assert.deepEqual(code(await taker.post(`/v1/trades/${unpaid.id}/payment`)), [409, 'deadline_passed'])
  assert.deepEqual(code(await poor.post(`/v1/trades/${unfunded.id}/funding`)), [409, 'deadline_passed'])

  assert.equal(await expireTrades(market.db), 2)
  const [refunded, closed, alive] = await Promise.all(
    [unpaid, unfunded, paid].map(async ({ id }) => (await taker.get(`/v1/trades/${id}`)).body),
  )
  assert.deepEqual(
    [refunded.status, refunded.endedBy, refunded.escrow.status],
    ['expired', 'clock', 'refunded'],
  )
  assert.equal(refunded.escrow.refundedAmount, '0.10010000')
  assert.deepEqual([closed.status, closed.escrow.status, closed.deadline], ['expired', 'pending', null])
  assert.equal(alive.status, 'paid')
  assert.equal(await remaining(offer.id, maker), '0.90000000')
  assert.equal(await remaining(empty.id, poor), '1.00000000')
  assert.deepEqual(await wallet(maker), { available: '0.89990000', held: '0.10010000' })
  assert.equal(await expireTrades(market.db), 0)
})

test('requirements: each kind keeps out who does not meet it, and lets in who does', async () => {
  const maker = await rich()
  const admin = await market.admin()
  const cases: [string, object, (taker: Person) => Promise<unknown>][] = [
    [
      'minKycLevel',
      { minKycLevel: 'full' },
      (one) => admin.put(`/v1/admin/users/${one.id}/kyc`, { level: 'institution', reason: 'papers' }),
    ],
    ['minCompletedTrades', { minCompletedTrades: 1 }, complete],
    [
      'verifiedTradersOnly',
      { verifiedTradersOnly: true },
      (one) =>
        superuser.query('update crypto_profiles set is_verified_trader = true where user_id = $1', [one.id]),
    ],
    ['countries', { countries: ['DE', 'AT'] }, (one) => one.patch('/v1/me', { country: 'AT' })],
    ['firstTradeLimit', { firstTradeLimit: '0.09999999' }, complete],
  ]
  for (const [requirement, requirements, meet] of cases) {
    const offer = await offered(maker, { requirements })
    const taker = await market.person()
    const path = `/v1/offers/${offer.id}/trades`
    const refused = await taker.post(path, taking())
    assert.deepEqual([...code(refused), refused.body.requirement], [403, 'requirements_not_met', requirement])
    if (requirement === 'firstTradeLimit') await taken(await market.person(), offer, '0.09999999')
    await meet(taker)
    await taken(taker, offer)
  }

  async function complete(taker: Person) {
    const trade = await taken(taker, await offered(maker), '0.01')
    await taker.post(`/v1/trades/${trade.id}/payment`)
    assert.equal((await maker.post(`/v1/trades/${trade.id}/release`)).body.status, 'completed')
  }
})

test('outside its working hours an offer is shown as such and not taken', async () => {
  const [maker, taker] = [await rich(), await market.person()]
  // Two days away from today in every time zone.
  const today = new Date().getUTCDay() || 7
  const away = [((today + 2) % 7) + 1]
  const hours = { timeZone: 'Asia/Kathmandu', days: away, from: '00:00', to: '24:00' }
  const offer = await offered(maker, { workingHours: hours })
  assert.equal(offer.workingNow, false)
  assert.deepEqual(offer.workingHours, hours)
  assert.deepEqual(code(await taker.post(`/v1/offers/${offer.id}/trades`, taking())), [
    409,
    'outside_working_hours',
  ])
  const days = [1, 2, 3, 4, 5, 6, 7]
  const open = await maker.patch(`/v1/offers/${offer.id}`, { workingHours: { ...hours, days } })
  assert.equal(open.body.workingNow, true)
  await taken(taker, offer)
  assert.equal((await maker.patch(`/v1/offers/${offer.id}`, { workingHours: null })).body.workingHours, null)
})

test('one person takes at most twenty live trades, however many at once; an ended one makes room', async () => {
  const [maker, taker] = [await rich(), await market.person()]
  const offer = await offered(maker)
  const all = Array.from({ length: 25 }, () => taker.post(`/v1/offers/${offer.id}/trades`, taking('0.01')))
  const answers = await Promise.all(all)
  const made = answers.filter((one) => one.status === 201)
  assert.equal(made.length, 20)
  for (const one of answers)
    if (one.status !== 201) assert.deepEqual(code(one), [409, 'too_many_live_trades'])
  await taker.post(`/v1/trades/${made[0]?.body.id}/cancellation`)
  await taken(taker, offer, '0.01')
})

test('the banned take nothing, their offers are not taken, and what they have goes on to its end', async () => {
  const [maker, taker, admin] = [await rich(), await market.person(), await market.admin()]
  const offer = await offered(maker)
  const trade = await taken(taker, offer)
  const until = new Date(Date.now() + 86_400_000).toISOString()
  const ban = (who: Person, end: string | null) =>
    admin.put(`/v1/admin/users/${who.id}/ban`, { until: end, reason: 'r' })
  await ban(taker, until)
  assert.deepEqual(code(await taker.post(`/v1/offers/${offer.id}/trades`, taking())), [403, 'banned'])
  await ban(taker, null)
  await ban(maker, until)
  assert.deepEqual(code(await taker.post(`/v1/offers/${offer.id}/trades`, taking())), [409, 'offer_not_open'])
  assert.equal((await taker.post(`/v1/trades/${trade.id}/payment`)).status, 200)
  assert.equal((await maker.post(`/v1/trades/${trade.id}/release`)).body.status, 'completed')
})

test('fees follow the settings and are rounded half to even at the eighth decimal', async () => {
  const [maker, taker] = [await rich(), await market.person()]
  const offer = await offered(maker, { minAmount: '0.000001' })
  await superuser.query(ENDLESS_PATIENCE)
  // amount, the maker's 0.1 %, the taker's 0.2 %
  const rounded = [
    ['0.0000025', '0.00000000', '0.00000000'],
    ['0.000005', '0.00000000', '0.00000001'],
    ['0.0000075', '0.00000001', '0.00000002'],
    ['0.000015', '0.00000002', '0.00000003'],
    ['0.000025', '0.00000002', '0.00000005'],
    ['0.00001501', '0.00000002', '0.00000003'],
    ['0.12345678', '0.00012346', '0.00024691'],
  ]
  for (const [amount, makerFee, takerFee] of rounded) {
    const trade = await taken(taker, offer, amount)
    assert.deepEqual([trade.sellerFee, trade.buyerFee], [makerFee, takerFee], amount)
    await taker.post(`/v1/trades/${trade.id}/cancellation`)
  }
  assert.deepEqual(await wallet(maker), { available: '10.00000000', held: '0.00000000' })

  await superuser.query('update fairlock.settings set maker_fee_rate = 0, taker_fee_rate = 0.1')
  const trade = await taken(taker, offer, '0.5')
  assert.deepEqual([trade.sellerFee, trade.buyerFee, trade.fee], ['0.00000000', '0.05000000', '0.05000000'])
  await superuser.query('update fairlock.settings set maker_fee_rate = 0.001, taker_fee_rate = 0.002')
  await taker.post(`/v1/trades/${trade.id}/payment`)
  const released = await maker.post(`/v1/trades/${trade.id}/release`)
  assert.equal(released.body.escrow.releasedAmount, '0.45000000', 'the rates of the take hold to the end')
  assert.equal(released.body.escrow.feeAmount, '0.05000000')
})
