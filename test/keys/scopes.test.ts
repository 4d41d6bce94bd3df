import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { JsonObject } from '../../src/platform/index.ts'
import { addressOf, type Operation, operationsOf, sampleOf } from '../http/operations.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'
import { type KeyHolder, makeKey } from './support.ts'

// Every call that changes something says which scope a key needs for it, and the database holds it to that.

let market: Market
let person: Person
let reader: KeyHolder
let trader: KeyHolder
let withdrawer: KeyHolder
let changes: Operation[]
before(async () => {
  market = await startMarket()
  person = await market.person()
  const addresses = ['127.0.0.0/8']
  reader = await makeKey(person, market.url, { scopes: ['read'] })
  trader = await makeKey(person, market.url, { scopes: ['trade'] })
  withdrawer = await makeKey(person, market.url, { scopes: ['withdraw'], addresses })
  changes = operationsOf(market.app).filter(({ method, isPublic }) => method !== 'GET' && !isPublic)
})
after(() => market?.stop())

test('every call that changes something says which scope it needs', () => {
  const silent = changes.filter(({ scope }) => scope === undefined).map(({ name }) => name)
  assert.deepEqual(silent, [], 'write config: { scope } into the route: trade, withdraw or session')
})

test('a key without the scope, or for what no key may do, is refused', async () => {
  const holders: Record<string, KeyHolder> = { read: reader, trade: trader, withdraw: withdrawer }
  for (const operation of changes) {
    const { scope } = operation
    for (const [has, holder] of Object.entries(holders)) {
      const body = operation.body === null ? undefined : sampleOf(operation.body)
      const { status, body: answer } = await holder.ask(operation.method, addressOf(operation), body)
      const refusal = scope === 'session' ? 'session_only' : scope === has ? null : 'scope_missing'
      const about = `${operation.name} by a key that may ${has}: ${answer.code}`
      if (refusal === null) assert.ok(!['session_only', 'scope_missing'].includes(answer.code), about)
      else assert.deepEqual([status, answer.code], [403, refusal], about)
    }
  }
})

test('the routes and the database say the same about every command', async () => {
  const commands = new Map<string, Operation>()
  const { command } = market.db
  let asked: Operation
  market.db.command = async <T>(caller: never, operation: string, args: JsonObject, idempotency: never) => {
    // What proves a factor comes along with other commands, and is for sessions whatever those are for.
    if (operation !== 'prove_factor') commands.set(operation, asked)
    return command.call(market.db, caller, operation, args, idempotency) as Promise<T>
  }
  try {
    for (const operation of changes.filter(({ path }) => path !== '/v1/auth/logout')) {
      asked = operation
      const { method } = operation
      const payload = operation.body === null ? {} : { payload: sampleOf(operation.body) as object }
      await market.app.inject({ method, url: addressOf(operation), headers: person.headers(), ...payload })
    }
  } finally {
    market.db.command = command
  }
  assert.ok(commands.size > 8, 'the sample bodies reach the commands')
  for (const [operation, { name, scope }] of commands) {
    const { rows } = await market.db.pool.query(
      `select prosrc ~ ('''' || $1 || '''') as named from pg_proc where proname = 'scope_of'`,
      [operation],
    )
    assert.equal(rows[0].named, scope !== 'session', `${operation} of ${name}`)
  }
})
