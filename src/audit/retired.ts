import type pg from 'pg'
import { ISO } from './read.ts'

/**
 * What the log itself says was retired; only that may be missing. A line that says so is easily forged, so it is
 * believed of months that were over when it was written and of which no row is left: it does not hide a single row.
 */
export class Retired {
  /** From which month on the log is whole; null when nothing was retired. */
  readonly before: string | null
  readonly #monthsLeft: readonly string[]

  constructor(before: string | null, monthsLeft: readonly string[]) {
    this.before = before
    this.#monthsLeft = monthsLeft
  }

  static async read(client: pg.Client): Promise<Retired> {
    const { rows } = await client.query<{ before: string; left: string[] }>(
      `select r.before, array(select distinct to_char(e.at at time zone 'UTC', 'YYYY-MM') from audit.events e
         where e.at < r.before::timestamptz) as left
       from (select max(details ->> 'before') as before from audit.events where action = 'audit.retired'
         and details ->> 'before' ~ '^[12]\\d{3}-(0[1-9]|1[012])-01T00:00:00\\.000000Z$'
         and details ->> 'before' <= ${ISO('at')}) r
       where r.before is not null`,
    )
    return new Retired(rows[0]?.before ?? null, rows[0]?.left ?? [])
  }

  /** Whether rows from one time to another may be missing. */
  covers(first: string, last: string): boolean {
    if (this.before === null || !(last < this.before)) return false
    return !this.#monthsLeft.some((month) => first.slice(0, 7) <= month && month <= last.slice(0, 7))
  }
}
