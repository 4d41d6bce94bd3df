import { readState, requireAdopted } from '../adoption/index.ts'
import { sqlState, withSession } from '../platform/migrator/index.ts'
import { Finding } from './finding.ts'

/** What PostgreSQL says where a role, schema, table or function of Fairlock's is not there, or may not be used. */
const ABSENT = new Set(['42704', '3F000', '42P01', '42883', '42703', '42501', '22023'])

/**
 * What to tell of an error of the database: where it stands and what to do, where Fairlock's schema is not there or not
 * whole; else what PostgreSQL said, as a sentence. Any other error as it is.
 */
export async function explainAbsence(error: unknown, ownerUrl: string): Promise<unknown> {
  const code = sqlState(error)
  if (code === undefined) return error
  if (!ABSENT.has(code)) return refusal(error as Error, code)
  const { isWhole, state } = await withSession(ownerUrl, async (session) => {
    const { rows } = await session.query<{ isWhole: boolean }>(
      `select exists (
         select from pg_proc join pg_namespace on pg_namespace.oid = pronamespace
         where nspname = 'fairlock' and proname = 'record_event'
       ) as "isWhole"`,
    )
    return { ...rows[0]!, state: await readState(session) }
  })
  const isUnderWay = state !== null && ['adopted', 'expanding', 'parked'].includes(state.phase)
  if (isWhole && !isUnderWay) return refusal(error as Error, code)
  if (isUnderWay) {
    return new Finding(
      `The take-over of this database is ${state.phase}, and Fairlock’s schema is not in force meanwhile: run ` +
        'fairlock db up first. fairlock db status tells how far it is.',
      { cause: error },
    )
  }
  try {
    await requireAdopted(ownerUrl)
  } catch (advice) {
    return advice
  }
  return new Finding('This database has no whole Fairlock schema: run fairlock db up first.', {
    cause: error,
  })
}

/** A statement that PostgreSQL refused for a reason of this database, such as a right or a law that somebody added. */
function refusal(error: Error, code: string): Finding {
  const { detail, where } = error as { detail?: string; where?: string }
  const more = [detail, where?.split('\n')[0]].filter((text) => text !== undefined)
  return new Finding(
    `PostgreSQL refused a statement: ${[error.message, ...more].join('; ')} (SQLSTATE ${code}). It was undone, and what ` +
      'was done before it stays: mend what it names and run the same command again. Where there is nothing to mend, it ' +
      'is a mistake of this program: please report it, with what LOG_LEVEL=debug adds.',
    { cause: error },
  )
}
