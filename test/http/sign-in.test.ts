import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import pino from 'pino'
import { buildApp } from '../../src/http/index.ts'
import { SignInLimits } from '../../src/identity/index.ts'
import type { App } from '../../src/platform/index.ts'
import { call, type Market, Person, startMarket } from '../support/market.ts'

let market: Market
let superuser: pg.Client
/** The same API behind a proxy that says where a request comes from. */
let proxied: App
before(async () => {
  market = await startMarket()
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  proxied = await buildApp({
    db: market.db,
    sealer: market.sealer,
    limits: new SignInLimits(market.db.pool),
    log: pino({ level: 'silent' }),
    trustProxy: true,
    metricsToken: null,
    jobs: () => null,
  })
})
after(async () => {
  await proxied?.close()
  await superuser?.end()
  await market?.stop()
})

let people = 0
const newPerson = () => {
  const name = `newcomer ${++people}`
  return { email: `newcomer${people}@example.org`, password: 'correct horse', displayName: name }
}
const post = (path: string, body: unknown) => call(market.url, 'POST', path, body)
const from = (address: string, path: string, body: object) =>
  proxied.inject({ method: 'POST', url: path, headers: { 'x-forwarded-for': address }, payload: body })

test('a person registers, is signed in, and signs in again', async () => {
  const person = newPerson()
  const registered = await post('/v1/auth/register', person)
  assert.equal(registered.status, 201)
  const { user, token, expiresAt } = registered.body
  assert.equal(user.email, person.email)
  assert.equal(user.displayName, person.displayName)
  assert.equal(user.kycLevel, 'none')
  assert.deepEqual(user.roles, [])
  assert.ok(Date.parse(expiresAt) > Date.now() + 29 * 86_400_000)
  const me = await new Person(market.url, user.id, person.email, token).get('/v1/me')
  assert.deepEqual(me.body, { ...user, cooldownUntil: null })

  const { email, password } = person
  const signedIn = await post('/v1/auth/login', { email: email.toUpperCase(), password })
  assert.equal(signedIn.status, 200, 'the address is compared without regard to case')
  assert.equal(signedIn.body.user.id, user.id)
  assert.notEqual(signedIn.body.token, token)
})

test('an address and a name are taken in any spelling, and the error names the field', async () => {
  const person = newPerson()
  await post('/v1/auth/register', person)
  const sameAddress = await post('/v1/auth/register', { ...newPerson(), email: person.email.toUpperCase() })
  assert.deepEqual([sameAddress.status, sameAddress.body.code], [409, 'email_taken'])
  assert.equal(sameAddress.body.errors[0].field, 'email')
  const sameName = { ...newPerson(), displayName: person.displayName.toUpperCase() }
  const refused = await post('/v1/auth/register', sameName)
  assert.deepEqual([refused.status, refused.body.code], [409, 'display_name_taken'])
  assert.equal(refused.body.errors[0].field, 'displayName')
})

test('of twenty registrations of one address at once, one is made', async () => {
  const person = newPerson()
  await superuser.query('delete from fairlock.rate_limits')
  const all = Array.from({ length: 20 }, () => post('/v1/auth/register', person))
  const statuses = (await Promise.all(all)).map((one) => one.status).sort()
  assert.deepEqual(statuses, [201, ...Array(19).fill(409)])
})

test('a wrong password and an unknown address get the same answer', async () => {
  const person = newPerson()
  await post('/v1/auth/register', person)
  const wrong = await post('/v1/auth/login', { email: person.email, password: 'incorrect horse' })
  const unknown = await post('/v1/auth/login', { email: 'unknown@example.org', password: 'incorrect horse' })
  assert.equal(wrong.status, 401)
  assert.equal(wrong.body.code, 'wrong_credentials')
  assert.deepEqual([unknown.status, unknown.body], [wrong.status, wrong.body])
})

