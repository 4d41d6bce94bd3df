import { marketSchema, PUBLIC } from '../market-schema.ts'
import { appliedCode, applyCode, type CodeFile, codeHash, dropCode, readCode } from './code.ts'
import { MigrationError, type Session, withSession } from './connection.ts'
import { compareFacts, readFacts, writtenByOthers } from './facts.ts'
import { type Entry, ensureJournal, readJournal, readProgress, requireSoundJournal } from './journal.ts'
import type { Restored } from './kept.ts'
import { quoted } from './managed.ts'
import { findMigration, label, type Migration, readMigrations } from './migrations.ts'
import { type PlannedStep, plan } from './plan.ts'
import { ensureRoles } from './roles.ts'
import { alone } from './runner-lock.ts'
import { codeDirectory, migrationsDirectory } from './sources.ts'
import { applyStep, type StepProgress, undoStep } from './step.ts'

export type Target = {
  ownerUrl: string
  /** Where the migrations and the code are; the tests have others. */
  migrations?: string | undefined
  code?: string | undefined
}

export type RunOptions = Target & {
  /** Stop after this migration: its number or its whole name. */
  to?: string | undefined
  /** Only say what would be done. */
  dryRun?: boolean | undefined
  /** False: fail at once when another migrator is at work. */
  wait?: boolean | undefined
  onProgress?: ((progress: StepProgress) => void) | undefined
  onMessage?: ((message: string) => void) | undefined
}

export type UpOptions = RunOptions & {
  /** The application's connection string, where it is not derived from the owner's. */
  appUrl?: string | undefined
  /** Work of other parts with migrations of their own, done before the code is applied. */
  extra?: Array<(ownerUrl: string) => Promise<void>> | undefined
}

export type RunResult = {
  direction: 'up' | 'down'
  /** The migrations that were applied or undone, in that order. */
  migrations: string[]
  /** What `dryRun` would have done. */
  planned: PlannedStep[]
  codeApplied: boolean
  restored: Restored[]
  /** What is wrong with the data after the run; empty when all is well. */
  problems: string[]
  /** What could not be compared, and why. */
  notes: string[]
}

type Run = { session: Session; migrations: Migration[]; options: RunOptions; result: RunResult }

/**
 * Applies pending migrations, and the code once all of them are in. A killed run goes on where it stopped.
 */
export async function up(options: UpOptions): Promise<RunResult> {
  const schema = await withSession(options.ownerUrl, marketSchema)
  const migrations = await readMigrations(options.migrations ?? migrationsDirectory, schema)
  const until = options.to === undefined ? undefined : findMigration(migrations, options.to)
  const result = emptyResult('up')
  if (options.dryRun === true) return { ...result, planned: await plan(options) }
  await ensureRoles(options)
  const code = await readCode(options.code ?? codeDirectory, schema)
  await withSession(options.ownerUrl, async (session) => {
    await ensureJournal(session)
    await alone(options.ownerUrl, waiting(options), async () => {
      const run: Run = { session, migrations, options, result }
      await makeMarketSchema(session, schema)
      await finishWayDown(run)
      const pending = await pendingMigrations(run, until)
      if (pending.length > 0 || (await hasOpenRun(session))) await recorded(run, () => applyAll(run, pending))
      if ((await readJournal(session)).length === migrations.length)
        await finishUp(run, options.extra ?? [], code)
    })
  })
  return result
}

/** The schema beside `public`, which everybody may look into as into `public`; policies and grants guard the tables. */
async function makeMarketSchema(session: Session, schema: string): Promise<void> {
  if (schema === PUBLIC) return
  await session.query(`create schema if not exists ${quoted(schema)}`)
  await session.query(`grant usage on schema ${quoted(schema)} to public`)
}

async function finishUp(run: Run, extra: NonNullable<UpOptions['extra']>, code: CodeFile[]): Promise<void> {
  for (const work of extra) await work(run.options.ownerUrl)
  run.result.codeApplied = await applyCode(run.session, code)
}

/** Undoes all migrations after `to`; 'nothing' undoes the first one too. What would be lost is kept. */
export async function down(options: RunOptions & { to: string }): Promise<RunResult> {
  if ((await withSession(options.ownerUrl, marketSchema)) !== PUBLIC) {
    throw new MigrationError(
      'This database is being taken over: its migrations are not undone one by one. ' +
        '`fairlock db down --to adopted` gives it back to the old application.',
    )
  }
  const migrations = await readMigrations(options.migrations ?? migrationsDirectory)
  const stay = options.to === 'nothing' ? '' : findMigration(migrations, options.to).id
  const result = emptyResult('down')
  if (options.dryRun === true) return { ...result, planned: await plan({ ...options, direction: 'down' }) }
  await withSession(options.ownerUrl, async (session) => {
    await ensureJournal(session)
    await alone(options.ownerUrl, waiting(options), async () => {
      const run: Run = { session, migrations, options, result }
      requireSoundJournal(await readJournal(session), migrations)
      const undone = await migrationsAfter(run, stay)
      if (undone.length === 0 && !(await hasOpenRun(session))) return
      await dropCode(session)
      await recorded(run, () => undoAll(run, undone))
    })
  })
  return result
}

function emptyResult(direction: 'up' | 'down'): RunResult {
  return { direction, migrations: [], planned: [], codeApplied: false, restored: [], problems: [], notes: [] }
}

function waiting(options: RunOptions): { wait: boolean; onWait: (message: string) => void } {
  return { wait: options.wait ?? true, onWait: options.onMessage ?? (() => undefined) }
}

