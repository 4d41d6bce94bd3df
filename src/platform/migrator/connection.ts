import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { newClient } from '../client.ts'

export type Session = pg.Client

/** An error of the migrator that the operator can act on: it says what happened and what to do next. */
export class MigrationError extends Error {
  override name = 'MigrationError'
}

/** Lock conflicts that pass by themselves: lock_not_available, deadlock_detected. */
const passing = new Set(['55P03', '40P01'])

/** The SQLSTATE of a database error, or undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}

/** Opens a session of the schema's owner with the settings that make a migration polite to everybody else. */
export async function openSession(ownerUrl: string): Promise<Session> {
  const session = newClient({ connectionString: ownerUrl, application_name: 'fairlock migrator' })
  await session.connect()
  try {
    await session.query(
      `set timezone = 'UTC'; set lock_timeout = '2s'; set statement_timeout = 0; set search_path = public;
       set idle_in_transaction_session_timeout = 0; set client_min_messages = warning`,
    )
    await requireVersion(session)
    await shortenDeadlockTimeout(session)
    return session
  } catch (error) {
    await session.end()
    throw error
  }
}

/** Opens a session, hands it to `work` and closes it whatever happens. */
export async function withSession<T>(ownerUrl: string, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openSession(ownerUrl)
  try {
    return await work(session)
  } finally {
    await session.end()
  }
}

async function requireVersion(session: Session): Promise<void> {
  const found = await session.query<{ number: number; name: string }>(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as name`,
  )
  const version = found.rows[0]!
  if (version.number < 150_000) {
    throw new MigrationError(`PostgreSQL ${version.name} is too old: Fairlock needs version 15 or newer.`)
  }
}

/**
 * A lock timeout below deadlock_timeout loses against autovacuum, which is only pushed aside after the
 * latter.
 */
async function shortenDeadlockTimeout(session: Session): Promise<void> {
  await session.query(
    `do $$ begin
       perform set_config('deadlock_timeout', '100ms', false);
     exception when insufficient_privilege then
       null; -- Only a superuser may; without it a lock conflict with autovacuum costs a retry or two.
     end $$`,
  )
}

/**
 * Runs `work` in a transaction; `begin` may say more, for instance `begin isolation level repeatable read`.
 */
export async function transaction<T>(session: Session, work: () => Promise<T>, begin = 'begin'): Promise<T> {
  await session.query(begin)
  try {
    const result = await work()
    await session.query('commit')
    return result
  } catch (error) {
    await rollback(session)
    throw error
  }
}

async function rollback(session: Session): Promise<void> {
  try {
    await session.query('rollback')
  } catch (error) {
    // A dead connection has rolled back already; the caller throws what killed it.
    if (sqlState(error) !== undefined) throw error
  }
}

/**
 * Repeats `work` while it loses against somebody else's lock, waiting a little longer and at random each
 * time.
 */
export async function retried<T>(
  work: () => Promise<T>,
  onRetry: (attempt: number, error: Error) => void = () => undefined,
  attempts = 40,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!passing.has(sqlState(error) ?? '') || attempt >= attempts) throw error
      onRetry(attempt, error as Error)
      await sleep(Math.min(2_000, 50 * 2 ** attempt) * (0.5 + Math.random()))
    }
  }
}
