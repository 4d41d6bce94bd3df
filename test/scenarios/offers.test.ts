import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { closeExpiredOffers } from '../../src/offers/index.ts'
import { type Answer, type Market, offerBody, type Person, startMarket } from '../support/market.ts'

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

const refusal = ({ status, body }: Answer) => [status, body.code, body.errors?.[0]?.field]
const taking = { amount: '0.01', paymentMethodType: 'sepa' }

async function offered(maker: Person, changes: object = {}) {
  const { status, body } = await maker.post('/v1/offers', offerBody({ ...changes }))
  assert.equal(status, 201, JSON.stringify(body))
  return body
}

test('an offer says what was asked for, with the defaults, and everybody can read it', async () => {
  const maker = await market.person('maker')
  const body = { ...offerBody({ terms: 'Only from your own account.' }), paymentWindowMinutes: undefined }
  const offer = (await maker.post('/v1/offers', body)).body
  assert.equal(offer.status, 'open')
  assert.equal(offer.version, 1)
  assert.equal(offer.paymentWindowMinutes, 30)
  assert.equal(offer.price, '60000.00000000')
  assert.deepEqual(offer.pricing, { type: 'fixed', price: '60000.00000000' })
  assert.equal(offer.totalAmount, '1.00000000')
  assert.equal(offer.remainingAmount, '1.00000000')
  assert.deepEqual(offer.paymentMethodTypes, ['revolut', 'sepa'])
  assert.equal(offer.maker.id, maker.id)
  assert.equal(offer.workingNow, true)
  const read = await fetch(`${market.url}/v1/offers/${offer.id}`)
  assert.deepEqual(await read.json(), offer)
})

test('contradictions between the fields are refused with the field', async () => {
  const maker = await market.person()
  const past = new Date(Date.now() - 1000).toISOString()
  const hours = { timeZone: 'Europe/Berlin', days: [1], from: '09:00', to: '17:00' }
  const cases: [object, string, string][] = [
    [{ minAmount: '2' }, 'invalid_amounts', 'minAmount'],
    [{ maxAmount: '1.00000001' }, 'invalid_amounts', 'maxAmount'],
    [{ totalAmount: '999999999999', maxAmount: '1' }, 'invalid_amounts', 'totalAmount'],
    [
      { pricing: { type: 'fixed', price: '0.00000001' }, minAmount: '0.00000001' },
      'invalid_amounts',
      'minAmount',
    ],
    [{ expiresAt: past }, 'invalid_expiry', 'expiresAt'],
    [
      { workingHours: { ...hours, timeZone: 'Europe/Atlantis' } },
      'invalid_working_hours',
      'workingHours.timeZone',
    ],
    [{ workingHours: { ...hours, to: '09:00' } }, 'invalid_working_hours', 'workingHours.to'],
    [{ pair: 'BTC/XXX' }, 'unknown_pair', 'pair'],
    [{ pair: 'EUR/BTC' }, 'unknown_pair', 'pair'],
  ]
  for (const [changes, code, field] of cases) {
    assert.deepEqual(refusal(await maker.post('/v1/offers', offerBody({ ...changes }))), [422, code, field])
  }
})

test('each change is a new version; a taker who saw the old one is told', async () => {
  const [maker, taker] = [await market.person(), await market.person()]
  const offer = await offered(maker)
  const path = `/v1/offers/${offer.id}`
  const changed = await maker.patch(path, { pricing: { type: 'fixed', price: '61000' }, terms: 'New terms' })
  assert.equal(changed.status, 200)
  assert.equal(changed.body.version, 2)
  assert.equal(changed.body.price, '61000.00000000')
  assert.equal(changed.body.minAmount, offer.minAmount)
  assert.equal((await maker.patch(path, { terms: null })).body.terms, null)

  const stale = await taker.post(`${path}/trades`, { ...taking, offerVersion: 1 })
  assert.deepEqual(refusal(stale), [409, 'offer_changed', 'offerVersion'])
  assert.equal(stale.body.version, 3)
  const taken = await taker.post(`${path}/trades`, { ...taking, offerVersion: 3 })
  assert.equal(taken.status, 201)
  assert.equal(taken.body.offerVersion, 3)
  assert.equal(taken.body.price, '61000.00000000')

  await maker.patch(path, { pricing: { type: 'fixed', price: '70000' } })
  const unchanged = await taker.get(`/v1/trades/${taken.body.id}`)
  assert.equal(unchanged.body.price, '61000.00000000', 'a trade keeps the price it was made at')
})

