import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import pg from 'pg'
import {
  backfillSampleHistory,
  type MarketFacts,
  publishQuotes,
  recordPrices,
} from '../../src/prices/index.ts'
import { indicatorsOf } from '../../src/prices/indicators.ts'
import { call, type Market, startMarket } from '../support/market.ts'
import { testQuotes } from '../support/quotes.ts'

// The board over days, what becomes of its history, and what the API says of both.

const HOUR = 3_600_000
const DAY = 24 * HOUR
const NOW = Math.floor(Date.now() / 60_000) * 60_000

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
beforeEach(() =>
  superuser.query(
    'truncate fairlock.price_history, fairlock.price_hours, fairlock.price_days, fairlock.price_board, crypto_prices',
  ),
)

const get = async (path: string) => call(market.url, 'GET', path)
const round = (at: number, priceUsd: string, markets: MarketFacts[] = [], isSample = false) =>
  recordPrices(market.db.pool, {
    at: new Date(at),
    prices: [{ currency: 'BTC', priceUsd, isSample }],
    markets,
  })
const coin = async (symbol = 'BTC') => (await get(`/v1/prices/${symbol}`)).body

test('indicators are of the closes of unbroken days and the newest price', async () => {
  const closes = Array.from({ length: 45 }, (_, i) => `${100 + ((i * 37) % 23)}`)
  await superuser.query(
    `insert into fairlock.price_days
     select 'BTC', false, date_trunc('day', $1::timestamptz, 'UTC') - make_interval(days => 45 - n::integer), close, close, close,
       close, 1, at, at
     from unnest($2::numeric[]) with ordinality days (close, n),
       lateral (select date_trunc('day', $1::timestamptz, 'UTC') - make_interval(days => 45 - n::integer)) first (at)`,
    // The last of them is today's, which the newest price takes the place of.
    [new Date(NOW), closes],
  )
  await round(NOW, '111')
  const { rsi14, macd, macdSignal } = await coin()
  const expected = indicatorsOf([...closes.slice(0, -1), '111'])
  assert.deepEqual({ rsi: rsi14, macd, macdSignal }, expected)
  const { rows } = await superuser.query(`select rsi_14, macd from crypto_prices where symbol = 'BTC'`)
  assert.deepEqual(rows, [{ rsi_14: Number(rsi14).toFixed(2), macd: Number(macd).toFixed(8) }])
  // A day is missing: the series begins after it, with 20 closes for RSI and too few for MACD.
  await superuser.query(
    `delete from fairlock.price_days where at = date_trunc('day', $1::timestamptz, 'UTC') - interval '20 days'`,
    [new Date(NOW)],
  )
  await round(NOW + 1000, '111')
  const after = await coin()
  assert.deepEqual([after.macd, after.macdSignal], [null, null])
  assert.equal(after.rsi14, indicatorsOf([...closes.slice(-20, -1), '111']).rsi)
})

test('facts stay from round to round for a day, made-up ones never beside real prices', async () => {
  const facts = (hours: number, volume24h: string) => ({
    ...{ currency: 'BTC', source: 'one', volume24h, high24h: '80000', rank: 1, dominance: '57.123' },
    at: new Date(NOW - hours * HOUR).toISOString(),
  })
  await round(NOW - 30 * HOUR, '1', [facts(30, '5')])
  await round(NOW - 29 * HOUR, '2')
  assert.deepEqual((await coin()).volume24h, '5')
  await round(NOW - 28 * HOUR, '2', [facts(31, '4')])
  assert.deepEqual((await coin()).volume24h, '5')
  const { high24h, low24h, stale, marketCapRank } = await coin()
  assert.deepEqual([high24h, low24h, stale, marketCapRank], ['80000', null, true, 1])
  await round(NOW - HOUR - 60_000, '3')
  const { volume24h, dominance, factsAsOf, factsSource } = await coin()
  assert.deepEqual([volume24h, dominance, factsAsOf, factsSource], [null, null, null, null])

  await round(NOW, '4', [facts(0, '6')], true)
  const sample = await coin()
  assert.deepEqual(
    [sample.sample, sample.note, sample.volume24h, sample.change1h],
    [true, 'sample prices', '6', null],
  )
  // Real prices take its place whatever their time, and never meet the made-up ones.
  await round(NOW - 60_000, '6')
  const real = await coin()
  assert.deepEqual(
    [real.sample, real.note, real.volume24h, real.change1h],
    [false, null, null, '100.00000000'],
  )
})

