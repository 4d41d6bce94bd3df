import { setTimeout as sleep } from 'node:timers/promises'
import { pause } from '../../platform/index.ts'
import { openSession, type Session } from '../../platform/migrator/index.ts'
import type { OldTable } from '../old-tables.ts'

const EVERY_MS = 20
/** One question in so many is a commit that has to reach the disk: ten a second. */
const COMMIT_EVERY = 5
/** An empty message in the write-ahead log: a commit like the old application's, and no row that would have to be kept. */
const COMMIT = `select pg_logical_emit_message(true, 'fairlock', '')`
const WINDOW_MS = 3_000
/** Below so many answers the slowest is chance. */
const ENOUGH = 40

/**
 * Asks the old database something small on a connection of its own, fifty times a second: what it waits, the old
 * application waits. Some questions are commits: where the disk is slow the old application waits for the log that the
 * carried rows have filled, while whoever only reads feels nothing (p99 of 400 ms beside 6 ms, PostgreSQL 15).
 */
export class Probe {
  readonly #samples: { at: number; ms: number }[] = []
  readonly #stopping = new AbortController()
  readonly #ended: Promise<void>
  readonly #session: Session

  readonly #mayCommit: boolean

  private constructor(session: Session, table: OldTable, keys: string[], mayCommit: boolean) {
    this.#session = session
    this.#mayCommit = mayCommit
    this.#ended = this.#run(table, keys)
  }

  /** Starts asking for rows of the first of the tables that has any. */
  static async start(ownerUrl: string, tables: OldTable[]): Promise<Probe> {
    const session = await openSession(ownerUrl)
    const right = await session.query<{ may: boolean }>(
      // By name: since PostgreSQL 17 it takes another parameter.
      `select bool_and(has_function_privilege(oid, 'execute')) as may
       from pg_proc where proname = 'pg_logical_emit_message'`,
    )
    const mayCommit = right.rows[0]!.may
    for (const table of tables) {
      const { rows } = await session.query<{ key: string }>(
        `select ${table.key}::text as key from ${table.relation} limit 200`,
      )
      if (rows.length > 0)
        return new Probe(
          session,
          table,
          rows.map(({ key }) => key),
          mayCommit,
        )
    }
    return new Probe(session, tables[0]!, [], mayCommit)
  }

  /**
   * The slowest of a hundred answers of the last seconds, or since a moment of the monotonic clock, in milliseconds; null
   * while there are too few.
   */
  p99(since = Number.NEGATIVE_INFINITY): number | null {
    const oldest = performance.now() - WINDOW_MS
    while (this.#samples.length > 0 && this.#samples[0]!.at < oldest) this.#samples.shift()
    const sorted = this.#samples
      .filter(({ at }) => at >= since)
      .map(({ ms }) => ms)
      .sort((a, b) => a - b)
    if (sorted.length < ENOUGH) return null
    return sorted[Math.ceil(sorted.length * 0.99) - 1]!
  }

  /** Listens before anything has started: what the p99 is compared with later. */
  async baseline(forMs = WINDOW_MS): Promise<number> {
    await sleep(forMs)
    return this.p99() ?? 0
  }

  /** Forgets what was measured: from here on something else is at work. */
  forget(): void {
    this.#samples.length = 0
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#ended
    await this.#session.end()
  }

  async #run(table: OldTable, keys: string[]): Promise<void> {
    const signal = this.#stopping.signal
    const lookup = `select 1 from ${table.relation} where ${table.key} = $1`
    for (let i = 0; !signal.aborted; i++) {
      const began = performance.now()
      try {
        await this.#session.query(lookup, [keys.length > 0 ? keys[i % keys.length] : null])
        await this.#session.query(this.#mayCommit && i % COMMIT_EVERY === 0 ? COMMIT : 'select 1')
      } catch {
        // The connection is gone: without answers the pace stays what it is, and the runner meets the same trouble.
        return
      }
      const ms = performance.now() - began
      this.#samples.push({ at: performance.now(), ms })
      await pause(Math.max(1, EVERY_MS - ms), signal)
    }
  }
}
