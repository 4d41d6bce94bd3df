import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { effectivePrice } from '../../src/offers/index.ts'
import { publishQuotes } from '../../src/prices/index.ts'
import { newActors, type Reply } from '../support/actors.ts'
import { type Market, offerBody, type Person, startMarket } from '../support/market.ts'
import { testQuotes } from '../support/quotes.ts'
import { floats, marketSays, refusal } from './support.ts'

let market: Market
let superuser: pg.Client
let maker: Person
let taker: Person
before(async () => {
  market = await startMarket()
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  maker = await market.person('maker')
  taker = await market.person('taker')
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

const taking = { amount: '0.01', paymentMethodType: 'sepa' }
const take = (id: string, more: object = {}) => taker.post(`/v1/offers/${id}/trades`, { ...taking, ...more })
const lock = (id: string, who = taker) => who.post(`/v1/offers/${id}/price-locks`, {})

test('a floating offer follows the market between its floor and its ceiling, and says why it costs what it does', async () => {
  await marketSays(market, { 'BTC/EUR': '60000' })
  const terms = { marginPercent: '1.5', floorPrice: '58000', ceilingPrice: '70000.5' }
  const offer = await floats(maker, terms)
  assert.equal(offer.price, '60900.00000000')
  assert.equal(offer.pausedBecause, null)
  const { market: quote, ...rest } = offer.pricing
  assert.deepEqual(rest, {
    type: 'floating',
    marginPercent: '1.50',
    floorPrice: '58000.00000000',
    ceilingPrice: '70000.50000000',
  })
  assert.deepEqual([quote.price, quote.sources, quote.sample], ['60000', ['one', 'two'], true])
  assert.ok(Date.now() - Date.parse(quote.asOf) < 60_000 && quote.spreadPercent === '0.0000')
  for (const [says, costs] of [
    ['57142.8571428', '58000.00000000'],
    ['58000.33333333', '58870.33833333'],
    ['90000', '70000.50000000'],
    ['100', '58000.00000000'],
  ] as const) {
    await marketSays(market, { 'BTC/EUR': says })
    assert.equal((await taker.get(`/v1/offers/${offer.id}`)).body.price, costs)
  }
})

test('between fixed and floating by PATCH, each a new version; impossible terms are refused with the field', async () => {
  await marketSays(market, { 'BTC/EUR': '60000' })
  const offer = await floats(maker, { marginPercent: '-0.25' })
  const path = `/v1/offers/${offer.id}`
  const fixed = (await maker.patch(path, { pricing: { type: 'fixed', price: '61000' } })).body
  assert.deepEqual(
    [fixed.version, fixed.price, fixed.pricing],
    [2, '61000.00000000', { type: 'fixed', price: '61000.00000000' }],
  )
  assert.deepEqual(refusal(await lock(offer.id)), [409, 'price_is_fixed', undefined])
  const pricing = { type: 'floating', marginPercent: '2', floorPrice: '10' }
  const floating = (await maker.patch(path, { pricing })).body
  assert.deepEqual([floating.version, floating.price], [3, '61200.00000000'])
  const cases: [object, string, string][] = [
    [{ marginPercent: '100.01' }, 'invalid_pricing', 'pricing.marginPercent'],
    [{ marginPercent: '-51' }, 'invalid_pricing', 'pricing.marginPercent'],
    [{ marginPercent: '1', floorPrice: '3', ceilingPrice: '2' }, 'invalid_pricing', 'pricing.floorPrice'],
    [{ marginPercent: '1', ceilingPrice: '999999999999' }, 'invalid_amounts', 'totalAmount'],
    [{ marginPercent: '1', floorPrice: '0.00000001' }, 'invalid_amounts', 'minAmount'],
  ]
  for (const [terms, code, field] of cases) {
    const answer = await maker.patch(path, { totalAmount: '2', pricing: { type: 'floating', ...terms } })
    assert.deepEqual(refusal(answer), [422, code, field])
  }
  for (const [terms, code, field] of [
    [{ totalAmount: '900000000000' }, 'invalid_amounts', 'totalAmount'],
    [
      { minAmount: '0.00000001', pricing: { type: 'floating', marginPercent: '1', ceilingPrice: '0.01' } },
      'invalid_amounts',
      'minAmount',
    ],
  ] as const) {
    const body = offerBody({ pricing: { type: 'floating', marginPercent: '1' }, ...terms })
    assert.deepEqual(refusal(await maker.post('/v1/offers', body)), [422, code, field], 'a new one likewise')
  }
  for (const marginPercent of ['1.555', '+1', '1e1', 'NaN', '']) {
    const answer = await maker.patch(path, { pricing: { type: 'floating', marginPercent } })
    assert.equal(answer.status, 400, marginPercent)
  }
})

test('the trade keeps what its price was made of, and its price, whatever the market does', async () => {
  await marketSays(market, { 'BTC/EUR': '60000' })
  const { id } = await floats(maker, { marginPercent: '5', ceilingPrice: '62000' })
  const { status, body: trade } = await take(id, { offerVersion: 1 })
  assert.equal(status, 201)
  assert.deepEqual([trade.price, trade.totalValue], ['62000.00000000', '620.00000000'])
  const { market: quote, ...why } = trade.priceProvenance
  assert.deepEqual([why.boundBy, why.marginPercent, why.floorPrice], ['ceiling', '5.00', null])
  assert.equal(quote.sources.length, 2)
  assert.deepEqual([quote.price, quote.via, quote.pair], ['60000', 'direct', 'BTC/EUR'])
  assert.equal(trade.priceLockedUntil, trade.deadline)
  await marketSays(market, { 'BTC/EUR': '50000' })
  for (const who of [maker, taker]) {
    const { body } = await who.get(`/v1/trades/${trade.id}`)
    assert.deepEqual([body.price, body.priceProvenance], [trade.price, trade.priceProvenance])
  }
  for (const change of [`price_provenance = '{}'`, 'price_locked_until = now()', 'price = 1']) {
    const changing = superuser.query(`update public.crypto_trades set ${change} where id = $1`, [trade.id])
    await assert.rejects(changing, { code: 'FL094' })
  }
  const fixed = (await maker.post('/v1/offers', offerBody())).body
  const other = (await take(fixed.id, { price: '60000' })).body
  assert.deepEqual([other.priceProvenance, other.priceLockedUntil], [null, other.deadline])
  assert.deepEqual(refusal(await take(fixed.id, { price: '59999.99999999' })), [409, 'price_moved', 'price'])
})

test('who says what they accept at worst is told the price it has become', async () => {
  await marketSays(market, { 'BTC/EUR': '60000' })
  const sell = await floats(maker, { marginPercent: '1' })
  const buy = await floats(maker, { marginPercent: '-1' }, { side: 'buy' })
  await marketSays(market, { 'BTC/EUR': '60100' })
  const dear = await take(sell.id, { price: sell.price })
  assert.deepEqual([...refusal(dear), dear.body.price], [409, 'price_moved', 'price', '60701.00000000'])
  assert.equal((await take(sell.id, { price: '60701' })).status, 201)
  assert.equal((await take(buy.id, { price: buy.price })).status, 201, 'better than asked for')
  const cheap = await take(buy.id, { price: '60000' })
  assert.deepEqual([...refusal(cheap), cheap.body.price], [409, 'price_moved', 'price', '59499.00000000'])
})

test('a lock holds its price for a small move of the market, once', async () => {
  await marketSays(market, { 'BTC/EUR': '60000' })
  const { id } = await floats(maker, { marginPercent: '1' })
  const first = (await lock(id)).body
  const { status, body: held } = await lock(id)
  assert.deepEqual([status, held.price, held.offerVersion], [201, '60600.00000000', 1])
  assert.equal(Date.parse(held.expiresAt) - Date.parse(held.createdAt), 30_000)
  await marketSays(market, { 'BTC/EUR': '61000' })
  assert.deepEqual(refusal(await take(id, { priceLockId: first.id })), [
    409,
    'price_lock_unknown',
    'priceLockId',
  ])
  const other = await market.person()
  const stolen = await other.post(`/v1/offers/${id}/trades`, { ...taking, priceLockId: held.id })
  assert.equal(stolen.body.code, 'price_lock_unknown')
  const { body: trade } = await take(id, { priceLockId: held.id })
  assert.deepEqual([trade.price, trade.priceLockedUntil], ['60600.00000000', held.expiresAt])
  assert.deepEqual(trade.priceProvenance.lock, {
    id: held.id,
    lockedAt: held.createdAt,
    expiresAt: held.expiresAt,
  })
  assert.equal(trade.priceProvenance.market.price, '60000')
  assert.equal((await take(id, { priceLockId: held.id })).body.code, 'price_lock_unknown')
  assert.equal((await take(id)).body.price, '61610.00000000')
})

test('a lock ends by the clock, by a change of the offer, and when the market runs away from it', async () => {
  await marketSays(market, { 'BTC/EUR': '60000' })
  const { id } = await floats(maker, { marginPercent: '0' })
  const hold = async () => (await lock(id)).body.id
  const code = async (priceLockId: string) => (await take(id, { priceLockId })).body.code
  const late = await hold()
  await superuser.query(
    `update fairlock.price_locks set created_at = now() - interval '1 minute', expires_at = now() where id = $1`,
    [late],
  )
  assert.equal(await code(late), 'price_lock_expired')
  const changed = await hold()
  await maker.patch(`/v1/offers/${id}`, { terms: 'New terms' })
  assert.equal(await code(changed), 'price_lock_expired')
  const paused = await hold()
  await maker.patch(`/v1/offers/${id}`, { status: 'paused' })
  assert.equal(await code(paused), 'offer_not_open')
  await maker.patch(`/v1/offers/${id}`, { status: 'open' })
  assert.equal(await code(paused), 'price_lock_expired')
  const far = await hold()
  await marketSays(market, { 'BTC/EUR': '61300' })
  assert.equal(await code(far), 'price_moved')
  await marketSays(market, { 'BTC/EUR': '61000' })
  assert.equal(await code(far), undefined)
  const most = (await taker.post(`/v1/offers/${id}/price-locks`, { amount: '0.001' })).body
  const above = await take(id, { priceLockId: most.id })
  assert.deepEqual(
    [...refusal(above), above.body.maxAmount],
    [422, 'amount_outside_offer', 'amount', '0.00100000'],
  )
})

test('locks are not for makers, and only of some offers at once', async () => {
  await marketSays(market, { 'BTC/EUR': '60000' })
  const offers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => floats(maker, { marginPercent: '0' })))
  assert.equal((await lock(offers[0].id, maker)).body.code, 'own_offer')
  const keen = await market.person()
  const answers = await Promise.all(offers.map(({ id }) => lock(id, keen)))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 201, 201, 201, 201, 409])
  const refused = answers.find(({ status }) => status === 409)
  assert.deepEqual([refused?.body.code, refused?.body.limit], ['too_many_price_locks', 5])
  await superuser.query(
    `update fairlock.price_locks set created_at = created_at - interval '2 hours', expires_at = expires_at - interval '2 hours'`,
  )
  await market.db.pool.query('select fairlock.sweep(100)')
  assert.equal((await superuser.query('select from fairlock.price_locks')).rowCount, 0)
})

