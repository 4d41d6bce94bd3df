import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Program } from '../faults/program.ts'
import { call, TEST_KEYS } from '../support/market.ts'

// Two real API processes on one database.

const PER_PERSON = 60
const PER_ADDRESS = 300

let first: Program
let second: Program
before(async () => {
  const rates = {
    FAIRLOCK_REQUESTS_PER_PERSON: String(PER_PERSON),
    FAIRLOCK_REQUESTS_PER_ADDRESS: String(PER_ADDRESS),
    // Each test is somebody else, by the header that a proxy sets.
    FAIRLOCK_TRUST_PROXY: 'true',
    FAIRLOCK_KEYRING: 'env:TEST_KEYRING',
    ...TEST_KEYS,
  }
  first = await Program.prepare([], rates)
  await first.start()
  const { ownerUrl } = await first.database()
  second = await Program.prepare(['--only', 'api'], { ...rates, DATABASE_URL: ownerUrl })
  await second.start()
})
after(async () => {
  await second?.stop()
  await first?.stop()
})

/** A minute must not end in the middle of a test. */
async function withinAMinute(seconds: number): Promise<void> {
  const left = 60_000 - (Date.now() % 60_000)
  if (left < seconds * 1000) await pause(left + 5)
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function newPerson(name: string): Promise<{ token: string }> {
  const made = await call(
    first.url,
    'POST',
    '/v1/auth/register',
    { email: `${name}@example.org`, password: `the password of ${name}`, displayName: name },
    { 'x-forwarded-for': '198.51.100.250' },
  )
  assert.equal(made.status, 201, JSON.stringify(made.body))
  return { token: made.body.token }
}

test('a person’s limit holds over both, and says when to come back', async () => {
  const { token } = await newPerson('busy')
  await withinAMinute(15)
  const from = (i: number) => ({
    authorization: `Bearer ${token}`,
    'x-forwarded-for': `198.51.100.${i % 200}`,
  })
  const statuses: number[] = []
  // Half of the limit at each of them, and then a little pause in which they tell each other.
  for (let i = 0; i < PER_PERSON / 2; i++) {
    for (const one of [first, second])
      statuses.push((await call(one.url, 'GET', '/v1/me', undefined, from(i))).status)
  }
  assert.deepEqual(new Set(statuses), new Set([200]), 'nobody is over the limit yet')
  for (const one of [first, second]) await call(one.url, 'GET', '/v1/me', undefined, from(1))
  await pause(1200)
  for (const one of [first, second]) await call(one.url, 'GET', '/v1/me', undefined, from(1))
  await pause(1200)
  for (const one of [first, second]) {
    const refused = await call(one.url, 'GET', '/v1/me', undefined, from(2))
    assert.deepEqual(
      [refused.status, refused.body.code, refused.body.limit],
      [429, 'too_many_requests', 'person'],
    )
    const after = Number(refused.headers.get('retry-after'))
    assert.ok(after >= 1 && after <= 60, `Retry-After ${after}`)
    assert.match(refused.headers.get('ratelimit-policy') ?? '', /"address";q=300;w=60, "person";q=60;w=60/)
    assert.match(refused.headers.get('ratelimit') ?? '', /^"person";r=0;t=\d+$/)
  }
  const other = await newPerson('calm')
  const headers = { authorization: `Bearer ${other.token}` }
  assert.equal((await call(first.url, 'GET', '/v1/me', undefined, headers)).status, 200)
})

test('an address’s limit holds over both for whoever asks, and health is asked freely', async () => {
  await withinAMinute(15)
  const from = { 'x-forwarded-for': '203.0.113.5' }
  const asked = await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      call([first, second][i % 2]!.url, 'GET', '/v1/offers', undefined, from),
    ),
  )
  assert.ok(asked.every(({ status }) => status === 200))
  await pause(1200)
  const again = []
  for (let i = 0; i < 120; i++)
    again.push(await call([first, second][i % 2]!.url, 'GET', '/v1/offers', undefined, from))
  await pause(1200)
  // A process hears of the others when it has something to tell them itself.
  for (const { url } of [first, second]) await call(url, 'GET', '/v1/offers', undefined, from)
  await pause(1200)
  const [one, two] = await Promise.all(
    [first, second].map(({ url }) => call(url, 'GET', '/v1/offers', undefined, from)),
  )
  assert.deepEqual([one?.status, two?.status], [429, 429])
  for (const path of ['/healthz', '/readyz']) {
    const { status, headers } = await call(first.url, 'GET', path, undefined, from)
    assert.deepEqual([status, headers.get('ratelimit')], [200, null], path)
  }
  const wrong = { ...from, authorization: 'Bearer nonsense' }
  assert.equal(
    (await call(first.url, 'GET', '/v1/me', undefined, wrong)).status,
    429,
    'guessing is asking too',
  )
})

test('a stolen session stops working in both the moment it is ended in one', async () => {
  const { token } = await newPerson('robbed')
  const headers = { authorization: `Bearer ${token}` }
  for (const one of [first, second])
    assert.equal((await call(one.url, 'GET', '/v1/me', undefined, headers)).status, 200)
  const sessions = await call(first.url, 'GET', '/v1/me/sessions', undefined, headers)
  assert.equal(
    (await call(second.url, 'DELETE', `/v1/me/sessions/${sessions.body.items[0].id}`, undefined, headers))
      .status,
    204,
  )
  for (const one of [first, second])
    assert.equal((await call(one.url, 'GET', '/v1/me', undefined, headers)).status, 401)
})
