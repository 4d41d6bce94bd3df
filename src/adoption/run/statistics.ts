import type { TableName } from '../old-tables.ts'
import type { Carrier } from './session.ts'

/** How often the counters are looked at; they are a second old themselves. */
const EVERY_MS = 1_000
/** From so many rows of a table on it matters that the planner knows of them. */
const FIRST_ROWS = 1_000

/**
 * Keeps the planner's statistics of the new tables fresh while they fill. Autovacuum looks once a minute, and until then
 * PostgreSQL plans for empty tables: 40,000 rows into a walk a batch took five times as long as the first ones.
 */
export class Statistics {
  #lookedAt = performance.now()
  #known = 0
  #walking: TableName | null = null

  /**
   * Analyses the tables that grew by a fifth since they were analysed last, and the register of what was carried when
   * it has twice as many rows of the table that is walked through. The register holds all tables' rows: 80,000 of the
   * next one are no fifth of it, and while the planner took them for none a batch of trades took six times as long.
   */
  async freshen(carrier: Carrier, walk: { table: TableName; done: number }): Promise<void> {
    if (performance.now() - this.#lookedAt < EVERY_MS) return
    this.#lookedAt = performance.now()
    if (this.#walking !== walk.table) [this.#walking, this.#known] = [walk.table, 0]
    const hasDoubled = walk.done >= Math.max(FIRST_ROWS, 2 * this.#known)
    if (hasDoubled) this.#known = walk.done
    await carrier.asOwner(async (client) => {
      if (hasDoubled) await client.query('analyze fairlock_adoption.carried')
      const { rows } = await client.query<{ name: string }>(
        `select relid::regclass::text as name from pg_stat_user_tables
         where schemaname in ('fairlock_next', 'fairlock_adoption', 'fairlock', 'ledger')
           and n_mod_since_analyze > 500 and n_mod_since_analyze > 0.2 * n_live_tup
           and pg_has_role(current_user, (select relowner from pg_class where pg_class.oid = relid), 'USAGE')`,
      )
      for (const { name } of rows) await client.query(`analyze ${name}`)
    })
  }
}
