import type pg from 'pg'
import { noteDeed } from '../deeds.ts'
import { CARRY_ORDER, type OldTable, type TableName } from '../old-tables.ts'
import { carry, mayCarry } from './carry.ts'
import { type Pace, paced } from './pace.ts'
import type { Carrier } from './session.ts'
import { Statistics } from './statistics.ts'

export type TableProgress = {
  table: TableName
  pass: number
  done: number
  /** How many rows there were when the walk began, as far as the statistics know. */
  of: number
  finished: boolean
  quarantined: number
}

/** Thrown when a take-over was parked or contracted while rows were being carried. */
export class Ended extends Error {
  override readonly name = 'Ended'
}

/**
 * Begins a walk through every table that has none yet: the first one, or the one after a way down, when the old
 * application wrote without leaving marks. A walk that was interrupted goes on.
 */
export async function beginWalk(carrier: Carrier, tables: OldTable[]): Promise<void> {
  await carrier.transaction(async (client) => {
    const changed = await client.query<{ again: boolean }>(
      `with now as (select md5(mapping::text) as mapping from fairlock_adoption.state)
       update fairlock_adoption.state set walked_by = now.mapping from now where walked_by is distinct from now.mapping
       returning exists (select from fairlock_adoption.progress) as again`,
    )
    if (changed.rows[0]?.again !== true) return
    await client.query(REWIND)
    await client.query('update fairlock_adoption.progress set anew = true')
  })
  for (const { table, relation } of tables) {
    await carrier.transaction(async (client) => {
      const due = await client.query(
        `select from fairlock_adoption.progress where table_name = $1 and rows_total > 0`,
        [table],
      )
      if (due.rowCount !== 0) return
      await client.query(
        `insert into fairlock_adoption.progress (table_name, rows_total) values ($1, $2)
         on conflict (table_name) do update set rows_total = $2`,
        [table, await countRows(client, table, relation)],
      )
    })
  }
}

/** Lets the next run walk through everything again; rows that have not changed since cost it little. */
export const REWIND = `update fairlock_adoption.progress
  set pass = pass + 1, last_key = null, rows_done = 0, rows_total = 0, finished_at = null,
      started_at = clock_timestamp(), updated_at = clock_timestamp()`

/** PostgreSQL's estimate where there is one: counting millions of rows beside a busy application helps nobody. */
async function countRows(client: pg.Client, table: TableName, relation: string): Promise<number> {
  const { rows } = await client.query<{ estimate: number }>(
    'select reltuples::float8 as estimate from pg_class where oid = to_regclass($1)',
    [relation],
  )
  const estimate = rows[0]?.estimate ?? -1
  if (estimate >= 100_000) return Math.round(estimate)
  const counted = await client.query<{ count: string }>(
    `select count(*) as count from fairlock_adoption.old_${table}`,
  )
  return Number(counted.rows[0]!.count)
}

/** Walks through every table that is not done, in the order in which rows refer to each other. */
export async function backfill(pace: Pace, onProgress: (progress: TableProgress) => void): Promise<void> {
  const statistics = new Statistics()
  for (const table of CARRY_ORDER) {
    const reader = new ProgressReader(pace.carrier, table)
    let at = await reader.read()
    onProgress(at)
    while (!at.finished && !pace.signal.aborted) {
      await paced(pace, async () => ({ table, rows: await nextBatch(pace, table) }))
      at = await reader.read()
      await statistics.freshen(pace.carrier, at)
      onProgress(at)
    }
    if (pace.signal.aborted) return
    // What was deleted while nobody left marks is in no walk.
    if (at.pass > 1) await carryGone(pace, table)
  }
}

class ProgressReader {
  readonly #carrier: Carrier
  readonly #table: TableName
  #quarantined = 0
  #countedAt = Number.NEGATIVE_INFINITY

  constructor(carrier: Carrier, table: TableName) {
    this.#carrier = carrier
    this.#table = table
  }

