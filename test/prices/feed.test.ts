import assert from 'node:assert/strict'
import { after, before, mock, test } from 'node:test'
import pg from 'pg'
import { PriceFeed, publishQuotes, type Quote, readFeedState } from '../../src/prices/index.ts'
import type { Source } from '../../src/prices/sources/source.ts'
import { type TestDatabase, testDatabase } from '../support/server.ts'
import { type Behaviour, json, Services, withNumbers } from './services.ts'

const LIMITS = { timeoutMs: 80, maxBytes: 1024 * 1024, redirects: 2, retryMs: 1 }
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
  app = new pg.Pool({ connectionString: database.appUrl, max: 4 })
  owner = new pg.Pool({ connectionString: database.superuserUrl, max: 1 })
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

function newFeed(sources: Source[] = NAMES.map((name) => services.sources()[name]!)): PriceFeed {
  return new PriceFeed({
    db: app,
    sources,
    limits: LIMITS,
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
      await round(feed)
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
  log.length = 0
})
