import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { down, lineDifference, up, verify } from '../../src/platform/migrator/index.ts'
import { schemaSnapshot } from '../../src/platform/schema-snapshot.ts'
import { checksums, freshDatabase, migrationsDirectory, scratchDirectory } from '../migrations/support.ts'

const child = fileURLToPath(new URL('../migrations/killed-run.ts', import.meta.url))
/** PostgreSQL counts dropped columns among a table's 1,600, which some sixty ways down and up use up. */
const roundsPerDatabase = 20

type Sources = { migrations: string; code: string }

/** A filled database, and a round in it: a run that dies at one statement, its repetition, and the comparison. */
async function prepared(t: TestContext, sources: Sources) {
  const { database, owner } = await freshDatabase(t)
  const options = { ...database, ...sources }
  await up(options)
  for (const file of ['fill.sql', 'fill-product.sql']) {
    await owner.query(await readFile(new URL(`../migrations/${file}`, import.meta.url), 'utf8'))
  }
  const schema = await schemaSnapshot(owner)
  const before = await checksums(owner, ['public', 'ledger', 'audit'])
  const dies = async (direction: 'up' | 'down', statement: number): Promise<boolean> => {
    const given = [direction, options.ownerUrl, options.appUrl, options.migrations, options.code]
    const migrator = spawn(process.execPath, [child, ...given, String(statement)], { stdio: 'inherit' })
    const [exitCode, signal] = await once(migrator, 'exit')
    assert.ok(signal === 'SIGKILL' || exitCode === 0)
    return signal === 'SIGKILL'
  }
  return async (direction: 'up' | 'down', statement: number): Promise<boolean> => {
    if (direction === 'up') await down({ ...options, to: '1' })
    const died = await dies(direction, statement)
    assert.deepEqual((await up(options)).problems, [])
    assert.deepEqual(lineDifference(schema, await schemaSnapshot(owner)), [])
    assert.deepEqual(await checksums(owner, ['public', 'ledger', 'audit']), before)
    assert.deepEqual(await verify(options), [])
    return died
  }
}

for (const direction of ['down', 'up'] as const) {
  test(`every statement of the way ${direction} is killed once, and nothing is lost`, async (t) => {
    const sources = {
      migrations: await scratchDirectory(t, migrationsDirectory),
      code: await scratchDirectory(t),
    }
    let round = await prepared(t, sources)
    let kills = 0
    while (await round(direction, kills + 1)) {
      kills++
      if (kills % roundsPerDatabase === 0) round = await prepared(t, sources)
    }
    assert.ok(kills > 20)
    t.diagnostic(`killed at ${kills} statements`)
  })
}

// What `npm test` tries with the newest migrations, with all.
process.env.MIGRATIONS_ALONE = '1000'
await import('../migrations/round-trip.test.ts')