test('without a good quote floating offers are off the market, and come back by themselves', async () => {
  const pair = 'ETH/CHF'
  const offer = await floats(maker, { marginPercent: '1', floorPrice: '1' }, { pair })
  assert.deepEqual([offer.price, offer.pausedBecause], [null, 'no_market_price'], 'there never was a quote')
  const fixed = (await maker.post('/v1/offers', offerBody({ pair }))).body
  const found = async () => (await taker.get(`/v1/offers?pair=${pair}&side=sell`)).body.items.length
  const sees = async (is: boolean) => {
    assert.equal(await found(), is ? 2 : 1)
    const { body } = await maker.get(`/v1/offers/${offer.id}`)
    assert.equal(body.pausedBecause, is ? null : 'no_market_price')
    if (is) assert.equal((await take(offer.id)).status, 201)
    else
      for (const refused of [await take(offer.id), await lock(offer.id)])
        assert.deepEqual(refusal(refused), [409, 'no_market_price', undefined])
  }
  await sees(false)
  await marketSays(market, { [pair]: '2000' })
  await sees(true)
  const [quote] = testQuotes({ [pair]: '2000' })
  const held = (await lock(offer.id)).body.id
  for (const change of [
    `as_of = now() - interval '301 seconds'`,
    'source_count = 1',
    'spread_percent = 5.1',
  ]) {
    await superuser.query(`update fairlock.market_quotes set ${change} where pair = $1`, [pair])
    await sees(false)
    assert.equal((await take(offer.id, { priceLockId: held })).body.code, 'no_market_price')
    await publishQuotes(market.db.pool, [{ ...quote!, asOf: new Date().toISOString() }])
    await sees(true)
  }
  assert.equal((await take(fixed.id)).status, 201)
})

