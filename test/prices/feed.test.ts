import assert from 'node:assert/strict'
import { after, before, mock, test } from 'node:test'
import type pg from 'pg'
import { PriceFeed, publishQuotes, type Quote, readFeedState, sourcesOf } from '../../src/prices/index.ts'
import { type TestDatabase, testDatabase, testPool } from '../support/server.ts'
import { type Behaviour, json, Services, withNumbers } from './services.ts'

const LIMITS = { timeoutMs: 5000, maxBytes: 1024 * 1024, redirects: 2, retryMs: 1 }
const services = new Services()
let database: TestDatabase
let app: pg.Pool
let owner: pg.Pool
/** How long the replayed clock is ahead of the database's. */
let ahead = 0
const log: string[] = []

before(async () => {
  await services.start()
  database = await testDatabase()
  app = testPool(database.appUrl, { max: 4 })
  owner = testPool(database.superuserUrl, { max: 1 })
  // A small house: what is true of three coins and five currencies is true of all.
  await owner.query(`delete from fairlock.market_quotes;
    delete from fairlock.currencies where kind = 'crypto' and code not in ('BTC', 'XMR', 'USDT')
      or kind = 'fiat' and code not in ('USD', 'EUR', 'KES', 'ARS', 'VES')`)
  mock.timers.enable({ apis: ['Date'], now: Date.now() })
})
after(async () => {
  mock.timers.reset()
  await Promise.all([services.stop(), app.end(), owner.end()])
})

const NAMES = ['kraken', 'coinbase', 'coingecko', 'blockchain.info', 'currency-api', 'yadio']

function newFeed(sources = NAMES.map((name) => services.sources()[name]!), limits = LIMITS): PriceFeed {
  return new PriceFeed({
    db: app,
    sources,
    limits,
    onChange: (source, failing) => log.push(`${source} ${failing?.failure ?? 'back'}`),
    onOutliers: (source, prices) => log.push(`${source} ${prices === 0 ? 'agrees' : 'apart'}`),
    record: async () => undefined,
    publish: (quotes) => publishQuotes(app, quotes.map(inDatabaseTime)),
  })
}

/** The database has a clock of its own: times are shifted to it, and what it has grows older with each step. */
function inDatabaseTime(quote: Quote): Quote {
  const shift = (at: string) => new Date(Date.parse(at) - ahead).toISOString()
  return { ...quote, asOf: shift(quote.asOf), rateAsOf: quote.rateAsOf && shift(quote.rateAsOf) }
}

async function pass(seconds: number): Promise<void> {
  mock.timers.tick(seconds * 1000)
  ahead += seconds * 1000
  await owner.query(
    `update fairlock.market_quotes set as_of = as_of - make_interval(secs => $1),
       rate_as_of = rate_as_of - make_interval(secs => $1)`,
    [seconds],
  )
}

/** A round of the feed, half a minute after the last. */
async function round(feed: PriceFeed): Promise<void> {
  await pass(30)
  await feed.run()
}

type Row = { price: string; via: string; sources: { source: string; used: boolean }[]; source_count: number }
async function good(pair: string): Promise<Row | null> {
  const { rows } = await app.query('select (fairlock.good_quote($1)).*', [pair])
  return rows[0].pair === null ? null : rows[0]
}
const usedOf = (row: Row | null) => row?.sources.filter(({ used }) => used).map(({ source }) => source) ?? []
const stateOf = async (source: string) =>
  (await readFeedState(app)).sources.find((one) => one.source === source)!
const near = (row: Row | null, wanted: number) =>
  assert.ok(row !== null && Math.abs(Number(row.price) / wanted - 1) < 0.01, JSON.stringify(row))

test('every pair has a quote: of its own prices where there are enough, through the dollar elsewhere', async () => {
  const feed = newFeed()
  await feed.run()
  near(await good('BTC/USD'), 71_040)
  near(await good('EUR/USD'), 1.16)
  const direct = await good('BTC/EUR')
  near(direct, 61_241)
  assert.equal(direct?.via, 'direct')
  assert.deepEqual(usedOf(direct), ['kraken', 'coingecko', 'blockchain.info', 'yadio'])
  const cross = await good('XMR/KES')
  near(cross, 358.8 * 129.4)
  assert.deepEqual([cross?.via, cross?.source_count], ['cross', 2])
  // A stablecoin is not a dollar: it has a price.
  near(await good('USDT/USD'), 1.0008)
  assert.notEqual((await good('USDT/USD'))?.price, '1')
  // Of this currency one source knows the rate, and one is not enough.
  assert.equal(await good('BTC/VES'), null)
  // A peso that the state prices and one that people pay: the odd one out is left out.
  assert.ok(!usedOf(await good('ARS/USD')).includes('yadio'))
  assert.deepEqual(log, ['yadio apart'])
  log.length = 0
})

