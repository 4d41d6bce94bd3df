import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { type Market, offerBody, type Person, startMarket } from '../support/market.ts'
import { BAD_CURSORS, BAD_IDS, BAD_JSON, BAD_MONEY, BAD_VALUES, encoded, UNKEEPABLE } from './bad-values.ts'
import { checksums } from './checksums.ts'
import {
  addressOf,
  type FormField,
  fieldsOf,
  formOf,
  isMoney,
  type Operation,
  operationsOf,
  sampleForm,
  sampleOf,
  UNKNOWN_ID,
} from './operations.ts'

// Whatever is sent to whichever route: a problem of the 4xx kind that names the field, and nothing has changed.

type Sent = {
  url?: string
  body?: unknown
  form?: FormField[] | null
  headers?: Record<string, string>
  method?: string
}

let market: Market
let admin: Person
let ended: string
let others: Record<string, string>
let operations: Operation[]
let sums: Record<string, string>
const ajv = addFormats.default(new Ajv({ strict: false }))

before(async () => {
  market = await startMarket()
  operations = operationsOf(market.app)
  admin = await market.admin()
  const [maker, taker] = [await market.person(), await market.person()]
  await market.credit(maker, 'BTC', '1')
  const { body: offer } = await maker.post('/v1/offers', offerBody())
  const { body: trade } = await taker.post(`/v1/offers/${offer.id}/trades`, {
    amount: '0.1',
    paymentMethodType: 'sepa',
  })
  await maker.patch(`/v1/offers/${offer.id}`, { status: 'paused' })
  const { body: sessions } = await maker.get('/v1/me/sessions')
  others = { offers: offer.id, trades: trade.id, sessions: sessions.items[0].id, users: UNKNOWN_ID }
  ended = taker.token
  await taker.post('/v1/auth/logout')
  sums = await checksums(market)
})
after(() => market?.stop())

async function refused(
  operation: Operation,
  sent: Sent,
  status: number | null,
  field?: string,
): Promise<void> {
  // A form is sent as it should be, where nothing else is said.
  const form =
    operation.form === null || sent.form === null ? null : formOf(sent.form ?? sampleForm(operation.form))
  const body =
    form !== null
      ? { payload: form.payload }
      : sent.body === undefined
        ? {}
        : { payload: typeof sent.body === 'string' ? sent.body : JSON.stringify(sent.body) }
  const type = form?.headers ?? (sent.body === undefined ? {} : { 'content-type': 'application/json' })
  const answer = await market.app.inject({
    method: (sent.method ?? operation.method) as 'GET',
    url: sent.url ?? addressOf(operation),
    headers: { ...admin.headers(), ...type, ...sent.headers },
    ...body,
  })
  const tell = `${operation.name} with ${JSON.stringify(sent).slice(0, 300)}: ${answer.statusCode} ${answer.body.slice(0, 300)}`
  assert.ok(answer.statusCode >= 400 && answer.statusCode < 500, tell)
  if (status !== null) assert.equal(answer.statusCode, status, tell)
  if (operation.method === 'GET' && sent.method === 'HEAD') return
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/, tell)
  const problem = answer.json()
  assert.ok(typeof problem.code === 'string' && problem.status === answer.statusCode, tell)
  if (field === undefined) return
  const named = (problem.errors ?? []).map((one: { field: string }) => one.field)
  assert.ok(
    named.some((one: string) => one === field || one.startsWith(`${field}.`)),
    `${field} is not named: ${tell}`,
  )
}

const withBody = () => operations.filter((one) => one.body !== null)

test('a value of the wrong kind names its field', async () => {
  for (const operation of withBody()) {
    const isValid = ajv.compile(operation.body ?? {})
    assert.ok(
      isValid(sampleOf(operation.body ?? {})),
      `${operation.name}: the sample is not valid, give its fields examples`,
    )
    for (const { path, schema } of fieldsOf(operation.body ?? {})) {
      const bad = BAD_VALUES.filter((value) => !isValid(withField(operation, path, value)))
      if (isMoney(schema)) bad.push(...BAD_MONEY, 0.1, 1)
      if (schema.type === 'string' || schema.anyOf?.some((one) => one.type === 'string'))
        bad.push(...UNKEEPABLE)
      for (const value of bad) {
        await refused(operation, { body: withField(operation, path, value) }, 400, path.join('.'))
      }
    }
  }
})

