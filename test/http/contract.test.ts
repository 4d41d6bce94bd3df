import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { schemaCompilers } from '../../src/http/compilers.ts'
import { call, type Market, startMarket } from '../support/market.ts'
import { type Operation, operationsOf } from './operations.ts'

// What programs outside hold on to: the calls, their methods, and what every one of them promises.

const CALLS = `
  POST /v1/auth/register
  POST /v1/auth/login
  POST /v1/auth/logout
  GET /v1/me/sessions
  DELETE /v1/me/sessions/{id}
  GET /v1/me
  PATCH /v1/me
  GET /v1/users/{id}
  GET /v1/payment-method-types
  GET /v1/api-keys
  POST /v1/api-keys
  DELETE /v1/api-keys/{id}
  GET /v1/payment-methods
  POST /v1/payment-methods
  GET /v1/payment-methods/{id}
  PATCH /v1/payment-methods/{id}
  DELETE /v1/payment-methods/{id}
  GET /v1/trades/{id}/payment-details
  GET /v1/wallets
  GET /v1/wallets/{currency}
  PATCH /v1/wallets/{currency}
  GET /v1/me/limits
  GET /v1/kyc-levels
  PUT /v1/admin/kyc-levels/{level}
  GET /v1/transactions
  POST /v1/offers
  GET /v1/offers
  GET /v1/offers/{id}
  PATCH /v1/offers/{id}
  DELETE /v1/offers/{id}
  POST /v1/offers/{id}/trades
  POST /v1/offers/{id}/price-locks
  GET /v1/trades
  GET /v1/trades/{id}
  POST /v1/trades/{id}/payment
  POST /v1/trades/{id}/release
  POST /v1/trades/{id}/cancellation
  POST /v1/trades/{id}/dispute
  POST /v1/files
  GET /v1/files/{id}
  GET /v1/files/{id}/thumbnail
  GET /v1/disputes
  GET /v1/disputes/{id}
  POST /v1/disputes/{id}/evidence
  GET /v1/disputes/{id}/evidence
  POST /v1/disputes/{id}/ruling
  POST /v1/admin/adjustments
  POST /v1/me/kyc-requests
  GET /v1/me/kyc-requests
  GET /v1/admin/kyc-requests
  POST /v1/admin/kyc-requests/{id}/decision
  GET /v1/admin/bans
  GET /v1/liabilities
  GET /v1/me/liabilities/{snapshotId}
  GET /v1/admin/reports/fees
  GET /v1/admin/reports/volume
  GET /v1/admin/reports/escrows
  GET /v1/admin/reports/liabilities
  GET /v1/admin/reports/disputes
  GET /v1/admin/desk
  PUT /v1/admin/users/{id}/kyc
  PUT /v1/admin/users/{id}/ban
  GET /healthz
  GET /readyz`
  .trim()
  .split(/\s*\n\s*/)

/** Those that everybody may make: signing in, the tokens of mails, and what the market shows. */
const PUBLIC = `
  GET /v1/announcements
  POST /v1/auth/register
  POST /v1/auth/login
  POST /v1/auth/passkey
  POST /v1/auth/passkey/options
  POST /v1/auth/password-reset
  POST /v1/auth/password-reset/confirmation
  POST /v1/auth/email-change/confirmation
  POST /v1/auth/email-change/cancellation
  GET /v1/offers
  GET /v1/offers/{id}
  GET /v1/kyc-levels
  GET /v1/liabilities
  GET /v1/payment-method-types
  GET /v1/prices
  GET /v1/prices/{symbol}
  GET /v1/prices/{symbol}/history
  GET /v1/users/{id}
  GET /v1/users/{id}/ratings
  GET /healthz
  GET /readyz`
  .trim()
  .split(/\s*\n\s*/)

let market: Market
let operations: Operation[]
before(async () => {
  // Everywhere else a route's schemas are compiled at its first call: here all of them are, and one that is bad is found.
  market = await startMarket({ compileAtOnce: true })
  operations = operationsOf(market.app)
})
after(() => market?.stop())

test('the committed openapi.json is the one of these routes, and it is served', async () => {
  const committed = JSON.parse(await readFile(new URL('../../openapi.json', import.meta.url), 'utf8'))
  const generated = JSON.parse(JSON.stringify(market.app.swagger()))
  assert.deepEqual(committed, generated, 'Run `npm run generate` and commit what it writes.')
  assert.deepEqual((await call(market.url, 'GET', '/openapi.json')).body, generated)
  assert.equal(generated.openapi, '3.1.0')
})

test('a schema that cannot be compiled is found where all are compiled at the start', () => {
  const bad = { schema: { type: 'strnig' }, method: 'GET', url: '/', httpPart: 'body', httpStatus: '200' }
  assert.throws(() => schemaCompilers(true).validators(bad), /schema is invalid/)
  assert.throws(() => schemaCompilers(true).serializers()(bad), /schema is invalid/)
})

test('the promised calls are there, and those that everybody may make say so', () => {
  const there = operations.map((one) => one.name)
  assert.deepEqual(
    CALLS.filter((one) => !there.includes(one)),
    [],
  )
  const open = operations.filter((one) => one.isPublic).map((one) => one.name)
  assert.deepEqual(open.sort(), PUBLIC.sort(), 'A call that needs nobody signed in belongs into this list.')
})

test('the public calls answer without a token, and the others 401', async () => {
  for (const { name, method, path, isPublic } of operations) {
    const id = '01890000-0000-7000-8000-00000000dead'
    const { status } = await call(market.url, method, path.replace('{id}', id).replace('{currency}', 'BTC'))
    if (isPublic) assert.ok(status !== 401, name)
    else assert.equal(status, 401, name)
  }
})

test('names are camelCase, ids UUIDs, money strings, lists pages, errors problems', () => {
  const paths = market.app.swagger().paths as Record<
    string,
    Record<string, { responses: Record<string, unknown> }>
  >
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { responses }] of Object.entries(methods)) {
      const text = JSON.stringify(responses)
      for (const [, name] of text.matchAll(/"(\w+)":\{"(?:type|anyOf|description)"/g)) {
        assert.match(name ?? '', /^[a-z][a-zA-Z0-9]*$|^[45]xx$|^\d{3}$/i, `${method} ${path}`)
        assert.doesNotMatch(name ?? '', /_/, `${method} ${path}`)
      }
      assert.doesNotMatch(text, /"type":"number"/, `${method} ${path}: money and rates are strings`)
      if (path.startsWith('/v1/')) assert.ok('4XX' in responses || '4xx' in responses, `${method} ${path}`)
      if (text.includes('"items":{"type":"array"')) assert.match(text, /"nextCursor"/, `${method} ${path}`)
    }
  }
})

test('answers carry a request id, say that they are not to be kept, and are UTF-8 JSON', async () => {
  for (const path of ['/v1/offers', '/v1/me', '/nowhere']) {
    const { headers } = await call(market.url, 'GET', path)
    assert.match(headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/, path)
    assert.equal(headers.get('cache-control'), 'no-store', path)
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path)
    assert.match(headers.get('content-type') ?? '', /json/, path)
  }
})
