import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pino from 'pino'
import { buildApp } from '../../src/http/index.ts'
import { SignInLimits } from '../../src/identity/index.ts'
import { renewCookie } from '../../src/identity/keys/cookie.ts'
import { type Answer, call, type Market, type Person, passwordOf, startMarket } from '../support/market.ts'

let market: Market
let person: Person
before(async () => {
  market = await startMarket()
  person = await market.person('browser')
})
after(() => market?.stop())

const OWN = { 'sec-fetch-site': 'same-origin' }
const signIn = (more: object = {}, headers: Record<string, string> = OWN) =>
  call(
    market.url,
    'POST',
    '/v1/auth/login',
    { email: person.email, password: passwordOf('browser_1'), session: 'cookie', ...more },
    headers,
  )
/** The cookie as a browser would send it back. */
const cookieOf = (answer: Answer) => (answer.headers.get('set-cookie') ?? '').split(';')[0]!

test('a sign-in by cookie hands no token to scripts, and the cookie is as closed as one can be', async () => {
  const answer = await signIn()
  assert.equal(answer.status, 200)
  assert.equal(answer.body.token, null)
  assert.equal(answer.body.user.id, person.id)
  const attributes = answer.headers.get('set-cookie')!.split('; ')
  assert.match(attributes[0]!, /^__Host-fairlock=[0-9a-f-]{36}\.[A-Za-z0-9_-]{43}$/)
  for (const wanted of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/']) {
    assert.ok(attributes.includes(wanted), wanted)
  }
  assert.ok(!attributes.some((one) => one.startsWith('Domain')))
  const me = await call(market.url, 'GET', '/v1/me', undefined, { cookie: cookieOf(answer) })
  assert.equal(me.body.id, person.id)
})

test('without asking for a cookie the answer has the token and sets none', async () => {
  for (const session of [undefined, 'token']) {
    const answer = await signIn({ session }, {})
    assert.match(answer.body.token, /^[0-9a-f-]{36}\./)
    assert.equal(answer.headers.get('set-cookie'), null)
  }
  assert.equal((await signIn({ session: 'both' })).body.code, 'invalid_request')
})

test('registering takes a cookie as well', async () => {
  const answer = await call(
    market.url,
    'POST',
    '/v1/auth/register',
    { email: 'c@example.org', password: 'a password of theirs', displayName: 'cookie', session: 'cookie' },
    OWN,
  )
  assert.deepEqual([answer.status, answer.body.token], [201, null])
  assert.match(cookieOf(answer), /^__Host-fairlock=/)
})

test('with the cookie, only what comes from our own pages changes anything', async () => {
  const cookie = cookieOf(await signIn())
  const host = new URL(market.url).host
  const cases: [Record<string, string>, number][] = [
    [{ 'sec-fetch-site': 'same-origin' }, 200],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'none' }, 403],
    [{ 'sec-fetch-site': 'same-origin, cross-site' }, 403],
    [{ 'sec-fetch-site': 'cross-site', origin: `http://${host}` }, 403],
    [{ origin: `http://${host}` }, 200],
    [{ origin: `https://${host}` }, 403],
    [{ origin: `http://evil.example` }, 403],
    [{ origin: `http://${host}.evil.example` }, 403],
    [{ origin: 'null' }, 403],
    [{ referer: `http://${host}/` }, 403],
    [{}, 403],
  ]
  for (const [headers, status] of cases) {
    const answer = await market.app.inject({
      method: 'PATCH',
      url: '/v1/me',
      headers: { host, cookie, ...headers },
      payload: { country: 'DE' },
    })
    assert.equal(answer.statusCode, status, JSON.stringify(headers))
    if (status === 403) assert.equal(answer.json().code, 'csrf')
  }
})

test('a sign-in that another page asks for is refused, so that nobody is signed in as somebody else', async () => {
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, {}]) {
    const answer = await signIn({}, headers as Record<string, string>)
    assert.deepEqual([answer.status, answer.body.code], [403, 'csrf'])
    assert.equal(answer.headers.get('set-cookie'), null)
  }
})

test('what is not JSON does nothing, also from our own pages', async () => {
  const cookie = cookieOf(await signIn())
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const answer = await market.app.inject({
      method: 'PATCH',
      url: '/v1/me',
      headers: { cookie, ...OWN, 'content-type': type },
      payload: '{"country":"FR"}',
    })
    assert.equal(answer.statusCode, 415, type)
  }
})

