import { type Caller, type Database, newId } from '../platform/index.ts'

/** One transaction takes so many pieces of news at most: some tens of milliseconds of work. */
const BATCH = 1000
/** Whoever publishes several things at once is waited for, and everybody else who publishes meanwhile. */
const GATHER_MS = 20
/** While another process dispatches: what came after its look at the outbox may be left for us. */
const BUSY_MS = 40

type Dispatched = {
  busy?: boolean
  isMore?: boolean
  setAside?: number
  told?: Record<string, number>
}

export type DispatcherOptions = {
  db: Database
  /** Told of every failure; the news stays in the outbox and is tried again. */
  onError: (error: unknown) => void
  /** Told how many pieces of news could not be told and were set aside. */
  onSetAside: (count: number) => void
}

/**
 * Tells what stands in the outbox (fairlock.dispatch). Every API process does so a moment after a request that may have
 * published something, never within one; the background work does it each second for what is left.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #caller: Caller
  /** Pieces of news told by this process since its start, by group, and those set aside. */
  readonly told = new Map<string, number>()
  setAside = 0
  #timer: NodeJS.Timeout | null = null
  #running = Promise.resolve()
  #isClosed = false
  #isAway = false

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#caller = { sessionId: null, tokenHash: null, requestId: `dispatch ${newId()}` }
  }

  /** Says that there may be news. Costs the caller nothing. */
  nudge(): void {
    this.#after(GATHER_MS)
  }

  /** Tells everything that can be seen now; throws what went wrong. True when another dispatcher was at it. */
  async run(): Promise<boolean> {
    for (;;) {
      const { busy, isMore, setAside, told } = await this.#options.db.call<Dispatched>(
        this.#caller,
        'select fairlock.dispatch($1) as answer',
        [BATCH],
      )
      if (busy) return true
      for (const [group, count] of Object.entries(told ?? {}))
        this.told.set(group, (this.told.get(group) ?? 0) + count)
      if (setAside) {
        this.setAside += setAside
        this.#options.onSetAside(setAside)
      }
      if (!isMore || this.#isClosed) return false
    }
  }

  /** Waits for the run under way and begins no other. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#running
  }

  #after(milliseconds: number): void {
    if (this.#timer || this.#isClosed) return
    this.#timer = setTimeout(() => {
      this.#running = this.#running.then(() => this.#runOnce())
    }, milliseconds)
  }

  async #runOnce(): Promise<void> {
    // Nudges that come from here on may be of news which this run no longer sees.
    this.#timer = null
    if (this.#isClosed) return
    try {
      const isBusy = await this.run()
      this.#isAway = false
      if (isBusy) this.#after(BUSY_MS)
    } catch (error) {
      // Once, not for every request while the database is away; the background work goes on trying.
      if (!this.#isAway) this.#options.onError(error)
      this.#isAway = true
    }
  }
}
