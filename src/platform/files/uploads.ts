import type { ErrorCode } from '../errors.ts'
import { Problem } from '../problem.ts'

/** One person uploads so many files at once. */
const MOST_OF_PERSON = 2
const RETRY_SECONDS = 5

/** How slowly a file may come: after the first seconds so many bytes a second on the average. */
export type Slowest = { readonly afterSeconds: number; readonly bytesPerSecond: number }
const SLOWEST: Slowest = { afterSeconds: 10, bytesPerSecond: 32 * 1024 }

/** Counts what this process takes in at this moment, which is what bounds its memory, and what it refused. */
export class Uploads {
  readonly refused = new Map<ErrorCode, number>()
  readonly #most: number
  readonly #running = new Map<string, number>()

  readonly slowest: Slowest

  constructor(most: number, slowest: Slowest = SLOWEST) {
    this.#most = most
    this.slowest = slowest
  }

  /** How many there are now. */
  get running(): number {
    return this.#running.values().reduce((sum, count) => sum + count, 0)
  }

  /** Takes in one upload of a person. Throws `Problem` too_many_uploads, uploads_busy. */
  async admit<T>(person: string, work: () => Promise<T>): Promise<T> {
    const theirs = this.#running.get(person) ?? 0
    if (theirs >= MOST_OF_PERSON) throw new Problem('too_many_uploads', { retryAfter: RETRY_SECONDS })
    if (this.running >= this.#most) throw new Problem('uploads_busy', { retryAfter: RETRY_SECONDS })
    this.#running.set(person, theirs + 1)
    try {
      return await work()
    } finally {
      const left = this.#running.get(person)! - 1
      if (left === 0) this.#running.delete(person)
      else this.#running.set(person, left)
    }
  }

  countRefusal(code: ErrorCode): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1)
  }
}
