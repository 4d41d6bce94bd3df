import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import fc from 'fast-check'
import pg from 'pg'
import { type MarketFacts, type PriceFact, recordPrices } from '../../src/prices/index.ts'
import { type TestDatabase, testDatabase, testPool } from '../support/server.ts'

// What rounds of prices make of the history, the board and crypto_prices, in a database of its own.

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** In the middle of a minute, so that nothing depends on when the tests run. */
const NOW = Math.floor(Date.now() / MINUTE) * MINUTE - MINUTE + 30_000

let database: TestDatabase
let app: pg.Pool
let superuser: pg.Client
before(async () => {
  database = await testDatabase()
  app = testPool(database.appUrl, { max: 2 })
  superuser = new pg.Client(database.superuserUrl)
  await superuser.connect()
  await superuser.query('update fairlock.settings set price_minutes_days = 40')
})
after(async () => {
  await superuser?.end()
  await app?.end()
  await database?.drop()
})
beforeEach(() =>
  superuser.query(
    'truncate fairlock.price_history, fairlock.price_hours, fairlock.price_days, fairlock.price_board, crypto_prices',
  ),
)

const price = (currency: string, priceUsd: string, isSample = false): PriceFact => ({
  currency,
  priceUsd,
  isSample,
})
const round = (at: number, prices: PriceFact[], markets: MarketFacts[] = []) =>
  recordPrices(app, { at: new Date(at), prices, markets })

async function rowsOf(table: string, where = 'true') {
  const { rows } = await superuser.query(`select * from ${table} where ${where} order by 1, 2, 3`)
  return rows
}
const board = async (currency: string) =>
  (await rowsOf('fairlock.price_board', `currency = '${currency}'`))[0]
const shown = async (symbol: string) => (await rowsOf('crypto_prices', `symbol = '${symbol}'`))[0]

test('thirty days and an hour, replayed: changes, range, roll-ups', async () => {
  // 100 and the whole hours since the start: twice a day, each hour of the last day, and the last hour by 5 minutes.
  const start = NOW - 31 * DAY
  const steps: [number, number][] = [
    [start, 12 * HOUR],
    [NOW - 25 * HOUR, HOUR],
    [NOW - HOUR, 5 * MINUTE],
  ]
  const times = steps.flatMap(([from, step]) =>
    Array.from({ length: Math.floor((NOW - from) / step) + 1 }, (_, i) => from + i * step),
  )
  for (const at of [...new Set(times)].sort((one, other) => one - other))
    await round(at, [price('BTC', `${100 + Math.floor((at - start) / HOUR)}`)])
  const now = 100 + 31 * 24
  const { change_1h, change_24h, change_7d, change_30d, high_24h, low_24h, price_usd } = await board('BTC')
  assert.equal(price_usd, `${now}`)
  const change = (hours: number) => ((100 * hours) / (now - hours)).toFixed(8)
  assert.deepEqual(
    [change_1h, change_24h, change_7d, change_30d],
    [change(1), change(24), change(7 * 24), change(30 * 24)],
  )
  assert.deepEqual([high_24h, low_24h], [`${now}`, `${now - 23}`])
  const { price_change_30d, last_updated } = await shown('BTC')
  assert.equal(price_change_30d, Number(change(720)).toFixed(2))
  assert.equal(last_updated.getTime(), NOW)
  await rollUpsAreRight()
})

/** Each hour is what its minutes are, and each day what its minutes are. */
async function rollUpsAreRight() {
  for (const [table, unit] of [
    ['fairlock.price_hours', 'hour'],
    ['fairlock.price_days', 'day'],
  ]) {
    const expected = `
      select currency, is_sample, date_trunc('${unit}', at, 'UTC') as at, (array_agg(open order by at))[1] as open, max(high) as high,
        min(low) as low, (array_agg(close order by at desc))[1] as close, sum(samples)::integer as samples,
        min(first_at) as first_at, max(last_at) as last_at
      from fairlock.price_history group by 1, 2, 3`
    const { rows } = await superuser.query(
      `(table ${table} except all ${expected}) union all (${expected} except all table ${table})`,
    )
    assert.deepEqual(rows, [])
  }
}

