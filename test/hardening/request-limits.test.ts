import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { RequestLimits, type RequestRates } from '../../src/http/request-limits.ts'
import { Database, networkOf } from '../../src/platform/index.ts'
import { type TestDatabase, testDatabase } from '../support/server.ts'

// The counting itself: two processes are two counters on one database.

let database: TestDatabase
let db: Database
const opened: RequestLimits[] = []
before(async () => {
  database = await testDatabase()
  db = new Database(database.appUrl, { connections: 4 })
})
after(async () => {
  for (const one of opened) await one.close()
  await db?.close()
  await database?.drop()
})

/** A process's counter, which writes when the test says so. */
function counter(rates: Partial<RequestRates> = {}, more: { most?: number; pool?: pg.Pool } = {}) {
  const trouble: unknown[] = []
  const limits = new RequestLimits({
    pool: db.pool,
    rates: { perAddress: 100, perPerson: 50, ...rates },
    onTrouble: (error) => trouble.push(error),
    flushMs: 1_000_000,
    ...more,
  })
  opened.push(limits)
  return Object.assign(limits, { trouble })
}
const leftOf = (limits: RequestLimits, address: string, cost = 1) => limits.countAddress(address, cost)?.left
/** A minute must not end in the middle of a test. */
async function withinAMinute(): Promise<void> {
  const left = 60_000 - (Date.now() % 60_000)
  if (left < 3000) await new Promise((resolve) => setTimeout(resolve, left + 5))
}

test('two processes count together, once each has written', async () => {
  await withinAMinute()
  const [one, two] = [counter(), counter()]
  for (let i = 0; i < 60; i++) one.countAddress('192.0.2.1', 1)
  for (let i = 0; i < 30; i++) two.countAddress('192.0.2.1', 1)
  assert.equal(leftOf(one, '192.0.2.1', 0), 40)
  await one.flush()
  await two.flush()
  assert.equal(leftOf(two, '192.0.2.1', 0), 10, 'the second reads what the first wrote')
  assert.equal(leftOf(one, '192.0.2.1', 1), 39, 'the first does not know of the second yet')
  await one.flush()
  assert.equal(leftOf(one, '192.0.2.1', 0), 9)
  await one.flush()
  assert.equal(leftOf(one, '192.0.2.1', 0), 9, 'nothing is counted twice')
})

test('what is counted while it is being written is not lost', async () => {
  await withinAMinute()
  const limits = counter()
  limits.countAddress('192.0.2.2', 10)
  const writing = limits.flush()
  limits.countAddress('192.0.2.2', 5)
  await writing
  assert.equal(leftOf(limits, '192.0.2.2', 0), 85)
  await limits.flush()
  assert.equal(leftOf(counter(), '192.0.2.2', 0), 100)
  assert.equal(leftOf(limits, '192.0.2.2', 0), 85)
})

test('a person is counted over their sessions, a key by itself as well, a stranger’s token for nobody', async () => {
  await withinAMinute()
  const limits = counter()
  const caller = (n: number, apiKey?: true) => ({
    sessionId: `session ${n}`,
    tokenHash: Buffer.alloc(32, n),
    requestId: 'test',
    ...(apiKey ? { apiKey } : {}),
  })
  assert.deepEqual(limits.countCaller(caller(9), 1), [], 'nobody has said whose that is')
  limits.learn(caller(1), 'marta', null)
  limits.learn(caller(2), 'marta', null)
  limits.learn(caller(3, true), 'marta', 5)
  assert.equal(limits.countCaller(caller(1), 10)[0]?.left, 50 - 3 - 10)
  assert.equal(limits.countCaller(caller(2), 10)[0]?.left, 50 - 3 - 20)
  const [person, key] = limits.countCaller(caller(3, true), 1)
  assert.deepEqual([person?.left, key?.name, key?.left], [50 - 3 - 21, 'key', 3])
  limits.learn(caller(3, true), 'marta', 2)
  assert.equal(limits.countCaller(caller(3, true), 1)[1]?.left, -1, 'a smaller limit holds at once')
})

