import type { Caller, Database } from '../platform/index.ts'
import { newId } from '../platform/index.ts'

/** How many overdue trades one run looks at; the rest is for the next, seconds later. */
const BATCH = 200

/**
 * Ends the trades whose deadline has passed, each in a transaction of its own, decided again under its lock: two
 * workers at once, a restart in the middle, or a person who was in time do no harm. Returns how many it ended.
 */
export async function expireTrades(db: Database): Promise<number> {
  const caller: Caller = { sessionId: null, tokenHash: null, requestId: `clock ${newId()}` }
  const { ids } = await db.call<{ ids: string[] }>(
    caller,
    `select jsonb_build_object('ids', coalesce(jsonb_agg(id), '[]')) as answer from fairlock.overdue_trades($1) id`,
    [BATCH],
  )
  let ended = 0
  for (const id of ids) {
    const { refusal } = await db.call<{ refusal: string | null }>(
      caller,
      `select jsonb_build_object('refusal', fairlock.expire_trade($1) ->> 'refusal') as answer`,
      [id],
    )
    if (refusal === null) ended++
  }
  return ended
}
