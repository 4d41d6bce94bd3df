import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newClient } from '../../src/platform/index.ts'
import { emptyDatabase, withClient } from '../support/server.ts'

test('a session that the server ends between two queries fails the next one, and nothing else', async () => {
  const database = await emptyDatabase()
  const client = newClient({ connectionString: database.ownerUrl })
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const ended = new Promise((resolve) => client.once('end', resolve))
  await withClient(database.ownerUrl, (other) =>
    other.query('select pg_terminate_backend($1)', [rows[0]!.pid]),
  )
  await ended
  await assert.rejects(client.query('select 1'), /not queryable|terminated/)
  await client.end()
  await database.drop()
})