test('partitions are made ahead, take what came too early, and are dropped when they are over', async () => {
  await round(NOW - 6 * DAY, '5')
  await round(NOW, '6')
  await superuser.query(`insert into fairlock.price_history
    select currency, is_sample, at - interval '20 days', open, high, low, close, samples, first_at - interval '20 days', last_at - interval '20 days'
    from fairlock.price_history where close = 6`)
  await superuser.query(`insert into fairlock.price_hours
    select currency, is_sample, at - interval '200 days', open, high, low, close, samples, first_at - interval '200 days',
      last_at - interval '200 days' from fairlock.price_hours`)
  const tend = async () =>
    (await market.db.pool.query('select fairlock.tend_price_history() as done')).rows[0].done
  // Eight days and three months, two days of the past, and one or two months of hours.
  const { made, dropped } = await tend()
  assert.ok(made >= 8 + 3 + 2 + 1 && dropped >= 2, `${made} ${dropped}`)
  assert.deepEqual(await tend(), { made: 0, dropped: 0 })
  const closes = async (table: string) =>
    (await superuser.query(`select close from ${table} order by at`)).rows.map(({ close }) => close)
  assert.deepEqual(await closes('fairlock.price_history'), ['5', '6'])
  assert.deepEqual(await closes('fairlock.price_hours'), ['5', '6'])
  assert.deepEqual(await closes('fairlock.price_days'), ['5', '6'])
  const { rows } = await superuser.query(
    `select count(*)::integer as inside from fairlock.price_history where tableoid <> 'fairlock.price_history_default'::regclass`,
  )
  assert.deepEqual(rows, [{ inside: 2 }])
  const metrics = await (await fetch(`${market.url}/metrics`)).text()
  assert.match(metrics, /^fairlock_price_partitions_ahead\{of="minutes"\} 7$/m)
  assert.match(metrics, /^fairlock_price_partitions_ahead\{of="hours"\} 2$/m)
  assert.match(metrics, /^fairlock_price_history_age_seconds \d+$/m)
  assert.match(metrics, /^fairlock_price_history_unopened_rows 0$/m)
})

test('a round that is killed before its end has left nothing, and is whole when it is said again', async () => {
  const client = new pg.Client(market.database.appUrl)
  client.on('error', () => undefined)
  await client.connect()
  await client.query('begin')
  await recordPrices(client, { at: new Date(NOW), prices: [{ currency: 'BTC', priceUsd: '5' }], markets: [] })
  const { rows } = await client.query('select pg_backend_pid() as pid')
  await superuser.query('select pg_terminate_backend($1, 5000)', [rows[0].pid])
  await client.end().catch(() => undefined)
  const counts = () =>
    superuser.query(`select (select count(*)::integer from fairlock.price_history) as minutes,
      (select count(*)::integer from fairlock.price_days) as days, (select count(*)::integer from crypto_prices) as shown`)
  assert.deepEqual((await counts()).rows, [{ minutes: 0, days: 0, shown: 0 }])
  await Promise.all([round(NOW, '5'), round(NOW, '5')])
  assert.deepEqual((await counts()).rows, [{ minutes: 1, days: 1, shown: 1 }])
})

