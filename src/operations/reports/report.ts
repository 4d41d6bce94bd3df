import { asEngine, type Database } from '../../platform/index.ts'
import { type Columns, csvHeader, csvLines } from '../../wallets/index.ts'
import { REPORTS, type Report, type ReportName } from './definitions.ts'
import type { Period } from './period.ts'

/** A report for the operator at a terminal, from one snapshot of the database. */
export function runReport(
  ownerUrl: string,
  name: ReportName,
  { from, to }: Period,
  by: 'day' | 'week',
): Promise<Report> {
  return asEngine(ownerUrl, async (client) => {
    const { rows } = await client.query<{ report: Report }>(
      'select fairlock.report($1, $2, $3, $4) as report',
      [name, from, to, by],
    )
    return rows[0]!.report
  })
}

/** A report as CSV, in the form of all exports. */
export function csvOf(name: ReportName, { rows }: Pick<Report, 'rows'>): string {
  const { columns } = REPORTS[name]
  const kinds: Columns = Object.fromEntries(columns.map(({ field }) => [field, 'number']))
  const cells = rows.map((row) =>
    Object.fromEntries(columns.map(({ field }) => [field, row[field]?.toString() ?? null])),
  )
  const fields = columns.map(({ field }) => field)
  return csvHeader(columns.map(({ title }) => title)) + csvLines(kinds, fields, cells)
}

/** A report as lines of cells, with its titles first. */
export function tableOf(name: ReportName, { rows }: Pick<Report, 'rows'>): string[][] {
  const { columns } = REPORTS[name]
  return [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ field }) => String(row[field] ?? '-'))),
  ]
}

/** Reads a part of the ledger at a time, so that no statement is long; stops after a while and goes on the next time. */
const ENTRIES_PER_STEP = 20_000
const LONGEST_MS = 2000

/** Adds up the days up to the ledger's own mark. Gives how many entries were gone through. */
export async function countDays(db: Database): Promise<number> {
  const until = performance.now() + LONGEST_MS
  let counted = 0
  while (performance.now() < until) {
    const { rows } = await db.pool.query<{ entries: string }>('select fairlock.count_days($1) as entries', [
      ENTRIES_PER_STEP,
    ])
    if (rows[0]!.entries === '0') break
    counted += Number(rows[0]!.entries)
  }
  return counted
}
