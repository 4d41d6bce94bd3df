import { marketSchema } from '../market-schema.ts'
import { type Session, withSession } from './connection.ts'
import { readJournal, readProgress, requireSoundJournal } from './journal.ts'
import { findMigration, label, type Migration, readMigrations, type Script } from './migrations.ts'
import { migrationsDirectory } from './sources.ts'
import type { Statement } from './split-sql.ts'

export type PlannedStatement = {
  sql: string
  /** The table it works on, or null. */
  table: string | null
  lock: string
  /** What the lock keeps others from doing. */
  blocks: 'nothing' | 'schema changes' | 'writes' | 'reads and writes'
  /** Rows that it reads or writes while it runs, as far as the statistics know. */
  estimatedRows: number
}

export type PlannedStep = {
  migration: string
  direction: 'up' | 'down'
  transactional: boolean
  keeps: string[]
  statements: PlannedStatement[]
}

type Kind = { pattern: RegExp; lock: string; blocks: PlannedStatement['blocks']; scans: boolean }

const name = '((?:"[^"]+"|\\w+)(?:\\.(?:"[^"]+"|\\w+))?)'

/**
 * What each kind of statement locks (PostgreSQL's manual, "Explicit Locking") and whether it goes through the
 * rows.
 */
const kinds: Kind[] = [
  kind(
    `create (?:unique )?index concurrently .*? on (?:only )?${name}`,
    'SHARE UPDATE EXCLUSIVE',
    'schema changes',
    true,
  ),
  kind(`create (?:unique )?index .*? on (?:only )?${name}`, 'SHARE', 'writes', true),
  kind(`drop index concurrently (?:if exists )?${name}`, 'SHARE UPDATE EXCLUSIVE', 'schema changes', false),
  kind(`drop index (?:if exists )?${name}`, 'ACCESS EXCLUSIVE', 'reads and writes', false),
  kind(`alter table (?:only )?${name} validate constraint`, 'SHARE UPDATE EXCLUSIVE', 'schema changes', true),
  kind(
    `alter table (?:only )?${name} add constraint .* foreign key .* not valid`,
    'SHARE ROW EXCLUSIVE',
    'writes',
    false,
  ),
  kind(`alter table (?:only )?${name} add constraint .* foreign key`, 'SHARE ROW EXCLUSIVE', 'writes', true),
  kind(
    `alter table (?:only )?${name} add constraint .* not valid`,
    'ACCESS EXCLUSIVE',
    'reads and writes',
    false,
  ),
  kind(`alter table (?:only )?${name} add constraint`, 'ACCESS EXCLUSIVE', 'reads and writes', true),
  kind(`alter table (?:if exists )?(?:only )?${name}`, 'ACCESS EXCLUSIVE', 'reads and writes', false),
  kind(`drop table (?:if exists )?${name}`, 'ACCESS EXCLUSIVE', 'reads and writes', false),
  kind(`create (?:or replace )?trigger .*? on ${name}`, 'SHARE ROW EXCLUSIVE', 'writes', false),
  kind(`comment on (?:table|column) ${name}`, 'SHARE UPDATE EXCLUSIVE', 'schema changes', false),
  kind(`update (?:only )?${name}`, 'ROW EXCLUSIVE', 'nothing', true),
  kind(`delete from (?:only )?${name}`, 'ROW EXCLUSIVE', 'nothing', true),
  kind(`insert into ${name}`, 'ROW EXCLUSIVE', 'nothing', false),
]

function kind(pattern: string, lock: string, blocks: PlannedStatement['blocks'], scans: boolean): Kind {
  return { pattern: new RegExp(`^${pattern.replaceAll(' ', '\\s+')}`, 'is'), lock, blocks, scans }
}

/** What `up` or `down` would do, statement by statement; reads the statistics and changes nothing. */
export async function plan(options: {
  ownerUrl: string
  migrations?: string | undefined
  to?: string | undefined
  direction?: 'up' | 'down'
}): Promise<PlannedStep[]> {
  const direction = options.direction ?? 'up'
  return await withSession(options.ownerUrl, async (session) => {
    const schema = await marketSchema(session)
    const migrations = await readMigrations(options.migrations ?? migrationsDirectory, schema)
    const entries = await readJournal(session)
    requireSoundJournal(entries, migrations)
    const applied = new Set(entries.map((entry) => entry.id))
    const border =
      options.to === undefined || options.to === 'nothing' ? undefined : findMigration(migrations, options.to)
    const steps =
      direction === 'up'
        ? migrations.filter((one) => !applied.has(one.id) && (border === undefined || one.id <= border.id))
        : migrations.filter((one) => applied.has(one.id) && one.id > (border?.id ?? '')).reverse()
    const result: PlannedStep[] = []
    for (const migration of steps) result.push(await planStep(session, migration, direction))
    return result
  })
}

async function planStep(
  session: Session,
  migration: Migration,
  direction: 'up' | 'down',
): Promise<PlannedStep> {
  const script: Script = migration[direction]
  const done = (await readProgress(session))
    .filter((progress) => progress.migration === migration.id && progress.direction === direction)
    .map((progress) => progress.statement)
  const statements: PlannedStatement[] = []
  for (const [index, statement] of script.statements.entries()) {
    if (!done.includes(index)) statements.push(await planStatement(session, statement))
  }
  return {
    migration: label(migration),
    direction,
    transactional: script.mode === 'transaction',
    keeps: script.keeps.map(
      (one) => `${one.schema}.${one.table}${one.columns.length > 0 ? ` (${one.columns.join(', ')})` : ''}`,
    ),
    statements,
  }
}

async function planStatement(session: Session, statement: Statement): Promise<PlannedStatement> {
  const found = describeLock(statement.text)
  const rows = found.table === null || !found.scans ? 0 : await estimatedRows(session, found.table)
  const { table, lock, blocks } = found
  return { sql: statement.text, table, lock, blocks, estimatedRows: rows }
}

/** The lock that a statement takes, by its kind. */
export function describeLock(sql: string): {
  table: string | null
  lock: string
  blocks: PlannedStatement['blocks']
  scans: boolean
} {
  for (const { pattern, lock, blocks, scans } of kinds) {
    const parts = pattern.exec(sql)
    if (parts !== null) return { table: parts[1]!, lock, blocks, scans }
  }
  return { table: null, lock: 'none on existing tables', blocks: 'nothing', scans: false }
}

async function estimatedRows(session: Session, table: string): Promise<number> {
  const found = await session.query<{ rows: number }>(
    'select greatest(reltuples, 0)::float8 as rows from pg_class where oid = to_regclass($1)',
    [table],
  )
  return found.rows[0]?.rows ?? 0
}
