import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { down, lineDifference, up, verify } from '../../src/platform/migrator/index.ts'
import { schemaSnapshot } from '../../src/platform/schema-snapshot.ts'
import { checksums, freshDatabase, scratchDirectory } from '../migrations/support.ts'

const schemas = ['public', 'ledger', 'audit']
const child = fileURLToPath(new URL('../migrations/killed-run.ts', import.meta.url))

test('every statement of the way down and of the way up is killed once, and nothing is lost', async (t) => {
  const code = await scratchDirectory(t)
  const { database, owner } = await freshDatabase(t)
  await up({ ...database, code })
  for (const file of ['fill.sql', 'fill-product.sql']) {
    await owner.query(await readFile(new URL(`../migrations/${file}`, import.meta.url), 'utf8'))
  }
  const schema = await schemaSnapshot(owner)
  const before = await checksums(owner, schemas)
  const arguments_ = [database.ownerUrl, database.appUrl, code]

  const dies = async (direction: 'up' | 'down', statement: number) => {
    const migrator = spawn(process.execPath, [child, direction, ...arguments_, String(statement)])
    const [exitCode, signal] = await once(migrator, 'exit')
    assert.ok(signal === 'SIGKILL' || exitCode === 0)
    return signal === 'SIGKILL'
  }
  const kills = { up: 0, down: 0 }
  for (const direction of ['down', 'up'] as const) {
    for (let statement = 1; ; statement++) {
      if (direction === 'up') await down({ ...database, to: '1' })
      const died = await dies(direction, statement)
      await up({ ...database, code })
      assert.deepEqual(lineDifference(schema, await schemaSnapshot(owner)), [])
      assert.deepEqual(await checksums(owner, schemas), before)
      if (!died) break
      kills[direction]++
    }
  }
  assert.deepEqual(await verify(database), [])
  t.diagnostic(`killed at ${kills.down} statements on the way down and ${kills.up} on the way up`)
})
