import type { Database } from '../platform/index.ts'

/** Makes the partitions of the coming days and months, and drops those that are no longer kept. */
export async function tendPriceHistory(db: Database): Promise<void> {
  await db.pool.query('select fairlock.tend_price_history()')
}

/** For the metrics. */
export type PriceHistoryState = {
  /** Seconds since the newest minute's last price; null where there is none. */
  ageSeconds: number | null
  /** Partitions that are there already for days of minutes and months of hours to come. */
  daysAhead: number
  monthsAhead: number
  /** Rows that no partition was there for, and coins whose value a column of crypto_prices cannot hold. */
  unopened: number
  notFitting: number
}

export async function readPriceHistory(db: Database): Promise<PriceHistoryState> {
  const nobody = { sessionId: null, tokenHash: null, requestId: 'metrics' }
  return db.call(nobody, 'select fairlock.price_history_state() as answer', [])
}
