import type { Caller, Database } from '../../platform/index.ts'

const NOBODY: Caller = { sessionId: null, tokenHash: null, requestId: 'metrics' }

/** How many broken glasses show something now, and how many nobody has reviewed. */
export function countBreakGlass(db: Database): Promise<{ open: number; unreviewed: number }> {
  return db.call(NOBODY, 'select fairlock.count_break_glass() as answer', [])
}
