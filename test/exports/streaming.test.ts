import assert from 'node:assert/strict'
import { get } from 'node:http'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { Exports, exportPieces } from '../../src/wallets/index.ts'
import { asIntruder } from '../ledger/support.ts'
import { call, type Market, type Person, startMarket } from '../support/market.ts'
import { addMovements, begin, exported, readAll, readCsv, until } from './support.ts'

// An export needs the same memory whatever its length, gives back what it took, and never passes a part off as the whole.

const ROWS = 20_000
const exports = new Exports({ atOnce: 1 })
let market: Market
let long: Person
let other: Person
before(async () => {
  market = await startMarket({ exports })
  ;[long, other] = [await market.person('long'), await market.person('other')]
  await market.credit(long, 'BTC', '1')
  await addMovements(market, long, ROWS)
})
after(() => market?.stop())

const idle = () =>
  until(
    'every connection is back',
    () => exports.running === 0 && market.db.pool.idleCount === market.db.pool.totalCount,
  )

test('whoever reads slowly makes the database wait: two batches are read ahead, however many there are', async () => {
  let fetched = 0
  const pieces = market.db.stream(long.id, { seconds: 5 }, (reader) => {
    const query = ((text: string, values?: unknown[]) => {
      if (text.startsWith('fetch')) fetched++
      return reader.query(text, values)
    }) as typeof reader.query
    return exportPieces({ query }, long.id, { format: 'statement' })
  })
  const stream = Readable.from(pieces, { objectMode: false })
  let bytes = 0
  for await (const piece of stream) {
    bytes += piece.length
    await new Promise(setImmediate)
    if (fetched > 4) break
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.ok(stream.readableLength < 500_000, `${stream.readableLength} bytes wait`)
    assert.ok(fetched * 500 <= bytes / 100 + 1500, `${fetched} batches for ${bytes} bytes`)
  }
  await idle()
  fetched = 0
})

test('one export of a person and one of all at once here; the one that was first is whole all the same', async () => {
  const held = await begin(market, long)
  const again = await long.get('/v1/transactions.csv')
  assert.deepEqual(
    [again.status, again.body.code, again.headers.get('retry-after')],
    [429, 'too_many_exports', '10'],
  )
  const full = await other.get('/v1/transactions.csv')
  assert.deepEqual(
    [full.status, full.body.code, full.headers.get('retry-after')],
    [503, 'exports_busy', '10'],
  )
  assert.equal(exports.refused.get('exports_busy'), 1)
  const lines = (await readAll(held)).trimEnd().split('\r\n')
  assert.equal(lines.length, 1 + ROWS + 3)
  const [last] = readCsv(`${lines[0]}\r\n${lines.at(-1)}\r\n`)
  const { items } = (await long.get('/v1/wallets')).body
  assert.deepEqual([last!.type, last!.available], ['closing_balance', items[0].available])
  await idle()
})

test('whoever goes away in the middle makes room and gives the connection back', async () => {
  const { broken } = exports
  const held = await begin(market, long, '?format=tax')
  held.destroy()
  await idle()
  assert.equal(exports.broken, broken + 1)
  for (let i = 0; i < 5; i++) assert.deepEqual(await exported(other), [], 'one right after the other')
})

test('whoever goes away before the first row comes leaves nothing behind either', async () => {
  for (const patience of [0, 1, 3, 6, 12]) {
    const asked = get(`${market.url}/v1/transactions.csv`, { headers: long.headers() })
    asked.on('error', () => undefined)
    asked.end()
    await new Promise((resolve) => setTimeout(resolve, patience))
    asked.destroy()
    await new Promise((resolve) => setTimeout(resolve, 5))
    await idle()
  }
})

test('an export whose connection to the database dies breaks off, and does not look complete', async () => {
  const held = await begin(market, long)
  const { rowCount } = await asIntruder(market, (client) =>
    client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'fairlock' and xact_start is not null`,
    ),
  )
  assert.equal(rowCount, 1)
  await assert.rejects(readAll(held), /aborted/)
  await until('the slot is free', () => exports.running === 0)
  assert.equal((await call(market.url, 'GET', '/healthz')).status, 200)
  assert.equal((await long.get('/v1/wallets')).status, 200)
})

test('what fails before the first row is answered as an error', async () => {
  const { pool } = market.db
  const wrong = market.db.stream(long.id, { seconds: 5 }, async function* (reader) {
    yield (await reader.query('select 1 / 0')).rows
  })
  await assert.rejects(wrong.next(), { code: 'invalid_value' })
  const writes = market.db.stream(long.id, { seconds: 5 }, async function* (reader) {
    yield (await reader.query('create temporary table t ()')).rows
  })
  await assert.rejects(writes.next(), /read-only/)
  assert.equal(pool.idleCount, pool.totalCount)
})
