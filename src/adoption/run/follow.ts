import type { Database } from '../../platform/index.ts'
import { Ended } from './backfill.ts'
import { drain } from './drain.ts'
import { Carrier } from './session.ts'
import { Throttle } from './throttle.ts'

/** How long a run of the background task may take. */
const LONGEST_MS = 2_000
/** How soon a take-over that began meanwhile is noticed. */
const LOOK_AGAIN_MS = 15_000

/** Carries what the old application writes while a Fairlock serves beside it. */
export class Follower {
  readonly #ownerUrl: string
  readonly #db: Database
  readonly #throttle = new Throttle({ baselineMs: 0 })
  #carrier: Carrier | null = null
  #lookAt = 0

  constructor(ownerUrl: string, db: Database) {
    this.#ownerUrl = ownerUrl
    this.#db = db
  }

  /** Works off the marks that are there; where nothing is taken over it only looks now and then. */
  async run(): Promise<void> {
    if (performance.now() < this.#lookAt) return
    if (!(await this.#isTakenOver())) {
      this.#lookAt = performance.now() + LOOK_AGAIN_MS
      await this.stop()
      return
    }
    this.#carrier ??= new Carrier(this.#ownerUrl)
    const signal = AbortSignal.timeout(LONGEST_MS)
    try {
      await drain({ carrier: this.#carrier, throttle: this.#throttle, probe: null, signal })
    } catch (error) {
      if (!(error instanceof Ended)) throw error
    }
  }

  async stop(): Promise<void> {
    const carrier = this.#carrier
    this.#carrier = null
    await carrier?.end()
  }

  /** The triggers are there from the way up to the way down or the contract; the catalog says so to everybody. */
  async #isTakenOver(): Promise<boolean> {
    const { rowCount } = await this.#db.pool.query(
      `select from pg_proc join pg_namespace on pg_namespace.oid = pronamespace
       where nspname = 'fairlock_adoption' and proname = 'mark_users'`,
    )
    return rowCount !== 0
  }
}
