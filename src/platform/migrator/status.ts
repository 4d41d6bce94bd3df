import { readFile } from 'node:fs/promises'
import { marketSchema, PUBLIC } from '../market-schema.ts'
import { schemaSnapshot } from '../schema-snapshot.ts'
import { appliedCode, codeHash, readCode } from './code.ts'
import { type Session, withSession } from './connection.ts'
import { hasJournal, journalProblems, readJournal, readProgress } from './journal.ts'
import { countKept, type Restored } from './kept.ts'
import { seeingAllRows } from './managed.ts'
import { label, type Migration, readMigrations } from './migrations.ts'
import type { Target } from './run.ts'
import { currentHolder, type Holder } from './runner-lock.ts'
import { codeDirectory, migrationsDirectory, snapshotFile } from './sources.ts'

export type Status = {
  applied: { migration: string; appliedAt: Date; appliedBy: string }[]
  pending: string[]
  /** Migrations that a killed run left half way, with the direction it was going. */
  interrupted: { migration: string; direction: 'up' | 'down' }[]
  code: 'current' | 'outdated' | 'absent'
  /** What does not fit between the journal and the files. */
  problems: string[]
  /**
   * Lines that differ between the live schema ('+') and the committed one ('-'); null while older or without
   * file.
   */
  drift: string[] | null
  /** Rows of a way down that wait for the way up. */
  kept: Restored[]
  /** Who is migrating at this moment. */
  holder: Holder | null
}

export type Problem = { source: string; problem: string }

/** Where a database stands. Changes nothing. */
export async function status(options: Target & { snapshot?: string | undefined }): Promise<Status> {
  return await withSession(options.ownerUrl, async (session) => {
    const schema = await marketSchema(session)
    const migrations = await readMigrations(options.migrations ?? migrationsDirectory, schema)
    const wanted = codeHash(await readCode(options.code ?? codeDirectory, schema))
    const known = await hasJournal(session)
    const entries = await readJournal(session)
    const pending = migrations.filter((one) => !entries.some((entry) => entry.id === one.id))
    const hash = known ? await appliedCode(session) : null
    const isNewest = pending.length === 0 && hash === wanted
    return {
      applied: entries.map((entry) => ({
        migration: label(entry),
        appliedAt: entry.applied_at,
        appliedBy: entry.applied_by,
      })),
      pending: pending.map(label),
      interrupted: await interrupted(session, migrations),
      code: hash === wanted ? 'current' : hash === null ? 'absent' : 'outdated',
      problems: journalProblems(entries, migrations),
      drift: isNewest ? await drift(session, options.snapshot ?? snapshotFile) : null,
      kept: known ? await countKept(session) : [],
      holder: known ? ((await currentHolder(session)) ?? null) : null,
    }
  })
}

async function interrupted(session: Session, migrations: Migration[]): Promise<Status['interrupted']> {
  const found = new Map<string, 'up' | 'down'>()
  for (const progress of await readProgress(session)) found.set(progress.migration, progress.direction)
  return [...found].map(([id, direction]) => {
    const migration = migrations.find((one) => one.id === id)
    return { migration: migration === undefined ? id : label(migration), direction }
  })
}

async function drift(session: Session, file: string): Promise<string[] | null> {
  const committed = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (committed === null) return null
  const schema = await marketSchema(session)
  const live = await schemaSnapshot(session, schema)
  if (schema === PUBLIC) return lineDifference(committed, live)
  // Under another name the tables come in another order.
  const sorted = (text: string) => text.split('\n').sort().join('\n')
  return lineDifference(
    sorted(committed),
    sorted(live.replaceAll(new RegExp(`\\b${schema}\\b`, 'g'), 'public')),
  )
}

/**
 * The lines that only one of two texts has, by the longest common subsequence: '-' of the first, '+' of the
 * second.
 */
export function lineDifference(first: string, second: string): string[] {
  const a = first.trimEnd().split('\n')
  const b = second.trimEnd().split('\n')
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++
  return middleDifference(a.slice(start, a.length - end), b.slice(start, b.length - end))
}

function middleDifference(a: string[], b: string[]): string[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i]![j] =
        a[i] === b[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!)
    }
  }
  const lines: string[] = []
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      i++
      j++
    } else if (j === b.length || (i < a.length && lengths[i + 1]![j]! >= lengths[i]![j + 1]!)) {
      lines.push(`- ${a[i++]}`)
    } else {
      lines.push(`+ ${b[j++]}`)
    }
  }
  return lines
}

/** Runs every applied migration's verify.sql and repeats what the last runs found; an empty list is good. */
export async function verify(options: Target): Promise<Problem[]> {
  return await withSession(options.ownerUrl, async (session) => {
    const schema = await marketSchema(session)
    const migrations = await readMigrations(options.migrations ?? migrationsDirectory, schema)
    const entries = await readJournal(session)
    const problems: Problem[] = journalProblems(entries, migrations).map((problem) => ({
      source: 'journal',
      problem,
    }))
    for (const migration of migrations.filter((one) => entries.some((entry) => entry.id === one.id))) {
      problems.push(...(await verifyOne(session, migration)))
    }
    if (await hasJournal(session)) problems.push(...(await runProblems(session)))
    return problems
  })
}

async function verifyOne(session: Session, migration: Migration): Promise<Problem[]> {
  const found = await seeingAllRows(session, () => session.query<{ problem: string }>(migration.verify))
  const problems = found.rows.map((row) => row.problem).sort()
  return problems.map((problem) => ({ source: label(migration), problem }))
}

async function runProblems(session: Session): Promise<Problem[]> {
  const found = await session.query<{
    id: string
    direction: string
    finished_at: Date | null
    problem: string
  }>(
    `select id, direction, finished_at, problem
     from fairlock_migrations.runs
     cross join lateral unnest(
       case when finished_at is null then array['was interrupted: run it again to finish it']
            else problems end
     ) as problem
     order by id`,
  )
  return found.rows.map((row) => ({ source: `run ${row.id} (${row.direction})`, problem: row.problem }))
}
