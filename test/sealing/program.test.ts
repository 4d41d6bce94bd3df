import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { Program } from '../faults/program.ts'
import { type TestDatabase, testDatabase } from '../support/server.ts'
import { Vault } from './vault.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

let folder: string
let database: TestDatabase
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairlock-program-'))
  database = await testDatabase()
})
after(async () => {
  await database?.drop()
  rmSync(folder, { recursive: true, force: true })
})

/** The real program on a PostgreSQL of the operator's own. */
function fairlock(args: string[], keyring: string | null, on = database) {
  const { FAIRLOCK_TEST_SERVER: _, ...inherited } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    env: {
      ...inherited,
      PORT: '0',
      LOG_LEVEL: 'fatal',
      DATABASE_URL: on.ownerUrl,
      FAIRLOCK_APP_DATABASE_URL: on.appUrl,
      ...(keyring === null ? {} : { FAIRLOCK_KEYRING: keyring }),
    },
  })
  return { status, said: stdout + stderr }
}

test('outside the demo the program does not start without a keyring, and says how to make one', () => {
  const { status, said } = fairlock(['serve'], null)
  assert.equal(status, 2, said)
  assert.match(said, /FAIRLOCK_KEYRING is not set[\s\S]*fairlock keys init/)
})

test('nor with one that is not there, that others may read, or that is none', () => {
  const path = join(folder, 'keyring.json')
  const missing = fairlock(['serve'], `file:${path}`)
  assert.deepEqual([missing.status, /There is no keyring at/.test(missing.said)], [2, true], missing.said)
  const made = fairlock(['keys', 'init', path], null)
  assert.equal(made.status, 0, made.said)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const twice = fairlock(['keys', 'init', path], null)
  assert.equal(twice.status, 2, twice.said)
  chmodSync(path, 0o644)
  const open = fairlock(['serve'], `file:${path}`)
  assert.deepEqual([open.status, /chmod 600/.test(open.said)], [2, true], open.said)
  const none = join(folder, 'none.json')
  writeFileSync(none, '{}', { mode: 0o600 })
  const other = fairlock(['serve'], `file:${none}`)
  assert.deepEqual([other.status, /is not a keyring of Fairlock/.test(other.said)], [2, true], other.said)
})

test('nor with a keyring that lacks a key which seals data', async () => {
  const vault = await Vault.open()
  try {
    await vault.people(1)
    const other = join(folder, 'other.json')
    assert.equal(fairlock(['keys', 'init', other], null).status, 0)
    const { status, said } = fairlock(['serve'], `file:${other}`, vault.market.database)
    assert.equal(status, 2, said)
    assert.match(said, /does not hold key-[0-9a-f]{16}, with which data is sealed/)
    const judged = fairlock(['keys', 'status'], `file:${other}`, vault.market.database)
    assert.equal(judged.status, 1, judged.said)
    assert.match(judged.said, /does not hold key-/)
  } finally {
    await vault.close()
  }
})

test('the demo makes its keyring once; when the file is lost, it does not start again', async () => {
  const program = await Program.prepare()
  try {
    await program.start()
    const path = join(program.dataDir, 'keyring.json')
    assert.equal(statSync(path).mode & 0o777, 0o600)
    await assertRewrapsInTheBackground((await program.database()).superuserUrl)
    await program.kill()
    rmSync(path)
    program.spawn()
    for (let waited = 0; program.isRunning && waited < 60_000; waited += 50)
      await new Promise((resolve) => setTimeout(resolve, 50))
    assert.match(program.said, /keyring\.json is gone, and data is sealed with its keys/)
    assert.throws(() => statSync(path), 'no new one in its place')
  } finally {
    await program.stop()
  }
})

test('a key’s life on the command line: prepare, rotate, rewrap, destroy, with lines in the log', async () => {
  const vault = await Vault.open()
  try {
    const [person] = await vault.people(2)
    const keys = (...args: string[]) =>
      fairlock(['keys', ...args], `file:${vault.keyringPath}`, vault.market.database)
    const [first] = await vault.keyring.ids()
    assert.match(keys('rotate', '--prepare').said, /is prepared/)
    assert.match(keys('status').said, /pending/)
    const early = keys('destroy', first!, '--yes')
    assert.equal(early.status, 1, early.said)
    const rotated = keys('rotate')
    assert.equal(rotated.status, 0, rotated.said)
    assert.match(rotated.said, new RegExp(`2 data keys were wrapped[\\s\\S]*keys destroy ${first}`))
    assert.equal((await vault.keyring.ids()).length, 2, 'the prepared key was taken')
    assert.match(keys('destroy', first!, '--yes').said, /marked as destroyed/)
    assert.match(keys('rewrap', '--owner', person!.email).said, /1 data keys gone through, 3 values/)
    assert.match(keys('rewrap').said, /2 data keys gone through, 6 values/)
    assert.match(keys('rewrap', '--background', '--max-rate', '5').said, /Asked for/)
    assert.match(keys('status').said, /A rewrap runs since .*: 2 data keys are left/)
    const status = JSON.parse(keys('status', '--json').said)
    assert.deepEqual(status.problems, [])
    await vault.rewrap()
    await vault.checkAll()
    const { rows } = await vault.superuser.query<{ action: string }>(
      `select distinct action from audit.events where action ~ 'key|rewrap' order by 1`,
    )
    assert.deepEqual(
      rows.map(({ action }) => action),
      [
        'data_keys.added',
        'data_keys.changed',
        'key_encryption_keys.added',
        'key_encryption_keys.changed',
      ].concat(['keys.rotated', 'rewrap.changed']),
    )
  } finally {
    await vault.close()
  }
})

async function assertRewrapsInTheBackground(superuserUrl: string): Promise<void> {
  const client = new pg.Client(superuserUrl)
  await client.connect()
  try {
    await client.query('update fairlock.rewrap set requested_at = clock_timestamp()')
    for (const began = performance.now(); performance.now() - began < 30_000; ) {
      const { rowCount } = await client.query('select from fairlock.rewrap where finished_at is not null')
      if (rowCount === 1) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.fail('the background work did not finish the rewrap')
  } finally {
    await client.end()
  }
}
