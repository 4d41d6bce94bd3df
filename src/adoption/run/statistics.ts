import type { Carrier } from './session.ts'

/** How often the counters are looked at; they are a second old themselves. */
const EVERY_MS = 1_000

/**
 * Keeps the planner's statistics of the new tables fresh while they fill. Autovacuum looks once a minute, and until then
 * PostgreSQL plans for empty tables: 40,000 rows into a walk a batch took five times as long as the first ones.
 */
export class Statistics {
  #lookedAt = performance.now()

  /** Analyses the tables that grew by a fifth since they were analysed last. */
  async freshen(carrier: Carrier): Promise<void> {
    if (performance.now() - this.#lookedAt < EVERY_MS) return
    this.#lookedAt = performance.now()
    await carrier.asOwner(async (client) => {
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
