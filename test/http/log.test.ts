import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { buildApp } from '../../src/http/index.ts'
import { SignInLimits } from '../../src/identity/index.ts'
import { type App, makeLog } from '../../src/platform/index.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'

type Line = Record<string, unknown>

let market: Market
let app: App
let marta: Person
let lines: Line[] = []
let written = ''
const log = makeLog('info', {
  write(text: string) {
    written += text
    for (const line of text.trimEnd().split('\n')) lines.push(JSON.parse(line))
  },
})

before(async () => {
  market = await startMarket()
  marta = await market.person('marta')
  app = await buildApp({
    db: market.db,
    sealer: market.sealer,
    limits: new SignInLimits(market.db.pool),
    log,
    trustProxy: 1,
    metricsToken: null,
    jobs: () => null,
  })
  app.get('/broken', { config: { access: 'public' } }, async () => {
    const error = new Error('relation "fairlock.somewhere" does not exist')
    throw Object.assign(error, { code: '42P01', detail: 'Failing row contains (planted secret).' })
  })
  await app.ready()
})
after(async () => {
  await app?.close()
  await market?.stop()
})

/** Sends a request and gives the answer with the lines that it left in the log. */
async function ask(method: 'GET' | 'POST', url: string, headers: object, payload?: object) {
  lines = []
  const request = { method, url, headers: { 'x-forwarded-for': '203.0.113.7', ...headers } }
  const answer = await app.inject(payload === undefined ? request : { ...request, payload })
  return { answer, lines: [...lines] }
}

test('a sign-in that fails leaves its code, its address and when, and not what was typed', async () => {
  const typed = { email: marta.email, password: 'not the password\n{"level":30}' }
  const { answer, lines } = await ask('POST', '/v1/auth/login', {}, typed)
  assert.equal(answer.statusCode, 401)
  assert.equal(lines.length, 1)
  const { level, time, reqId, ms, ...rest } = lines[0]!
  assert.equal(level, 40)
  assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  assert.equal(reqId, answer.headers['x-request-id'])
  assert.equal(typeof ms, 'number')
  assert.deepEqual(rest, {
    method: 'POST',
    route: '/v1/auth/login',
    status: 401,
    code: 'wrong_credentials',
    address: '203.0.113.7',
    msg: 'request',
  })
})

test('what a person may not do leaves their session, and no secret of it', async () => {
  const { lines } = await ask('POST', '/v1/admin/adjustments', marta.headers(), {
    userId: marta.id,
    currency: 'BTC',
    amount: '1',
    reason: 'for myself',
  })
  const [id, secret] = marta.token.split('.')
  assert.equal(lines[0]!.code, 'admin_only')
  assert.equal(lines[0]!.level, 40)
  assert.equal(lines[0]!.session, id)
  assert.ok(!written.includes(secret!))
})

test('input that is refused, and addresses that are guessed, leave their code', async () => {
  const guessed = await ask('GET', '/v1/trades/01890000-0000-7000-8000-000000000000', marta.headers())
  assert.equal(guessed.lines[0]!.code, 'not_found')
  assert.equal(guessed.lines[0]!.session, marta.token.split('.')[0])
  const injected = await ask('POST', '/v1/auth/login', {}, { email: ['or 1=1'], password: 'x' })
  assert.equal(injected.lines[0]!.code, 'invalid_request')
})

test('too many attempts leave a line each', async () => {
  const codes: unknown[] = []
  for (let attempt = 0; attempt < 10; attempt++) {
    const typed = { email: 'nobody@example.org', password: 'wrong' }
    codes.push((await ask('POST', '/v1/auth/login', {}, typed)).lines[0]!.code)
  }
  assert.equal(codes.filter((code) => code === 'too_many_requests').length, 2)
})

test('the address is the one that the proxy saw, whatever was made up before it', async () => {
  const { lines } = await ask('GET', '/v1/me', { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' })
  assert.equal(lines[0]!.address, '203.0.113.9')
  const odd = await ask('GET', '/v1/me', { 'x-forwarded-for': '"},{"level":30' })
  assert.equal(odd.lines.length, 1)
  assert.equal('address' in odd.lines[0]!, false)
})

test('a fault of ours is logged with its cause, and answered without it', async () => {
  const { answer, lines } = await ask('GET', '/broken', {})
  assert.equal(answer.statusCode, 500)
  assert.doesNotMatch(answer.body, /somewhere|planted|at .*\.ts/)
  assert.equal(answer.json().code, 'internal')
  const fault = lines.find(({ msg }) => msg === 'the request failed')!
  assert.equal(fault.level, 50)
  assert.match(String((fault.err as Line).message), /fairlock\.somewhere/)
  assert.equal(typeof (fault.err as Line).stack, 'string')
  assert.ok(!written.includes('planted secret'), 'what PostgreSQL quotes of a row stays out of the log')
})

test('good answers leave neither code nor address', async () => {
  const { lines } = await ask('GET', '/v1/me', marta.headers())
  assert.deepEqual(Object.keys(lines[0]!).sort(), [
    'level',
    'method',
    'ms',
    'msg',
    'reqId',
    'route',
    'status',
    'time',
  ])
})
