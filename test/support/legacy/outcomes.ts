import type pg from 'pg'
import { DIRT, type Injected } from '../../../src/adoption/legacy/index.ts'

type Found = {
  key: string
  carried: boolean
  reasons: string[] | null
  asides: { column: string; code: string }[]
  differs: string[]
}

/**
 * What became of dirty rows, against what the list of dirt says must become of them: one line for each row that came to
 * another end, none when all is as written. `connection` reads fairlock_adoption.
 */
export async function wrongOutcomes(
  connection: pg.Client | pg.PoolClient,
  injected: Injected[],
): Promise<string[]> {
  const wrong: string[] = []
  for (const { code, table, keys } of injected) {
    const { rows } = await connection.query<Found>(FOUND, [table, keys])
    for (const found of rows) {
      const is = said(found)
      const expected = expectedOf(code)
      if (is !== expected) wrong.push(`${code} (${table} ${found.key}) is ${is}, not ${expected}`)
    }
  }
  return wrong
}

const FOUND = `
  select k as key,
    exists (select from fairlock_adoption.carried c where c.table_name = $1 and c.key = k) as carried,
    (select array(select distinct r ->> 'code' from jsonb_array_elements(q.reasons) r order by 1)
     from fairlock_adoption.quarantine q where q.table_name = $1 and q.key = k) as reasons,
    coalesce((select jsonb_agg(jsonb_build_object('column', s.column_name, 'code', s.code)
                order by s.column_name collate "C", s.code collate "C")
     from fairlock_adoption.set_aside s where s.table_name = $1 and s.key = k), '[]') as asides,
    array(select d.column_name from fairlock_adoption.differences d where d.table_name = $1 and d.key = k
          order by d.column_name collate "C") as differs
  from unnest($2::text[]) k`

function said({ carried, reasons, asides, differs }: Found): string {
  if (reasons !== null) return `${carried ? 'carried and ' : ''}quarantined: ${reasons.join(', ')}`
  if (!carried) return 'nowhere'
  const kept = asides.map(({ column, code }) => `${plain(column)} aside: ${code}`)
  const changed = differs.map((column) => `${column} differs`)
  return ['carried', ...new Set(kept), ...changed].join(', ')
}

function expectedOf(code: string): string {
  const { outcome, reason, column, differs = [], alsoAside = [] } = DIRT.find((one) => one.code === code)!
  if (outcome === 'quarantined') return `quarantined: ${reason}`
  const columns = outcome === 'set_aside' ? [column!, ...alsoAside].sort() : []
  const kept = columns.map((one) => `${one} aside: ${reason}`)
  return ['carried', ...kept, ...differs.map((one) => `${one} differs`)].join(', ')
}

/** The column of what is set aside by its path in a document (`metadata.private_key`). */
const plain = (column: string) => column.split('.')[0]!
