import { hash } from '@node-rs/argon2'
import pino from 'pino'
import { buildApp } from '../../src/http/index.ts'
import { SignInLimits } from '../../src/identity/index.ts'
import { Live, type LiveOptions, Outside } from '../../src/notifications/index.ts'
import { type App, asEngine, Database, loadConfig } from '../../src/platform/index.ts'
import { keyringInForce, Sealer } from '../../src/platform/sealing/index.ts'
import type { Exports } from '../../src/wallets/index.ts'
import { signUp } from './people.ts'
import { type TestDatabase, testDatabase } from './server.ts'

export type Json = { [key: string]: unknown }
// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely, the assertions say what they must be
export type Answer = { status: number; body: any; headers: Headers }

/** A running API on a database of its own, with real HTTP, and people to act in it. */
export type Market = {
  url: string
  database: TestDatabase
  db: Database
  sealer: Sealer
  app: App
  /** Registers somebody new; the name is made unique. */
  person(name?: string): Promise<Person>
  /** An administrator. */
  admin(): Promise<Person>
  /** Puts coins into a wallet. */
  credit(person: Person, currency: string, amount: string): Promise<void>
  stop(): Promise<void>
}

export class Person {
  readonly id: string
  readonly email: string
  readonly token: string
  readonly #url: string

  constructor(url: string, id: string, email: string, token: string) {
    this.#url = url
    this.id = id
    this.email = email
    this.token = token
  }

  get = (path: string) => call(this.#url, 'GET', path, undefined, this.headers())
  post = (path: string, body?: unknown, key?: string) =>
    call(this.#url, 'POST', path, body, {
      ...this.headers(),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    })
  patch = (path: string, body: unknown) => call(this.#url, 'PATCH', path, body, this.headers())
  put = (path: string, body: unknown) => call(this.#url, 'PUT', path, body, this.headers())
  delete = (path: string) => call(this.#url, 'DELETE', path, undefined, this.headers())
  headers = () => ({ authorization: `Bearer ${this.token}` })
}

/** One HTTP request; the body is sent as JSON, a string as it is. */
export async function call(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  const response = await fetch(url + path, { method, headers: { ...type, ...headers }, ...sent })
  const contentType = response.headers.get('content-type') ?? ''
  const isJson = /json/.test(contentType)
  // A stream of events goes on for ever; that it began is the answer.
  const isEndless = contentType.startsWith('text/event-stream')
  if (isEndless) await response.body?.cancel()
  const text = isEndless ? '' : await response.text()
  return {
    status: response.status,
    body: isJson && text !== '' ? JSON.parse(text) : text,
    headers: response.headers,
  }
}

/** Where every name leads, so that no test asks a name server. */
const PUBLIC_ADDRESS = '93.184.215.14'

/** A keyring of one key that everybody may know. */
export const TEST_KEYS = { TEST_KEYRING: `test-key=${Buffer.alloc(32, 7).toString('base64')}` }

/**
 * A password that is hard to guess and quickly judged: in 1 ms, where one in which something comes twice in a row takes
 * 20, because zxcvbn then compares what is repeated with every word it knows.
 */
export function passwordOf(name: string): string {
  return `four quiet words of ${name}`.replace(/(.+?)(?=\1)/g, '$1-')
}

/**
 * Starts a market. Background work does not run: tests call what it would call. Streams of events end at once unless a
 * test says how long they last, so that tests of every call need not know of them.
 */
export async function startMarket(
  options: {
    connections?: number
    keyring?: string
    outside?: Outside
    streams?: LiveOptions['timing']
    compileAtOnce?: boolean
    exports?: Exports
    /** Another database than a clone of the template. */
    database?: TestDatabase
  } = {},
): Promise<Market> {
  const database = options.database ?? (await testDatabase())
  const db = new Database(database.appUrl, { connections: options.connections ?? 10 })
  const config = loadConfig({ FAIRLOCK_KEYRING: options.keyring ?? 'env:TEST_KEYRING' })
  const keyring = await keyringInForce(config, database.ownerUrl, TEST_KEYS)
  const sealer = new Sealer(db, keyring)
  const app = await buildApp({
    db,
    sealer,
    limits: new SignInLimits(db.pool),
    log: pino({ level: process.env.LOG_LEVEL ?? 'fatal' }),
    trustProxy: false,
    metricsToken: null,
    jobs: () => null,
    compileAtOnce: options.compileAtOnce ?? false,
    ...(options.exports === undefined ? {} : { exports: options.exports }),
    outside: options.outside ?? new Outside({ lookup: async () => [PUBLIC_ADDRESS] }),
    live: new Live({ db, url: database.appUrl, timing: { longestMs: 20, ...options.streams } }),
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  let people = 0
  let administrator: Promise<Person> | undefined
  const person = async (name = 'person') => {
    const unique = `${name}_${++people}`
    const email = `${unique}@example.org`
    const passwordHash = await hash(passwordOf(unique), QUICK)
    const [made] = await signUp(db, [{ email, name: unique, passwordHash }])
    return new Person(url, made!.id, email, made!.token)
  }
  const admin = () => {
    administrator ??= person('admin').then(async (one) => {
      await asEngine(database.ownerUrl, (client) =>
        client.query(`select fairlock.set_staff_role($1, 'admin', true)`, [one.id]),
      )
      return one
    })
    return administrator
  }
  return {
    url,
    database,
    db,
    sealer,
    app,
    person,
    admin,
    async credit(to, currency, amount) {
      const done = await (await admin()).post('/v1/admin/adjustments', {
        userId: to.id,
        currency,
        amount,
        reason: 'test deposit',
      })
      if (done.status !== 201) throw new Error(`could not credit: ${JSON.stringify(done.body)}`)
    },
    async stop() {
      await app.close()
      sealer.close()
      await db.close()
      await database.drop()
    },
  }
}

/** The least that argon2 takes. What a hash was made with is part of it, so people sign in with it as with any. */
const QUICK = { algorithm: 2, memoryCost: 8, timeCost: 1, parallelism: 1 }

/** An offer's body; what a test does not care about has sound values. */
export function offerBody(changes: Json = {}): Json {
  return {
    side: 'sell',
    pair: 'BTC/EUR',
    pricing: { type: 'fixed', price: '60000' },
    totalAmount: '1',
    minAmount: '0.001',
    maxAmount: '1',
    paymentMethodTypes: ['sepa', 'revolut'],
    paymentWindowMinutes: 30,
    ...changes,
  }
}
