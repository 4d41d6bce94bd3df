import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { newClient } from '../../platform/index.ts'
import { MigrationError, sqlState, transaction } from '../../platform/migrator/index.ts'

/** Conflicts that pass by themselves: serialization_failure, deadlock_detected, lock_not_available. */
const PASSING = new Set(['40001', '40P01', '55P03'])
/** The session was ended from outside and another one can be had: admin_shutdown, idle and transaction timeouts. */
const ENDED = new Set(['57P01', '57P05', '25P03', '25P04'])
const ATTEMPTS = 20

/** How often work had to be done again, and how often because of somebody else's lock. */
export type Troubles = { retries: number; lockWaits: number }

/**
 * The session that carries rows: as fairlock_engine, which sees all of them, known to the guards as the one that may
 * write what the old platform left behind. A crash may lose its last commits, together with the note that they were done.
 */
export class Carrier {
  readonly #ownerUrl: string
  #client: pg.Client | null = null
  readonly troubles: Troubles = { retries: 0, lockWaits: 0 }

  constructor(ownerUrl: string) {
    this.#ownerUrl = ownerUrl
  }

  /** Does `work` as the owner, whose tables they are; not repeated. Nothing happens before the first transaction. */
  async asOwner(work: (client: pg.Client) => Promise<void>): Promise<void> {
    const client = this.#client
    if (client === null) return
    await client.query('reset role')
    await work(client)
    await client.query('set role fairlock_engine')
  }

  /** Does `work` in a transaction, again where it lost against somebody else or its session was ended. */
  async transaction<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        this.#client ??= await this.#open()
        const client = this.#client
        return await transaction(client, () => work(client))
      } catch (error) {
        if (!(await this.#mayTryAgain(error)) || attempt >= ATTEMPTS) throw explained(error)
        await sleep(Math.min(1_000, 20 * 2 ** attempt) * (0.5 + Math.random()))
      }
    }
  }

  async end(): Promise<void> {
    const client = this.#client
    this.#client = null
    await client?.end()
  }

  async #mayTryAgain(error: unknown): Promise<boolean> {
    const state = sqlState(error) ?? ''
    if (!PASSING.has(state) && !isLost(error)) return false
    this.troubles.retries++
    if (state === '55P03' || state === '40P01') this.troubles.lockWaits++
    if (isLost(error)) {
      const lost = this.#client
      // No client yet: it was the connecting that failed, and nobody is there to connect to.
      if (lost === null) return false
      this.#client = null
      // It is lost already; that it cannot say good-bye is no news.
      lost.end().catch(() => undefined)
    }
    return true
  }

  async #open(): Promise<pg.Client> {
    const client = newClient({ connectionString: this.#ownerUrl, application_name: 'fairlock adoption' })
    await client.connect()
    // What carries rows is large and works on few: compiling it took 18 s a batch with PostgreSQL's own settings. And every
    // batch is some hundred rows by key: with old statistics the planner would rather read all that was carried so far,
    // for each batch anew.
    await client.query(
      `set jit = off; set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off;
       set random_page_cost = 1.1; set timezone = 'UTC'; set lock_timeout = '2s'; set statement_timeout = 0;
       set synchronous_commit = off; set idle_in_transaction_session_timeout = 0; set client_min_messages = warning;
       set search_path = fairlock_next, public; set role fairlock_engine;
       select set_config('fairlock.carrying', 'on', false), set_config('fairlock.operation', 'adoption', false)`,
    )
    return client
  }
}

/** Whether the session is gone, whatever the server or the network said last. */
function isLost(error: unknown): boolean {
  if (ENDED.has(sqlState(error) ?? '')) return true
  const { code, message } = error as NodeJS.ErrnoException
  if (['ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'ENOENT'].includes(code ?? '')) return true
  return /^(Connection terminated|Client has encountered a connection error|Client was closed)/.test(
    message ?? '',
  )
}

/** What to say of a lost connection, and what to do; any other error as it is. */
export function explained(error: unknown): unknown {
  const state = sqlState(error) ?? ''
  if (error instanceof MigrationError || (!isLost(error) && !['57P02', '57P03'].includes(state))) return error
  return new MigrationError(
    `The connection to PostgreSQL was lost (${(error as Error).message}). What was done stays: run the same command ` +
      'again when the server is back, and it goes on where it stopped.',
    { cause: error },
  )
}
