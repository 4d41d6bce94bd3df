import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import pg from 'pg'
import { type Market, offerBody, type Person, startMarket } from '../support/market.ts'
import { BAD_IDS, BAD_MONEY, BAD_VALUES, UNKEEPABLE } from './bad-values.ts'
import {
  type FormField,
  formOf,
  isMoney,
  type Operation,
  operationsOf,
  type Schema,
  UNKNOWN_ID,
} from './operations.ts'

// Requests made up from the schemas of the routes: mostly right, a little wrong. FUZZ_RUNS says how many, FUZZ_SEED
// repeats a run; a failure prints its seed and the smallest request that fails.
const RUNS = Number(process.env.FUZZ_RUNS ?? 400)
const SEED = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) }

let market: Market
let people: Person[]
let superuser: pg.Client
let ids: string[]

before(async () => {
  market = await startMarket()
  people = [await market.admin(), await market.person(), await market.person()]
  ids = [UNKNOWN_ID, ...people.map((one) => one.id)]
  for (const [i, maker] of people.entries()) {
    // No administrator credits themselves.
    if (i > 0) await market.credit(maker, 'BTC', '5')
    for (const side of ['sell', 'buy']) {
      const { body: offer } = await maker.post('/v1/offers', offerBody({ side }))
      const take = { amount: '0.01', paymentMethodType: 'sepa' }
      const { body: trade } = await people[(i + 1) % 3]!.post(`/v1/offers/${offer.id}/trades`, take)
      ids.push(offer.id, trade.id)
    }
  }
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

test('no request is answered with 5xx, and every refusal is a problem with a code', async () => {
  // Signing out would turn every later answer of the run into 401.
  const operations = operationsOf(market.app).filter((one) => one.path !== '/v1/auth/logout')
  const statuses = new Map<number, number>()
  const request = fc.oneof(...operations.map(requestOf))
  await fc.assert(
    fc.asyncProperty(request, fc.nat({ max: 2 }), async ({ operation, url, body, key }, asking) => {
      if (operation.path.startsWith('/v1/auth/')) await superuser.query('delete from fairlock.rate_limits')
      const form = operation.form === null ? null : formOf(fieldsOfForm(operation.form, body))
      const answer = await market.app.inject({
        method: operation.method,
        url,
        headers: {
          ...people[asking]?.headers(),
          ...(key === null ? {} : { 'idempotency-key': key }),
          ...(operation.body === null ? {} : { 'content-type': 'application/json' }),
          ...form?.headers,
        },
        ...(operation.body === null ? {} : { payload: JSON.stringify(body) ?? '' }),
        ...(form === null ? {} : { payload: form.payload }),
      })
      statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1)
      assert.ok(answer.statusCode < 500, `${operation.name}: ${answer.statusCode} ${answer.body}`)
      if (answer.statusCode < 400) return
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
      assert.equal(typeof answer.json().code, 'string')
    }),
    { numRuns: RUNS, ...SEED },
  )
  const seen = `answers by status: ${JSON.stringify([...statuses].sort())}`
  const rightOnes = [200, 201, 204].reduce((sum, status) => sum + (statuses.get(status) ?? 0), 0)
  assert.ok(
    rightOnes > RUNS / 20,
    `too few of the requests were right to reach what lies behind the schemas; ${seen}`,
  )
  if (process.env.FUZZ_RUNS !== undefined) console.log(seen)
})

test('afterwards the books balance and every wallet shows its account', async () => {
  const { rows } = await superuser.query<{ currency: string }>(
    `select currency from ledger.entries group by currency having sum(amount) <> 0
     union all
     select w.currency from crypto_wallets w join ledger.accounts a using (id) where a.balance <> w.balance
     union all
     select e.currency from crypto_escrows e left join ledger.accounts a using (id)
     where coalesce(a.balance, 0) <> case when e.status in ('funded', 'disputed') then e.amount else 0 end`,
  )
  assert.deepEqual(rows, [])
})

function requestOf(operation: Operation) {
  const path = fc
    .tuple(
      ...[...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) =>
        fuzzed(schemaOf(operation, name ?? '')),
      ),
    )
    .map((values) => {
      const rest = values.map((value) => encodeURIComponent(printable(value)))
      return operation.path.replaceAll(/\{\w+\}/g, () => rest.shift() ?? '')
    })
  const query = fc
    .record(
      Object.fromEntries(
        operation.parameters.filter((one) => one.in === 'query').map((one) => [one.name, fuzzed(one.schema)]),
      ),
      { requiredKeys: [] },
    )
    .map((values) =>
      Object.entries(values).map(([name, value]) => `${name}=${encodeURIComponent(printable(value))}`),
    )
  return fc.record({
    operation: fc.constant(operation),
    url: fc
      .tuple(path, query)
      .map(([there, asked]) => (asked.length === 0 ? there : `${there}?${asked.join('&')}`)),
    body: fuzzedBody(operation),
    key: mostly(fc.constant(null), mostly(fc.uuid(), fc.constantFrom('a', 'x'.repeat(200)))),
  })
}

