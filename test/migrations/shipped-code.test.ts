import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bringUp } from '../../src/cli/index.ts'
import { down, lineDifference, status, verify } from '../../src/platform/migrator/index.ts'
import { schemaSnapshot } from '../../src/platform/schema-snapshot.ts'
import { testDatabase } from '../support/server.ts'
import { connected } from './support.ts'

test('the shipped code goes in a second time, and after a way down, as it went in first', async (t) => {
  const database = await testDatabase()
  const owner = await connected(t, database.ownerUrl)
  const schema = await schemaSnapshot(owner)
  assert.deepEqual(await verify(database), [])

  await owner.query(`update fairlock_migrations.code set hash = 'another text'`)
  assert.equal((await status(database)).code, 'outdated')
  await bringUp(database)
  assert.deepEqual(lineDifference(schema, await schemaSnapshot(owner)), [])

  await down({ ...database, to: '1' })
  const left = await owner.query<{ name: string }>(
    `select oid::regprocedure::text as name from pg_proc
     where pronamespace::regnamespace::text in ('public', 'fairlock', 'ledger', 'audit')
     union all select format('%s %s', attrelid::regclass, pg_get_userbyid(grantee))
     from pg_attribute, aclexplode(attacl) where pg_get_userbyid(grantee) like 'fairlock\\_%'
     union all select format('%s %s', oid::regclass, pg_get_userbyid(grantee))
     from pg_class, aclexplode(relacl)
     where pg_get_userbyid(grantee) in ('fairlock_app', 'fairlock_engine', 'fairlock_ledger')`,
  )
  assert.deepEqual(left.rows, [])
  await bringUp(database)
  assert.deepEqual(lineDifference(schema, await schemaSnapshot(owner)), [])
  assert.deepEqual(await verify(database), [])
})
