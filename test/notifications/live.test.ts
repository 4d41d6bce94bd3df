import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { callerFromHeader } from '../../src/identity/index.ts'
import { Live } from '../../src/notifications/index.ts'
import { Database } from '../../src/platform/index.ts'
import { makeKey } from '../keys/support.ts'
import { dispatch } from '../support/dispatch.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'
import { Reader } from './reader.ts'

// Live events: each person's own, once each, in order, over broken connections.

let market: Market
let superuser: pg.Client
const readers: Reader[] = []
before(async () => {
  market = await startMarket({ streams: { longestMs: 60_000, stalledMs: 2000 } })
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
})
after(async () => {
  for (const reader of readers) reader.close()
  await superuser?.end()
  await market?.stop()
})

function follow(headers: Record<string, string>, query = ''): Reader {
  const reader = new Reader(`${market.url}/v1/events${query}`, headers)
  readers.push(reader)
  return reader
}
async function following(person: Person, after?: string): Promise<Reader> {
  const reader = follow({ ...person.headers(), ...(after === undefined ? {} : { 'last-event-id': after }) })
  await reader.until(() => reader.heard.length > 0 || after !== undefined, 'the first event')
  return reader
}
const publish = (kind: string, people: string[], data: object = {}, client = superuser) =>
  client.query('select fairlock.publish($1, $2, null, $3)', [kind, people, JSON.stringify(data)])
const position = async () =>
  Number((await superuser.query('select fairlock.live_position() as at')).rows[0].at)

test('a stream begins with where it is, and goes on with what happens to its person alone', async () => {
  const [one, other] = [await market.person('one'), await market.person('other')]
  await dispatch(market)
  const reader = await following(one)
  assert.equal(reader.status, 200)
  assert.match(reader.headers['content-type'] ?? '', /^text\/event-stream/)
  assert.equal(reader.headers['x-accel-buffering'], 'no')
  assert.equal(reader.headers['cache-control'], 'no-store')
  assert.deepEqual(reader.heard[0], {
    position: await position(),
    kind: 'hello',
    data: { position: await position() },
  })
  await publish('probe.theirs', [other.id])
  await publish('probe.mine', [one.id, other.id], { amount: '1.00' })
  await dispatch(market)
  await reader.until(() => reader.kinds.length > 0, 'the event')
  const { kind, data } = reader.heard[1]!
  assert.equal(kind, 'probe.mine')
  assert.deepEqual(Object.keys(data).sort(), ['amount', 'at', 'id', 'kind'])
  assert.equal(data.kind, 'probe.mine')
  reader.close()
})

test('an API key hears what happens, but not that there is a notice, whether it follows or catches up', async () => {
  const person = await market.person('programmer')
  await dispatch(market)
  const start = await position()
  const { key } = await makeKey(person, market.url, { scopes: ['read'] })
  const headers = { authorization: `Bearer ${key}` }
  const bot = follow(headers)
  await bot.until(() => bot.heard.length > 0, 'the first event')
  const own = await following(person)
  await superuser.query(`select fairlock.notify($1, 'session.new_device', '{}')`, [person.id])
  await publish('probe.theirs', [person.id])
  await dispatch(market)
  await bot.until(() => bot.kinds.includes('probe.theirs'), 'the event')
  await own.until(() => own.kinds.includes('probe.theirs'), 'the event')
  assert.ok(own.kinds.includes('notice.created'))
  assert.deepEqual(bot.kinds, ['probe.theirs'])
  const late = follow({ ...headers, 'last-event-id': String(start) })
  await late.until(() => late.kinds.includes('probe.theirs'), 'what was missed')
  assert.ok(!late.kinds.includes('notice.created'))
  for (const reader of [bot, own, late]) reader.close()
})

test('a reader whose connection breaks all the time hears everything once, in order', async () => {
  const person = await market.person('restless')
  await dispatch(market)
  const first = await following(person)
  const heard: string[] = []
  let last = first.lastId
  first.close()
  const total = 300
  let isWriting = true
  const writing = (async () => {
    for (let i = 0; i < total; i += 3) {
      for (let n = i; n < i + 3; n++) await publish('probe.numbered', [person.id], { n })
      await dispatch(market)
    }
    isWriting = false
  })()
  for (let round = 0; heard.length < total; round++) {
    const reader =
      round % 2 ? follow(person.headers(), `?lastEventId=${last}`) : await following(person, last)
    // Cut in the middle of things.
    await reader.until(() => reader.heard.length > 20 || !isWriting || reader.isOver, 'some events')
    if (!isWriting) await reader.until(() => heard.length + reader.heard.length >= total, 'the rest')
    reader.close()
    heard.push(...reader.heard.map(({ position }) => String(position)))
    last = heard.at(-1) ?? last
  }
  await writing
  const { rows } = await superuser.query(
    'select position from fairlock.live_events where user_id = $1 and position > $2 order by position',
    [person.id, first.lastId],
  )
  assert.deepEqual(
    heard,
    rows.map((row) => row.position),
  )
})

