import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { recognise, recordMapping } from '../../src/adoption/index.ts'
import { bringUp } from '../../src/cli/bring-up.ts'
import { verifyLedger } from '../../src/ledger/index.ts'
import { asEngine, marketUrls } from '../../src/platform/index.ts'
import { status, verify, withSession } from '../../src/platform/migrator/index.ts'
import { emptyDatabase, type TestDatabase } from '../support/server.ts'

// A database that is being taken over: old tables in public, and where Fairlock is to be brought up noted.
let database: TestDatabase
let owner: pg.Client

before(async () => {
  database = await emptyDatabase()
  owner = new pg.Client(database.ownerUrl)
  await owner.connect()
  await owner.query(await read('../../db/migrations/0001-old-tables/up.sql'))
  const { ownerUrl } = database
  const { mapping, shapes } = await recognise(ownerUrl)
  assert.ok(mapping)
  await withSession(ownerUrl, (session) => recordMapping(session, { mapping, shapes, confirmed: true }))
})

after(() => owner.end())

const read = (path: string) => readFile(fileURLToPath(new URL(path, import.meta.url)), 'utf8')

test('the whole schema comes up beside the old tables and is what it would be in public', async () => {
  const old = await columns('public')
  const { problems } = await bringUp(database)
  assert.deepEqual(problems, [])
  const found = await status({ ownerUrl: database.ownerUrl })
  assert.deepEqual(found.problems, [])
  assert.deepEqual(found.drift, [])
  assert.deepEqual(await verify({ ownerUrl: database.ownerUrl }), [])
  assert.deepEqual(await columns('public'), old)
})

test('commands and verifiers find the tables beside, and not the old ones', async () => {
  const { ownerUrl, appUrl } = await marketUrls(database)
  assert.notEqual(ownerUrl, database.ownerUrl)
  const report = await asEngine(ownerUrl, (client) => verifyLedger(client))
  assert.equal(report.ok, true)
  const app = new pg.Client(appUrl)
  await app.connect()
  const { rows } = await app.query(
    `select 'crypto_trades'::regclass::oid = 'fairlock_next.crypto_trades'::regclass::oid as beside`,
  )
  await app.end()
  assert.equal(rows[0].beside, true)
})

async function columns(schema: string): Promise<unknown[]> {
  const { rows } = await owner.query(
    `select table_name, column_name, data_type from information_schema.columns where table_schema = $1 order by 1, 2`,
    [schema],
  )
  return rows
}
