import type { RawBuilder } from 'kysely'
import type pg from 'pg'
import { query } from '../../platform/index.ts'
import type { Cells } from './csv.ts'

/** A connection inside a transaction of one snapshot. */
export type Reader = Pick<pg.ClientBase, 'query'>

/** Rows that are in memory at once. */
const BATCH = 500

/** The rows of a SELECT through a cursor. A pipelined connection takes no other: pg refuses a portal that stays open. */
export async function* throughCursor(
  reader: Reader,
  select: RawBuilder<unknown>,
): AsyncGenerator<Cells[], void, undefined> {
  const { sql: text, parameters } = select.compile(query)
  await reader.query(`declare export no scroll cursor for ${text}`, [...parameters])
  for (;;) {
    const { rows } = await reader.query<Cells>(`fetch ${BATCH} from export`)
    if (rows.length > 0) yield rows
    if (rows.length < BATCH) break
  }
  await reader.query('close export')
}