test('a field that is missing, and one too many, is named', async () => {
  for (const operation of withBody()) {
    for (const { path, isRequired, schema } of fieldsOf(operation.body ?? {})) {
      if (isRequired)
        await refused(operation, { body: withField(operation, path, undefined) }, 400, path.join('.'))
      // What a browser gives of a passkey may have more members in the next version of the browser.
      if (schema.type !== 'object' || schema.additionalProperties === true) continue
      const extra = [...path, 'unexpected']
      await refused(operation, { body: withField(operation, extra, 1) }, 400, extra.join('.'))
    }
    await refused(operation, { body: withField(operation, ['unexpected'], 1) }, 400, 'unexpected')
  }
})

test('bodies that are no object, no JSON, no JSON two readers agree on, too large, or of another type', async () => {
  for (const operation of withBody()) {
    for (const body of [[], [{}], 1, true]) await refused(operation, { body }, 400, 'body')
    for (const body of ['null', '""', ...BAD_JSON]) await refused(operation, { body }, 400)
    const payload = JSON.stringify(sampleOf(operation.body ?? {}))
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'x',
    ]) {
      await refused(operation, { body: payload, headers: { 'content-type': type } }, 415)
    }
    await refused(operation, { body: { a: 'x'.repeat(2 * 1024 * 1024) } }, 413)
    await refused(operation, { body: { a: '\\'.repeat(250_000) } }, 400)
    if (operation.body?.required?.length) await refused(operation, {}, 400)
  }
})

test('forms: a field missing, twice, unknown, of the wrong kind, and what is no form', async () => {
  const forms = operations.filter((one) => one.form !== null)
  assert.ok(forms.length > 0)
  for (const operation of forms) {
    const fields = sampleForm(operation.form!)
    for (const [name, value] of fields) {
      const others = fields.filter(([other]) => other !== name)
      await refused(operation, { form: others }, 400, name)
      await refused(operation, { form: [...fields, [name, value]] }, 400)
      const ofAnotherKind = typeof value === 'string' ? Buffer.from(value) : value.toString()
      await refused(operation, { form: [...others, [name, ofAnotherKind]] }, 400, name)
      await refused(
        operation,
        { form: [...others, [name, typeof value === 'string' ? '' : Buffer.alloc(0)]] },
        400,
        name,
      )
    }
    await refused(operation, { form: [...fields, ['unexpected', '1']] }, 400, 'unexpected')
    await refused(operation, { form: [...fields, ['unexpected', Buffer.from('1')]] }, 400)
    await refused(operation, { form: [['__proto__', '1'], ...fields] }, 400)
    await refused(operation, { form: [] }, 400)
    const whole = formOf(fields)
    for (const payload of ['', 'x', '--a-boundary', `${whole.payload}`.slice(0, -20), '--a-boundary\r\n\r\n'])
      await refused(operation, { form: null, body: payload, headers: whole.headers }, 400)
    for (const type of [
      'multipart/form-data',
      'multipart/form-data; boundary=',
      'multipart/form-data; boundary=another',
    ])
      await refused(
        operation,
        { form: null, body: String(whole.payload), headers: { 'content-type': type } },
        400,
      )
    await refused(operation, { form: null, body: sampleOf(operation.form!) }, 415)
    await refused(operation, { headers: { 'content-encoding': 'gzip' } }, 415)
    await refused(operation, { form: null }, 415)
  }
})

