import { type Caller, type Database, newId, Problem } from '../platform/index.ts'

/** How many of each one run looks at; the rest is for the next, seconds later. */
const BATCH = 100
/** The refusals that say that somebody else, or another worker, was quicker. */
const IN_TIME = new Set([
  'move_not_allowed',
  'deadline_not_reached',
  'disputed_already',
  'dispute_stage',
  'dispute_over',
])

/** What is due, by the function that does it. */
const WORK = {
  unreleased: 'fairlock.open_overdue_dispute',
  unappealed: 'fairlock.settle_due_ruling',
  overdue: 'fairlock.escalate_dispute',
  unassigned: 'fairlock.assign_due_dispute',
} as const
type Due = Record<keyof typeof WORK, string[]>

/**
 * Opens the disputes of trades whose release window is over, settles rulings that nobody appealed, tells administrators
 * of overdue ones, and assigns what has no arbitrator. Each in a transaction of its own, decided again under its lock.
 * Returns how many it did; throws at the end, when the others are done, if some could not be.
 */
export async function tendDisputes(db: Database): Promise<number> {
  const caller: Caller = { sessionId: null, tokenHash: null, requestId: `clock ${newId()}` }
  const due = await db.call<Due>(caller, 'select fairlock.due_disputes($1) as answer', [BATCH])
  let done = 0
  const failures: unknown[] = []
  for (const kind of ['unreleased', 'unappealed', 'overdue', 'unassigned'] as const) {
    for (const id of due[kind]) {
      try {
        await db.call(caller, `select ${WORK[kind]}($1) as answer`, [id])
        done++
      } catch (error) {
        if (error instanceof Problem && error.code === 'unavailable') throw error
        if (!(error instanceof Problem && IN_TIME.has(error.code))) failures.push(error)
      }
    }
  }
  if (failures.length === 0) return done
  throw new AggregateError(failures, `${failures.length} disputes could not be tended`)
}
