import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { postgresBinaries } from '../../src/platform/embedded/binaries.ts'
import { chooseRunner, runPostgres } from '../../src/platform/embedded/runner.ts'
import {
  eventually,
  isRunning,
  otherProgram,
  postmasterPid,
  query,
  started,
  temporaryFolder,
} from './support.ts'

test('a program killed outright loses nothing that was committed', async (t) => {
  const dataDir = temporaryFolder(t)
  const { child, url } = await otherProgram(t, dataDir)
  await query(url, 'create table kept as select generate_series(1, 1000) as n')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const { ownerUrl } = await started(t, dataDir)
  assert.deepEqual(await query(ownerUrl, 'select count(*)::int from kept'), [{ count: 1000 }])
})

test('program and server killed together: the next start recovers', async (t) => {
  const dataDir = temporaryFolder(t)
  const { child, url } = await otherProgram(t, dataDir)
  await query(url, 'create table kept as select generate_series(1, 1000) as n')
  killServer(join(dataDir, 'postgres'))
  child.kill('SIGKILL')
  await once(child, 'exit')
  const { ownerUrl } = await started(t, dataDir)
  assert.deepEqual(await query(ownerUrl, 'select count(*)::int from kept'), [{ count: 1000 }])
})

test('a server left running without its program is stopped before the next', async (t) => {
  const dataDir = temporaryFolder(t)
  const { ownerUrl, pgdata, stop } = await started(t, dataDir)
  await stop()
  const runner = chooseRunner(postgresBinaries(), pgdata, dataDir)
  const { status, stderr } = runPostgres(runner, 'pg_ctl', [
    'start',
    '-s',
    '-w',
    '-D',
    pgdata,
    '-l',
    '/dev/null',
  ])
  assert.equal(status, 0, stderr)
  const orphan = postmasterPid(pgdata)
  const said: string[] = []
  await started(t, dataDir, (message) => said.push(message))
  assert.equal(isRunning(orphan), false)
  assert.match(said.join(), new RegExp(`process ${orphan}.*left behind`))
  assert.equal((await query(ownerUrl, 'select 1 as one')).length, 1)
})

test('a pid file whose number now belongs to somebody else is no obstacle', async (t) => {
  const dataDir = temporaryFolder(t)
  const first = await started(t, dataDir)
  await first.stop()
  const somebody = spawn('sleep', ['60'])
  t.after(() => somebody.kill())
  writeFileSync(join(first.pgdata, 'postmaster.pid'), `${somebody.pid}\n${first.pgdata}\n0\n1\n`)
  const { ownerUrl } = await started(t, dataDir)
  assert.equal((await query(ownerUrl, 'select 1 as one')).length, 1)
  assert.ok(isRunning(somebody.pid ?? null))
})

test('a server that is killed is started again on its port, each time', async (t) => {
  const said: string[] = []
  const { ownerUrl, pgdata, stop } = await started(t, temporaryFolder(t), (message) => said.push(message))
  await query(ownerUrl, 'create table kept as select 7 as n')
  for (let round = 1; round <= 2; round++) {
    const pid = killServer(pgdata)
    await eventually(async () => assert.equal(isRunning(pid), false))
    assert.deepEqual(await eventually(() => query(ownerUrl, 'select n from kept')), [{ n: 7 }])
  }
  assert.match(said[0] ?? '', /ended unexpectedly \(killed by SIGKILL\)/)
  await stop()
})

test('a server that cannot be kept running is given up, with a reason', async (t) => {
  const { pgdata, exited, stop } = await started(t, temporaryFolder(t))
  rmSync(join(pgdata, 'global'), { recursive: true })
  killServer(pgdata)
  assert.equal((await exited).code, 'gave_up')
  await stop()
})

test('stopping while it is being started again leaves nothing running', async (t) => {
  const { pgdata, stop } = await started(t, temporaryFolder(t))
  const pid = killServer(pgdata)
  await eventually(async () => assert.equal(isRunning(pid), false))
  await stop()
  assert.equal(isRunning(postmasterPid(pgdata)), false)
})

function killServer(pgdata: string): number {
  const pid = postmasterPid(pgdata)
  assert.ok(pid)
  process.kill(pid, 'SIGKILL')
  return pid
}
