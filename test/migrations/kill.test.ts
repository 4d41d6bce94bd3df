import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { down, lineDifference, migrateToLatest, up, verify } from '../../src/platform/migrator/index.ts'
import { schemaSnapshot } from '../../src/platform/schema-snapshot.ts'
import type { TestDatabase } from '../support/server.ts'
import { checksums, freshDatabase, migrationsDirectory, scratchDirectory } from './support.ts'

const schemas = ['public', 'fairlock', 'ledger', 'audit']
const child = fileURLToPath(new URL('killed-run.ts', import.meta.url))

/** Runs a migrator that dies at its n-th statement; false when it had fewer and came to its end. */
async function dies(
  database: TestDatabase,
  direction: 'up' | 'down',
  code: string,
  statement: number,
): Promise<boolean> {
  const { ownerUrl, appUrl } = database
  const migrator = spawn(
    process.execPath,
    [child, direction, ownerUrl, appUrl, migrationsDirectory, code, String(statement)],
    {
      stdio: 'inherit',
    },
  )
  const [exitCode, signal] = await once(migrator, 'exit')
  if (signal !== 'SIGKILL') assert.equal(exitCode, 0)
  return signal === 'SIGKILL'
}

/** Lets runs die again and again, each a little later than the one before, until one comes to its end. */
async function diesUntilDone(database: TestDatabase, direction: 'up' | 'down', code: string): Promise<void> {
  let kills = 0
  for (let statement = 1; await dies(database, direction, code, statement); statement += 8 + 4 * kills)
    kills++
  assert.ok(kills >= 4, `${kills} kills`)
}

test('a run that is killed again and again ends where an undisturbed one does', async (t) => {
  const code = await scratchDirectory(t)
  const calm = await freshDatabase(t)
  await migrateToLatest({ ...calm.database, code })
  const schema = await schemaSnapshot(calm.owner)

  const { database, owner } = await freshDatabase(t)
  await diesUntilDone(database, 'up', code)
  assert.deepEqual(lineDifference(schema, await schemaSnapshot(owner)), [])
  assert.deepEqual(await verify(database), [])

  await owner.query(await readFile(new URL('fill.sql', import.meta.url), 'utf8'))
  const before = await checksums(owner, schemas)
  await diesUntilDone(database, 'down', code)
  await diesUntilDone(database, 'up', code)
  assert.deepEqual(lineDifference(schema, await schemaSnapshot(owner)), [])
  assert.deepEqual(await checksums(owner, schemas), before)
  assert.deepEqual(await verify(database), [])
})

test('a way up that was killed can be turned into a way down, and a way down into a way up', async (t) => {
  const code = await scratchDirectory(t)
  const { database, owner } = await freshDatabase(t)
  await up({ ...database, code })
  const schema = await schemaSnapshot(owner)
  await owner.query(await readFile(new URL('fill.sql', import.meta.url), 'utf8'))
  const before = await checksums(owner, schemas)
  for (const statement of [30]) {
    await dies(database, 'down', code, statement)
    assert.deepEqual((await up({ ...database, code })).problems, [])
    assert.deepEqual(lineDifference(schema, await schemaSnapshot(owner)), [])
    assert.deepEqual(await checksums(owner, schemas), before)
    await down({ ...database, to: '1' })
    await dies(database, 'up', code, statement)
    await down({ ...database, to: '1' })
    await up({ ...database, code })
  }
  assert.deepEqual(lineDifference(schema, await schemaSnapshot(owner)), [])
  assert.deepEqual(await checksums(owner, schemas), before)
  assert.deepEqual(await verify(database), [])
})