test('a new minute begins at zero, in memory and in the table', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: new Date('2026-11-22T10:00:30Z') })
  const limits = counter()
  limits.countAddress('192.0.2.3', 100)
  await limits.flush()
  const used = limits.countAddress('192.0.2.3', 1)
  assert.deepEqual([used?.left, used?.resetSeconds], [-1, 30])
  t.mock.timers.setTime(new Date('2026-11-22T10:01:00Z').getTime())
  assert.deepEqual(limits.countAddress('192.0.2.3', 1), {
    name: 'address',
    limit: 100,
    left: 99,
    resetSeconds: 60,
  })
  await limits.flush()
  assert.equal(leftOf(limits, '192.0.2.3', 0), 99)
  const late = counter()
  t.mock.timers.setTime(new Date('2026-11-22T10:00:59Z').getTime())
  late.countAddress('192.0.2.3', 7)
  await late.flush()
  t.mock.timers.setTime(new Date('2026-11-22T10:01:02Z').getTime())
  limits.countAddress('192.0.2.3', 0)
  await limits.flush()
  assert.equal(leftOf(limits, '192.0.2.3', 0), 99, 'a clock that is behind adds nothing to this minute')
})

test('while the database is away each process keeps the limits by itself, and says so once', async () => {
  await withinAMinute()
  const away = new pg.Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/nothing' })
  const limits = counter({}, { pool: away })
  limits.countAddress('192.0.2.4', 60)
  await limits.flush()
  await limits.flush()
  limits.countAddress('192.0.2.4', 30)
  await limits.flush()
  assert.equal(leftOf(limits, '192.0.2.4', 0), 10)
  assert.equal(limits.trouble.length, 1)
  // It is back: what was counted meanwhile is written.
  away.query = db.pool.query.bind(db.pool) as typeof away.query
  await limits.flush()
  assert.equal(limits.trouble.at(-1), null)
  const other = counter()
  other.countAddress('192.0.2.4', 1)
  await other.flush()
  assert.equal(leftOf(other, '192.0.2.4', 0), 9)
  await away.end()
})

test('a million addresses need no more memory than the bound says, and an IPv6 customer is one', () => {
  const limits = counter({}, { most: 1000 })
  for (let i = 0; i < 20_000; i++) limits.countAddress(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 1)
  for (let i = 0; i < 5000; i++) {
    limits.learn(
      { sessionId: `${i}`, tokenHash: Buffer.from(`${i}`.padStart(32)), requestId: 't' },
      `${i}`,
      null,
    )
  }
  assert.deepEqual(limits.size, { buckets: 1000, callers: 1000 })
  for (let i = 1; i < 100; i++) limits.countAddress(`2001:db8:1:2::${i.toString(16)}`, 1)
  assert.equal(leftOf(limits, '2001:db8:1:2:ffff::1', 1), 0)
})

test('networks are written in one way', () => {
  const same: [string, string][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:0DB8:0001:0002:0003::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
  ]
  for (const [address, network] of same) assert.equal(networkOf(address), network, address)
})

test('the table holds no addresses, and what is over is swept away', async () => {
  await withinAMinute()
  const limits = counter()
  limits.countAddress('203.0.113.77', 1)
  await limits.flush()
  const superuser = new pg.Client(database.superuserUrl)
  await superuser.connect()
  try {
    const text = JSON.stringify((await superuser.query('select * from fairlock.request_counts')).rows)
    assert.ok(!text.includes('203.0.113.77') && !text.includes('marta'))
    await superuser.query(`update fairlock.request_counts set minute = minute - 5 where minute > 1`)
    const { rowCount } = await superuser.query('select from fairlock.request_counts')
    assert.ok(rowCount! > 0)
    await db.pool.query('select fairlock.sweep(1000)')
    assert.equal((await superuser.query('select from fairlock.request_counts')).rowCount, 0)
  } finally {
    await superuser.end()
  }
})

test('no limit is no counting', () => {
  const limits = counter({ perAddress: 0 })
  assert.equal(limits.countAddress('192.0.2.9', 1), null)
  assert.equal(limits.size.buckets, 0)
})
