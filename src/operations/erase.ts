import { setTimeout as sleep } from 'node:timers/promises'
import { engineSteps, newClient } from '../platform/index.ts'

/** Requests are cut off after 15 seconds; what was under way when the sessions ended is over by then. */
const REQUESTS_END_WITHIN_MS = 20_000

export type ErasureRow = {
  table: string
  rows: number
  fate: 'kept' | 'deleted' | 'overwritten'
  why: string
}
export type Erasure = {
  /** When the person was erased before; nothing was done now. */
  erasedAt?: string
  /** Why the person cannot be erased; nothing was done but signing them out. */
  refused: string[]
  rows: ErasureRow[]
}

export type EraseOptions = {
  readonly ownerUrl: string
  readonly appUrl: string
  readonly userId: string
  readonly reason: string
  /** Also while coins are in the wallets, which stay in the books. */
  readonly withBalance: boolean
  /** Only says what would be done. */
  readonly dryRun: boolean
}

/**
 * Erases a person: signs them out everywhere, waits until no request of theirs can be under way, and then does all of it
 * in one transaction. May be repeated after it was cut off, at any point.
 */
export async function erasePerson(options: EraseOptions): Promise<Erasure> {
  const { ownerUrl, appUrl, userId, reason, withBalance, dryRun } = options
  return engineSteps(ownerUrl, async (client) => {
    if (!dryRun) {
      const refused = await client.query<{ why: string[] }>('select fairlock.refuse_erasure($1, $2) as why', [
        userId,
        withBalance,
      ])
      if (refused.rows[0]!.why.length > 0) return { refused: refused.rows[0]!.why, rows: [] }
      const ended = await client.query<{ at: string }>(
        'select fairlock.sign_out_everywhere($1)::text as at',
        [userId],
      )
      await waitForRequests(appUrl, ended.rows[0]!.at)
    }
    const { rows } = await client.query<{ answer: Partial<Erasure> }>(
      'select fairlock.erase_person($1, $2, $3, $4) as answer',
      [userId, reason, withBalance, !dryRun],
    )
    return { refused: [], rows: [], ...rows[0]!.answer }
  })
}

/** As the application, which may see when its own transactions began: waits until none is older than that. */
async function waitForRequests(appUrl: string, since: string): Promise<void> {
  const client = newClient({ connectionString: appUrl, application_name: 'fairlock operator' })
  await client.connect()
  try {
    const deadline = performance.now() + REQUESTS_END_WITHIN_MS
    while (performance.now() < deadline) {
      const { rowCount } = await client.query(
        `select from pg_stat_activity where datname = current_database() and usename = current_user
           and xact_start < $1::timestamptz and pid <> pg_backend_pid() limit 1`,
        [since],
      )
      if (rowCount === 0) return
      await sleep(50)
    }
    throw new Error('A request that began before the person was signed out does not end. Repeat the command.')
  } finally {
    await client.end()
  }
}