test('the header wins over the cookie, and then nothing else is asked', async () => {
  const other = await market.person('other')
  const cookie = cookieOf(await signIn())
  const me = await call(market.url, 'GET', '/v1/me', undefined, { ...other.headers(), cookie })
  assert.equal(me.body.id, other.id)
  const changed = await call(market.url, 'PATCH', '/v1/me', { country: 'AT' }, { ...other.headers(), cookie })
  assert.equal(changed.status, 200)
  const wrong = await call(market.url, 'GET', '/v1/me', undefined, { authorization: 'Basic x', cookie })
  assert.equal(wrong.status, 401)
})

test('signing out ends the session and clears the cookie; so does the answer to a dead one', async () => {
  const cookie = cookieOf(await signIn())
  const out = await call(market.url, 'POST', '/v1/auth/logout', {}, { cookie, ...OWN })
  assert.equal(out.status, 204)
  assert.match(
    out.headers.get('set-cookie')!,
    /^__Host-fairlock=; Max-Age=0; Path=\/; HttpOnly; Secure; SameSite=Strict/,
  )
  const again = await call(market.url, 'GET', '/v1/me', undefined, { cookie })
  assert.equal(again.status, 401)
  assert.match(again.headers.get('set-cookie')!, /Max-Age=0/)
})

test('another cookie, or one that holds no token, is nobody', async () => {
  for (const cookie of [
    'theme=dark',
    '__Host-fairlock=',
    '__Host-fairlock=x',
    'fairlock=y',
    '__Host-fairlock=%E0%A4%A',
  ]) {
    assert.equal((await call(market.url, 'GET', '/v1/me', undefined, { cookie })).status, 401, cookie)
    assert.equal((await call(market.url, 'GET', '/v1/offers', undefined, { cookie })).status, 200, cookie)
  }
})

test('an API key does not travel as a cookie', async () => {
  const made = await person.post('/v1/api-keys', { name: 'k', scopes: ['read'] })
  const cookie = `__Host-fairlock=${made.body.key}`
  assert.equal((await call(market.url, 'GET', '/v1/me', undefined, { cookie })).status, 401)
})

test('signing in again in the same browser makes a new secret and ends the session before', async () => {
  const first = cookieOf(await signIn())
  const second = cookieOf(await signIn({}, { ...OWN, cookie: first }))
  assert.notEqual(first, second)
  assert.equal((await call(market.url, 'GET', '/v1/me', undefined, { cookie: first })).status, 401)
  assert.equal((await call(market.url, 'GET', '/v1/me', undefined, { cookie: second })).status, 200)
  const third = await signIn({}, { ...OWN, cookie: first })
  assert.equal(third.status, 200, 'a dead cookie does not stand in the way')
})

test('a step-up gives a browser’s session a new secret, and the one before is worth nothing', async () => {
  const app = await buildApp({
    db: market.db,
    sealer: market.sealer,
    limits: new SignInLimits(market.db.pool),
    log: pino({ level: 'silent' }),
    trustProxy: false,
    metricsToken: null,
    jobs: () => null,
  })
  app.post('/step-up', async (request, reply) => {
    await renewCookie(request, reply, market.db)
    // What comes after it in the same request acts with the new secret.
    return market.db.call(request.caller, 'select fairlock.me() as answer', [])
  })
  try {
    const cookie = cookieOf(await signIn())
    const stepped = await app.inject({ method: 'POST', url: '/step-up', headers: { cookie, ...OWN } })
    assert.equal(stepped.statusCode, 200)
    const renewed = String(stepped.headers['set-cookie']).split(';')[0]!
    assert.notEqual(renewed, cookie)
    assert.equal(renewed.split('.')[0], cookie.split('.')[0], 'the session is the same')
    assert.equal((await call(market.url, 'GET', '/v1/me', undefined, { cookie })).status, 401)
    assert.equal((await call(market.url, 'GET', '/v1/me', undefined, { cookie: renewed })).status, 200)
    const token = await app.inject({ method: 'POST', url: '/step-up', headers: person.headers() })
    assert.deepEqual([token.statusCode, token.headers['set-cookie']], [200, undefined])
    assert.equal((await person.get('/v1/me')).status, 200, 'a token in a program stays')
  } finally {
    await app.close()
  }
})
