import { Readable } from 'node:stream'
import { sql } from 'kysely'
import { type Caller, type Database, type ErrorCode, Problem, query } from '../../platform/index.ts'
import { type ExportOptions, exportPieces } from './read.ts'

/** Each holds a connection and a snapshot for as long as it lasts, so there are few and they end. */
export type ExportLimits = {
  atOnce: number
  ofPerson: number
  /** The whole export, in seconds. */
  longest: number
  /** How long a reader may take nothing, in seconds. */
  patience: number
}
export const EXPORT_LIMITS: ExportLimits = { atOnce: 4, ofPerson: 1, longest: 900, patience: 60 }
const RETRY_SECONDS = 10

type Running = { person: string; stop: (why: string) => void }

/** The exports that this process is sending. */
export class Exports {
  /** Refusals since the start, by code, and exports that broke off after their beginning. */
  readonly refused = new Map<ErrorCode, number>()
  broken = 0
  readonly #limits: ExportLimits
  readonly #running = new Set<Running>()

  constructor(limits: Partial<ExportLimits> = {}) {
    this.#limits = { ...EXPORT_LIMITS, ...limits }
  }

  /** How many there are now. */
  get running(): number {
    return this.#running.size
  }

  /**
   * Begins the export of the caller's own movements. What goes wrong before the first rows is thrown; what goes wrong
   * after them ends the stream with an error, so that nobody takes a part for the whole. Throws `Problem`
   * not_signed_in, too_many_exports, exports_busy, unavailable.
   */
  async open(db: Database, caller: Caller, options: ExportOptions): Promise<Readable> {
    const [row] = await db.read(
      caller,
      sql<{ id: string }>`select fairlock.acting_user() as id`.compile(query),
    )
    const person = row!.id
    const { atOnce, ofPerson, longest, patience } = this.#limits
    const theirs = [...this.#running].filter((one) => one.person === person).length
    if (theirs >= ofPerson) throw this.#refusal('too_many_exports')
    if (this.running >= atOnce) throw this.#refusal('exports_busy')
    const running: Running = { person, stop: () => undefined }
    this.#running.add(running)
    const pieces = db.stream(person, { seconds: patience }, (reader) => exportPieces(reader, person, options))
    try {
      const first = await pieces.next()
      const stream = Readable.from(resumed(first, pieces), { objectMode: false })
      running.stop = (why) => stream.destroy(new Error(why))
      const tooLong = setTimeout(() => running.stop('an export took too long'), longest * 1000)
      // Before the reader can see the end, or their next export would meet this one.
      stream.once('end', () => this.#running.delete(running))
      stream.once('close', async () => {
        clearTimeout(tooLong)
        if (!stream.readableEnded) this.broken++
        // A stream that nobody has read from does not end what it would have read.
        await Promise.allSettled([pieces.return()])
        this.#running.delete(running)
      })
      return stream
    } catch (error) {
      this.#running.delete(running)
      throw error
    }
  }

  /** Ends those that are running. */
  close(): void {
    for (const { stop } of this.#running) stop('the server is closing')
  }

  #refusal(code: ErrorCode): Problem {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1)
    return new Problem(code, { retryAfter: RETRY_SECONDS })
  }
}

async function* resumed<T>(first: IteratorResult<T, void>, rest: AsyncGenerator<T, void, undefined>) {
  if (first.done) return
  yield first.value
  yield* rest
}
