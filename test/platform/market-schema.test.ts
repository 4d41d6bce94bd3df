import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { withMarketSchema } from '../../src/platform/index.ts'
import { emptyDatabase, withClient } from '../support/server.ts'

const missing =
  spawnSync('psql', ['--version']).error === undefined
    ? false
    : 'needs psql, of the package postgresql-client'

test('a connection string for another schema keeps its options, and has no plus for a space', () => {
  const url = withMarketSchema('postgresql://me:a+b@here/db?options=-c%20jit%3Doff&sslmode=disable', 'next')
  assert.equal(
    url,
    'postgresql://me:a+b@here/db?options=-c%20jit%3Doff%20-c%20search_path%3Dnext&sslmode=disable',
  )
  assert.equal(withMarketSchema('postgresql://here/db?a=b+c', 'public'), 'postgresql://here/db?a=b+c')
})

test('the driver finds the schema by it', async () => {
  const database = await emptyDatabase()
  const url = withMarketSchema(database.ownerUrl, 'next')
  const { rows } = await withClient(url, (client) => client.query('show search_path'))
  assert.deepEqual(rows, [{ search_path: 'next' }])
  await database.drop()
})

test('and so does psql', { skip: missing }, async () => {
  const database = await emptyDatabase()
  const url = withMarketSchema(`${database.ownerUrl}?options=-c%20jit%3Doff`, 'next')
  const { status, stdout, stderr } = spawnSync('psql', ['-XAtc', 'show search_path', '-c', 'show jit', url], {
    encoding: 'utf8',
  })
  assert.deepEqual([status, stdout, stderr], [0, 'next\noff\n', ''])
  await database.drop()
})
