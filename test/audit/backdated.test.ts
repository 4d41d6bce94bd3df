import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type pg from 'pg'
import type { Market } from '../support/market.ts'
import { connected, publishedBlocks, report, seal, sealedMarket } from './support.ts'

let market: Market
let superuser: pg.Client
before(async () => {
  market = await sealedMarket()
  superuser = await connected(market.database.superuserUrl)
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

test('a row that is inserted with a time of long ago is named, before it is sealed and after', async () => {
  // A block of all there was proves that what is sealed after it was not there yet.
  await superuser.query(`select fairlock.record_event('test.written', 'test', null)`)
  await seal(market)
  const old = await superuser.query<{ id: string }>(
    `insert into audit.events (at, action, subject) values (now() - interval '3 months', 'trade.completed', 'crypto_trades')
     returning id`,
  )
  const { id } = old.rows[0]!
  const named = async () => (await report(market)).findings.map((one) => [one.table, one.id])
  assert.deepEqual(await named(), [['audit.events', id]])
  await seal(market)
  assert.deepEqual(await named(), [['audit.events', id]])
  assert.deepEqual((await report(market, await publishedBlocks(market))).first?.id, id)
})

test('rows that waited for a worker, or came when the clock had been set back, are none of those', async () => {
  const other = await sealedMarket()
  const client = await connected(other.database.superuserUrl)
  try {
    // Written three days ago, and sealed only now in many blocks.
    await client.query('set session_replication_role = replica')
    await client.query(`update audit.blocks set sealed_at = sealed_at - interval '4 days'`)
    for (const table of ['signatures', 'leaves', 'blocks']) await client.query(`delete from audit.${table}`)
    await client.query(`update audit.events set at = at - interval '3 days'`)
    await client.query('set session_replication_role = origin')
    await seal(other)
    assert.deepEqual((await report(other)).findings, [])
    // The newest block says that it was sealed in the year to come; the clock was put right after it.
    await client.query('set session_replication_role = replica')
    await client.query(
      `update audit.blocks set sealed_at = sealed_at + interval '1 year' where number = (select max(number) from audit.blocks)`,
    )
    await client.query(
      'update audit.blocks b set hash = audit.block_hash(b) where number = (select max(number) from audit.blocks)',
    )
    await client.query('delete from audit.signatures where block = (select max(number) from audit.blocks)')
    await client.query('set session_replication_role = origin')
    await client.query(`select fairlock.record_event('test.written', 'test', null)`)
    await seal(other)
    assert.deepEqual((await report(other)).findings, [])
  } finally {
    await client.end()
    await other.stop()
  }
})
