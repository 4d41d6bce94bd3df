import type pg from 'pg'
import type { Finding } from './report.ts'

/** The one snapshot that a verification looks at. */
export type Moment = {
  client: pg.Client
  /** The schema of the new market tables. */
  market: string
  /** The most findings that one check lists; all are counted. */
  limit: number
}

/** What a check found: how much is wrong, and the first of it. */
export type Found = { wrong: number; findings: Finding[] }

export const NOTHING: Found = { wrong: 0, findings: [] }

export function together(found: Found[]): Found {
  return {
    wrong: found.reduce((sum, { wrong }) => sum + wrong, 0),
    findings: found.flatMap(({ findings }) => findings),
  }
}

/**
 * Runs a query whose rows are findings with `key`, `what` and `wrong` (how many there are in all, in each row). The
 * query ends with the columns; order and limit are put here.
 */
export async function look(
  { client, limit }: Moment,
  finding: Pick<Finding, 'check' | 'table' | 'todo'>,
  query: string,
  values: unknown[] = [],
): Promise<Found> {
  const { rows } = await client.query<{ key: string | null; what: string; wrong: string }>(
    `select key, what, count(*) over () as wrong from (${query}) found order by key, what limit ${limit}`,
    values,
  )
  return {
    wrong: Number(rows[0]?.wrong ?? 0),
    findings: rows.map(({ key, what }) => ({ ...finding, key, what })),
  }
}

/** A text in SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** Whether an old row `key` waits to be carried again; the key * is of a table that was emptied. */
export function isMarked(table: string, key: string): string {
  const marks = `select key from fairlock_adoption.marks where table_name = ${literal(table)}`
  return `(${key} in (${marks}) or '*' in (${marks}))`
}
