/** Sizes that were found to leave an old application alone: 10 million rows beside 200 requests a second. */
const USUAL = { rows: 500, pauseMs: 20 }
const SLOWEST = { rows: 50, pauseMs: 1_000 }
/** A batch that takes longer than this holds its locks for too long. */
const LONGEST_BATCH_MS = 100
/** Below this the clock, this program's own work and a single slow commit are what is measured. */
const QUICK_MS = 4
/** It gives way at less than the doubled p99 that is promised: the probe asks less than a request of the old application. */
const TOO_SLOW = 1.5
const QUICK_AGAIN = 1.2
/** One change at a time: what was slow before it says nothing of the new pace, and a p99 needs a hundred answers. */
const BETWEEN_CHANGES_MS = 2_000
/** Who goes as slowly as this for so long and helps nobody is not what makes the old application slow. */
const IN_VAIN_MS = 10_000

/**
 * How much is carried at a time and how long the pause after it is. It gives way when the old application's answers take
 * half as long again as before, and comes back slowly when they are quick again, or when its giving way changes nothing.
 */
export class Throttle {
  rows = USUAL.rows
  pauseMs = USUAL.pauseMs
  readonly #baselineMs: number
  readonly #maxRate: number | undefined
  readonly #now: () => number
  #changedAt = Number.NEGATIVE_INFINITY
  #slowestSince: number | null = null
  /** What is taken for the old application's own pace: more than at first while others keep it busy. */
  #usualMs: number

  constructor(options: {
    baselineMs: number
    /** The p99 above which it gives way, instead of what follows from the baseline. */
    maxP99Ms?: number | undefined
    /** Rows a second, at most. */
    maxRate?: number | undefined
    now?: () => number
  }) {
    this.#baselineMs =
      options.maxP99Ms === undefined ? Math.max(QUICK_MS, options.baselineMs) : options.maxP99Ms / TOO_SLOW
    this.#usualMs = this.#baselineMs
    this.#maxRate = options.maxRate
    this.#now = options.now ?? (() => performance.now())
    if (options.maxRate !== undefined) this.rows = Math.max(1, Math.min(this.rows, options.maxRate))
  }

  /** Since when it goes at this pace: what the probe measured before is not of it. */
  get since(): number {
    return this.#changedAt
  }

  /** Takes note of a batch and says how long to pause after it. */
  after(batch: { rows: number; ms: number; p99Ms: number | null }): number {
    this.#adjust(batch.ms, batch.p99Ms ?? 0)
    const owed = this.#maxRate === undefined ? 0 : (batch.rows * 1_000) / this.#maxRate - batch.ms
    return Math.max(this.pauseMs, owed)
  }

  #adjust(ms: number, p99Ms: number): void {
    if (ms > LONGEST_BATCH_MS) this.rows = within(this.rows * Math.max(0.5, LONGEST_BATCH_MS / ms))
    if (this.#now() - this.#changedAt < BETWEEN_CHANGES_MS) return
    if (p99Ms < TOO_SLOW * this.#baselineMs) this.#usualMs = this.#baselineMs
    if (p99Ms > TOO_SLOW * this.#usualMs) {
      this.pauseMs = Math.min(SLOWEST.pauseMs, this.pauseMs * 2)
      this.rows = within(this.rows / 2)
      if (this.#isInVain()) this.#usualMs = p99Ms
    } else if (p99Ms < QUICK_AGAIN * this.#usualMs) {
      this.pauseMs = Math.max(USUAL.pauseMs, this.pauseMs * 0.6)
      if (ms < 0.8 * LONGEST_BATCH_MS) this.rows = within(this.rows * 1.5)
      this.#slowestSince = null
    } else {
      return
    }
    this.#changedAt = this.#now()
    if (this.#maxRate !== undefined) this.rows = Math.max(1, Math.min(this.rows, this.#maxRate))
  }

  #isInVain(): boolean {
    if (this.pauseMs < SLOWEST.pauseMs || this.rows > SLOWEST.rows) return false
    this.#slowestSince ??= this.#now()
    return this.#now() - this.#slowestSince > IN_VAIN_MS
  }
}

function within(rows: number): number {
  return Math.round(Math.min(USUAL.rows, Math.max(SLOWEST.rows, rows)))
}
