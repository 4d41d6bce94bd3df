import { marketSchema } from '../market-schema.ts'
import type { Session } from './connection.ts'
import { quoted, seeingAllRows } from './managed.ts'
import type { TableColumns } from './migrations.ts'

/** Per column an order-free checksum over all rows, each hashed together with its row's key. */
export type TableFacts = { rows: string; columns: Record<string, string> }
export type Facts = Record<string, TableFacts>

/** Facts and the snapshot in which they were taken. */
export type Reading = { facts: Facts; snapshot: string }

type Table = { schema: string; table: string; key: string[]; columns: { name: string; type: string }[] }

/** Schemas that hold what people own; sessions and the like come and go and prove nothing. */
const factSchemas = async (session: Session) => [await marketSchema(session), 'ledger']

/** Takes the facts of all tables that hold people's data. */
export async function readFacts(session: Session): Promise<Reading> {
  return await seeingAllRows(session, async () => {
    const now = await session.query<{ snapshot: string }>('select pg_current_snapshot()::text as snapshot')
    const facts: Facts = {}
    for (const table of await listTables(session, await factSchemas(session))) {
      facts[`${table.schema}.${table.table}`] = await tableFacts(session, table)
    }
    return { facts, snapshot: now.rows[0]!.snapshot }
  })
}

async function listTables(session: Session, schemas: string[]): Promise<Table[]> {
  const found = await session.query<Table>(
    `select nspname as schema, relname as table,
            coalesce((
              select array_agg(attname::text order by attnum) from pg_index
              join pg_attribute on attrelid = indrelid and attnum = any (indkey)
              where indrelid = pg_class.oid and indisprimary
            ), '{}') as key,
            (select jsonb_agg(jsonb_build_object('name', attname, 'type', atttypid::regtype) order by attnum)
             from pg_attribute
             where attrelid = pg_class.oid and attnum > 0 and not attisdropped
               and attgenerated = '') as columns
     from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where nspname = any ($1) and relkind in ('r', 'p') and not relispartition
     order by 1, 2`,
    [schemas],
  )
  return found.rows.filter((table) => table.columns !== null)
}

async function tableFacts(session: Session, table: Table): Promise<TableFacts> {
  const key = table.key.map((name) => `${quoted(name)}, `).join('')
  const sums = table.columns.map(
    (column, index) => `sum(hashtextextended(row(${key}${canonical(column)})::text, 0))::text as c${index}`,
  )
  const found = await session.query<Record<string, string | null>>(
    `select count(*)::text as rows, ${sums.join(', ')} from ${quoted(table.schema, table.table)}`,
  )
  const row = found.rows[0]!
  const columns = Object.fromEntries(table.columns.map((column, i) => [column.name, row[`c${i}`] ?? '0']))
  return { rows: row.rows!, columns }
}

/** The value in a form that a change of type or scale without a change of meaning leaves alone. */
function canonical(column: { name: string; type: string }): string {
  const name = quoted(column.name)
  if (column.type.startsWith('timestamp')) return `extract(epoch from ${name})`
  if (column.type === 'numeric') return `trim_scale(${name})`
  return name
}

/**
 * What differs between two readings in tables and columns that both have, apart from what the migrations
 * declare to change. The columns' types may have changed in between.
 */
export function compareFacts(
  before: Facts,
  after: Facts,
  declared: TableColumns[],
): Record<string, string[]> {
  const differences: Record<string, string[]> = {}
  for (const [name, old] of Object.entries(before)) {
    const now = after[name]
    if (now === undefined) continue
    const exempt = declared
      .filter((one) => `${one.schema}.${one.table}` === name)
      .flatMap((one) => one.columns)
    const found = Object.keys(old.columns).filter(
      (column) =>
        column in now.columns && old.columns[column] !== now.columns[column] && !exempt.includes(column),
    )
    const texts = old.rows === now.rows ? [] : [`${old.rows} rows became ${now.rows}`]
    if (old.rows === now.rows && found.length > 0) texts.push(`values changed in ${found.join(', ')}`)
    if (texts.length > 0) differences[name] = texts
  }
  return differences
}

/**
 * Whether somebody else wrote to a table since the reading: then its facts say nothing about the migration.
 */
export async function writtenByOthers(
  session: Session,
  table: string,
  snapshot: string,
  ownXids: string[],
): Promise<boolean> {
  const [schema, name] = table.split('.') as [string, string]
  // A row knows 32 bits of the transaction that wrote it; the snapshot knows all 64 of its neighbours.
  const writer = 'rows.xmin::text::bigint'
  const border = 'pg_snapshot_xmax($1::pg_snapshot)::text::bigint'
  const distance = `((${writer} - ${border} % 4294967296 + 6442450944) % 4294967296 - 2147483648)`
  return await seeingAllRows(session, async () => {
    const found = await session.query<{ written: boolean }>(
      `select exists (
         select from ${quoted(schema, name)} as rows
         where rows.xmin::text <> all ($2) and ${writer} > 2
           and not pg_visible_in_snapshot((${border} + ${distance})::text::xid8, $1::pg_snapshot)
       ) as written`,
      [snapshot, ownXids],
    )
    return found.rows[0]!.written
  })
}
