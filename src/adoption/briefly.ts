import { setTimeout as sleep } from 'node:timers/promises'
import { MigrationError, type Session, sqlState, transaction } from '../platform/migrator/index.ts'

/** How long a change of an old table may wait in the queue: so long does the old application wait behind it. */
const LONGEST_WAIT_MS = 100
/** After how long somebody who holds an old table in a long transaction is named and the run ends. */
const GIVE_UP_MS = 30 * 60_000

export type BriefOptions = {
  giveUpMs?: number | undefined
  onMessage?: ((message: string) => void) | undefined
}

/**
 * Changes old tables in one short transaction. Whoever waits for a lock on a table makes everybody wait who comes after
 * it: so the wait is cut off after a tenth of a second, and tried again at random moments until nobody is in the way.
 */
export async function briefly<T>(
  session: Session,
  relations: string[],
  work: () => Promise<T>,
  options: BriefOptions = {},
): Promise<T> {
  const began = performance.now()
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction(session, async () => {
        await session.query(`set local lock_timeout = ${LONGEST_WAIT_MS}`)
        return await work()
      })
    } catch (error) {
      if (!['55P03', '40P01'].includes(sqlState(error) ?? '')) throw error
      if (performance.now() - began > (options.giveUpMs ?? GIVE_UP_MS))
        throw new MigrationError(`${await inTheWay(session, relations)} Run it again when that is over.`)
      if (attempt % 20 === 5) options.onMessage?.(await inTheWay(session, relations))
      await sleep(Math.min(1_000, 150 + 50 * attempt) * (0.5 + Math.random()))
    }
  }
}

/** Who holds the tables for longest. */
async function inTheWay(session: Session, relations: string[]): Promise<string> {
  const found = await session.query<{ who: string }>(
    `select format('%s by backend %s (%s, %s, in a transaction since %s)', relation::regclass, activity.pid,
              coalesce(usename, backend_type), coalesce(nullif(application_name, ''), 'unnamed'),
              to_char(xact_start at time zone 'UTC', 'HH24:MI:SS "UTC"')) as who
     from pg_locks join pg_stat_activity as activity using (pid)
     where relation = any ($1::regclass[]) and granted and activity.pid <> pg_backend_pid()
       and pg_locks.database = (select oid from pg_database where datname = current_database())
     order by xact_start limit 1`,
    [relations],
  )
  const who = found.rows[0]?.who
  return who === undefined
    ? `${relations.join(', ')} was held by somebody at every try, never by the same one.`
    : `Waiting for a moment in which nobody holds ${relations.join(', ')}; now: ${who}.`
}
