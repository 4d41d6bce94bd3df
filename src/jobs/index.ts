import type { Runner } from 'graphile-worker'
import pg from 'pg'
import { pause } from '../platform/index.ts'

/** A piece of background work: what it does, and after how many seconds it is due again. */
export type Task = { readonly everySeconds: number; readonly work: () => Promise<void> }

export type Jobs = { stop(): Promise<void>; runs(): ReadonlyMap<string, TaskRuns> }
export type TaskRuns = { done: number; failed: number; lastDone: number }

/** Installs the tables of graphile-worker; as the owner, before the code that grants access to them. */
export async function migrateJobs(ownerUrl: string): Promise<void> {
  const { Logger, runMigrations } = await worker()
  await runMigrations({ connectionString: ownerUrl, logger: new Logger(quiet) })
}

/** Loaded where it is needed: most commands of `fairlock` run without it. */
const worker = () => import('graphile-worker')

/** How long to wait before a runner that has ended is started again. */
const RESTART_PAUSE_MS = 1000

/** The most frequent task is due every two seconds; the longest takes a few. */
const STALLED_MS = 15_000

type Options = {
  url: string
  tasks: Record<string, Task>
  onError: (task: string, error: unknown) => void
}

/**
 * Runs the tasks, each again and again. A task's next run is a row with the task's name as its job key, written when
 * the last one ends; the crontab writes the row anew every minute, so that a chain which a crash has cut goes on.
 * Tasks may run in two processes at once and must not mind.
 */
export async function startJobs(options: Options): Promise<Jobs> {
  let pool = newPool(options)
  const runs = new Map(Object.keys(options.tasks).map((name) => [name, { done: 0, failed: 0, lastDone: 0 }]))
  const stopping = new AbortController()
  let runner: Runner | null = await startRunner(options, pool, runs, stopping.signal)
  const watching = watch()

  /** graphile-worker ends when the database goes away in the middle of a task: it cannot say how the task went. */
  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        if (runner === null) {
          runner = await startRunner(options, pool, runs, stopping.signal)
          if (stopping.signal.aborted) await runner.stop()
        }
        if ((await endOf(runner, options.tasks, runs, stopping.signal)) === 'stalled') {
          options.onError('runner', new Error(`no task has ended for ${STALLED_MS / 1000} s: starting anew`))
          // Whatever it waits for may never come: it is left to itself, with its connections.
          const [lost, its] = [runner, pool]
          pool = newPool(options)
          lost.stop().catch((error: unknown) => options.onError('runner', error))
          its.end().catch((error: unknown) => options.onError('connection', error))
        }
      } catch (error) {
        options.onError('runner', error)
      }
      if (stopping.signal.aborted) return
      runner = null
      await pause(RESTART_PAUSE_MS, stopping.signal)
    }
  }

  return {
    runs: () => runs,
    async stop() {
      stopping.abort()
      // Where it is just ending by itself it says so, and is waited for all the same.
      await runner?.stop().catch((error: unknown) => options.onError('runner', error))
      await watching
      await pool.end()
    },
  }
}

function newPool({ url, onError }: Options): pg.Pool {
  // Without a bound a connection that is never handed out, or never answered, is waited for without end.
  const pool = new pg.Pool({
    connectionString: url,
    max: 4,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: 'fairlock jobs',
  })
  pool.on('error', (error) => onError('connection', error))
  pool.on('connect', (client) => client.on('error', (error) => onError('connection', error)))
  return pool
}

/**
 * Waits until the runner ends, or until no task has ended for a while: seen once in many kills of PostgreSQL, with no
 * error from the library.
 */
async function endOf(
  runner: Runner,
  tasks: Record<string, Task>,
  runs: Map<string, TaskRuns>,
  stopping: AbortSignal,
): Promise<'stalled' | undefined> {
  const over = new AbortController()
  const until = AbortSignal.any([stopping, over.signal])
  const soonest = Math.min(...Object.values(tasks).map(({ everySeconds }) => everySeconds))
  const ended = () => [...runs.values()].reduce((sum, { done, failed }) => sum + done + failed, 0)
  const stalled = async (): Promise<'stalled' | undefined> => {
    for (let before = -1; !until.aborted; ) {
      if (ended() === before) return 'stalled'
      before = ended()
      await pause(Math.max(STALLED_MS, 3000 * soonest), until)
    }
    return undefined
  }
  try {
    return (await Promise.race([runner.promise, stalled()])) === 'stalled' ? 'stalled' : undefined
  } finally {
    over.abort()
  }
}

async function startRunner(
  { tasks, onError }: Options,
  pool: pg.Pool,
  runs: Map<string, TaskRuns>,
  stopping: AbortSignal,
): Promise<Runner> {
  const { Logger, run } = await worker()
  const names = Object.keys(tasks)
  for (const name of names) {
    // A row that is still locked by a worker which is no more gives its key to the new one.
    await pool.query(`select graphile_worker.add_job($1, job_key => $1, max_attempts => 3)`, [name])
  }
  return run({
    pgPool: pool,
    concurrency: 2,
    pollInterval: 1000,
    noHandleSignals: true,
    logger: new Logger(quiet),
    // A delay, if only of 0 ms, makes a failure to write a task's end stop the runner; without one it is a rejection
    // that nobody handles, and the end of the program.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    crontab: names
      .map((name) => `* * * * * ${name} ?max=3&jobKey=${name}&jobKeyMode=preserve_run_at`)
      .join('\n'),
    taskList: Object.fromEntries(
      Object.entries(tasks).map(([name, task]) => [
        name,
        async (_payload, helpers) => {
          const record = runs.get(name)!
          try {
            await task.work()
            record.done++
            record.lastDone = Date.now()
          } catch (error) {
            record.failed++
            onError(name, error)
          }
          if (stopping.aborted) return
          // Another worker may have planned it already: the key keeps it one row.
          await helpers.addJob(name, {}, dueIn(task.everySeconds, name))
        },
      ]),
    ),
  })
}

function dueIn(seconds: number, jobKey: string) {
  return {
    jobKey,
    jobKeyMode: 'replace' as const,
    maxAttempts: 3,
    runAt: new Date(Date.now() + seconds * 1000),
  }
}

const quiet = () => () => undefined
