import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addressOf, operationsOf, sampleOf } from '../http/operations.ts'
import { call, type Market, type Person, startMarket } from '../support/market.ts'

const EVERYWHERE: Record<string, RegExp> = {
  'x-content-type-options': /^nosniff$/,
  'referrer-policy': /^no-referrer$/,
  'permissions-policy': /camera=\(\)/,
  'cross-origin-opener-policy': /^same-origin$/,
  'cross-origin-resource-policy': /^same-origin$/,
  'content-security-policy': /^default-src 'none';.*frame-ancestors 'none'/,
  'x-request-id': /^[0-9a-f-]{36}$/,
}
const NOWHERE = ['server', 'x-powered-by', 'access-control-allow-origin', 'access-control-allow-credentials']

let market: Market
let person: Person
before(async () => {
  market = await startMarket()
  person = await market.person()
})
after(() => market?.stop())

function check(headers: Headers, about: string): void {
  for (const [name, value] of Object.entries(EVERYWHERE))
    assert.match(headers.get(name) ?? '', value, `${about}: ${name}`)
  for (const name of NOWHERE) assert.equal(headers.get(name), null, `${about}: ${name}`)
  assert.equal(headers.get('strict-transport-security'), null, `${about}: plain http promises no https`)
}

test('every call of the API, answered well or refused, protects itself and is kept by nobody', async () => {
  // Signing out comes last, or every call after it would be refused.
  const operations = operationsOf(market.app).sort(
    (one, other) => Number(one.path === '/v1/auth/logout') - Number(other.path === '/v1/auth/logout'),
  )
  assert.ok(operations.length > 30)
  for (const operation of operations) {
    const body = operation.body === null ? undefined : sampleOf(operation.body)
    for (const headers of [person.headers(), {}]) {
      const answer = await call(market.url, operation.method, addressOf(operation), body, headers)
      check(answer.headers, operation.name)
      assert.equal(answer.headers.get('cache-control'), 'no-store', operation.name)
    }
  }
})

test('pages, files, errors before a route is found and what is no route protect themselves too', async () => {
  const { body: page } = await call(market.url, 'GET', '/docs')
  const style = /href="([^"]+\.css)"/.exec(page)?.[1]
  assert.ok(style)
  for (const path of [
    '/',
    '/docs',
    '/docs/errors',
    '/openapi.json',
    style,
    '/nowhere',
    '/%zz',
    '/v1/offers/%',
    '/metrics',
  ]) {
    check((await call(market.url, 'GET', path)).headers, path)
  }
  check((await call(market.url, 'PUT', '/v1/me')).headers, 'another method')
})

test('the pages’ own policy lets no script in', async () => {
  const policy = (await call(market.url, 'GET', '/docs')).headers.get('content-security-policy') ?? ''
  assert.doesNotMatch(policy, /script-src|unsafe|\*/)
})

test('no page of another origin is let in, not even asked for politely', async () => {
  const headers = {
    origin: 'https://elsewhere.example',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type,authorization',
  }
  for (const path of ['/v1/offers', '/v1/me']) {
    const answer = await market.app.inject({ method: 'OPTIONS', url: path, headers })
    assert.equal(answer.statusCode, 405, path)
    const granted = Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))
    assert.deepEqual(granted, [], path)
  }
})
