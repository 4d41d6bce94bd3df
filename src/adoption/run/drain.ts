import type pg from 'pg'
import { CARRY_ORDER, type TableName } from '../old-tables.ts'
import { carryGone } from './backfill.ts'
import { carry, mayCarry } from './carry.ts'
import { type Pace, paced } from './pace.ts'
import { type Recounted, recount } from './recount.ts'

/** How much of the work that marks ask for is done. */
export type Drained = { marks: number; rows: number }

/**
 * Works off the marks that are there, the oldest first: every marked row is carried as it is now. Returns what was done;
 * nothing once none is left.
 */
export async function drainBatch(pace: Pace): Promise<Drained> {
  let marks = 0
  const rows = await paced(pace, async () => {
    const done = await carryMarked(pace)
    marks = done.marks
    return { table: done.most, rows: done.rows }
  })
  return { marks: marks + (await drainTruncated(pace)), rows }
}

/**
 * Drains until no mark is left or the signal comes, and counts anew whose trades were carried; gives what was done.
 */
export async function drain(
  pace: Pace,
  onProgress: (done: Drained) => void = () => undefined,
  onRecount: (done: Recounted) => void = () => undefined,
): Promise<Drained> {
  const total: Drained = { marks: 0, rows: 0 }
  while (!pace.signal.aborted) {
    const { marks, rows } = await drainBatch(pace)
    if (marks === 0) break
    total.marks += marks
    total.rows += rows
    onProgress(total)
  }
  await recount(pace, onRecount)
  return total
}

async function carryMarked({ carrier, throttle }: Pace): Promise<Drained & { most: TableName }> {
  return await carrier.transaction(async (client) => {
    const none = { marks: 0, rows: 0, most: CARRY_ORDER[0]! }
    if (!(await mayCarry(client))) return none
    const { rows } = await client.query<{ id: string; table_name: TableName; key: string }>(
      `select id, table_name, key from fairlock_adoption.marks where key <> '*' order by id limit $1`,
      [throttle.rows],
    )
    if (rows.length === 0) return none
    const carried = new Map<TableName, number>()
    for (const table of CARRY_ORDER) {
      const keys = [...new Set(rows.filter((row) => row.table_name === table).map(({ key }) => key))]
      if (keys.length > 0) await carry(client, table, keys)
      carried.set(table, keys.length)
    }
    await removeMarks(
      client,
      rows.map(({ id }) => id),
    )
    const counts = [...carried].sort(([, a], [, b]) => b - a)
    return { marks: rows.length, rows: counts.reduce((sum, [, n]) => sum + n, 0), most: counts[0]![0] }
  })
}

/** Where a whole table was emptied at once: the mark goes when every row of it is gone from the new table, too. */
async function drainTruncated(pace: Pace): Promise<number> {
  const marks = await pace.carrier.transaction(async (client) => {
    const { rows } = await client.query<{ id: string; table: TableName }>(
      `select id, table_name as "table" from fairlock_adoption.marks where key = '*' order by id`,
    )
    return rows
  })
  // Rows go before those they refer to.
  for (const table of CARRY_ORDER.toReversed()) {
    if (marks.some((mark) => mark.table === table)) await carryGone(pace, table)
  }
  if (marks.length > 0 && !pace.signal.aborted) {
    await pace.carrier.transaction((client) =>
      removeMarks(
        client,
        marks.map(({ id }) => id),
      ),
    )
  }
  return marks.length
}

/** Takes marks away that are worked off, and keeps when the old application wrote last. */
async function removeMarks(client: pg.Client, ids: string[]): Promise<void> {
  await client.query(
    `with gone as (
       delete from fairlock_adoption.marks where id = any ($1) returning table_name, marked_at, written
     ), written as (
       select table_name, max(marked_at) as at from gone where written group by table_name
     )
     update fairlock_adoption.progress set written_at = greatest(written_at, written.at)
     from written where progress.table_name = written.table_name`,
    [ids],
  )
}
