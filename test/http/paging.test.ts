import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { type Market, offerBody, type Person, startMarket } from '../support/market.ts'

// A walk along the cursors meets every row that was there at its start exactly once and in order, whatever the size of
// the pages, with equal sort keys and with rows that come in meanwhile.

const ROWS = 23
type Row = { id: string; pair?: string; side?: string; price?: string; createdAt: string }

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
  await market.credit(maker, 'BTC', '100')
  await superuser.query(
    'update fairlock.settings set live_trades_per_user = 1000, open_offers_per_user = 1000',
  )
  // Prices that are equal in groups, on both sides of the market.
  for (let i = 0; i < ROWS; i++) await addOffer('sell', i)
  for (let i = 0; i < ROWS; i++) await addOffer('buy', i)
  const { body: offer } = await maker.post('/v1/offers', offerBody({ pair: 'BTC/USD', totalAmount: '50' }))
  for (let i = 0; i < ROWS; i++) await addTrade(offer.id)
  // Times that are equal in groups, as those of one transaction are.
  await superuser.query(
    `insert into fairlock.notices (id, user_id, kind, data)
     select gen_random_uuid(), $1, 'password.changed', '{}' from generate_series(1, $2)`,
    [maker.id, ROWS],
  )
  await superuser.query(
    `insert into fairlock.outside_wallets (id, user_id, currency, last_known_balance, created_at)
     select gen_random_uuid(), $1, 'ETH', n, now() - n % 4 * interval '1 hour' from generate_series(1, $2) n`,
    [maker.id, ROWS],
  )
  await superuser.query('set session_replication_role = replica')
  for (const table of ['crypto_trades', 'crypto_transactions', 'fairlock.offers', 'fairlock.notices']) {
    await superuser.query(`update ${table} set created_at = date_trunc('hour', created_at)
      where id in (select id from ${table} order by id limit 15)`)
  }
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

async function addOffer(side: string, i: number): Promise<void> {
  const pricing = { type: 'fixed', price: String(60_000 + (i % 4)) }
  const paymentMethodTypes = i % 2 === 0 ? ['sepa', 'cash'] : ['cash']
  assert.equal((await maker.post('/v1/offers', offerBody({ side, pricing, paymentMethodTypes }))).status, 201)
}

async function addTrade(offer: string): Promise<void> {
  const body = { amount: '0.01', paymentMethodType: 'sepa' }
  assert.equal((await taker.post(`/v1/offers/${offer}/trades`, body)).status, 201)
}

const newestFirst = (a: Row, b: Row) => compare(b.createdAt, a.createdAt)
const cheapestFirst = (a: Row, b: Row) => Number(a.price) - Number(b.price)
const dearestFirst = (a: Row, b: Row) => Number(b.price) - Number(a.price)

/** Pair by pair, of each what is sold before what is bought, best first. */
const partByPart = (a: Row, b: Row) =>
  compare(a.pair!, b.pair!) ||
  compare(b.side!, a.side!) ||
  (a.side === 'sell' ? cheapestFirst(a, b) : dearestFirst(a, b))

const LISTS = [
  { path: '/v1/outside-wallets', rows: ROWS, order: newestFirst },
  { path: '/v1/offers?pair=BTC/EUR&side=sell', rows: ROWS, order: cheapestFirst },
  { path: '/v1/offers?pair=BTC/EUR&side=buy', rows: ROWS, order: dearestFirst },
  { path: '/v1/offers?pair=BTC/EUR&side=sell&paymentMethodType=sepa', rows: 12, order: cheapestFirst },
  { path: '/v1/offers?pair=BTC/EUR&side=buy&paymentMethodType=sepa', rows: 12, order: dearestFirst },
  { path: '/v1/offers?amount=0.5', rows: 2 * ROWS + 1, order: partByPart },
  { path: '/v1/me/offers', rows: 2 * ROWS + 1, order: newestFirst },
  { path: '/v1/me/notices', rows: ROWS, order: newestFirst },
  { path: '/v1/trades', rows: ROWS, order: newestFirst },
  { path: '/v1/trades?status=funded', rows: ROWS, order: newestFirst },
  { path: '/v1/transactions', rows: ROWS + 1, order: newestFirst },
  { path: '/v1/transactions?currency=BTC', rows: ROWS + 1, order: newestFirst },
]

for (const { path, rows, order } of LISTS) {
  test(`${path}: pages of any size give every row once, in order`, async () => {
    const whole = await walk(path, 100)
    assert.equal(whole.length, rows)
    assert.equal(new Set(whole.map((row) => row.id)).size, rows)
    for (let i = 1; i < whole.length; i++)
      assert.ok(order(whole[i - 1]!, whole[i]!) <= 0, `row ${i} is out of order`)
    for (const limit of [1, 2, 7, rows - 1, rows]) {
      assert.deepEqual(ids(await walk(path, limit)), ids(whole), `pages of ${limit}`)
    }
  })
}

test('a full last page says so, and an empty list is an empty page', async () => {
  const { body } = await maker.get(`/v1/trades?limit=${ROWS}`)
  assert.equal(body.nextCursor, null)
  const stranger = await market.person('stranger')
  for (const path of ['/v1/trades', '/v1/transactions', '/v1/me/offers', '/v1/offers?pair=XMR/CHF']) {
    assert.deepEqual((await stranger.get(path)).body, { items: [], nextCursor: null }, path)
  }
})

test('rows that come in during the walk neither repeat nor hide the others', async () => {
  const { body: offer } = await maker.post('/v1/offers', offerBody({ pair: 'BTC/GBP', totalAmount: '50' }))
  const arrivals = [
    { path: '/v1/offers?pair=BTC/EUR&side=sell', add: () => addOffer('sell', 0) },
    { path: '/v1/offers?pair=BTC/EUR&side=buy', add: () => addOffer('buy', 3) },
    { path: '/v1/trades', add: () => addTrade(offer.id) },
    { path: '/v1/transactions', add: () => addTrade(offer.id) },
  ]
  for (const { path, add } of arrivals) {
    const there = ids(await walk(path, 100))
    const met = ids(await walk(path, 3, async (page) => (page % 3 === 1 ? add() : undefined)))
    assert.equal(new Set(met).size, met.length, `${path}: no row twice`)
    const old = new Set(there)
    assert.deepEqual(
      met.filter((id) => old.has(id)),
      there,
      `${path}: every row that was there, in order`,
    )
  }
})

async function walk(
  path: string,
  limit: number,
  onPage?: (page: number) => Promise<void> | undefined,
): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: string | null = null
  for (let page = 1; page === 1 || cursor !== null; page++) {
    const url: string = `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`
    const { status, body } = await maker.get(url)
    assert.equal(status, 200, JSON.stringify(body))
    assert.ok(body.items.length <= limit)
    rows.push(...body.items)
    cursor = body.nextCursor
    await onPage?.(page)
    assert.ok(page < 200, 'the walk does not end')
  }
  return rows
}

function ids(rows: Row[]): string[] {
  return rows.map((row) => row.id)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
