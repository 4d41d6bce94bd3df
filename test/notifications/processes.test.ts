import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Program } from '../faults/program.ts'
import { call, TEST_KEYS } from '../support/market.ts'
import { Reader } from './reader.ts'

// Two real processes on one database: what happens at one is heard at the other, also when one is killed.

let first: Program
let second: Program
before(async () => {
  const env = { FAIRLOCK_KEYRING: 'env:TEST_KEYRING', ...TEST_KEYS }
  first = await Program.prepare([], env)
  await first.start()
  const { ownerUrl } = await first.database()
  second = await Program.prepare(['--only', 'api'], { ...env, DATABASE_URL: ownerUrl })
  await second.start()
})
after(async () => {
  await second?.stop()
  await first?.stop()
})

test('news goes from one to the other, survives a kill, and the program ends at once with streams open', async () => {
  const person = { email: 'two@example.org', password: 'four quiet words of two', displayName: 'two' }
  const made = await call(first.url, 'POST', '/v1/auth/register', person)
  assert.equal(made.status, 201)
  const headers = { authorization: `Bearer ${made.body.token}` }
  const here = new Reader(`${first.url}/v1/events`, headers)
  const there = new Reader(`${second.url}/v1/events`, headers)
  for (const reader of [here, there]) await reader.until(() => reader.heard.length > 0, 'hello')

  const key = (url: string, name: string) =>
    call(url, 'POST', '/v1/api-keys', { name, scopes: ['read'] }, headers)
  assert.equal((await key(first.url, 'one')).status, 201)
  await there.until(() => there.kinds.length === 1, 'what happened at the first')
  assert.equal((await key(second.url, 'two')).status, 201)
  // Killed before it can tell anybody; the background work of the other does.
  await second.kill()
  await here.until(() => here.kinds.length === 2, 'what happened at the one that was killed')
  // It may have heard of this one itself before it died; of what happens now it cannot.
  assert.equal((await key(first.url, 'three')).status, 201)
  await here.until(() => here.kinds.length === 3, 'what happened while the other was dead')
  assert.deepEqual(here.kinds, ['notice.created', 'notice.created', 'notice.created'])

  await second.start()
  const again = new Reader(`${second.url}/v1/events`, { ...headers, 'last-event-id': there.lastId })
  const missed = here.heard.filter(({ position }) => position > Number(there.lastId))
  await again.until(() => again.heard.length === missed.length, 'what was missed')
  assert.deepEqual(again.heard, missed)
  const { body } = await call(first.url, 'GET', '/v1/me/notices', undefined, headers)
  assert.equal(body.items.length, 3)

  const began = Date.now()
  await second.stop()
  assert.ok(again.isOver && Date.now() - began < 5000, `it took ${Date.now() - began} ms to stop`)
  here.close()
})