test('a listener whose connection is killed comes back and misses nothing', async () => {
  const person = await market.person('patient')
  const reader = await following(person)
  const { rowCount } = await superuser.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = 'fairlock live' and datname = current_database()`,
  )
  assert.equal(rowCount, 1)
  await publish('probe.meanwhile', [person.id])
  await dispatch(market)
  await reader.until(() => reader.kinds.includes('probe.meanwhile'), 'what was told meanwhile')
  await publish('probe.after', [person.id])
  await dispatch(market)
  await reader.until(() => reader.kinds.includes('probe.after'), 'what was told after')
  assert.deepEqual(reader.kinds, ['probe.meanwhile', 'probe.after'])
  reader.close()
})

test('what was swept is said to be missed; so is a position that never was', async () => {
  const person = await market.person('late')
  await dispatch(market)
  await publish('probe.old', [person.id])
  await dispatch(market)
  await superuser.query(`update fairlock.live_events set created_at = created_at - interval '8 days'`)
  const old = await position()
  await publish('probe.new', [person.id])
  await dispatch(market)
  assert.ok((await superuser.query('select fairlock.sweep_live(1000) as n')).rows[0].n > 0)
  assert.equal((await superuser.query('select fairlock.sweep_live(1000) as n')).rows[0].n, 0)
  for (const from of [String(old - 1), '999999999']) {
    const reader = follow({ ...person.headers(), 'last-event-id': from })
    await reader.until(() => reader.heard.length > 0, 'the reset')
    assert.deepEqual(reader.heard, [{ position: old + 1, kind: 'reset', data: { position: old + 1 } }])
    reader.close()
  }
  const good = follow({ ...person.headers(), 'last-event-id': String(old) })
  await good.until(() => good.heard.length > 0, 'the new one')
  assert.deepEqual(good.kinds, ['probe.new'])
  good.close()
})

test('a stream ends with its session, its key, a ban, and never begins without one', async () => {
  assert.equal((await following401({})).status, 401)
  assert.equal((await following401({ authorization: 'Bearer nonsense' })).status, 401)
  const [one, two, three] = [
    await market.person('ends'),
    await market.person('bot'),
    await market.person('banned'),
  ]
  const { body } = await two.post('/v1/api-keys', { name: 'bot', scopes: ['read'] })
  const bySession = await following(one)
  const byKey = follow({ authorization: `Bearer ${body.key}` })
  await byKey.until(() => byKey.heard.length > 0, 'hello')
  const banned = await following(three)
  const began = Date.now()
  assert.equal((await one.post('/v1/auth/logout')).status, 204)
  const keys = (await two.get('/v1/api-keys')).body.items
  assert.equal((await two.delete(`/v1/api-keys/${keys[0].id}`)).status, 204)
  const admin = await market.admin()
  const ban = { until: '2999-01-01T00:00:00Z', reason: 'a test of streams' }
  assert.equal((await admin.put(`/v1/admin/users/${three.id}/ban`, ban)).status, 200)
  for (const reader of [bySession, byKey, banned]) await reader.until(() => reader.isOver, 'the end')
  assert.ok(Date.now() - began < 10_000)
  // What is in escrow goes on, so they hear of it again.
  const again = await following(three)
  assert.equal(again.status, 200)
  again.close()
})

async function following401(headers: Record<string, string>): Promise<Reader> {
  const reader = follow(headers)
  await reader.until(() => reader.status > 0, 'an answer')
  return reader
}

test('five streams a person; a reader who takes nothing is cut off and hurts nobody', async () => {
  const person = await market.person('many')
  const open = []
  for (let i = 0; i < 5; i++) open.push(await following(person))
  const sixth = await following401(person.headers())
  assert.equal(sixth.status, 429)
  for (const reader of open) reader.close()

  const slow = await market.person('slow')
  const db = new Database(market.database.appUrl, { connections: 2 })
  const live = new Live({ db, url: market.database.appUrl, timing: { stalledMs: 300 } })
  const stuck = await live.open(callerFromHeader(`Bearer ${slow.token}`, 'test')!, null)
  const cutOff = new Promise((resolve) => stuck.body.once('close', resolve))
  const lively = await following(slow)
  const burst = 1200
  await superuser.query(
    `select fairlock.publish('probe.large', array[$1]::uuid[], null, jsonb_build_object('text',
       (select string_agg(md5(i::text || n::text), '') from generate_series(1, 90) i))) from generate_series(1, ${burst}) n`,
    [slow.id],
  )
  await dispatch(market)
  await lively.until(() => lively.kinds.length === burst, 'everything')
  await cutOff
  assert.deepEqual([live.cutOff, live.size], [1, 0])
  await live.close()
  await db.close()
  const positions = lively.heard.map(({ position }) => position)
  assert.deepEqual(
    positions,
    [...new Set(positions)].sort((a, b) => a - b),
  )
  lively.close()
})

test('a heartbeat, and the end of all streams when the program ends', async () => {
  const db = new Database(market.database.appUrl, { connections: 2 })
  const live = new Live({ db, url: market.database.appUrl, mostStreams: 1, timing: { heartbeatMs: 20 } })
  const person = await market.person('steady')
  const caller = callerFromHeader(`Bearer ${person.token}`, 'test')!
  const stream = await live.open(caller, null)
  let text = ''
  stream.body.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.match(text, /^retry: \d+\n\nevent: hello\nid: \d+\ndata: .*\n\n(: still here\n\n){2,}/)
  await assert.rejects(live.open(caller, null), { code: 'streams_full' })
  const ended = new Promise((resolve) => stream.body.once('end', resolve))
  await live.close()
  await ended
  assert.equal(live.size, 0)
  await db.close()
})