test('ids that are malformed, unknown, or somebody else’s', async () => {
  for (const operation of operations.filter((one) => one.path.includes('{id}'))) {
    const isTake = operation.name === 'POST /v1/offers/{id}/trades'
    const sample = operation.body === null ? undefined : sampleOf(operation.body)
    // A take names the type of the account or the account, never both. A password that is given is looked at first; who
    // has just signed in needs none.
    const body =
      operation.body === null
        ? undefined
        : { ...(sample as object), currentPassword: undefined, ...(isTake && { paymentMethodId: undefined }) }
    for (const id of BAD_IDS) await refused(operation, { url: addressOf(operation, { id }), body }, null)
    await refused(operation, { url: addressOf(operation, { id: 'x' }), body }, 400, 'params.id')
    await refused(operation, { url: operation.path.replace('{id}', '%zz'), body }, 400)
    await refused(operation, { body }, 404)
    const kind = operation.path
      .split('/')
      .at(operation.path.indexOf('{id}') > 0 ? operation.path.split('/').indexOf('{id}') - 1 : 0)
    // Taking is for everybody, and so is having a price held; this offer is paused.
    const status = isTake || operation.name === 'POST /v1/offers/{id}/price-locks' ? 409 : 404
    await refused(
      operation,
      { url: addressOf(operation, { id: others[kind ?? ''] ?? UNKNOWN_ID }), body },
      status,
    )
  }
})

test('queries and cursors', async () => {
  for (const operation of operations) {
    const url = addressOf(operation)
    for (const { name } of operation.parameters.filter((one) => one.in === 'query')) {
      const bad = ['', '%00', '%20', 'x'.repeat(3900), `a&${name}=b`, '%F0%9F%98%80']
      if (name === 'limit') bad.push('0', '-1', '101', '1e9', '1.5', 'abc', 'NaN', 'Infinity')
      if (name === 'cursor') bad.push(...BAD_CURSORS)
      for (const value of bad) {
        // A cursor is refused by the list itself, which has only the one.
        await refused(operation, { url: `${url}?${name}=${value}` }, 400)
      }
    }
    if (!operation.parameters.some((one) => one.in === 'query')) continue
    await refused(operation, { url: `${url}?unexpected=1` }, 400, 'querystring.unexpected')
    if (!operation.parameters.some((one) => one.name === 'cursor')) continue
    await refused(operation, { url: `${url}?limit=0` }, 400, 'querystring.limit')
    await refused(operation, { url: `${url}?cursor=x` }, 400, 'cursor')
  }
})

