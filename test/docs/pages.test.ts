import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import pino from 'pino'
import { buildApp } from '../../src/http/index.ts'
import { exampleOf } from '../../src/http/pages/example.ts'
import { html } from '../../src/http/pages/html.ts'
import { anchorOf, type Operation } from '../../src/http/pages/reference.ts'
import { fieldsOf } from '../../src/http/pages/schema.ts'
import { SignInLimits } from '../../src/identity/index.ts'
import { Database } from '../../src/platform/index.ts'
import { openKeyring, Sealer } from '../../src/platform/sealing/index.ts'
import { call, type Market, offerBody, startMarket } from '../support/market.ts'

let market: Market
let operations: { method: string; path: string; operation: Operation }[]
before(async () => {
  market = await startMarket()
  const { paths } = (await call(market.url, 'GET', '/openapi.json')).body
  operations = Object.entries<Record<string, Operation>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  )
})
after(() => market.stop())

test('the pages are whole, and their policy lets nothing in but their own style and icon', async () => {
  for (const path of ['/', '/docs', '/docs/errors']) {
    const { status, headers, body } = await call(market.url, 'GET', path)
    assert.equal(status, 200)
    assert.equal(headers.get('content-type'), 'text/html; charset=utf-8')
    assert.match(
      headers.get('content-security-policy')!,
      /^default-src 'none'; style-src 'self'; img-src 'self';/,
    )
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.doesNotMatch(body, /<script|<style| style=| on[a-z]+=|undefined|\[object/)
    const assets = [...body.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, url]) => url)
    assert.equal(new Set(assets).size, 2)
    for (const asset of assets) {
      const answer = await call(market.url, 'GET', asset)
      assert.equal(answer.status, 200)
      assert.match(answer.headers.get('cache-control')!, /immutable/)
    }
  }
})

test('the reference has every call with all that can be sent and is answered', async () => {
  const { body } = await call(market.url, 'GET', '/docs')
  assert.ok(operations.length >= 25)
  for (const { method, path, operation } of operations) {
    const [, section = ''] = body.split(`<section class="call" id="${anchorOf(method, path)}">`)
    const text = section.split('</section>')[0]!.replaceAll('<wbr>', '')
    assert.ok(text.includes(html`${operation.summary ?? ''}`.text), `${method} ${path}`)
    const sent = operation.requestBody?.content['application/json']?.schema ?? {}
    const answered = Object.values(operation.responses ?? {})[0]?.content?.['application/json']?.schema ?? {}
    const names = [...fieldsOf(sent), ...fieldsOf(answered)].map((field) => field.path)
    for (const name of [...names, ...(operation.parameters ?? []).map((one) => one.name)]) {
      assert.ok(text.includes(`<code>${name}</code>`), `${name} of ${method} ${path}`)
    }
  }
})

test('the body of every example is one that the call takes', () => {
  const ajv = addFormats.default(new Ajv({ strict: false }))
  ajv.addFormat('nfkc', (said: string) => said.normalize('NFKC') === said)
  for (const { method, path, operation } of operations) {
    const schema = operation.requestBody?.content['application/json']?.schema
    if (schema === undefined) continue
    const example = exampleOf(schema)
    assert.ok(
      ajv.validate(schema, example),
      `${method} ${path}: ${JSON.stringify(example)} ${ajv.errorsText()}`,
    )
  }
})

test('the description says of each call whether it needs a token', async () => {
  const filled: Record<string, string> = { id: '0197a1c2-3d4e-7f50-8a6b-9c0d1e2f3a4b', currency: 'BTC' }
  for (const { method, path, operation } of operations) {
    const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => filled[name] ?? name)
    const answer = await call(market.url, method.toUpperCase(), address)
    const isRefused = answer.body.code === 'not_signed_in'
    assert.equal(isRefused, operation.security?.length !== 0, `${method} ${path}`)
  }
})

test('the first page counts the market, and shows the best price of each side', async () => {
  const fresh = await startMarket()
  try {
    const maker = await fresh.person('marta')
    for (const [side, price] of [
      ['sell', '61240.50'],
      ['sell', '61000'],
      ['buy', '60000'],
      ['buy', '60100.25'],
      ['buy', '0.5'],
    ]) {
      const posted = await maker.post('/v1/offers', offerBody({ side, pricing: { type: 'fixed', price } }))
      assert.equal(posted.status, 201)
    }
    const text = textOf((await call(fresh.url, 'GET', '/')).body)
    assert.match(text, /Database up Open offers 5 Traders offering 1 Trades under way 0/)
    assert.match(text, /BTC\/EUR 2 offers 61\u202f000\.00 3 offers 60\u202f100\.25/)
  } finally {
    await fresh.stop()
  }
  assert.match(textOf((await call(market.url, 'GET', '/')).body), /Nobody has posted an offer yet/)
})

test('without a database the first page says so', async () => {
  const db = new Database('postgres://nobody@127.0.0.1:1/nothing')
  const log = pino({ level: 'silent' })
  const settings = { trustProxy: false, metricsToken: null, jobs: () => null }
  const app = await buildApp({
    db,
    sealer: new Sealer(db, await openKeyring('env:NO_KEYS', {})),
    limits: new SignInLimits(db.pool),
    log,
    ...settings,
  })
  const { statusCode, body } = await app.inject('/')
  assert.equal(statusCode, 503)
  assert.match(textOf(body), /Database does not answer/)
  await app.close()
  await db.close()
})

test('what goes into a page is escaped', () => {
  const evil = `<img src=x onerror='1'>"&`
  assert.equal(
    html`<p>${evil}${[evil]}</p>`.text.match(/&lt;img src=x onerror=&#39;1&#39;&gt;&quot;&amp;/g)?.length,
    2,
  )
})

function textOf(page: string): string {
  return page.replaceAll(/<[^>]+>/g, ' ').replaceAll(/[^\S\u202f]+/g, ' ')
}
