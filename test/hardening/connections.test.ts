import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import pino from 'pino'
import { buildApp } from '../../src/http/index.ts'
import { SignInLimits } from '../../src/identity/index.ts'
import type { App } from '../../src/platform/index.ts'
import { call, type Market, type Person, startMarket } from '../support/market.ts'

let market: Market
let person: Person
/** Like the other one, with little patience. */
let hasty: App
let port: number
before(async () => {
  market = await startMarket()
  person = await market.person()
  hasty = await buildApp({
    db: market.db,
    sealer: market.sealer,
    limits: new SignInLimits(market.db.pool),
    log: pino({ level: 'silent' }),
    trustProxy: false,
    metricsToken: null,
    jobs: () => null,
    patience: { headers: 400, request: 800, upload: 1500, silence: 600, keepAlive: 300, look: 50 },
  })
  port = Number(new URL(await hasty.listen({ host: '127.0.0.1', port: 0 })).port)
})
after(async () => {
  await hasty?.close()
  await market?.stop()
})

/** Sends text, then a byte of `dribble` every 50 ms, until the server ends it; gives what it said and how long that took. */
function raw(to: number, text: string, dribble = ''): Promise<{ said: string; ms: number }> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const socket = connect(to, '127.0.0.1', () => socket.write(text))
    let said = ''
    let i = 0
    const timer = setInterval(() => {
      if (dribble !== '') socket.write(dribble[i++ % dribble.length]!)
    }, 50)
    const late = setTimeout(() => {
      socket.destroy()
      reject(new Error(`the server holds the connection; it has said: ${said}`))
    }, 10_000)
    socket.on('data', (chunk) => {
      said += chunk
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearInterval(timer)
      clearTimeout(late)
      resolve({ said, ms: performance.now() - began })
    })
  })
}
const portOf = () => Number(new URL(market.url).port)

test('a head that comes byte by byte is cut off, and so is a body', async () => {
  const head = await raw(port, 'GET /v1/offers HTTP/1.1\r\nhost: x\r\nx-slow: ', 'a')
  assert.match(head.said, /^HTTP\/1\.1 408 /)
  assert.match(head.said, /"code":"request_timeout"/)
  assert.ok(head.ms < 3000, `after ${head.ms} ms`)
  const body = await raw(
    port,
    'POST /v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{',
    ' ',
  )
  assert.match(body.said, /^HTTP\/1\.1 408 /)
  assert.ok(body.ms < 3000, `after ${body.ms} ms`)
})

test('a connection on which nothing happens is closed, before and after a request', async () => {
  const nothing = await raw(port, '')
  assert.ok(nothing.ms < 3000, `after ${nothing.ms} ms`)
  const kept = await raw(port, 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')
  assert.match(kept.said, /^HTTP\/1\.1 200 /)
  assert.ok(kept.ms < 3000, `after ${kept.ms} ms`)
})

test('a head of more than 16 kB is refused with a problem', async () => {
  const { said } = await raw(
    portOf(),
    `GET /v1/offers HTTP/1.1\r\nhost: x\r\nx-much: ${'a'.repeat(20_000)}\r\n\r\n`,
  )
  assert.match(said, /^HTTP\/1\.1 431 /)
  assert.match(said, /"code":"headers_too_large"/)
})

test('what is no HTTP is refused with a problem', async () => {
  for (const text of ['\u0016\u0003\u0001\u0002', 'HELO there\r\n\r\n', 'GET / HTTP/1.1\r\nhost x\r\n\r\n']) {
    const { said } = await raw(portOf(), text)
    assert.match(said, /^HTTP\/1\.1 400 /, JSON.stringify(text))
    assert.match(said, /"code":"invalid_request"/)
  }
})

test('two lengths, or a length and chunks, are not taken for one request (smuggling)', async () => {
  const line = 'POST /v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
  for (const lengths of [
    'content-length: 2\r\ncontent-length: 3\r\n',
    'content-length: 2\r\ntransfer-encoding: chunked\r\n',
    'transfer-encoding: chunked, identity\r\n',
  ]) {
    const { said } = await raw(portOf(), `${line}${lengths}\r\n{}`)
    assert.match(said, /^HTTP\/1\.1 400 /, lengths)
  }
})

test('addresses are bounded: in length, in names of the query, in each part', async () => {
  const cases: [string, number, string][] = [
    [`/v1/offers?pair=${'a'.repeat(5000)}`, 414, 'address_too_long'],
    [`/v1/offers?${Array.from({ length: 31 }, (_, i) => `a${i}=1`).join('&')}`, 414, 'address_too_long'],
    [`/v1/offers/${'a'.repeat(201)}`, 400, 'invalid_request'],
  ]
  for (const [path, status, code] of cases) {
    const answer = await call(market.url, 'GET', path)
    assert.deepEqual([answer.status, answer.body.code], [status, code], path.slice(0, 40))
  }
})

test('JSON is taken to a depth that requests have, and not beyond', async () => {
  const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
  const lists = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`
  for (const body of [nested(21), nested(100_000), lists(21), lists(500_000)]) {
    const answer = await person.patch('/v1/me', body)
    assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_json'])
    assert.match(answer.body.errors?.[0]?.problem ?? 'nested', /nested/)
  }
  assert.equal((await person.patch('/v1/me', nested(15))).body.code, 'invalid_request', 'the schema speaks')
})

test('the process is still well', async () => {
  assert.equal((await call(market.url, 'GET', '/readyz')).status, 200)
})
