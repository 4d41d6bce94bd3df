import assert from 'node:assert/strict'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { postgresBinaries } from '../../src/platform/embedded/binaries.ts'
import { startEmbedded } from '../../src/platform/embedded/index.ts'
import { chooseRunner, runPostgres } from '../../src/platform/embedded/runner.ts'
import { query, started, temporaryFolder } from './support.ts'

test('a folder that cannot be written to is named', async (t) => {
  const file = join(temporaryFolder(t), 'file')
  writeFileSync(file, '')
  const dataDir = join(file, 'data')
  const expected = { code: 'unwritable_folder', message: new RegExp(`${dataDir}.*ENOTDIR`) }
  await assert.rejects(startEmbedded({ dataDir }), expected)
})

test("another PostgreSQL version's folder is left alone", async (t) => {
  const dataDir = temporaryFolder(t)
  mkdirSync(join(dataDir, 'postgres'))
  writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '17\n')
  const expected = { code: 'other_postgres_version', message: /PostgreSQL 17/ }
  await assert.rejects(startEmbedded({ dataDir }), expected)
})

test("a newer Fairlock's folder is left alone", async (t) => {
  const dataDir = temporaryFolder(t)
  writeFileSync(join(dataDir, 'format.json'), '{"format":2}')
  await assert.rejects(startEmbedded({ dataDir }), { code: 'newer_format' })
})

test('a folder that holds something else is left alone', async (t) => {
  const dataDir = temporaryFolder(t)
  mkdirSync(join(dataDir, 'postgres'))
  await assert.rejects(startEmbedded({ dataDir }), { code: 'damaged_folder' })
})

test('a first start that was interrupted half way is made anew', async (t) => {
  const dataDir = temporaryFolder(t)
  mkdirSync(join(dataDir, 'postgres.new', 'base'), { recursive: true })
  writeFileSync(join(dataDir, 'postgres.new', 'PG_VERSION'), '18\n')
  const { ownerUrl } = await started(t, dataDir)
  assert.equal((await query(ownerUrl, 'select 1 as one')).length, 1)
})

test('lost passwords are set anew, and the data is still there', async (t) => {
  const dataDir = temporaryFolder(t)
  const first = await started(t, dataDir)
  await query(first.ownerUrl, 'create table kept as select 7 as n')
  await first.stop()
  rmSync(join(dataDir, 'postgres.json'))
  const second = await started(t, dataDir)
  assert.notEqual(second.ownerUrl, first.ownerUrl)
  assert.deepEqual(await query(second.ownerUrl, 'select n from kept'), [{ n: 7 }])
})

const asRoot = process.getuid?.() === 0 && process.platform === 'linux'

test('run by root, the data may lie where only root can go', { skip: !asRoot && 'needs root' }, async (t) => {
  const closed = temporaryFolder(t)
  const { ownerUrl, superuserUrl } = await started(t, join(closed, 'data'))
  await query(ownerUrl, 'create table kept as select 7 as n')
  await query(superuserUrl, 'checkpoint')
  assert.deepEqual(await query(ownerUrl, 'select n from kept'), [{ n: 7 }])
})

test('run by root, the programs may lie where only root can go', { skip: !asRoot && 'needs root' }, (t) => {
  const closed = temporaryFolder(t)
  cpSync(dirname(postgresBinaries()), closed, { recursive: true, verbatimSymlinks: true })
  const runner = chooseRunner(join(closed, 'bin'), join(closed, 'data', 'postgres'), closed)
  const { stdout, stderr } = runPostgres(runner, 'postgres', ['--version'])
  assert.deepEqual([stdout, stderr], ['postgres (PostgreSQL) 18.4\n', ''])
})
