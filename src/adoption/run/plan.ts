import { type PlannedStatement, type Session, withSession } from '../../platform/migrator/index.ts'
import { oldTables } from '../old-tables.ts'
import { readState } from '../state.ts'

export type AdoptionStep = { step: string; statements: PlannedStatement[] }

/**
 * What the rest of a take-over does to the old tables, step by step, with the locks it takes on them and the rows it goes
 * through as far as the statistics know. Null where nothing is taken over.
 */
export async function adoptionPlan(ownerUrl: string): Promise<AdoptionStep[] | null> {
  return await withSession(ownerUrl, async (session) => {
    const state = await readState(session)
    if (state === null || state.phase === 'contracted') return null
    const sizes = await readSizes(session)
    const each = (
      one: Omit<PlannedStatement, 'table' | 'estimatedRows' | 'sql'>,
      sql: string,
      scans: boolean,
    ) =>
      sizes.map(({ table, rows }) => ({
        ...one,
        sql: `${sql} ${table}`,
        table,
        estimatedRows: scans ? rows : 0,
      }))
    const triggers = { lock: 'SHARE ROW EXCLUSIVE, waits at most 100 ms', blocks: 'writes' } as const
    const reading = { lock: 'ACCESS SHARE', blocks: 'nothing' } as const
    const moving = { lock: 'ACCESS EXCLUSIVE, waits at most 100 ms', blocks: 'reads and writes' } as const
    const indexing = { lock: 'SHARE UPDATE EXCLUSIVE', blocks: 'schema changes' } as const
    const filling = { lock: 'ROW EXCLUSIVE', blocks: 'nothing' } as const
    return [
      { step: 'expand: two triggers leave marks', statements: each(triggers, 'create trigger on', false) },
      {
        step: 'expand: empty columns, and indexes built beside everybody (--no-expand leaves both out)',
        statements: [
          ...each(moving, 'add columns to', false),
          ...each(indexing, 'create index concurrently on', true),
        ],
      },
      { step: 'carry: batches of at most 500 rows, with pauses', statements: each(reading, 'read', true) },
      { step: 'carry: the added columns get their values', statements: each(filling, 'update', true) },
      { step: 'validate: count every row', statements: each(reading, 'count', true) },
      { step: 'contract (fairlock db contract)', statements: each(moving, 'set schema of', false) },
    ]
  })
}

async function readSizes(session: Session): Promise<{ table: string; rows: number }[]> {
  const sizes: { table: string; rows: number }[] = []
  for (const { relation } of await oldTables(session)) {
    const { rows } = await session.query<{ table: string; rows: number }>(
      `select oid::regclass::text as "table", greatest(reltuples, 0)::float8 as rows
       from pg_class where oid = to_regclass($1)`,
      [relation],
    )
    sizes.push(rows[0]!)
  }
  return sizes
}
