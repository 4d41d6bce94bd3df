import { setTimeout as sleep } from 'node:timers/promises'
import { openSession, type Session } from '../../platform/migrator/index.ts'
import type { OldTable } from '../old-tables.ts'

const EVERY_MS = 20
const WINDOW_MS = 3_000
/** Below so many answers the slowest is chance. */
const ENOUGH = 40

/**
 * Asks the old database something small on a connection of its own, fifty times a second: what it waits, the old
 * application waits.
 */
export class Probe {
  readonly #samples: { at: number; ms: number }[] = []
  readonly #stopping = new AbortController()
  readonly #ended: Promise<void>
  readonly #session: Session

  private constructor(session: Session, table: OldTable, keys: string[]) {
    this.#session = session
    this.#ended = this.#run(table, keys)
  }

  /** Starts asking for rows of the first of the tables that has any. */
  static async start(ownerUrl: string, tables: OldTable[]): Promise<Probe> {
    const session = await openSession(ownerUrl)
    for (const table of tables) {
      const { rows } = await session.query<{ key: string }>(
        `select ${table.key}::text as key from ${table.relation} limit 200`,
      )
      if (rows.length > 0)
        return new Probe(
          session,
          table,
          rows.map(({ key }) => key),
        )
    }
    return new Probe(session, tables[0]!, [])
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
        await this.#session.query('select 1')
      } catch {
        // The connection is gone: without answers the pace stays what it is, and the runner meets the same trouble.
        return
      }
      const ms = performance.now() - began
      this.#samples.push({ at: performance.now(), ms })
      await sleep(Math.max(1, EVERY_MS - ms), undefined, { signal }).catch(() => undefined)
    }
  }
}
