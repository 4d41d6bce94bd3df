import type { Caller, Database } from '../platform/index.ts'
import { newId, Problem } from '../platform/index.ts'

/** How many overdue trades one run looks at; the rest is for the next, seconds later. */
const BATCH = 200
/** The refusals that say that somebody else, or another worker, was quicker. */
const IN_TIME = new Set(['move_not_allowed', 'deadline_not_reached'])

/**
 * Ends the trades whose deadline has passed, each in a transaction of its own, decided again under its lock: two
 * workers at once, a restart in the middle, or a person who was in time do no harm. Returns how many it ended; throws
 * at the end, when the others are done, if some could not be.
 */
export async function expireTrades(db: Database): Promise<number> {
  const caller: Caller = { sessionId: null, tokenHash: null, requestId: `clock ${newId()}` }
  const { ids } = await db.call<{ ids: string[] }>(
    caller,
    `select jsonb_build_object('ids', coalesce(jsonb_agg(id), '[]')) as answer from fairlock.overdue_trades($1) id`,
    [BATCH],
  )
  let ended = 0
  const failures: unknown[] = []
  for (const id of ids) {
    try {
      await db.call(caller, 'select fairlock.expire_trade($1) as answer', [id])
      ended++
    } catch (error) {
      if (error instanceof Problem && error.code === 'unavailable') throw error
      if (!(error instanceof Problem && IN_TIME.has(error.code))) failures.push(error)
    }
  }
  if (failures.length === 0) return ended
  throw new AggregateError(failures, `${failures.length} of ${ids.length} overdue trades could not be ended`)
}