function fuzzedBody({ body, form }: Operation): fc.Arbitrary<unknown> {
  const schema = body ?? form
  return schema === null ? fc.constant(undefined) : fuzzed(schema)
}

/** What was made up for a form, as its fields: what should be a file mostly is one. */
function fieldsOfForm(form: Schema, made: unknown): FormField[] {
  if (typeof made !== 'object' || made === null) return []
  return Object.entries(made).map(([name, value]) => {
    const isFile = form.properties?.[name]?.format === 'binary' && typeof value === 'string'
    return [JSON.stringify(name).slice(1, -1), isFile ? Buffer.from(value) : printable(value)]
  })
}

function schemaOf(operation: Operation, name: string): Schema {
  return operation.parameters.find((one) => one.in === 'path' && one.name === name)?.schema ?? {}
}

/** Mostly what the schema allows, sometimes what nothing allows. */
function fuzzed(schema: Schema): fc.Arbitrary<unknown> {
  const wrong = fc.oneof(
    fc.constantFrom<unknown>(...BAD_VALUES, ...UNKEEPABLE, ...BAD_MONEY, ...BAD_IDS),
    fc.jsonValue(),
  )
  return mostly(allowed(schema), wrong, 30)
}

function mostly<T, U>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<U>, times = 6): fc.Arbitrary<T | U> {
  return fc.oneof({ weight: times, arbitrary: usual }, { weight: 1, arbitrary: other })
}

function allowed(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(fuzzed))
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (isMoney(schema)) {
    return mostly(fc.constantFrom('0.01', '0.1', '1'), fc.stringMatching(/^-?[1-9]\d{0,11}(\.\d{1,8})?$/))
  }
  if (schema.format === 'uuid') return fc.nat().map((n) => ids[n % ids.length])
  if (schema.format === 'date-time') {
    const any = fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
    return mostly(fc.constant('2100-01-01T00:00:00+01:00'), any)
  }
  if (schema.pattern?.startsWith('^(?:(?:[01]')) return fc.constantFrom('09:00', '17:30', '24:00')
  if (schema.examples) return fc.constantFrom(...schema.examples)
  if (schema.format === 'email') return fc.emailAddress()
  switch (schema.type) {
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(
        ([name, inner]) => [name, fuzzed(inner)] as const,
      )
      return fc.record(Object.fromEntries(fields), { requiredKeys: schema.required ?? [] })
    }
    case 'array':
      return fc.uniqueArray(fuzzed(schema.items ?? {}), { maxLength: 4, minLength: 1 })
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 2_147_483_647 })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    default:
      return schema.pattern
        ? fc.stringMatching(new RegExp(schema.pattern))
        : fc.string({ unit: 'binary', minLength: 1, maxLength: 60 })
  }
}

function printable(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.toWellFormed().slice(0, 300)
}
