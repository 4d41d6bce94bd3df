import { type Caller, type Database, newId } from '../../platform/index.ts'

/** How many of each one run looks at; the rest is for the next, seconds later. */
const BATCH = 100

/** Answers who asked for a new password, and writes the addresses whose time has come. */
export async function tendAccounts(db: Database): Promise<void> {
  const caller: Caller = { sessionId: null, tokenHash: null, requestId: `accounts ${newId()}` }
  for (const work of ['answer_reset_wishes', 'apply_due_email_changes']) {
    await db.call(caller, `select jsonb_build_object('done', fairlock.${work}($1)) as answer`, [BATCH])
  }
}