test('a cursor of another list is refused', async () => {
  const lists = operations.filter((one) => one.parameters.some(({ name }) => name === 'cursor'))
  const keys: Record<string, string[]> = {
    '/v1/disputes': ['disputes', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/disputes/{id}/evidence/{evidenceId}/views': [
      'evidence-views',
      '2026-01-01T00:00:00.000000Z',
      UNKNOWN_ID,
    ],
    '/v1/liabilities': ['liabilities', '7'],
    '/v1/announcements': ['announcements', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/offers': ['offers', 'BTC/EUR', 'sell', '', '1', UNKNOWN_ID],
    '/v1/prices': ['prices', '1', 'BTC'],
    '/v1/prices/{symbol}/history': ['prices by day', '2026-01-01T00:00:00.000Z'],
    '/v1/payment-method-types': ['payment method types', 'sepa'],
    '/v1/me/blocks': ['blocks', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/me/faults': ['faults', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/me/trusted': ['trusted', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/users/{id}/ratings': ['ratings', '2026-01-01', UNKNOWN_ID],
    '/v1/admin/users/{id}/faults': ['staff-faults', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/payment-methods': ['payment-methods', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/admin/payment-methods': ['payment-method-queue', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/admin/payment-methods/duplicates': ['payment-method-duplicates', UNKNOWN_ID],
    '/v1/me/notices': ['notices', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/me/kyc-requests': ['kyc requests', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/admin/kyc-requests': ['kyc queue', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/admin/bans': ['bans', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/me/offers': ['own offers', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/trades': ['trades', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/outside-wallets': ['outside-wallets', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/past-trades': ['past-trades', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/me/unread-messages': ['unread', UNKNOWN_ID],
    '/v1/trades/{id}/messages': ['messages', 'after', '1'],
    '/v1/admin/cases/{id}/messages': ['case-messages', 'after', '1'],
    '/v1/transactions': ['transactions', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/webhooks/{id}/deliveries': ['deliveries', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/admin/audit': ['audit', '2026-01-01T00:00:00.000000Z', '1'],
    '/v1/admin/access-grants': ['access-grants', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/admin/users/{id}/trades': ['staff-trades', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
    '/v1/admin/users/{id}/transactions': ['staff-transactions', '2026-01-01T00:00:00.000000Z', UNKNOWN_ID],
  }
  assert.deepEqual(
    lists.map((one) => one.path).sort(),
    Object.keys(keys).sort(),
    'a new list: add its cursor',
  )
  for (const list of lists) {
    for (const [path, key] of Object.entries(keys)) {
      const url = `${addressOf(list)}?cursor=${encoded(key)}`
      if (path !== list.path) await refused(list, { url }, 400, 'cursor')
      // Of somebody whom the administrator may not look at there is nothing. A search of the log would leave a line.
      else if (path !== '/v1/admin/audit')
        assert.equal((await admin.get(url)).status, /\{(?:id|symbol)\}/.test(list.path) ? 404 : 200)
    }
  }
  const market = lists.find((one) => one.path === '/v1/offers')!
  const ofNothing = encoded(['offers', 'BTC/EUR', 'sell', '0.00', '1', UNKNOWN_ID])
  for (const search of [`side=buy&cursor=${encoded(keys['/v1/offers']!)}`, `cursor=${ofNothing}`])
    await refused(market, { url: `/v1/offers?${search}` }, 400, 'cursor')
})

test('tokens that are missing, malformed, unknown or ended', async () => {
  const secret = admin.token.split('.')[1] ?? ''
  const unknown = [
    `Bearer ${UNKNOWN_ID}.${secret}`,
    `Bearer ${ended}`,
    `Bearer ${admin.token.split('.')[0]}.${'A'.repeat(43)}`,
  ]
  const malformed = [
    '',
    'Bearer',
    'Bearer x',
    admin.token,
    `Basic ${admin.token}`,
    `Bearer ${admin.token}x`,
    'Bearer \u00ff',
  ]
  for (const operation of operations.filter((one) => one.path.startsWith('/v1/'))) {
    const body = operation.body === null ? undefined : sampleOf(operation.body)
    for (const authorization of malformed) await refused(operation, { body, headers: { authorization } }, 401)
    if (operation.isPublic) continue
    for (const authorization of unknown) await refused(operation, { body, headers: { authorization } }, 401)
  }
})

test('other methods are refused and the right ones named', async () => {
  for (const path of new Set(operations.map((one) => one.path))) {
    const there = operations.filter((one) => one.path === path)
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND']) {
      if (operations.some((one) => one.method === method && isAt(one, there[0]!))) continue
      await refused(there[0]!, { method }, 405)
    }
  }
})

test('idempotency keys that are empty or too long', async () => {
  for (const operation of operations) {
    if (!operation.parameters.some((one) => one.name === 'idempotency-key')) continue
    for (const key of ['', 'x'.repeat(201)]) {
      const body = sampleOf(operation.body ?? {})
      await refused(operation, { body, headers: { 'idempotency-key': key } }, 400, 'headers.idempotency-key')
    }
  }
})

test('none of all this has changed a row', async () => {
  assert.deepEqual(await checksums(market), sums)
})

/** Whether another operation's address also names this one: {id} takes the word "options", and then refuses it. */
function isAt({ path }: Operation, other: Operation): boolean {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(other.path)
}

/** The sample of an operation's body with one field set, or left out. */
function withField(operation: Operation, path: string[], value: unknown): unknown {
  const body = structuredClone(sampleOf(operation.body ?? {}))
  let object = body as Record<string, unknown>
  for (const name of path.slice(0, -1)) object = object[name] as Record<string, unknown>
  if (value === undefined) delete object[path.at(-1) ?? '']
  else object[path.at(-1) ?? ''] = value
  return body
}
