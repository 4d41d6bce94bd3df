import { setTimeout as sleep } from 'node:timers/promises'
import { rollUp } from '../../src/ledger/index.ts'
import { countDays } from '../../src/operations/index.ts'
import type { Database } from '../../src/platform/index.ts'

/**
 * Adds up the days of trading, by so many workers at once, until nothing is left. Transactions of other tests on the same
 * server hold the ledger's mark back until they end.
 */
export async function countAllDays(db: Database, workers = 1): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    await rollUp(db)
    await Promise.all(Array.from({ length: workers }, () => countDays(db)))
    const { rows } = await db.pool.query<{ behind: number }>(
      `select (fairlock.reports_state() ->> 'entriesBehind')::integer as behind`,
    )
    if (rows[0]?.behind === 0) return
    await sleep(50)
  }
  throw new Error('the days were not added up')
}
