import type pg from 'pg'
import type { Database } from '../../platform/index.ts'

/** Sizes and dead rows of a table; nulls where there is no such table. */
export type Bloat = { bytes: number | null; live: number | null; dead: number | null }

/** How the carrying of one old table is doing. */
export type TableFigures = {
  table: string
  pass: number | null
  /** Old rows that the walk has passed, and how many there were when it began. */
  done: number
  total: number
  finished: boolean
  /** Rows a second over the last minute. */
  rate: number
  /** Null while there is no rate to count with. */
  etaSeconds: number | null
  carried: number
  quarantined: number
  /** Rows that the old application touched and that wait to be carried again. */
  marks: number
  oldestMarkSeconds: number
  old: Bloat
  new: Bloat
}

/** How a take-over is doing at this moment. */
export type AdoptionFigures = {
  phase: string
  phaseSeconds: number
  marketSchema: string
  /** Whether `carried` was counted, or is PostgreSQL's estimate of the rows in the new table. */
  isExact: boolean
  tables: TableFigures[]
  quarantine: Record<string, number>
  setAside: Record<string, number>
  differences: number
  marks: { waiting: number; oldestSeconds: number }
  batches: {
    counted: number
    p99Ms: number | null
    probeP99Ms: number | null
    pauseMs: number | null
    lockWaits: number
    retries: number
    secondsSinceLast: number | null
  }
  /** The last `db verify`; null before the first. */
  verified: { passed: boolean; mismatches: number; ageSeconds: number; isSigned: boolean } | null
}

const QUESTION = 'select fairlock.adoption_figures'

/** The figures for an operator's session; null where nothing is taken over. `isExact` counts every carried row. */
export async function adoptionFigures(session: pg.Client, isExact = false): Promise<AdoptionFigures | null> {
  // Before `db up`, and after `db down`, there is no code and nothing to count; nor may the engine look into the schema.
  const known = await session.query(
    `select from pg_proc join pg_namespace on pg_namespace.oid = pronamespace
     where nspname = 'fairlock' and proname = 'adoption_figures'`,
  )
  if (known.rowCount === 0) return null
  const { rows } = await session.query<{ answer: AdoptionFigures | null }>(`${QUESTION}($1) as answer`, [
    isExact,
  ])
  return rows[0]!.answer
}

/** The same for the metrics of a running program. */
export async function readAdoption(db: Database): Promise<AdoptionFigures | null> {
  const { rows } = await db.pool.query<{ answer: AdoptionFigures | null }>(`${QUESTION}() as answer`)
  return rows[0]!.answer
}