test('paused: off the market, its trades go on; reopened: back; closed: for good', async () => {
  const [maker, taker] = [await market.person(), await market.person()]
  const offer = await offered(maker, { pair: 'LTC/EUR' })
  const path = `/v1/offers/${offer.id}`
  const trade = (await taker.post(`${path}/trades`, taking)).body
  const found = async () => (await taker.get('/v1/offers?pair=LTC/EUR')).body.items.length
  assert.equal(await found(), 1)

  assert.equal((await maker.patch(path, { status: 'paused' })).body.status, 'paused')
  assert.equal(await found(), 0)
  assert.equal((await taker.get(path)).status, 404)
  assert.equal((await maker.get(path)).status, 200)
  assert.deepEqual(refusal(await taker.post(`${path}/trades`, taking)).slice(0, 2), [409, 'offer_not_open'])
  assert.equal((await taker.get(`/v1/trades/${trade.id}`)).body.status, 'pending')

  await maker.patch(path, { status: 'open' })
  assert.equal(await found(), 1)
  assert.equal((await maker.delete(path)).status, 204)
  assert.equal(await found(), 0)
  assert.deepEqual(refusal(await maker.patch(path, { status: 'open' })).slice(0, 2), [409, 'offer_closed'])
  assert.deepEqual(refusal(await maker.delete(path)).slice(0, 2), [409, 'offer_closed'])
  assert.equal((await maker.get(path)).body.status, 'closed')
  assert.equal((await maker.get('/v1/me/offers')).body.items[0].status, 'closed')
  assert.equal((await taker.post(`/v1/trades/${trade.id}/cancellation`)).body.status, 'cancelled')
})

test('nobody changes or closes somebody else’s offer', async () => {
  const [maker, other] = [await market.person(), await market.person()]
  const { id } = await offered(maker)
  for (const one of [other, await market.admin()]) {
    assert.equal((await one.patch(`/v1/offers/${id}`, { terms: 'mine' })).status, 404)
    assert.equal((await one.delete(`/v1/offers/${id}`)).status, 404)
  }
  assert.equal((await maker.get(`/v1/offers/${id}`)).body.version, 1)
})

test('the market finds by pair, side, way to pay and amount, the best price for the taker first', async () => {
  const maker = await market.person()
  const pair = 'XMR/CHF'
  const add = async (side: string, price: string, changes: object = {}) =>
    (await offered(maker, { pair, side, pricing: { type: 'fixed', price }, ...changes })).id
  const sells = [await add('sell', '152'), await add('sell', '149.5'), await add('sell', '1000')]
  const buys = [await add('buy', '140'), await add('buy', '99'), await add('buy', '145.25')]
  const small = await add('sell', '150', {
    totalAmount: '0.5',
    maxAmount: '0.2',
    paymentMethodTypes: ['cash'],
  })
  const search = async (query: string) =>
    (await maker.get(`/v1/offers?pair=${pair}&${query}`)).body.items.map((one: { id: string }) => one.id)

  assert.deepEqual(await search('side=sell'), [sells[1], small, sells[0], sells[2]])
  assert.deepEqual(await search('side=buy'), [buys[2], buys[0], buys[1]])
  assert.deepEqual(await search('side=sell&paymentMethodType=cash'), [small])
  assert.deepEqual(await search('side=sell&paymentMethodType=revolut'), [sells[1], sells[0], sells[2]])
  assert.deepEqual(await search('side=buy&paymentMethodType=cash'), [])
  assert.deepEqual(await search('side=sell&amount=0.2'), [sells[1], small, sells[0], sells[2]])
  assert.deepEqual(await search('side=sell&amount=0.20000001'), [sells[1], sells[0], sells[2]])
  assert.deepEqual(await search('side=sell&amount=0.0001'), [], 'below everybody’s smallest take')
  assert.deepEqual(await search('side=sell&paymentMethodType=cash&amount=1'), [])

  // A new price and new ways to pay are found at once, also by the way to pay.
  await maker.patch(`/v1/offers/${small}`, {
    pricing: { type: 'fixed', price: '151' },
    paymentMethodTypes: ['sepa', 'wise'],
  })
  assert.deepEqual(await search('side=sell&paymentMethodType=sepa'), [sells[1], small, sells[0], sells[2]])
  assert.deepEqual(await search('side=sell&paymentMethodType=cash'), [])
  assert.deepEqual(await search('side=sell&paymentMethodType=wise'), [small])
})

