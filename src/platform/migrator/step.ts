import { MigrationError, retried, type Session, transaction } from './connection.ts'
import type { Progress } from './journal.ts'
import { keepAll, type Restored, restore } from './kept.ts'
import { quoted } from './managed.ts'
import { chained, label, type Migration, type Script, sha256, type TableColumns } from './migrations.ts'
import type { Statement } from './split-sql.ts'

export type StepProgress = {
  migration: string
  direction: 'up' | 'down'
  /** How many of the script's statements are done. */
  done: number
  of: number
  message?: string
}

type Step = {
  session: Session
  runId: string
  migration: Migration
  direction: 'up' | 'down'
  script: Script
  /** Statements done by a run that was killed. */
  earlier: Progress[]
  report: (progress: StepProgress) => void
  restored: Restored[]
}

export type StepContext = Pick<Step, 'session' | 'runId' | 'migration' | 'earlier' | 'report'>

/** Applies one migration and brings back what a way down kept of it. */
export async function applyStep(context: StepContext, previousChain: string): Promise<Restored[]> {
  const step: Step = {
    ...context,
    direction: 'up',
    script: context.migration.up,
    restored: [],
  }
  const { migration, session } = step
  const started = performance.now()
  await runScript(step, async () => {
    await bringBack(step)
    const duration = Math.round(performance.now() - started)
    await session.query(
      `insert into fairlock_migrations.journal (id, name, hash, chain, duration_ms, facts)
       values ($1, $2, $3, $4, $5, $6)`,
      [
        migration.id,
        migration.name,
        migration.hash,
        chained(previousChain, migration),
        duration,
        { statements: migration.up.statements.length, restored: step.restored },
      ],
    )
  })
  return step.restored
}

/** Undoes one migration, after keeping the rows that it would lose. */
export async function undoStep(context: StepContext): Promise<void> {
  const step: Step = {
    ...context,
    direction: 'down',
    script: context.migration.down,
    restored: [],
  }
  await runScript(step, async () => {
    await step.session.query('delete from fairlock_migrations.journal where id = $1', [step.migration.id])
  })
}

async function runScript(step: Step, atEnd: () => Promise<void>): Promise<void> {
  const finish = async () => {
    await atEnd()
    await step.session.query('delete from fairlock_migrations.progress where migration = $1', [
      step.migration.id,
    ])
  }
  if (step.script.mode === 'transaction') {
    await atomically(step, async () => {
      if (await isComplete(step)) return
      if (step.direction === 'down') {
        await keepAll(step.session, step.migration)
      }
      for (const [index, statement] of step.script.statements.entries()) {
        await runStatement(step, statement, index)
      }
      await finish()
    })
  } else {
    for (const [index, statement] of step.script.statements.entries()) {
      if (isDone(step, statement, index)) continue
      await (isConcurrent(statement)
        ? runConcurrently(step, statement, index)
        : atomically(step, async () => {
            if (await isRecorded(step, index)) return
            await runStatement(step, statement, index)
            await recordProgress(step, statement, index)
          }))
    }
    await atomically(step, async () => {
      if (!(await isComplete(step))) await finish()
    })
  }
  step.report(progressOf(step, step.script.statements.length))
}

function progressOf(step: Step, done: number, message?: string): StepProgress {
  const base = {
    migration: label(step.migration),
    direction: step.direction,
    done,
    of: step.script.statements.length,
  }
  return message === undefined ? base : { ...base, message }
}

/**
 * A transaction of the step, repeated while it loses against a lock. Two runners can never both be in one.
 */
async function atomically(step: Step, work: () => Promise<void>): Promise<void> {
  const before = step.restored
  const attempt = () => {
    step.restored = [...before]
    return transaction(step.session, async () => {
      await step.session.query('lock table fairlock_migrations.journal in share row exclusive mode')
      await step.session.query(
        `update fairlock_migrations.runs set own_xids = own_xids || pg_current_xact_id()::xid::text
         where id = $1`,
        [step.runId],
      )
      await work()
    })
  }
  await retried(attempt, (count, error) =>
    step.report(progressOf(step, 0, `${error.message}; trying again (attempt ${count + 1})`)),
  )
}

async function runStatement(step: Step, statement: Statement, index: number): Promise<void> {
  if (step.direction === 'up' && /\bvalidate\s+constraint\b/i.test(statement.text)) await bringBack(step)
  step.report(progressOf(step, index))
  const changesRows = /^(?:with|update|insert|delete)\b/i.test(statement.text)
  const unforced = changesRows ? await unforce(step.session, step.script.changes) : []
  await explained(step, statement, () => step.session.query(statement.text))
  for (const table of unforced) await step.session.query(`alter table ${table} force row level security`)
}