test('an hour passes: sources misbehave one after another, and change nothing but a count and a line', async () => {
  const feed = newFeed()
  // Who never answers is not waited for long; whoever is slow besides has been heard before.
  const impatient = newFeed(undefined, { ...LIMITS, timeoutMs: 60 })
  const worse: [string, string, Behaviour][] = [
    ['kraken', 'timeout', () => undefined],
    ['kraken', 'not_json', (response) => response.setHeader('content-type', 'text/html').end('<html>')],
    ['coinbase', 'status', (response) => response.writeHead(500).end()],
    ['coinbase', 'malformed', (response, text) => json(response, text.slice(0, -9))],
    [
      'coingecko',
      'malformed',
      (response, text) =>
        json(
          response,
          withNumbers(text, () => 'NaN'),
        ),
    ],
    ['blockchain.info', 'unexpected', (response) => json(response, '{}')],
    [
      'blockchain.info',
      'old_news',
      (response, text) => {
        response.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString())
        json(response, text)
      },
    ],
    [
      'blockchain.info',
      'apart',
      (response, text) =>
        json(
          response,
          withNumbers(text, (one) => `${one}`.replace('.', '9.')),
        ),
    ],
    ['yadio', 'redirect', (response) => response.writeHead(302, { location: 'http://10.0.0.1/' }).end()],
  ]
  let rounds = 0
  for (const [source, reason, behaviour] of worse) {
    const before = await stateOf(source)
    const told = () => log.splice(0).filter((line) => line.startsWith(source))
    services.behave(source, behaviour)
    for (let i = 0; i < 6; i++, rounds++) {
      await round(reason === 'timeout' && i <= 3 ? impatient : feed)
      if (i === 3) services.behave(source, null)
      near(await good('BTC/USD'), 71_040)
      near(await good('BTC/EUR'), 61_241)
    }
    for (let i = 0; i < 7; i++, rounds++) await round(feed)
    near(await good('XMR/USD'), 358.8)
    const now = await stateOf(source)
    if (reason === 'apart') assert.deepEqual(told(), [`${source} apart`, `${source} agrees`])
    else {
      assert.deepEqual(told(), [`${source} ${reason}`, `${source} back`])
      assert.ok((now.failures[reason] ?? 0) > (before.failures[reason] ?? 0), `${source} ${reason}`)
    }
    assert.deepEqual([now.failure, now.breaker], [null, 'closed'])
  }
  assert.ok(rounds * 30 > 3000)
})

test('with one source left quotes grow old and price nothing, and come back when it is no longer alone', async () => {
  const feed = newFeed()
  await round(feed)
  for (const name of NAMES)
    if (name !== 'coinbase') services.behave(name, (response) => response.writeHead(503).end())
  let gone = 0
  while ((await good('BTC/USD')) !== null && gone < 30) {
    await round(feed)
    gone++
  }
  assert.ok(gone >= 6 && gone <= 10, `gone after ${gone} rounds`)
  // Limits are still counted: a rate of an hour ago will do for them.
  const { rows } = await app.query(`select fairlock.reference_rate('EUR') as rate`)
  assert.ok(Math.abs(Number(rows[0].rate) - 1.16) < 0.01)
  for (const name of NAMES) services.behave(name, null)
  let back = 0
  while ((await good('BTC/USD')) === null && back < 30) {
    await round(feed)
    back++
  }
  assert.ok(back <= 12, `back after ${back} rounds`)
  near(await good('BTC/USD'), 71_040)
  const failing = async () => (await readFeedState(app)).sources.some(({ failure }) => failure !== null)
  for (let i = 0; i < 40 && (await failing()); i++) await round(feed)
  assert.ok(!(await failing()))
  log.length = 0
})

test('a source that asks for a pause has it, and several workers ask no more often than one', async () => {
  services.behave('yadio', (response) => response.writeHead(429, { 'retry-after': '600' }).end())
  const [one, two] = [newFeed(), newFeed()]
  services.requests.length = 0
  for (let i = 0; i < 21; i++) {
    await pass(30)
    await Promise.all([one.run(), two.run()])
  }
  // Ten and a half minutes: asked at the beginning and when the pause was over.
  assert.ok(services.asked('/yadio') <= 2, `yadio: ${services.asked('/yadio')}`)
  assert.ok(
    services.asked('/kraken') >= 20 && services.asked('/kraken') <= 21,
    `kraken: ${services.asked('/kraken')}`,
  )
  assert.ok(services.asked('/blockchain.info') <= 11)
  assert.ok(services.asked('/currency-api') <= 1)
  services.behave('yadio', null)
  assert.deepEqual(
    log.splice(0).filter((line) => line.startsWith('yadio') && !/apart|agrees/.test(line)),
    ['yadio rate_limited'],
  )
})