test('an offer that is over is found no more, cannot be taken, and is closed by the clock', async () => {
  const [maker, taker] = [await market.person(), await market.person()]
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  const offer = await offered(maker, { pair: 'ADA/EUR', expiresAt })
  assert.equal(offer.expiresAt, expiresAt)
  const path = `/v1/offers/${offer.id}`
  assert.equal(await closeExpiredOffers(market.db), 0)
  await superuser.query(`update fairlock.offers set expires_at = now() - interval '1 second' where id = $1`, [
    offer.id,
  ])
  assert.equal((await taker.get('/v1/offers?pair=ADA/EUR')).body.items.length, 0)
  assert.equal((await taker.get('/v1/offers?pair=ADA/EUR&paymentMethodType=sepa')).body.items.length, 0)
  assert.deepEqual(refusal(await taker.post(`${path}/trades`, taking)).slice(0, 2), [409, 'offer_not_open'])
  assert.equal(await closeExpiredOffers(market.db), 1)
  assert.equal((await maker.get(path)).body.status, 'closed')
  assert.equal(await closeExpiredOffers(market.db), 0)
})

test('one person has at most fifty open offers, however many are created at once', async () => {
  const maker = await market.person()
  const all = Array.from({ length: 60 }, () => maker.post('/v1/offers', offerBody({ pair: 'DAI/EUR' })))
  const answers = await Promise.all(all)
  assert.equal(answers.filter((one) => one.status === 201).length, 50)
  const refused = answers.filter((one) => one.status !== 201)
  for (const one of refused) assert.deepEqual([one.body.code, one.body.limit], ['too_many_offers', 50])
  const { id } = answers.find((one) => one.status === 201)!.body
  await maker.patch(`/v1/offers/${id}`, { status: 'paused' })
  assert.equal((await maker.post('/v1/offers', offerBody())).status, 409, 'a paused offer counts')
  await maker.delete(`/v1/offers/${id}`)
  assert.equal((await maker.post('/v1/offers', offerBody())).status, 201)
})

test('a banned person opens no offer and reopens none, but may pause and close', async () => {
  const maker = await market.person()
  const { id } = await offered(maker)
  await maker.patch(`/v1/offers/${id}`, { status: 'paused' })
  const until = new Date(Date.now() + 86_400_000).toISOString()
  const ban = await (await market.admin()).put(`/v1/admin/users/${maker.id}/ban`, { until, reason: 'fraud' })
  assert.equal(ban.status, 200)
  assert.deepEqual(refusal(await maker.post('/v1/offers', offerBody())).slice(0, 2), [403, 'banned'])
  assert.deepEqual(refusal(await maker.patch(`/v1/offers/${id}`, { status: 'open' })).slice(0, 2), [
    403,
    'banned',
  ])
  assert.equal((await maker.delete(`/v1/offers/${id}`)).status, 204)
})
