import { setTimeout as sleep } from 'node:timers/promises'
import { MigrationError, openSession, type Session, sqlState } from './connection.ts'

export type Holder = { pid: number; since: Date; user: string; address: string | null }

/** Who migrates this database right now, if anybody does. */
export async function currentHolder(session: Session): Promise<Holder | undefined> {
  const found = await session.query<Holder>(
    `select activity.pid, activity.xact_start as since, activity.usename as "user",
            host(activity.client_addr) as address
     from pg_locks
     join pg_stat_activity as activity on activity.pid = pg_locks.pid
     where pg_locks.database = (select oid from pg_database where datname = current_database())
       and pg_locks.relation = to_regclass('fairlock_migrations.runner')
       and pg_locks.mode = 'RowShareLock' and pg_locks.granted and activity.pid <> pg_backend_pid()
     order by activity.xact_start
     limit 1`,
  )
  return found.rows[0]
}

/**
 * Runs `work` as the only migrator of this database. The lock is a row lock that a session of its own holds
 * for the whole run, so it ends with the process that holds it, however that ends.
 */
export async function alone<T>(
  ownerUrl: string,
  options: { wait: boolean; onWait: (message: string) => void },
  work: () => Promise<T>,
): Promise<T> {
  const holder = await openSession(ownerUrl)
  try {
    await takeRow(holder, options)
    return await work()
  } finally {
    await holder.end()
  }
}

async function takeRow(
  session: Session,
  options: { wait: boolean; onWait: (message: string) => void },
): Promise<void> {
  // Asking again and again, not waiting in a statement: its snapshot would hold up the other runner's CREATE
  // INDEX CONCURRENTLY, and both would wait for each other for ever.
  for (let attempt = 1; !(await tryRow(session)); attempt++) {
    const message = describe(await currentHolder(session))
    if (!options.wait) throw new MigrationError(`${message} Try again when it is done.`)
    if (attempt === 1) options.onWait(`${message} Waiting for it to end.`)
    await sleep(100)
  }
}

async function tryRow(session: Session): Promise<boolean> {
  try {
    await session.query('begin')
    await session.query('select from fairlock_migrations.runner for update nowait')
    return true
  } catch (error) {
    if (sqlState(error) !== '55P03') throw error
    await session.query('rollback')
    return false
  }
}

function describe(holder: Holder | undefined): string {
  if (holder === undefined) return 'Another migrator was at work a moment ago.'
  const from = holder.address === null ? '' : ` from ${holder.address}`
  return (
    `Another migrator is at work: backend ${holder.pid}, ${holder.user}${from}, ` +
    `since ${holder.since.toISOString()}.`
  )
}
