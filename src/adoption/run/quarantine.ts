import type { Session } from '../../platform/migrator/index.ts'
import type { TableName } from '../old-tables.ts'
import type { Carrier } from './session.ts'

export type QuarantineFilter = {
  table?: string | undefined
  code?: string | undefined
  key?: string | undefined
}

export type Quarantined = {
  table: TableName
  key: string
  reasons: { code: string; column: string | null; message: string }[]
  waitsFor: string[]
  firstAt: Date
  lastAt: Date
  tries: number
  row: Record<string, unknown>
}

const MATCHES = `($1::text is null or table_name = $1) and ($3::text is null or key = $3)
  and ($2::text is null or reasons @> jsonb_build_array(jsonb_build_object('code', $2::text)))`
const values = ({ table, code, key }: QuarantineFilter) => [table ?? null, code ?? null, key ?? null]

/** The rows that could not be carried, the latest first. Secrets in them are masked. */
export async function listQuarantine(
  session: Session,
  filter: QuarantineFilter & { limit?: number | undefined },
): Promise<Quarantined[]> {
  const { rows } = await session.query<Quarantined>(
    `select table_name as "table", key, reasons, waits_for as "waitsFor", first_at as "firstAt", last_at as "lastAt",
            tries, old_row as row
     from fairlock_adoption.quarantine where ${MATCHES}
     order by last_at desc, table_name, key limit $4`,
    [...values(filter), filter.limit ?? 100],
  )
  return rows
}

/** How many rows are in quarantine, by table and reason; a row with several reasons counts for each. */
export async function countQuarantine(
  session: Session,
  filter: QuarantineFilter,
): Promise<{ table: string; code: string; rows: number }[]> {
  const { rows } = await session.query<{ table: string; code: string; rows: number }>(
    `select table_name as "table", reason ->> 'code' as code, count(distinct key)::int as rows
     from fairlock_adoption.quarantine cross join lateral jsonb_array_elements(reasons) reason
     where ${MATCHES} group by 1, 2 order by 1, 2`,
    values(filter),
  )
  return rows
}

/** Which rows are in quarantine, each as its table and key. */
export async function quarantinedKeys(session: Session, filter: QuarantineFilter): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `select table_name || ':' || key as name from fairlock_adoption.quarantine where ${MATCHES}`,
    values(filter),
  )
  return rows.map(({ name }) => name)
}

/** Marks rows in quarantine so that the next drain tries them again; gives how many. */
export async function markQuarantined(carrier: Carrier, filter: QuarantineFilter): Promise<number> {
  return await carrier.transaction(async (client) => {
    const { rowCount } = await client.query(
      `insert into fairlock_adoption.marks (table_name, key)
       select table_name, key from fairlock_adoption.quarantine where ${MATCHES}
       and not exists (
         select from fairlock_adoption.marks
         where marks.table_name = quarantine.table_name and marks.key = quarantine.key
       )
       order by table_name, key`,
      values(filter),
    )
    return rowCount ?? 0
  })
}
