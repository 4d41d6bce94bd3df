import type { Database } from '../../platform/index.ts'

/** How the reports and the proofs of liabilities are doing. */
export type ReportsState = {
  /** Null before the first snapshot. */
  snapshotAgeSeconds: number | null
  snapshots: number
  /** Entries of the ledger that the days of trading do not contain yet. */
  entriesBehind: number
}

export async function readReportsState(db: Database): Promise<ReportsState> {
  const nobody = { sessionId: null, tokenHash: null, requestId: 'metrics' }
  return db.call(nobody, 'select fairlock.reports_state() as answer', [])
}
