import { stringify } from 'csv-stringify/sync'
import { asEngine, type Database } from '../../platform/index.ts'
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

/**
 * A report as CSV (RFC 4180). Its cells are numbers, days and codes of currencies: nothing that anybody typed, so there are
 * no formulas to defuse, and a number below zero stays a number.
 */
export function csvOf(name: ReportName, { rows }: Pick<Report, 'rows'>): string {
  const { columns } = REPORTS[name]
  return stringify(
    [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ field }) => row[field]))],
    {
      record_delimiter: 'windows',
    },
  )
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