test('minutes in any order, and twice, make the same roll-ups', async () => {
  const story = fc.array(
    fc.record({ minutes: fc.integer({ min: 0, max: 3000 }), price: fc.integer({ min: 1, max: 9 }) }),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  const run = async (rounds: { minutes: number; price: number }[]) => {
    await superuser.query(
      'truncate fairlock.price_history, fairlock.price_hours, fairlock.price_days, fairlock.price_board',
    )
    const first = new Map(
      rounds.map(({ minutes, price }) => [minutes, price]).reverse() as [number, number][],
    )
    for (const { minutes, price: usd } of [...rounds, ...rounds])
      await round(NOW - minutes * MINUTE, [price('BTC', `${usd}`)])
    const rows = await rowsOf('fairlock.price_history')
    assert.deepEqual(
      new Map(rows.map(({ last_at, close }) => [(NOW - last_at.getTime()) / MINUTE, Number(close)])),
      new Map([...first].sort(([a], [b]) => b - a)),
    )
    await rollUpsAreRight()
    const newest = Math.min(...first.keys())
    assert.equal((await board('BTC')).price_usd, `${first.get(newest)}`)
  }
  await fc.assert(fc.asyncProperty(story, run), { numRuns: 6 })
})

test('a late minute is in its hour and day and leaves the board; the future and the forgotten past do nothing', async () => {
  assert.deepEqual(await round(NOW, [price('BTC', '100')]), { recorded: 1, shown: 1, refused: [] })
  assert.deepEqual(await round(NOW, [price('BTC', '101')]), { recorded: 0, shown: 0, refused: [] })
  // Within the minute, what is newer counts.
  await round(NOW + 10_000, [price('BTC', '103')])
  const before = [await board('BTC'), await shown('BTC')]
  assert.deepEqual(await round(NOW - 90 * MINUTE, [price('BTC', '7')]), {
    recorded: 1,
    shown: 0,
    refused: [],
  })
  assert.deepEqual([await board('BTC'), await shown('BTC')], before)
  const late = new Date(NOW - 90 * MINUTE)
  const [bar] = await rowsOf('fairlock.price_hours', `first_at = '${late.toISOString()}'`)
  assert.deepEqual([bar.open, bar.samples], ['7', 1])
  await rollUpsAreRight()
  const newest = (await rowsOf('fairlock.price_history')).at(-1)
  assert.deepEqual([newest.open, newest.high, newest.close, newest.samples], ['100', '103', '103', 2])
  for (const at of [NOW + HOUR, NOW - 60 * DAY])
    assert.equal((await round(at, [price('BTC', '5')])).recorded, 0)
  assert.deepEqual([await board('BTC'), await shown('BTC')], before)
})

test('prices that the specification’s columns cannot hold', async () => {
  await round(NOW - HOUR, [
    price('DOGE', '0.0000000001234567890123'),
    price('ADA', '0.5'),
    price('BTC', '70000'),
  ])
  await round(NOW, [
    price('DOGE', '0.000001234567890123'),
    price('ADA', '5000000000000000.123456789'),
    price('BTC', '70000'),
    price('ETH', '2000'),
  ])
  // 1,000,000 % and below a ten-thousandth of a cent.
  const doge = await board('DOGE')
  assert.equal(Number(doge.change_1h).toFixed(4), '999900.0000')
  assert.equal(doge.price_usd, '0.000001234567890123')
  assert.deepEqual(doge.not_fitting, ['price_btc', 'price_eth'])
  assert.deepEqual((await shown('DOGE')).price_usd, '0.00000123')
  await round(NOW + 1000, [price('DOGE', '0.000002'), price('BTC', '70000')])
  assert.ok((await board('DOGE')).not_fitting.includes('price_change_1h'))
  const { price_change_1h, price_btc, price_eth } = await shown('DOGE')
  assert.deepEqual([price_change_1h, price_btc, price_eth], [null, '0.00000000', null])
  await round(NOW + 2000, [price('DOGE', '0.000000001')])
  assert.equal((await shown('DOGE')).price_usd, '0.00000000')
  assert.ok((await board('DOGE')).not_fitting.includes('price_usd'))
  // Beyond a trillion dollars the column that may not be empty has no row; the board has it to the last digit.
  assert.equal((await board('ADA')).price_usd, '5000000000000000.123456789')
  assert.deepEqual((await board('ADA')).not_fitting, ['price_change_1h', 'price_eth', 'price_usd'])
  assert.equal(await shown('ADA'), undefined)
  await round(NOW + 2000, [price('ADA', '0.6')])
  assert.equal((await shown('ADA')).price_usd, '0.60000000')
})

test('facts of a year that the database does not know are left out, and the round is kept', async () => {
  for (const at of ['+200000-01-01T00:00:00.000Z', '-000001-01-01T00:00:00.000Z', '0000-01-01T00:00:00Z']) {
    const { refused } = await round(NOW, [price('BTC', '7E4')], [{ currency: 'BTC', at, source: 'one' }])
    assert.deepEqual(refused, [{ currency: 'BTC', field: 'at', value: at }])
  }
  assert.equal((await board('BTC')).price_usd, '70000')
})

test('what was shown while the clock was ahead gives way when it is right again', async () => {
  await round(NOW, [price('BTC', '5')])
  await superuser.query(
    `update fairlock.price_board set at = at + interval '1 day', facts_at = at + interval '1 day'`,
  )
  const facts = { currency: 'BTC', at: new Date(NOW + 1000).toISOString(), source: 'one', rank: 7 }
  assert.equal((await round(NOW + 1000, [price('BTC', '6')], [facts])).shown, 1)
  const { price_usd, market_cap_rank } = await board('BTC')
  assert.deepEqual([price_usd, market_cap_rank], ['6', 7])
})

test('what is no price is refused by itself, and the rest is kept', async () => {
  const bad = [
    'NaN',
    'Infinity',
    '-1',
    '0',
    '0e5',
    '',
    ' 1',
    '1e99',
    '1e-99',
    'null',
    '0x10',
    '1,5',
    '<html>',
  ]
  for (const value of bad) {
    const { recorded, refused } = await round(NOW, [price('ETH', value)])
    assert.deepEqual([recorded, refused], [0, [{ currency: 'ETH', field: 'priceUsd', value }]])
  }
  const facts = { currency: 'BTC', at: new Date(NOW).toISOString(), source: 'one' }
  const { refused } = await round(
    NOW,
    [price('BTC', '7E4'), price('ETH', 'NaN'), price('EUR', '1.1'), price('NONE', '1')],
    [
      {
        ...facts,
        marketCap: '1e30',
        sentiment: '101',
        dominance: 'NaN',
        rank: 1.5,
        volume24h: '-1',
        maxSupply: '21000000',
      },
      { ...facts, at: 'yesterday' },
    ],
  )
  assert.deepEqual(refused.map(({ field }) => field).sort(), [
    'at',
    'dominance',
    'priceUsd',
    'rank',
    'sentiment',
    'volume24h',
  ])
  const { market_cap, sentiment, dominance, max_supply, not_fitting } = await board('BTC')
  assert.deepEqual([market_cap, sentiment, dominance], [`1${'0'.repeat(30)}`, null, null])
  assert.deepEqual([max_supply, not_fitting], ['21000000', ['market_cap']])
  assert.deepEqual(
    (await rowsOf('crypto_prices')).map(({ symbol }) => symbol),
    ['BTC'],
  )
})
