import { createHash } from 'node:crypto'
import type { CompiledQuery } from 'kysely'
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import pg from 'pg'
import type { DB } from './database-types.ts'
import { sessionOptions, withoutOptions } from './market-schema.ts'
import { Problem, problemFromDatabase, problemFromRefusal } from './problem.ts'

/** Who asks: the session named by the token, the API key, or nobody. */
export type Caller = {
  /** The session's id, or the API key's where `apiKey` says so. */
  readonly sessionId: string | null
  readonly tokenHash: Buffer | null
  readonly requestId: string
  readonly apiKey?: true
  /** The session's token came as a cookie, which a browser sends whoever asks it to. */
  readonly byCookie?: true
  /** Where the request comes from, for keys that work from some addresses only. */
  readonly address?: string | null
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** A command that asks for the same effect once only; the key comes from the Idempotency-Key header. */
export type Idempotency = { readonly key: string; readonly fingerprint: Buffer }

/** Calls one function of the database and gives its answer. Throws the `Problem` it refuses with. */
export type Call = <Answer>(text: string, values: unknown[]) => Promise<Answer>

/** Builds typed SELECTs; it is never connected, `Database.read` runs what it compiles. */
export const query = new Kysely<DB>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

const AUTHENTICATE = 'select fairlock.authenticate($1, $2, $3, $4, $5)'
/** Runs a command: operation, arguments, idempotency key and fingerprint. */
export const COMMAND = 'select fairlock.command($1, $2, $3, $4) as answer'
const RETRIES = 3
/** Deadlock, serialization failure, and a unique key that a twin of this request wrote first. */
const REPEATABLE = new Set(['40P01', '40001', '23505'])

/**
 * The application's connections. Each request is one round trip: BEGIN, who is asking, the statement and COMMIT travel
 * together (docs/decisions/0005: setting the user in a round trip of its own halves throughput), and each runs as the
 * acting person under the policies.
 */
export class Database {
  readonly pool: pg.Pool

  constructor(url: string, options: { connections?: number } = {}) {
    this.pool = new pg.Pool({
      connectionString: withoutOptions(url),
      max: options.connections ?? 16,
      pipeline: true,
      connectionTimeoutMillis: 10_000,
      // Compiling a query to machine code takes longer than any of ours: 18 s a batch were seen beside an old application.
      options: sessionOptions(
        url,
        '-c timezone=UTC -c jit=off -c statement_timeout=15000 -c idle_in_transaction_session_timeout=30000',
      ),
      application_name: 'fairlock',
    })
    // A connection that breaks while idle is replaced by the pool; without a listener the process would end.
    this.pool.on('error', () => this.lostConnections++)
    // The same for one that is just being handed out; a query under way is rejected beside that.
    this.pool.on('connect', (client) => client.on('error', () => undefined))
  }

  /** Told whose token a caller showed: the person's id, and behind a blank what their API key may ask a minute. */
  onAuthenticated: ((caller: Caller, whose: string) => void) | null = null

  /** Idle connections lost since the start, for the metrics. */
  lostConnections = 0

  /** Runs one typed SELECT as the caller. Throws `Problem` not_signed_in, unavailable. */
  async read<Row>(caller: Caller, compiled: CompiledQuery<Row>): Promise<Row[]> {
    const result = await this.#transaction(caller, compiled.sql, [...compiled.parameters])
    return result.rows as Row[]
  }

  /** Calls one function of the database as the caller and gives its answer. Throws the `Problem` it refuses with. */
  async call<Answer>(caller: Caller, text: string, values: unknown[]): Promise<Answer> {
    return answerOf(await this.#transaction(caller, text, values)) as Answer
  }

  /**
   * Runs a command function (src/http/http.sql lists them) as the caller and gives its answer. With an idempotency key
   * the first answer is given again, a refusal too. Throws the `Problem` that the command refuses with.
   */
  async command<Answer>(
    caller: Caller,
    operation: string,
    args: JsonObject,
    idempotency: Idempotency | null,
  ): Promise<Answer> {
    const values = [
      operation,
      JSON.stringify(args),
      idempotency?.key ?? null,
      idempotency?.fingerprint ?? null,
    ]
    return this.call(caller, COMMAND, values)
  }

  /**
   * One transaction of several calls, for what is too large for one: `work` gets a function that makes them, one after
   * the other. A refusal ends it and is kept, an error takes everything back. It is not repeated. Throws `Problem`.
   */
  async steps<T>(caller: Caller, work: (call: Call) => Promise<T>): Promise<T> {
    const client = await this.pool.connect()
    let broken: Error | undefined
    try {
      await Promise.all([
        client.query('begin'),
        client.query({ name: 'authenticate', text: AUTHENTICATE, values: authenticationOf(caller) }),
      ])
      const result = await work(
        async <A>(text: string, values: unknown[]) =>
          answerOf(await client.query({ name: nameOf(text), text, values })) as A,
      )
      await commit(client)
      return result
    } catch (error) {
      if (error instanceof Problem) await commit(client)
      else if (error instanceof pg.DatabaseError) await client.query('rollback')
      else broken = error instanceof Error ? error : new Error('a transaction was broken off')
      throw problemFromDatabase(error) ?? error
    } finally {
      client.release(broken)
    }
  }

  /**
   * Reads more than fits into memory: `work` is given a connection in a read-only transaction of one snapshot as the
   * person, under the policies, and gives what it reads piece by piece. Whoever stops listening, or stops taking pieces
   * for as long as `patience` says, gives the connection back. Throws `Problem` unavailable.
   */
  async *stream<Piece>(
    person: string,
    patience: { seconds: number },
    work: (client: Pick<pg.ClientBase, 'query'>) => AsyncIterable<Piece>,
  ): AsyncGenerator<Piece, void, undefined> {
    const client = await this.pool.connect()
    let broken: Error | undefined
    let isOver = false
    try {
      await Promise.all([
        client.query('begin isolation level repeatable read read only'),
        client.query(
          `select set_config('fairlock.user_id', $1, true),
             set_config('idle_in_transaction_session_timeout', $2, true)`,
          [person, `${patience.seconds}s`],
        ),
      ])
      yield* work(client)
      await commit(client)
      isOver = true
    } catch (error) {
      if (!(error instanceof pg.DatabaseError))
        broken = error instanceof Error ? error : new Error('a reading was broken off')
      throw problemFromDatabase(error) ?? error
    } finally {
      // Also where the reader left in the middle.
      if (!isOver && broken === undefined) broken = await undone(client)
      client.release(broken)
    }
  }

  async close(): Promise<void> {
    await this.pool.end()
  }

  async #transaction(caller: Caller, text: string, values: unknown[]): Promise<pg.QueryResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(caller, text, values)
      } catch (error) {
        const code = error instanceof pg.DatabaseError ? error.code : undefined
        if (attempt < RETRIES && code !== undefined && REPEATABLE.has(code)) continue
        throw problemFromDatabase(error) ?? error
      }
    }
  }

  async #attempt(caller: Caller, text: string, values: unknown[]): Promise<pg.QueryResult> {
    const client = await this.pool.connect()
    let broken: Error | undefined
    try {
      const sent = [
        client.query('begin'),
        client.query({
          name: 'authenticate',
          text: AUTHENTICATE,
          values: authenticationOf(caller),
        }),
        client.query({ name: nameOf(text), text, values }),
        client.query('commit'),
      ]
      const settled = await Promise.allSettled(sent)
      const failed = settled.find((one) => one.status === 'rejected')
      if (failed) {
        if (!(failed.reason instanceof pg.DatabaseError)) broken = failed.reason
        throw failed.reason
      }
      const [, authenticated, result, commit] = settled.map(
        (one) => (one as PromiseFulfilledResult<pg.QueryResult>).value,
      )
      if (commit?.command !== 'COMMIT') throw new Error('the transaction was not committed')
      const whose = authenticated?.rows[0]?.authenticate as string | null
      if (whose !== null) this.onAuthenticated?.(caller, whose)
      return result!
    } finally {
      client.release(broken)
    }
  }
}

