import { marketSchema } from '../market-schema.ts'
import { MigrationError, type Session, sqlState, transaction } from './connection.ts'

/** The schemas whose contents Fairlock answers for; where its market tables are is asked of the database. */
export async function managedSchemas(session: Session): Promise<string[]> {
  return [await marketSchema(session), 'fairlock', 'ledger', 'audit']
}

/**
 * Where code may also put policies and grants: the schema that graphile-worker makes and owns the shape of.
 */
export async function codeSchemas(session: Session): Promise<string[]> {
  return [...(await managedSchemas(session)), 'graphile_worker']
}

/** The roles that the code grants privileges to. */
export const managedRoles = ['fairlock_app', 'fairlock_engine', 'fairlock_ledger']

/** Quotes a name for SQL. */
export function quoted(...names: string[]): string {
  return names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.')
}

/**
 * Runs `work` in one read-only snapshot in which no row is hidden. Forced row-level security hides rows from
 * the owner too; then the engine's role reads, which every policy set lets see everything.
 */
export async function seeingAllRows<T>(session: Session, work: () => Promise<T>): Promise<T> {
  const read = async () => {
    if (await isBlind(session)) await session.query('set local role fairlock_engine')
    return await work()
  }
  try {
    return await transaction(session, read, 'begin isolation level repeatable read, read only')
  } catch (error) {
    if (sqlState(error) !== '42501') throw error
    throw new MigrationError(
      `The verifier may not read everything: ${(error as Error).message}. Row-level security is forced, so ` +
        'it reads as fairlock_engine, which needs USAGE on every schema, SELECT on every table and a ' +
        'policy using (true).',
    )
  }
}

async function isBlind(session: Session): Promise<boolean> {
  const found = await session.query<{ blind: boolean }>(
    `select not (select rolsuper or rolbypassrls from pg_roles where rolname = current_user)
        and exists (
          select from pg_class
          where relforcerowsecurity and relrowsecurity and relnamespace::regnamespace::text = any ($1)
        ) as blind`,
    [await managedSchemas(session)],
  )
  return found.rows[0]!.blind
}