test('another process goes on with what was read, and a source that is asked no more is forgotten', async () => {
  await round(newFeed())
  services.requests.length = 0
  const after = newFeed()
  await after.run()
  assert.equal(services.requests.length, 0)
  near(await good('BTC/USD'), 71_040)
  await newFeed([]).run()
  assert.deepEqual((await readFeedState(app)).sources, [])
})

test('a quote of too few sources gives way to a sound one, even to one with an older source in it', async () => {
  const quote = (sourceCount: number, ageSeconds: number): Quote => {
    const at = new Date(Date.now() - ahead - ageSeconds * 1000).toISOString()
    const sources = ['a', 'b'].slice(0, sourceCount).map((source) => ({ source, price: '1', at, used: true }))
    return {
      pair: 'VES/USD',
      price: '1',
      via: 'direct',
      sources,
      sourceCount,
      spreadPercent: '0',
      asOf: at,
      rateAsOf: null,
      isSample: true,
    }
  }
  assert.equal(await publishQuotes(app, [quote(1, 0)]), 1)
  assert.equal(await publishQuotes(app, [quote(1, 60)]), 0)
  assert.equal(await publishQuotes(app, [quote(2, 40_000)]), 1)
  assert.equal(await publishQuotes(app, [quote(2, 50_000)]), 0)
  assert.ok(await good('VES/USD'))
})

test('what was made up is gone with the first real price, even an older one; a rate lasts for days', async () => {
  const rate = (currency: string, hoursAgo: number, price: string, isSample: boolean): Quote => {
    const asOf = new Date(Date.now() - ahead - hoursAgo * 3_600_000).toISOString()
    const sources = ['one', 'two'].map((source) => ({ source, price, at: asOf, used: true }))
    const made = { sourceCount: 2, spreadPercent: '0', asOf, rateAsOf: null, isSample }
    return { pair: `${currency}/USD`, price, via: 'direct', sources, ...made }
  }
  await owner.query('delete from fairlock.market_quotes')
  assert.equal(await publishQuotes(app, [rate('KES', 1, '0.5', true), rate('ARS', 1, '0.5', true)]), 2)
  assert.equal(await publishQuotes(app, [rate('KES', 20, '0.0077', false)]), 1)
  assert.equal(await publishQuotes(app, [rate('KES', 21, '0.0078', false)]), 0)
  const { rows } = await owner.query(
    `select trim_scale(fairlock.reference_rate('KES'))::text as known, fairlock.reference_rate('ARS') as unknown`,
  )
  assert.deepEqual(rows, [{ known: '0.0077', unknown: null }])
})

test('what a clock that was ahead has left behind stops nothing and prices nothing', async () => {
  const feed = newFeed()
  await round(feed)
  services.requests.length = 0
  // A day ahead for one round, as with a machine that wakes up before it asks for the time.
  await app.query('select fairlock.begin_price_round($1, $2)', [
    JSON.stringify(NAMES.map((source) => ({ source, everySeconds: 30 }))),
    new Date(Date.now() + 86_400_000),
  ])
  await owner.query(
    `update fairlock.market_quotes set as_of = as_of + interval '1 day' where pair = 'BTC/USD'`,
  )
  assert.equal(await good('BTC/USD'), null)
  await round(feed)
  assert.ok(services.asked('/kraken') > 0)
  near(await good('BTC/USD'), 71_040)
  log.length = 0
})

test('the sample market prices every pair by itself, says that it does, and moves gently', async () => {
  await owner.query('delete from fairlock.market_quotes')
  const kept: string[] = []
  const feed = new PriceFeed({
    db: app,
    sources: sourcesOf('sample', { coingeckoKey: null }),
    onChange: (source) => assert.fail(source),
    onOutliers: (source) => assert.fail(source),
    publish: (quotes) => publishQuotes(app, quotes.map(inDatabaseTime)),
    record: async ({ prices, markets }) => {
      assert.ok(prices.every(({ isSample }) => isSample))
      assert.equal(markets.length, 13)
      kept.push(prices.find(({ currency }) => currency === 'BTC')!.priceUsd)
    },
  })
  for (let i = 0; i < 8; i++) await round(feed)
  const { pairs, without } = (await readFeedState(app)).kinds.coin
  assert.deepEqual([pairs, without], [15, 0])
  assert.equal((await app.query('select from fairlock.market_quotes where not is_sample')).rowCount, 0)
  assert.ok(new Set(kept).size > 4)
  for (const price of kept) assert.ok(Math.abs(Number(price) / 71_040 - 1) < 0.013, price)
})
