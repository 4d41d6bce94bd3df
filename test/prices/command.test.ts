import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { loadConfig } from '../../src/platform/index.ts'
import { PriceFeed, pairStates, REAL_SOURCES, sourcesOf } from '../../src/prices/index.ts'
import { type Market, startMarket } from '../support/market.ts'

let market: Market
let feed: PriceFeed
before(async () => {
  market = await startMarket()
  feed = new PriceFeed({
    db: market.db.pool,
    sources: sourcesOf('sample', { coingeckoKey: null }),
    onChange: (source) => assert.fail(source),
    onOutliers: (source) => assert.fail(source),
  })
})
after(() => market.stop())

function fairlock(args: string[], prices: string) {
  const { FAIRLOCK_TEST_SERVER: _, ...inherited } = process.env
  const env = { ...inherited, DATABASE_URL: market.database.ownerUrl, FAIRLOCK_PRICES: prices }
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/main.ts', ...args], {
    encoding: 'utf8',
    env,
  })
  return { status, stdout, stderr }
}

test('every pair has a quote, and fairlock prices says so and which source is not asked, ending with 1', async () => {
  const before = await pairStates(market.db.pool)
  assert.equal(before.find(({ pair }) => pair === 'XMR/GBP')?.reason, 'no quote')
  await feed.run()
  const pairs = await pairStates(market.db.pool)
  assert.ok(pairs.length > 500)
  assert.deepEqual(
    pairs.filter(({ reason }) => reason !== null),
    [],
  )
  const bitcoin = pairs.find(({ pair }) => pair === 'BTC/KES')!
  assert.deepEqual([bitcoin.via, bitcoin.isSample, bitcoin.sources.length], ['cross', true, 3])
  const { status, stdout, stderr } = fairlock(['prices'], 'kraken')
  assert.equal(status, 1, stderr)
  assert.match(stdout, /^kraken +never +not asked yet$/m)
  assert.match(stdout, /^BTC\/USD +7\d{4}\.\d+ +direct +\d+ s +0\.\d+ % +sample-.*\(sample prices\)$/m)
  assert.match(stderr, /1 of 1 sources fail, 0 of \d+ pairs have no good quote/)
})

test('the metrics of an API process know of the feed, whoever ran it', async () => {
  const text = await (await fetch(`${market.url}/metrics`)).text()
  for (const line of [
    /^fairlock_price_source_reads\{source="sample-east"\} 1$/m,
    /^fairlock_price_source_failing\{source="sample-east"\} 0$/m,
    /^fairlock_price_source_outliers\{source="sample-east"\} 0$/m,
    /^fairlock_price_source_age_seconds\{source="sample-east"\} \d/m,
    /^fairlock_price_source_breaker\{source="sample-east",state="closed"\} 1$/m,
    /^fairlock_price_pairs\{kind="coin",state="good"\} \d{3}$/m,
    /^fairlock_price_pairs\{kind="rate",state="without"\} 0$/m,
    /^fairlock_price_quote_age_seconds\{kind="coin",quote="oldest_good"\} \d/m,
  ])
    assert.match(text, line)
})

test('the board has the prices of the feed', async () => {
  const { rows } = await market.db.pool.query(
    'select symbol, price_usd, market_cap_rank, max_supply from public.crypto_prices order by market_cap_rank',
  )
  assert.equal(rows.length, 13)
  assert.deepEqual([rows[0].symbol, rows[0].market_cap_rank], ['BTC', 1])
})

test('FAIRLOCK_PRICES takes the sources that there are, and nothing else', () => {
  const pricesOf = (value: string) => loadConfig({ FAIRLOCK_PRICES: value }).prices
  for (const list of ['none', 'sample', 'all', ...REAL_SOURCES, REAL_SOURCES.join(',')]) {
    assert.equal(pricesOf(list), list)
    sourcesOf(list, { coingeckoKey: null })
  }
  for (const list of ['krake', 'kraken,', 'sample,kraken', 'kraken coinbase', 'all,none'])
    assert.throws(() => pricesOf(list), /FAIRLOCK_PRICES must be none, sample, all/)
  assert.equal(sourcesOf('kraken,kraken', { coingeckoKey: null }).length, 1)
})