test('only an argon2id hash of the password is kept, and of the token its hash', async () => {
  const person = { ...newPerson(), password: 'a planted secret 4711' }
  const { body } = await post('/v1/auth/register', person)
  const { rows } = await superuser.query(
    `select password_hash, token_hash from fairlock.credentials join fairlock.sessions using (user_id)
     where user_id = $1`,
    [body.user.id],
  )
  assert.match(rows[0].password_hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  const secret = Buffer.from(body.token.split('.')[1], 'base64url')
  const tables = await superuser.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname in ('public', 'fairlock', 'ledger', 'audit')`,
  )
  for (const { name } of tables.rows) {
    const found = await superuser.query(
      `select from ${name} t where position($1 in t::text) > 0 or position($2 in t::text) > 0
         or position($3 in t::text) > 0`,
      [person.password, secret.toString('hex'), body.token.split('.')[1]],
    )
    assert.equal(found.rowCount, 0, name)
  }
})

test('signing out ends the session at once, and the others go on', async () => {
  const person = newPerson()
  const first = (await post('/v1/auth/register', person)).body
  const second = (await post('/v1/auth/login', { email: person.email, password: person.password })).body
  const [here, there] = [first, second].map(
    (one) => new Person(market.url, one.user.id, person.email, one.token),
  )
  const sessions = (await here!.get('/v1/me/sessions')).body.items
  assert.deepEqual(sessions.map((one: { current: boolean }) => one.current).sort(), [false, true])

  assert.equal((await here!.post('/v1/auth/logout')).status, 204)
  const refused = await here!.get('/v1/me')
  assert.deepEqual([refused.status, refused.body.code], [401, 'not_signed_in'])
  assert.match(refused.headers.get('www-authenticate') ?? '', /Bearer/)
  assert.equal((await here!.post('/v1/auth/logout')).status, 401)
  assert.equal((await there!.get('/v1/me')).status, 200)
})

test('one’s other session can be ended, somebody else’s cannot', async () => {
  const person = newPerson()
  const { body: first } = await post('/v1/auth/register', person)
  const { body: second } = await post('/v1/auth/login', { email: person.email, password: person.password })
  const one = new Person(market.url, first.user.id, person.email, first.token)
  const other = new Person(market.url, second.user.id, person.email, second.token)
  const id = second.token.split('.')[0]
  const stranger = await market.person('stranger')
  assert.equal((await stranger.delete(`/v1/me/sessions/${id}`)).status, 404)
  assert.equal((await other.get('/v1/me')).status, 200)
  assert.equal((await one.delete(`/v1/me/sessions/${id}`)).status, 204)
  assert.equal((await other.get('/v1/me')).status, 401)
  assert.equal((await one.delete(`/v1/me/sessions/${id}`)).status, 404, 'it is over already')
  assert.equal((await one.get('/v1/me/sessions')).body.items.length, 1)
})

test('a session over its time is refused', async () => {
  const person = await market.person()
  await superuser.query(
    `update fairlock.sessions set created_at = now() - interval '31 days', expires_at = now() - interval '1 second'
     where user_id = $1`,
    [person.id],
  )
  assert.equal((await person.get('/v1/me')).status, 401)
})

test('guessing is slowed down by account and address, and locks nobody out elsewhere', async () => {
  const person = newPerson()
  await post('/v1/auth/register', person)
  const guess = { email: person.email, password: 'a guess' }
  const right = { email: person.email, password: person.password }
  const statuses = []
  for (let i = 0; i < 9; i++) statuses.push((await from('198.51.100.7', '/v1/auth/login', guess)).statusCode)
  assert.deepEqual(statuses, [...Array(8).fill(401), 429])

  const limited = await from('198.51.100.7', '/v1/auth/login', right)
  assert.deepEqual([limited.statusCode, limited.json().code], [429, 'too_many_requests'])
  const seconds = Number(limited.headers['retry-after'])
  assert.ok(seconds > 0 && seconds <= 15 * 60, `Retry-After: ${limited.headers['retry-after']}`)
  const respelled = { ...right, email: person.email.toUpperCase() }
  assert.equal((await from('198.51.100.7', '/v1/auth/login', respelled)).statusCode, 429)
  assert.equal((await from('203.0.113.9', '/v1/auth/login', right)).statusCode, 200, 'another address may')
})

test('a right password gives the attempts back', async () => {
  const person = newPerson()
  await post('/v1/auth/register', person)
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 5; i++) {
      const guess = { email: person.email, password: 'mistyped' }
      assert.equal((await from('198.51.100.8', '/v1/auth/login', guess)).statusCode, 401)
    }
    const right = { email: person.email, password: person.password }
    assert.equal((await from('198.51.100.8', '/v1/auth/login', right)).statusCode, 200)
  }
})

test('one address that tries many accounts is slowed down too', async () => {
  let limited = 0
  for (let i = 0; i < 105; i++) {
    const guess = { email: `account${i % 20}@example.org`, password: 'a guess' }
    if ((await from('198.51.100.9', '/v1/auth/login', guess)).statusCode === 429) limited++
  }
  assert.ok(limited >= 5, `${limited} were refused`)
})

test('an address of a proxy that is none does no harm, and the session shows the one that is', async () => {
  const odd = await from('not an address', '/v1/auth/register', newPerson())
  assert.equal(odd.statusCode, 201)
  const person = newPerson()
  const { token } = (await from('2001:db8::7', '/v1/auth/register', person)).json()
  const headers = { authorization: `Bearer ${token}` }
  const { items } = (await proxied.inject({ method: 'GET', url: '/v1/me/sessions', headers })).json()
  assert.equal(items[0].address, '2001:db8::7')
})
