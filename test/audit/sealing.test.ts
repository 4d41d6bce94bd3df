import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { makeKey, openSigner, sealAudit } from '../../src/audit/index.ts'
import { type Market, startMarket } from '../support/market.ts'
import { Chance, connected, publishedBlocks, report, seal, tamper } from './support.ts'

let market: Market
let superuser: pg.Client
before(async () => {
  market = await startMarket()
  superuser = await connected(market.database.superuserUrl)
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

const WRITE = `select fairlock.record_event('test.written', 'test', null, $1)`

/** Waits until no transaction that is older than this moment runs in any database of the server. */
async function settled(): Promise<void> {
  const now = await superuser.query<{ tx: string }>('select pg_current_xact_id()::text as tx')
  for (;;) {
    const { rows } = await superuser.query<{ over: boolean }>(
      'select pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8 as over',
      [now.rows[0]?.tx],
    )
    if (rows[0]?.over === true) return
    await sleep(10)
  }
}

/** A transaction of any database of the server holds the sealer back for a while. */
async function sealAll(): Promise<void> {
  const deadline = performance.now() + 20_000
  do {
    await seal(market)
    if ((await sealedIds()).length === (await writtenIds()).length) return
    await sleep(20)
  } while (performance.now() < deadline)
  assert.fail('rows stay unsealed')
}

async function sealedIds(): Promise<string[]> {
  return (await publishedBlocks(market)).flatMap(({ ids }) => ids ?? [])
}
async function writtenIds(): Promise<string[]> {
  const { rows } = await superuser.query<{ id: string }>('select id from audit.events order by tx, id')
  return rows.map(({ id }) => id)
}
const latestBlock = async () => (await publishedBlocks(market)).at(-1)

async function asWriter<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connected(market.database.superuserUrl)
  try {
    await client.query('set role fairlock_engine')
    return await work(client)
  } finally {
    await client.end()
  }
}

test('every committed row is in exactly one block, while many write, some give up, and two seal', async () => {
  const signer = await openSigner(market.database.ownerUrl, market.db, market.sealer)
  let writing = true
  const sealer = async () => {
    while (writing) await sealAudit(market.db, signer, 13)
  }
  const writer = (seed: number) =>
    asWriter(async (client) => {
      const chance = new Chance(seed)
      for (let i = 0; i < 25; i++) {
        await client.query('begin')
        for (let n = chance.below(4); n >= 0; n--) {
          await client.query(WRITE, [`writer ${seed}`])
          if (chance.below(4) === 0) await sleep(chance.below(15))
        }
        await client.query(chance.below(4) === 0 ? 'rollback' : 'commit')
      }
    })
  const sealers = [sealer(), sealer()]
  // One that has written at the very beginning and commits when all others are done.
  await asWriter(async (late) => {
    await late.query('begin')
    await late.query(WRITE, ['late'])
    await Promise.all(Array.from({ length: 12 }, (_, i) => writer(i + 1)))
    await late.query(WRITE, ['late'])
    await late.query('commit')
  })
  writing = false
  await Promise.all(sealers)
  await seal(market)
  const sealed = await sealedIds()
  assert.equal(new Set(sealed).size, sealed.length, 'a row is in two blocks')
  assert.deepEqual(sealed, await writtenIds())
  assert.ok(sealed.length > 300)
  const found = await report(market, await publishedBlocks(market))
  assert.deepEqual(found.findings, [])
  assert.deepEqual(found.unsealed, { rows: 0, oldest: null })
})

test('a row of a transaction that still runs is waited for, and nobody waits for the sealer', async () => {
  await seal(market)
  await asWriter(async (early) => {
    await early.query('begin')
    await early.query(WRITE, ['early'])
    await superuser.query(WRITE, ['quick'])
    const signer = await openSigner(market.database.ownerUrl, market.db, market.sealer)
    assert.equal(await sealAudit(market.db, signer), 0)
    await early.query('commit')
  })
  await seal(market)
  const last = await latestBlock()
  assert.equal(last?.ids?.length, 2)
})

test('a block whose maker died before signing it is signed by the next', async () => {
  await superuser.query(WRITE, ['unsigned'])
  while ((await market.db.pool.query('select fairlock.close_audit_block(10) as n')).rows[0].n === null) {
    await sleep(10)
  }
  const between = await report(market)
  assert.equal(between.ok, true)
  assert.match(between.notes.join(' '), /Block \d+ is not signed yet/)
  await seal(market)
  const found = await report(market)
  assert.deepEqual([found.findings, found.notes], [[], []])
})

test('a sealer that is killed in the middle leaves nothing half done', async () => {
  for (let i = 0; i < 20; i++) await superuser.query(WRITE, [`killed ${i}`])
  await settled()
  const blocks = () => superuser.query<{ count: string }>('select count(*) from audit.blocks')
  const before = await blocks()
  const doomed = await connected(market.database.superuserUrl)
  doomed.on('error', () => undefined)
  await doomed.query('begin')
  await doomed.query('select fairlock.close_audit_block(10)')
  const { rows } = await doomed.query<{ pid: number }>('select pg_backend_pid() as pid')
  // The next one waits for the number that the first has taken, and gets it when that one is no more.
  const next = market.db.pool.query('select fairlock.close_audit_block(10) as n')
  await sleep(50)
  await superuser.query('select pg_terminate_backend($1)', [rows[0]?.pid])
  assert.notEqual((await next).rows[0].n, null)
  assert.equal(Number((await blocks()).rows[0]?.count), Number(before.rows[0]?.count) + 1)
  await sealAll()
  assert.deepEqual(await sealedIds(), await writtenIds())
  assert.deepEqual((await report(market)).findings, [])
})

test('a new key signs from then on, and what the old one signed stays proved', async () => {
  const old = await latestBlock()
  await makeKey(market.database.ownerUrl, market.sealer)
  await superuser.query(WRITE, ['new key'])
  await seal(market)
  const blocks = await publishedBlocks(market)
  assert.notEqual(blocks.at(-1)?.keyId, old?.keyId)
  assert.deepEqual((await report(market, blocks)).findings, [])
})

test('a function put in the place of the one that makes the leaves is found out', async () => {
  const { rows } = await superuser.query<{ text: string }>(
    `select pg_get_functiondef('audit.leaf'::regproc) as text`,
  )
  await superuser.query(
    `create or replace function audit.leaf(e audit.events) returns bytea language sql immutable as 'select sha256(int8send(e.id))'`,
  )
  const { rows: written } = await superuser.query<{ id: string }>(
    `with one as (select ${WRITE.slice(7)}) select currval('audit.event_ids') as id from one`,
    ['hidden'],
  )
  await seal(market)
  await superuser.query(rows[0]!.text)
  const found = await report(market)
  assert.deepEqual([found.first?.table, found.first?.id], ['audit.events', written[0]?.id])
  // The rest of this file needs a log that is as it should be.
  await superuser.query('set session_replication_role = replica')
  await superuser.query('delete from audit.signatures; delete from audit.leaves; delete from audit.blocks')
  await superuser.query('set session_replication_role = origin')
  await seal(market)
  assert.deepEqual((await report(market)).findings, [])
})

test('a database restored into a server that counts transactions anew goes on, and says so in the chain', async () => {
  // As on a server that has counted further than this one ever will.
  await superuser.query(`select setval('audit.tx_base', 5000000000)`)
  await superuser.query(WRITE, ['sealed before the restore'])
  await sealAll()
  await superuser.query(WRITE, ['not sealed before the restore'])
  const chain = await publishedBlocks(market)
  await superuser.query(`select setval('audit.tx_base', 0)`)
  // Somebody's old transaction: whoever notices first can seal nothing yet.
  await asWriter(async (client) => {
    await client.query('begin')
    await client.query('select pg_current_xact_id()')
    await superuser.query(WRITE, ['written before anybody noticed'])
    const { rows } = await superuser.query('select fairlock.close_audit_block(100) as number')
    assert.deepEqual(rows, [{ number: null }])
    await client.query('commit')
  })
  await sealAll()
  await superuser.query(WRITE, ['written afterwards'])
  await sealAll()

  const after = (await publishedBlocks(market)).slice(chain.length)
  const notes = after.flatMap(({ note }) => note ?? [])
  assert.equal(notes.length, 1)
  assert.match(notes[0]!, /restored into another server after block \d+/)
  assert.deepEqual(await sealedIds(), await writtenIds())
  const found = await report(market, chain)
  assert.deepEqual(found.findings, [])
  assert.match(found.notes.join(' '), /restored into another server/)
  const { rows } = await superuser.query(
    `select count(*)::int from audit.events where action = 'audit.restored'`,
  )
  assert.deepEqual(rows, [{ count: 1 }])
})

test('two workers that find a restored database begin the new count once', async () => {
  await superuser.query(`select setval('audit.tx_base', pg_sequence_last_value('audit.tx_base') + 1000000)`)
  await superuser.query(WRITE, ['before'])
  await seal(market)
  await superuser.query(`select setval('audit.tx_base', 0)`)
  await Promise.all([seal(market), seal(market), seal(market)])
  assert.deepEqual(await sealedIds(), await writtenIds())
  assert.deepEqual((await report(market)).findings, [])
  const { rows } = await superuser.query(
    `select count(*)::int from audit.events where action = 'audit.restored'`,
  )
  assert.deepEqual(rows, [{ count: 2 }])
})

test('the note of a restored database cannot be put into a block later', async () => {
  const blocks = await publishedBlocks(market)
  const quiet = blocks.find(({ note }) => note === undefined)!
  const { found } = await tamper(superuser, null, (client) =>
    client.query(`update audit.blocks set note = 'restored' where number = $1`, [quiet.block]),
  )
  assert.deepEqual([found.first?.table, found.first?.id], ['audit.blocks', String(quiet.block)])
})
