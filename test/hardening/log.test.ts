import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { makeLog } from '../../src/platform/index.ts'

/** What the log writes, one object a line. */
function written(work: (log: ReturnType<typeof makeLog>) => void): string {
  const lines: string[] = []
  work(makeLog('trace', { write: (line: string) => lines.push(line) }))
  return lines.join('')
}

test('what PostgreSQL tells of a row or a parameter stays out of the log, what it tells of the fault does not', () => {
  const error = Object.assign(
    new pg.DatabaseError('duplicate key value violates unique constraint "users_email"', 1, 'error'),
    {
      code: '23505',
      detail: 'Key (email)=(planted@example.org) already exists.',
      where: `unnamed portal with parameters: $1 = 'planted'`,
      internalQuery: `select 'planted'`,
      hint: 'planted',
      constraint: 'users_email',
      table: 'users',
      parameters: ['planted'],
    },
  )
  const text = written((log) => log.error({ err: error }, 'the request failed'))
  assert.doesNotMatch(text, /planted/)
  const line = JSON.parse(text)
  assert.deepEqual([line.err.code, line.err.constraint, line.err.table], ['23505', 'users_email', 'users'])
  assert.match(line.err.stack, /log\.test\.ts/)
})

test('a message that quotes a value is cut before it', () => {
  const data = Object.assign(
    new pg.DatabaseError('invalid input syntax for type uuid: "planted"', 1, 'error'),
    { code: '22P02' },
  )
  let syntax: unknown
  try {
    JSON.parse('{"seed": planted}')
  } catch (error) {
    syntax = error
  }
  for (const error of [
    data,
    syntax,
    new Error('outer', { cause: data }),
    new AggregateError([data], 'all'),
  ]) {
    const text = written((log) => log.error({ err: error }))
    assert.doesNotMatch(text + written((log) => log.error(error)), /planted/)
    assert.match(text, /at .*log\.test\.ts/)
  }
  assert.match(
    written((log) => log.error({ err: data })),
    /invalid input syntax for type uuid/,
  )
  assert.doesNotMatch(
    written((log) => log.error({ err: 'planted' })),
    /planted/,
  )
})

test('what has the name of a secret is replaced, whoever writes it', () => {
  const said = {
    authorization: 'planted',
    token: 'planted',
    password: 'planted',
    headers: { cookie: 'planted' },
    body: { note: 'planted' },
    req: { id: 'r', method: 'GET', headers: { authorization: 'planted' }, url: '/?planted' },
    res: { statusCode: 200, headers: { 'set-cookie': 'planted' } },
    request: { body: 'planted', url: 'planted' },
  }
  const text = written((log) => log.info(said, 'a line'))
  assert.doesNotMatch(text, /planted/)
  assert.match(text, /"method":"GET"/)
})