test('the sample market has a past, and says that it is made up', async () => {
  await publishQuotes(market.db.pool, testQuotes())
  await backfillSampleHistory(market.database.ownerUrl)
  const first = await get('/v1/prices?limit=9')
  const second = await get(`/v1/prices?limit=9&cursor=${first.body.nextCursor}`)
  const coins = [...first.body.items, ...second.body.items]
  assert.deepEqual([coins.length, second.body.nextCursor], [13, null])
  for (const { symbol, sample, note, stale, ...values } of coins) {
    assert.deepEqual([sample, note, stale], [true, 'sample prices', false], symbol)
    for (const name of [
      'priceBtc',
      'priceEth',
      'change1h',
      'change24h',
      'change7d',
      'change30d',
      'high24h',
      'low24h',
    ])
      assert.equal(typeof values[name], 'string', `${name} of ${symbol}`)
    for (const name of ['rsi14', 'macd', 'macdSignal'])
      assert.equal(typeof values[name], 'string', `${name} of ${symbol}`)
    for (const name of ['marketCap', 'sentiment', 'dominance']) assert.equal(values[name], null)
  }
  const { body: days } = await get('/v1/prices/ETH/history')
  assert.deepEqual([days.items.length, days.nextCursor], [100, null])
  assert.ok(days.items.every(({ note }: { note: string }) => note === 'sample prices'))
  const { quotes } = (await get('/v1/prices/BTC?currency=EUR')).body
  assert.deepEqual(
    quotes.map(({ pair, priced, note }: Record<string, unknown>) => [pair, priced, note]),
    [['BTC/EUR', true, 'sample prices']],
  )
  assert.deepEqual(
    quotes[0].sources.map(({ source, used, ageSeconds }: Record<string, unknown>) => [
      source,
      used,
      typeof ageSeconds,
    ]),
    [
      ['one', true, 'number'],
      ['two', true, 'number'],
    ],
  )
})

test('history is paged without a gap, and what is asked for wrongly is named', async () => {
  for (let i = 0; i < 7; i++) await round(NOW - 60_000 * (8 - i), `${i + 1}`)
  const seen: string[] = []
  const stretch = `from=${new Date(NOW - 8 * 60_000).toISOString()}&to=${new Date(NOW - 2 * 60_000).toISOString()}`
  for (let cursor = ''; ; ) {
    const { body } = await get(`/v1/prices/BTC/history?interval=minute&${stretch}&limit=4${cursor}`)
    seen.push(...body.items.map(({ close }: { close: string }) => close))
    if (body.nextCursor === null) break
    cursor = `&cursor=${body.nextCursor}`
  }
  assert.deepEqual(seen, ['1', '2', '3', '4', '5', '6'])
  const { body: unknown } = await get('/v1/prices/XMR')
  assert.deepEqual([unknown.priceUsd, unknown.asOf, unknown.stale, unknown.sample], [null, null, true, false])
  assert.deepEqual((await get('/v1/prices/XMR/history')).body, { items: [], nextCursor: null })
  const wrong: [string, number, string | undefined][] = [
    ['NONE', 404, undefined],
    ['EUR', 404, undefined],
    ['NONE/history', 404, undefined],
    ['btc', 400, 'params.symbol'],
    ['BTC?currency=NONE', 422, 'currency'],
    ['BTC/history?interval=week', 400, 'querystring.interval'],
    ['BTC/history?from=2026-02-31T00:00:00Z', 400, 'querystring.from'],
    ['BTC/history?from=2026-01-01T23:59:60Z', 400, 'querystring.from'],
    ['BTC/history?from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z', 400, 'querystring.from'],
    [
      'BTC/history?interval=minute&from=2026-01-01T00:00:00Z&to=2026-01-09T00:00:00Z',
      400,
      'querystring.from',
    ],
    ['BTC/history?limit=101', 400, 'querystring.limit'],
  ]
  for (const [path, status, field] of wrong) {
    const answer = await get(`/v1/prices/${path}`)
    assert.equal(answer.status, status, path)
    assert.equal(answer.body.errors?.[0]?.field, field, path)
  }
})
