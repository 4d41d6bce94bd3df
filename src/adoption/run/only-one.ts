import { pause } from '../../platform/index.ts'
import { MigrationError, openSession, type Session } from '../../platform/migrator/index.ts'
import { explained } from './session.ts'

/** Two numbers, as pg_locks shows them. */
const LOCK = `hashtext('fairlock'), hashtext('adoption')`

export type Waiting = {
  /** False: fail at once when another run is at work. */
  wait: boolean
  onWait: (message: string) => void
  signal?: AbortSignal | undefined
}

/**
 * Runs `work` as the only run that takes this database over, on a session that ends with the process however that ends.
 * The lock is an advisory one: a transaction that stays open for hours, as the migrator's lock is, would keep vacuum from
 * the old application's tables. Nothing breaks without it, two runs would only do the same work twice.
 */
export async function onlyOne<T>(ownerUrl: string, options: Waiting, work: () => Promise<T>): Promise<T> {
  const holder = await openSession(ownerUrl)
  try {
    for (let attempt = 1; !(await take(holder)); attempt++) {
      const message = await describeHolder(holder)
      if (!options.wait) throw new MigrationError(`${message} Try again when it is done.`)
      if (attempt === 1) options.onWait(`${message} Waiting for it to end.`)
      await pause(200, options.signal ?? new AbortController().signal)
      options.signal?.throwIfAborted()
    }
    return await work()
  } catch (error) {
    throw explained(error)
  } finally {
    await holder.end()
  }
}

async function take(session: Session): Promise<boolean> {
  const { rows } = await session.query<{ taken: boolean }>(`select pg_try_advisory_lock(${LOCK}) as taken`)
  return rows[0]!.taken
}

async function describeHolder(session: Session): Promise<string> {
  const { rows } = await session.query<{ pid: number; login: string; address: string | null; since: string }>(
    `select activity.pid, usename as login, host(client_addr) as address,
            to_char(backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
     from pg_locks join pg_stat_activity as activity using (pid)
     where locktype = 'advisory' and granted
       and pg_locks.database = (select oid from pg_database where datname = current_database())
       and (classid, objid) = ((hashtext('fairlock')::bigint & 4294967295)::oid,
                               (hashtext('adoption')::bigint & 4294967295)::oid)
     limit 1`,
  )
  const holder = rows[0]
  if (holder === undefined) return 'Another run of the take-over was at work a moment ago.'
  const from = holder.address === null ? '' : ` from ${holder.address}`
  return `Another run of the take-over is at work: backend ${holder.pid}, ${holder.login}${from}, since ${holder.since}.`
}