  async read(): Promise<TableProgress> {
    return await this.#carrier.transaction(async (client) => {
      const { rows } = await client.query<Omit<TableProgress, 'table' | 'quarantined'>>(
        `select pass, rows_done::float8 as done, greatest(rows_total, rows_done)::float8 as of,
                finished_at is not null as finished
         from fairlock_adoption.progress where table_name = $1`,
        [this.#table],
      )
      const found = rows[0]!
      // Counting is not free when there are many.
      if (found.finished || performance.now() - this.#countedAt > 2_000) {
        const counted = await client.query<{ count: number }>(
          'select count(*)::int as count from fairlock_adoption.quarantine where table_name = $1',
          [this.#table],
        )
        this.#quarantined = counted.rows[0]!.count
        this.#countedAt = performance.now()
      }
      return { table: this.#table, quarantined: this.#quarantined, ...found }
    })
  }
}

/** The next rows by key, and the note of how far that was, in one transaction. */
async function nextBatch({ carrier, throttle }: Pace, table: TableName): Promise<number> {
  return await carrier.transaction(async (client) => {
    if (!(await mayCarry(client))) throw new Ended()
    const { rows } = await client.query<{ keys: string[] }>(
      `select coalesce(array_agg(key), '{}') as keys
       from fairlock_adoption.next_${table}(
         (select last_key from fairlock_adoption.progress where table_name = $1), $2) as key`,
      [table, throttle.rows],
    )
    const { keys } = rows[0]!
    await client.query(
      `update fairlock_adoption.carried set hash = 0
       where table_name = $1 and key = any ($2)
         and (select anew from fairlock_adoption.progress where table_name = $1)`,
      [table, keys],
    )
    if (keys.length > 0) await carry(client, table, keys)
    await client.query(
      `update fairlock_adoption.progress
       set last_key = coalesce($2, last_key), rows_done = rows_done + $3, updated_at = clock_timestamp(),
           finished_at = case when $3 = 0 then clock_timestamp() end, anew = anew and $3 > 0
       where table_name = $1`,
      [table, keys.at(-1) ?? null, keys.length],
    )
    if (keys.length === 0) await noteWalk(client, table)
    return keys.length
  })
}

/** That a table was gone through, and what became of its rows. */
async function noteWalk(client: pg.Client, table: TableName): Promise<void> {
  const { rows } = await client.query<Record<string, number>>(
    `select pass, rows_done::float8 as rows,
            (select count(*)::float8 from fairlock_adoption.carried where table_name = $1) as carried,
            (select count(*)::float8 from fairlock_adoption.quarantine where table_name = $1) as quarantined
     from fairlock_adoption.progress where table_name = $1`,
    [table],
  )
  await noteDeed(client, { action: 'walked', details: { table, ...rows[0] } })
}

/** Takes back what was carried, or quarantined, of rows that the old table has no more. */
export async function carryGone(pace: Pace, table: TableName): Promise<void> {
  for (let after: string | null = ''; after !== null && !pace.signal.aborted; ) {
    let next: string | null = null
    await paced(pace, async () => {
      const keys = await carryGoneAfter(pace, table, after ?? '')
      next = keys.at(-1) ?? null
      return { table, rows: keys.length }
    })
    after = next
  }
}

/** Looks at the next known keys by name; returns them. */
async function carryGoneAfter(
  { carrier, throttle }: Pace,
  table: TableName,
  after: string,
): Promise<string[]> {
  return await carrier.transaction(async (client) => {
    if (!(await mayCarry(client))) throw new Ended()
    const known = await client.query<{ key: string; there: boolean }>(
      `with known as (
         (select key from fairlock_adoption.carried where table_name = $1 and key > $2 order by key limit $3)
         union
         (select key from fairlock_adoption.quarantine where table_name = $1 and key > $2 order by key limit $3)
         order by key limit $3
       )
       select known.key, there.key is not null as there
       from known
       left join fairlock_adoption.read_${table}(array(select key from known)) there on there.key = known.key
       order by known.key`,
      [table, after, throttle.rows],
    )
    const gone = known.rows.filter(({ there }) => !there).map(({ key }) => key)
    if (gone.length > 0) await carry(client, table, gone)
    return known.rows.map(({ key }) => key)
  })
}
