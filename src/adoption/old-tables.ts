import { MigrationError, type Session } from '../platform/migrator/index.ts'
import { readShapes } from './catalog.ts'
import { OLD_TABLES, type Shape, type OldTable as TableName } from './tables.ts'
import { keyOf, quote } from './views.ts'

export type { TableName }

/** The order in which rows are carried: each table after those its rows refer to. */
export const CARRY_ORDER: readonly TableName[] = [
  'users',
  'crypto_prices',
  'crypto_profiles',
  'crypto_wallets',
  'crypto_transactions',
  'crypto_trades',
]

/** An old table's names as SQL has them. */
export type OldTable = { table: TableName; relation: string; key: string }

/** The old tables as they are now; those that are missing are named. */
export async function oldTables(session: Session, schema = 'public'): Promise<OldTable[]> {
  const shapes = await readShapes(session, schema)
  const missing = OLD_TABLES.filter((table) => !shapes.some((shape) => shape.table === table))
  if (missing.length > 0) {
    throw new MigrationError(
      `The old ${missing.length === 1 ? 'table' : 'tables'} ${missing.join(', ')} of this take-over cannot be found ` +
        `in the schema ${schema}. Was a table renamed, or was this another database? fairlock db adopt looks again.`,
    )
  }
  return shapes.map(namesOf)
}

function namesOf(shape: Shape): OldTable {
  return {
    table: shape.table,
    relation: `${quote(shape.schema)}.${quote(shape.table)}`,
    key: quote(keyOf(shape).name),
  }
}

/**
 * Refuses when the login may not make triggers on the old tables and take them off again: that is for their owner.
 */
export async function requireOwnership(session: Session, tables: OldTable[]): Promise<void> {
  const found = await session.query<{ name: string; owner: string; login: string }>(
    `select oid::regclass::text as name, pg_get_userbyid(relowner) as owner, current_user as login
     from pg_class where oid = any ($1::regclass[]) and not pg_has_role(current_user, relowner, 'USAGE')`,
    [tables.map(({ relation }) => relation)],
  )
  const first = found.rows[0]
  if (first === undefined) return
  throw new MigrationError(
    `${first.login} has to own the old tables, to put triggers on them: ${found.rows.map(({ name }) => name).join(', ')} ` +
      `${found.rows.length === 1 ? 'belongs' : 'belong'} to ${first.owner}. An administrator can run ` +
      `"grant ${quote(first.owner)} to ${quote(first.login)}", which changes nothing for the old application.`,
  )
}
