import { userInfo } from 'node:os'
import { type Session, transaction } from '../platform/migrator/index.ts'

export type Deed = { action: string; reason?: string | undefined; details?: Record<string, unknown> }

/**
 * Notes what an operator did with the take-over, in the caller's transaction. Rows are carried without a line of the
 * audit log for each; that somebody had them carried is there all the same, once `tellDeeds` has been called.
 */
export async function noteDeed(
  session: Pick<Session, 'query'>,
  { action, reason, details }: Deed,
): Promise<void> {
  await session.query(
    `insert into fairlock_adoption.deeds (action, reason, details)
     values ($1, $2, jsonb_build_object('login', session_user, 'system_user', $3::text) || $4::jsonb)`,
    [`adoption.${action}`, reason ?? null, systemUser(), JSON.stringify(details ?? {})],
  )
}

/** Writes what was noted into the audit log, as far as there is one: before the way up and after the way down there is not. */
export async function tellDeeds(session: Session): Promise<void> {
  await transaction(session, async () => {
    const { rows } = await session.query<{
      id: string
      action: string
      reason: string | null
      details: object
    }>(
      `select id, action, reason, details || jsonb_build_object('at', at) as details
       from fairlock_adoption.deeds where told_at is null and (${LOG_IS_THERE}) order by id for update`,
    )
    if (rows.length === 0) return
    await session.query(
      `set local role fairlock_engine; select set_config('fairlock.operation', 'adoption', true)`,
    )
    for (const { action, reason, details } of rows) {
      await session.query(`select fairlock.record_event($1, 'adoption', null, $2, $3)`, [
        action,
        reason ?? 'command line',
        JSON.stringify(details),
      ])
    }
    await session.query('reset role')
    await session.query(
      'update fairlock_adoption.deeds set told_at = clock_timestamp() where id = any ($1::bigint[])',
      [rows.map(({ id }) => id)],
    )
  })
}

const LOG_IS_THERE = `exists (
  select from pg_proc join pg_namespace on pg_namespace.oid = pronamespace
  where nspname = 'fairlock' and proname = 'record_event')`

/** Whose account of the operating system the command runs in; a container may have none by that number. */
function systemUser(): string | null {
  try {
    return userInfo().username
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return null
  }
}