async function pendingMigrations(run: Run, until: Migration | undefined): Promise<Migration[]> {
  const entries = await readJournal(run.session)
  requireSoundJournal(entries, run.migrations)
  return run.migrations.filter(
    (one) => !entries.some((entry) => entry.id === one.id) && (until === undefined || one.id <= until.id),
  )
}

/** Newest first, with the one that a killed run left half applied. */
async function migrationsAfter(run: Run, stay: string): Promise<Migration[]> {
  const present = new Set<string>((await readJournal(run.session)).map((entry) => entry.id))
  for (const progress of await readProgress(run.session)) present.add(progress.migration)
  return run.migrations.filter((one) => one.id > stay && present.has(one.id)).reverse()
}

/** A way down that was killed half way is ended before anything goes up again. */
async function finishWayDown(run: Run): Promise<void> {
  const half = (await readProgress(run.session)).find((progress) => progress.direction === 'down')
  if (half === undefined) return
  const undone = run.migrations.filter((one) => one.id === half.migration)
  run.options.onMessage?.(`The way down of ${undone.map(label).join()} was interrupted: finishing it first.`)
  await recorded(run, () => undoAll(run, undone))
}

async function applyAll(run: Run, pending: Migration[]): Promise<void> {
  const earlier = await readProgress(run.session)
  for (const migration of pending) {
    const entries = await readJournal(run.session)
    const context = await stepContext(run, migration, earlier)
    run.result.restored.push(...(await applyStep(context, entries.at(-1)?.chain ?? '')))
    run.result.migrations.push(label(migration))
  }
  for (const one of run.result.restored.filter((restored) => restored.left > 0)) {
    run.result.notes.push(
      `${one.left} rows of ${one.table} did not come back, because their own row or one they refer to is ` +
        `gone. They stay in fairlock_kept."${one.copy}".`,
    )
  }
}

async function undoAll(run: Run, undone: Migration[]): Promise<void> {
  const earlier = await readProgress(run.session)
  for (const migration of undone) {
    await undoStep(await stepContext(run, migration, earlier))
    run.result.migrations.push(label(migration))
  }
}

async function stepContext(
  run: Run,
  migration: Migration,
  earlier: Awaited<ReturnType<typeof readProgress>>,
) {
  const open = await run.session.query<{ id: string }>(
    'select id from fairlock_migrations.runs where finished_at is null order by id desc limit 1',
  )
  return {
    session: run.session,
    runId: open.rows[0]!.id,
    migration,
    earlier: earlier.filter((progress) => progress.migration === migration.id),
    report: run.options.onProgress ?? (() => undefined),
  }
}

/** Whether a run was killed before it had compared the facts. */
async function hasOpenRun(session: Session): Promise<boolean> {
  const found = await session.query('select from fairlock_migrations.runs where finished_at is null')
  return found.rowCount !== 0
}

type OpenRun = {
  id: string
  snapshot: string
  own_xids: string[]
  facts_before: Parameters<typeof compareFacts>[0]
}

/**
 * Surrounds a run with the facts before and after it. A run that goes on after a kill keeps the first one's
 * facts.
 */
async function recorded(run: Run, work: () => Promise<void>): Promise<void> {
  const { session, result } = run
  if (!(await hasOpenRun(session))) {
    const before = await readFacts(session)
    await session.query(
      'insert into fairlock_migrations.runs (direction, snapshot, facts_before) values ($1, $2, $3)',
      [result.direction, before.snapshot, before.facts],
    )
  }
  await work()
  const after = await readFacts(session)
  const found = await session.query<OpenRun>(
    'select id, snapshot, own_xids, facts_before from fairlock_migrations.runs where finished_at is null',
  )
  const open = found.rows[0]!
  const declared = run.migrations.flatMap((one) => [...one.up.changes, ...one.down.changes])
  for (const [table, texts] of Object.entries(compareFacts(open.facts_before, after.facts, declared))) {
    const others = await writtenByOthers(session, table, open.snapshot, open.own_xids)
    const list = others ? result.notes : result.problems
    list.push(`${table}: ${texts.join(', ')}${others ? '; other sessions wrote to it meanwhile' : ''}`)
  }
  await session.query(
    `update fairlock_migrations.runs set finished_at = clock_timestamp(), facts_after = $2, problems = $3
     where id = $1`,
    [open.id, after.facts, result.problems],
  )
}

/**
 * Brings a database to the newest schema and code, from whatever it is; throws when anything is wrong
 * afterwards.
 */
export async function migrateToLatest(
  options: Omit<UpOptions, 'to' | 'dryRun'> & { log?: (message: string) => void },
): Promise<void> {
  const log = options.log ?? (() => undefined)
  const result = await up({ ...options, onMessage: options.onMessage ?? log })
  for (const migration of result.migrations) log(`Applied ${migration}.`)
  for (const note of result.notes) log(note)
  if (result.problems.length > 0) {
    throw new MigrationError(
      `The data is not what it was before the migration:\n${result.problems.join('\n')}\n` +
        '`fairlock db down` goes back; nothing was deleted.',
    )
  }
}

/** Whether everything, code included, is applied: what `status` and readiness ask. */
export async function isCurrent(
  session: Session,
  migrations: Migration[],
  code: CodeFile[],
): Promise<boolean> {
  const entries: Entry[] = await readJournal(session)
  return entries.length === migrations.length && (await appliedCode(session)) === codeHash(code)
}