/** Makes the idempotency of a request from its header and everything that it asks for. */
export function idempotency(
  key: string | undefined,
  operation: string,
  args: JsonObject,
): Idempotency | null {
  if (key === undefined) return null
  return {
    key,
    fingerprint: createHash('sha256').update(operation).update('\0').update(canonical(args)).digest(),
  }
}

async function commit(client: pg.PoolClient): Promise<void> {
  const { command } = await client.query('commit')
  if (command !== 'COMMIT') throw new Error('the transaction was not committed')
}

/** Takes a transaction back; the error where the connection does not answer any more. */
async function undone(client: pg.PoolClient): Promise<Error | undefined> {
  const [rolledBack] = await Promise.allSettled([client.query('rollback')])
  return rolledBack.status === 'rejected' ? new Error('the connection is lost') : undefined
}

function authenticationOf(caller: Caller): unknown[] {
  const { sessionId, tokenHash, requestId, apiKey = false, address = null } = caller
  return [sessionId, tokenHash, requestId, apiKey, address]
}

function answerOf(result: pg.QueryResult): JsonObject {
  const answer = result.rows[0]?.answer as JsonObject | null | undefined
  if (answer === null || answer === undefined) throw new Error('a command gave no answer')
  if (typeof answer.refusal === 'string')
    throw problemFromRefusal(answer.refusal, answer.details as JsonObject)
  return answer
}

const names = new Map<string, string>()

/** A prepared statement's name: the hash of its text, so that a changed text is another statement. */
function nameOf(text: string): string {
  let name = names.get(text)
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('base64url').slice(0, 32)
    // Texts are built from a fixed set of routes; the bound only guards against a mistake that makes them endless.
    if (names.size > 1000) names.clear()
    names.set(text, name)
  }
  return name
}

function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const keys = Object.keys(value).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key] ?? null)}`).join(',')}}`
}
