import type { Caller, Database } from '../platform/index.ts'

const NOBODY: Caller = { sessionId: null, tokenHash: null, requestId: 'metrics' }

/** Open disputes by stage; `overdue`: past their ruling deadline; `unassigned`: without an arbitrator. */
export function countDisputes(db: Database): Promise<Record<string, number>> {
  return db.call(NOBODY, 'select fairlock.count_disputes() as answer', [])
}
