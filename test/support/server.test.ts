import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { emptyDatabase, type TestDatabase, testDatabase } from './server.ts'

test('each test gets a database of its own, owned by the owner', async () => {
  const databases = await Promise.all([testDatabase(), testDatabase(), emptyDatabase()])
  assert.equal(new Set(databases.map(({ name }) => name)).size, 3)
  for (const { name, ownerUrl } of databases) {
    const rows = await query(ownerUrl, 'select current_user as "user", current_database() as name')
    assert.deepEqual(rows, [{ user: 'fairlock_owner', name }])
  }
})

test('a dropped database is gone', async () => {
  const [dropped, kept] = await Promise.all([emptyDatabase(), emptyDatabase()])
  await dropped.drop()
  assert.deepEqual(await names(kept, dropped.name), [])
  assert.deepEqual(await names(kept, kept.name), [{ datname: kept.name }])
})

function names({ ownerUrl }: TestDatabase, name: string) {
  return query(ownerUrl, `select datname from pg_database where datname = '${name}'`)
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
