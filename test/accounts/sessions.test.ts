import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import pino from 'pino'
import { buildApp } from '../../src/http/index.ts'
import { SignInLimits } from '../../src/identity/index.ts'
import { type App, Database } from '../../src/platform/index.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'
import { passwordOfPerson, signIn } from './support.ts'

let market: Market
let superuser: pg.Client
/** Another process's API: its own connections to the same database, behind a proxy that says who asks. */
let elsewhere: { app: App; db: Database }
before(async () => {
  market = await startMarket()
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  const db = new Database(market.database.appUrl, { connections: 4 })
  const app = await buildApp({
    db,
    sealer: market.sealer,
    limits: new SignInLimits(db.pool),
    log: pino({ level: 'silent' }),
    trustProxy: true,
    metricsToken: null,
    jobs: () => null,
  })
  elsewhere = { app, db }
})
after(async () => {
  await elsewhere?.app.close()
  await elsewhere?.db.close()
  await superuser?.end()
  await market?.stop()
})

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'

function login(person: Person, password: string, from: string, headers: Record<string, string> = {}) {
  return elsewhere.app.inject({
    method: 'POST',
    url: '/v1/auth/login',
    headers: { 'x-forwarded-for': from, 'user-agent': FIREFOX, ...headers },
    payload: { email: person.email, password },
  })
}

const meElsewhere = async (token: string) =>
  (await elsewhere.app.inject({ url: '/v1/me', headers: { authorization: `Bearer ${token}` } })).statusCode

test('a session that ends in one process is over in the other at the next request', async () => {
  const person = await market.person()
  const stolen = await signIn(market, person)
  assert.equal(await meElsewhere(stolen.token), 200)
  assert.equal((await person.delete(`/v1/me/sessions/${stolen.token.split('.')[0]}`)).status, 204)
  assert.equal(await meElsewhere(stolen.token), 401)
  const others = [await signIn(market, person), await signIn(market, person)]
  assert.deepEqual((await person.delete('/v1/me/sessions')).body, { ended: 2 })
  for (const one of others) assert.equal(await meElsewhere(one.token), 401)
  assert.equal(await meElsewhere(person.token), 200)
})

test('the list says which device, from where, how, and which is this one; a sign-in like no other is told', async () => {
  const person = await market.person()
  const password = passwordOfPerson(person)
  await login(person, password, '192.0.2.7')
  const { items } = (await person.get('/v1/me/sessions')).body
  assert.deepEqual(
    items.map((one: Record<string, unknown>) => [one.device, one.address, one.signedInWith, one.current]),
    [
      ['Firefox on Linux', '192.0.2.7', 'password', false],
      ['node', '127.0.0.1', 'registration', true],
    ],
  )
  const news = async () => (await person.get('/v1/me/notices')).body.items
  assert.equal((await news()).length, 1)
  assert.equal((await news())[0].data.device, 'Firefox on Linux')
  await login(person, password, '192.0.2.7')
  assert.equal((await news()).length, 1, 'the second time is no news')
  await login(person, password, '192.0.2.8')
  await login(person, password, '192.0.2.8', { 'user-agent': 'curl/8.5.0' })
  assert.equal((await news()).length, 3)
})

test('a session that is not used is over', async () => {
  const person = await market.person()
  await superuser.query(
    `update fairlock.sessions set last_seen_at = now() - interval '6 minutes' where user_id = $1`,
    [person.id],
  )
  assert.equal((await person.get('/v1/me')).status, 200)
  const { rows } = await superuser.query(
    `select idle_until > now() + interval '167 hours' as moved from fairlock.sessions where user_id = $1`,
    [person.id],
  )
  assert.equal(rows[0].moved, true)
  await superuser.query(
    `update fairlock.sessions set idle_until = now() - interval '1 second' where user_id = $1`,
    [person.id],
  )
  assert.equal((await person.get('/v1/me')).status, 401)
})

test('guessing from many addresses is stopped, and the owner goes on where they were before', async () => {
  const person = await market.person()
  const password = passwordOfPerson(person)
  assert.equal((await login(person, password, '203.0.113.1')).statusCode, 200, 'a place of the owner')
  const statuses = []
  for (let i = 0; i < 35; i++) {
    statuses.push((await login(person, 'a guess', `198.51.100.${i}`)).statusCode)
  }
  assert.deepEqual([...new Set(statuses)], [401, 429])
  assert.ok(statuses.indexOf(429) <= 30)
  assert.equal(
    (await login(person, password, '198.51.100.99')).statusCode,
    429,
    'not even with the right one',
  )
  assert.equal((await login(person, password, '203.0.113.1')).statusCode, 200)
  const shown = { authorization: `Bearer ${person.token}` }
  assert.equal((await login(person, password, '198.51.100.98', shown)).statusCode, 200, 'a known token')
  await person.post('/v1/auth/logout', {})
  assert.equal(
    (await login(person, password, '198.51.100.97', shown)).statusCode,
    200,
    'also when it is over',
  )
  const stranger = await market.person('stranger')
  const foreign = { authorization: `Bearer ${stranger.token}` }
  assert.equal((await login(person, password, '198.51.100.96', foreign)).statusCode, 429, 'of somebody else')
})

test('registering again is no way around the bound on guesses', async () => {
  const person = await market.person()
  const statuses = new Set<number>()
  for (let i = 0; i < 34; i++) {
    const { statusCode } = await elsewhere.app.inject({
      method: 'POST',
      url: '/v1/auth/register',
      headers: { 'x-forwarded-for': `198.51.100.${100 + i}`, 'idempotency-key': 'k' },
      payload: { email: person.email, password: `four quiet guesses of ${i}`, displayName: 'somebody' },
    })
    statuses.add(statusCode)
  }
  assert.deepEqual([...statuses], [409, 429])
})

test('an account that is not there is counted and answered like one that is', async () => {
  const person = await market.person()
  const nobody = Object.assign(Object.create(person), { email: 'nobody-at-all@example.org' })
  const answers = { known: [] as unknown[], unknown: [] as unknown[] }
  for (let i = 0; i < 32; i++) {
    const [one, other] = [
      await login(person, 'a guess', `10.0.0.${i}`),
      await login(nobody, 'a guess', `10.0.1.${i}`),
    ]
    answers.known.push([one.statusCode, one.json().code, one.json().title])
    answers.unknown.push([other.statusCode, other.json().code, other.json().title])
  }
  assert.deepEqual(answers.unknown, answers.known)
})
