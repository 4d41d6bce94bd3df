import assert from 'node:assert/strict'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { attachEmbedded, startEmbedded } from '../../src/platform/embedded/index.ts'
import { isRunning, otherProgram, postmasterPid, QUICK, query, started, temporaryFolder } from './support.ts'

test('a stopped server leaves no process, and starts again with its data and passwords', async (t) => {
  const dataDir = temporaryFolder(t)
  const first = await started(t, dataDir)
  await query(first.ownerUrl, 'create table kept as select 7 as n')
  const pid = postmasterPid(first.pgdata)
  await Promise.all([first.stop(), first.stop()])
  assert.equal(isRunning(pid), false)

  const begun = performance.now()
  const second = await started(t, dataDir)
  assert.deepEqual(await query(first.ownerUrl, 'select n from kept'), [{ n: 7 }])
  assert.ok(performance.now() - begun < 1500, 'a second start takes less than 1.5 s')
  assert.equal(second.port, first.port)
})

test('the server keeps what it has committed, and sorts alike everywhere', async (t) => {
  const { ownerUrl, superuserUrl, stop } = await startEmbedded({ dataDir: temporaryFolder(t) })
  const settings = await query(
    superuserUrl,
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
       current_setting('data_checksums') as checksums, current_setting('password_encryption') as passwords,
       current_setting('listen_addresses') as listens, current_setting('timezone') as zone,
       (select format('%s %s', datlocprovider, datlocale) from pg_database where datname = current_database()) as locale`,
  )
  assert.deepEqual(settings, [
    {
      fsync: 'on',
      commit: 'on',
      checksums: 'on',
      passwords: 'scram-sha-256',
      listens: '127.0.0.1',
      zone: 'UTC',
      locale: 'b C.UTF-8',
    },
  ])
  assert.deepEqual(
    await query(
      ownerUrl,
      'select rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = current_user',
    ),
    [{ rolsuper: false, rolbypassrls: false, rolcreaterole: true }],
  )
  await stop()
})

test('the passwords are readable by their owner alone, and nobody signs in without one', async (t) => {
  const dataDir = temporaryFolder(t)
  const { ownerUrl } = await started(t, dataDir)
  assert.equal(statSync(join(dataDir, 'postgres.json')).mode & 0o777, 0o600)
  const url = new URL(ownerUrl)
  url.password = 'guess'
  await assert.rejects(query(url.href, 'select 1'), { code: '28P01' })
})

test('a second program on the folder is told who holds it, and can attach to the server', async (t) => {
  const dataDir = temporaryFolder(t)
  assert.equal(await attachEmbedded({ dataDir }), null)
  const { child, url } = await otherProgram(t, dataDir)
  await assert.rejects(started(t, dataDir), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'folder_in_use')
    assert.match(error.message, new RegExp(`process ${child.pid}, http://127\\.0\\.0\\.1:3999`))
    return true
  })
  const attached = await attachEmbedded({ dataDir })
  assert.equal(attached?.ownerUrl, url)
  await attached?.stop()
  assert.equal((await query(url, 'select 1 as one')).length, 1)
})

test('a program that is just ending is waited for', async (t) => {
  const dataDir = temporaryFolder(t)
  const first = await started(t, dataDir)
  const next = startEmbedded({ dataDir, settings: QUICK })
  await first.stop()
  const second = await next
  assert.equal((await query(second.ownerUrl, 'select 1 as one')).length, 1)
  await second.stop()
})

test('of two programs that start together one wins', async (t) => {
  const dataDir = temporaryFolder(t)
  const outcomes = await Promise.allSettled([started(t, dataDir), started(t, dataDir), started(t, dataDir)])
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected'])
})

test('a busy port is left to its owner', async (t) => {
  const dataDir = temporaryFolder(t)
  const first = await started(t, dataDir)
  await first.stop()
  const squatter = createServer().listen(first.port, '127.0.0.1')
  await once(squatter, 'listening')
  t.after(() => squatter.close())
  const said: string[] = []
  const second = await started(t, dataDir, (message) => said.push(message))
  assert.notEqual(second.port, first.port)
  assert.match(said.join(), /is busy/)
  assert.equal((await query(second.ownerUrl, 'select 1 as one')).length, 1)
})
