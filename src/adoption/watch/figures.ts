import { readFile } from 'node:fs/promises'
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
  /** Rows that Fairlock wrote and the old table did not take: `fairlock_adoption.mirror_failures`. */
  notTaken: number
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
  /** People whose statistics wait to be counted anew. */
  toRecount: number
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

/**
 * The figures for an operator's session; null where nothing is taken over. They are asked of the tables themselves, as the
 * product's function asks them: that one, and what the engine may read, is there only while rows are carried.
 * `isExact` counts every carried row.
 */
export async function adoptionFigures(session: pg.Client, isExact = false): Promise<AdoptionFigures | null> {
  const there = await session.query<{ there: boolean }>(
    `select to_regclass('fairlock_adoption.state') is not null as there`,
  )
  if (!there.rows[0]!.there) return null
  const { rows } = await session.query<{ answer: AdoptionFigures }>(await question(), [isExact])
  return rows[0]?.answer ?? null
}

let text: string | null = null

/** The query inside of fairlock.adoption_figures. */
async function question(): Promise<string> {
  text ??= await readFile(new URL('../adoption.sql', import.meta.url), 'utf8')
  return `select answer from (${text.split('$figures$')[1]!}) as found (answer)`
}

/** The same for the metrics of a running program. */
export async function readAdoption(db: Database): Promise<AdoptionFigures | null> {
  const { rows } = await db.pool.query<{ answer: AdoptionFigures | null }>(
    `select fairlock.adoption_figures() as answer`,
  )
  return rows[0]!.answer
}