test('nothing is ever taken 25 % off the market: neither by an old quote, nor by a lock, nor by one that goes back', async () => {
  await marketSays(market, { 'BTC/EUR': '60000' })
  const { id } = await floats(maker, { marginPercent: '0' })
  const held = (await lock(id)).body.id
  await marketSays(market, { 'BTC/EUR': '80000' })
  assert.equal((await take(id, { priceLockId: held })).body.code, 'price_moved')
  const back = testQuotes({ 'BTC/EUR': '60000' }, new Date(Date.now() - 5000))
  assert.equal(await publishQuotes(market.db.pool, back), 0)
  assert.equal((await take(id)).body.price, '80000.00000000')
  const early = testQuotes({ 'BTC/EUR': '60000' }, new Date(Date.now() + 120_000))
  assert.equal(await publishQuotes(market.db.pool, early), 0)
  assert.equal((await take(id, { price: '60000' })).body.code, 'price_moved')
})

test('sixty-four takers while the market and the maker move: each price is one that its provenance explains', async () => {
  await marketSays(market, { 'BTC/EUR': '60000' })
  const takers = await newActors(market, 64)
  const offer = await floats(maker, { marginPercent: '0', floorPrice: '59000' }, { totalAmount: '5' })
  const margins = ['0']
  const said = ['60000']
  const moving = (async () => {
    for (const step of [60400, 61000, 59900, 58000, 60100]) {
      said.push(String(step))
      await marketSays(market, { 'BTC/EUR': String(step) })
    }
  })()
  const changing = (async () => {
    for (const marginPercent of ['0.5', '1.25', '-1']) {
      const pricing = { type: 'floating', marginPercent, floorPrice: '59000' }
      const { body } = await maker.patch(`/v1/offers/${offer.id}`, { pricing })
      margins[body.version - 1] = marginPercent
    }
  })()
  const replies = await Promise.all(
    takers.map(async (one, i) => {
      const args = { ...taking, offerId: offer.id }
      if (i % 4 === 0) return { worst: '60300', ...(await one.do('take_offer', { ...args, price: '60300' })) }
      if (i % 4 === 1) return { ...(await one.do('take_offer', args)) }
      const { code, body } = await one.do('create_price_lock', { offerId: offer.id })
      assert.equal(code, null)
      const taken = await one.do('take_offer', { ...args, priceLockId: body.id })
      return { held: body, ...taken }
    }),
  )
  await Promise.all([moving, changing])
  const done = replies.filter(({ code }) => code === null)
  assert.ok(done.length >= 10, `${done.length} taken`)
  for (const { body: trade, worst, held } of done as (Reply & { worst?: string; held?: Reply['body'] })[]) {
    const why = trade.priceProvenance
    assert.ok(said.includes(why.market.price))
    assert.equal(trade.price, effectivePrice(why.market.price, why))
    assert.equal(Number(why.marginPercent), Number(margins[trade.offerVersion - 1]))
    if (worst !== undefined) assert.ok(trade.price <= `${worst}.00000000`)
    if (held !== undefined) assert.deepEqual([trade.price, why.lock.id], [held.price, held.id])
  }
  const refused = replies.filter(({ code }) => code !== null).map(({ code }) => code)
  assert.deepEqual([...new Set([...refused, 'price_moved', 'price_lock_expired'])].sort(), [
    'price_lock_expired',
    'price_moved',
  ])
})