async function bringBack(step: Step): Promise<void> {
  step.restored.push(...(await restore(step.session, step.migration.id)))
}

/** Forced row-level security would hide the rows that the script means to change from their owner. */
async function unforce(session: Session, tables: TableColumns[]): Promise<string[]> {
  const names = tables.map((table) => quoted(table.schema, table.table))
  const found = await session.query<{ name: string }>(
    `select name from unnest($1::text[]) as name join pg_class on pg_class.oid = to_regclass(name)
     where relforcerowsecurity`,
    [names],
  )
  for (const row of found.rows) await session.query(`alter table ${row.name} no force row level security`)
  return found.rows.map((row) => row.name)
}

function isDone(step: Step, statement: Statement, index: number): boolean {
  const found = step.earlier.find((one) => one.direction === step.direction && one.statement === index)
  if (found !== undefined && found.hash !== sha256(statement.text)) {
    throw new MigrationError(
      `${step.script.path}:${statement.line} changed after it ran and before the migration was complete. ` +
        'Restore its text, or roll back to before this migration.',
    )
  }
  return found !== undefined
}

// A killed runner's last COMMIT can still arrive after its successor has read the journal. So each
// transaction looks again once it holds the journal's lock.

async function isComplete(step: Step): Promise<boolean> {
  const found = await step.session.query<{ journaled: boolean; started: boolean }>(
    `select exists (select from fairlock_migrations.journal where id = $1) as journaled,
            exists (select from fairlock_migrations.progress where migration = $1) as started`,
    [step.migration.id],
  )
  const { journaled, started } = found.rows[0]!
  return step.direction === 'up' ? journaled : !journaled && !started
}

async function isRecorded(step: Step, index: number): Promise<boolean> {
  const found = await step.session.query(
    'select from fairlock_migrations.progress where migration = $1 and direction = $2 and statement = $3',
    [step.migration.id, step.direction, index],
  )
  return found.rowCount === 1
}

async function recordProgress(step: Step, statement: Statement, index: number): Promise<void> {
  await step.session.query(
    `insert into fairlock_migrations.progress (migration, direction, statement, hash) values ($1, $2, $3, $4)
     on conflict do nothing`,
    [step.migration.id, step.direction, index, sha256(statement.text)],
  )
}

/** CREATE or DROP INDEX CONCURRENTLY, which cannot be in a transaction. */
export function isConcurrent(statement: Statement): boolean {
  return /^(?:create\s+(?:unique\s+)?index|drop\s+index|reindex\s+\w+)\s+concurrently\b/i.test(statement.text)
}

/**
 * Runs a statement that cannot be in a transaction. A killed CREATE INDEX CONCURRENTLY leaves an invalid
 * index behind, which is dropped first; one that was killed between its end and our note of it left a valid
 * one, which is taken.
 */
async function runConcurrently(step: Step, statement: Statement, index: number): Promise<void> {
  step.report(progressOf(step, index))
  await explained(step, statement, () =>
    retried(async () => {
      const found = await existingIndex(step.session, statement)
      if (found?.valid === false) await step.session.query(`drop index concurrently ${found.name}`)
      if (found?.valid !== true) await step.session.query(statement.text)
    }),
  )
  await recordProgress(step, statement, index)
}

async function existingIndex(
  session: Session,
  statement: Statement,
): Promise<{ name: string; valid: boolean } | undefined> {
  const parts = /^create\s+(?:unique\s+)?index\s+concurrently\s+(\w+)\s+on\s+(?:only\s+)?(\w+)\.(\w+)/i.exec(
    statement.text,
  )
  if (parts === null) return undefined
  const found = await session.query<{ name: string; valid: boolean }>(
    `select indexrelid::regclass::text as name, indisvalid as valid from pg_index
     where indexrelid = to_regclass($1) and indrelid = to_regclass($2)`,
    [`${parts[2]}.${parts[1]}`, `${parts[2]}.${parts[3]}`],
  )
  return found.rows[0]
}

/** Puts the file and line in front of what the database says. */
async function explained(step: Step, statement: Statement, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const place = `${step.script.path}:${statement.line}`
    if (error instanceof Error && !error.message.startsWith(place))
      error.message = `${place}: ${error.message}`
    throw error
  }
}
