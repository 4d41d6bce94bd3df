import { Logger, type Runner, run, runMigrations } from 'graphile-worker'
import pg from 'pg'

/** A piece of background work: what it does, and after how many seconds it is due again. */
export type Task = { readonly everySeconds: number; readonly work: () => Promise<void> }

export type Jobs = { stop(): Promise<void>; runs(): ReadonlyMap<string, TaskRuns> }
export type TaskRuns = { done: number; failed: number; lastDone: number }

/** Installs the tables of graphile-worker; as the owner, before the code that grants access to them. */
export async function migrateJobs(ownerUrl: string): Promise<void> {
  await runMigrations({ connectionString: ownerUrl, logger: quiet })
}

/**
 * Runs the tasks, each again and again. A task's next run is a row with the task's name as its job key, written when
 * the last one ends; the crontab writes the row anew every minute, so that a chain which a crash has cut goes on.
 * Tasks may run in two processes at once and must not mind.
 */
export async function startJobs(options: {
  url: string
  tasks: Record<string, Task>
  onError: (task: string, error: unknown) => void
}): Promise<Jobs> {
  const { tasks } = options
  const pool = new pg.Pool({ connectionString: options.url, max: 4, application_name: 'fairlock jobs' })
  pool.on('error', (error) => options.onError('connection', error))
  pool.on('connect', (client) => client.on('error', (error) => options.onError('connection', error)))
  const runs = new Map(Object.keys(tasks).map((name) => [name, { done: 0, failed: 0, lastDone: 0 }]))
  let stopping = false
  const names = Object.keys(tasks)
  const runner: Runner = await run({
    pgPool: pool,
    concurrency: 2,
    pollInterval: 1000,
    noHandleSignals: true,
    logger: quiet,
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
            options.onError(name, error)
          }
          if (stopping) return
          // Another worker may have planned it already: the key keeps it one row.
          await helpers.addJob(name, {}, dueIn(task.everySeconds, name))
        },
      ]),
    ),
  })
  for (const name of names) await runner.addJob(name, {}, dueIn(0, name))
  return {
    runs: () => runs,
    async stop() {
      stopping = true
      await runner.stop()
      await pool.end()
    },
  }
}

function dueIn(seconds: number, jobKey: string) {
  return {
    jobKey,
    jobKeyMode: 'replace' as const,
    maxAttempts: 3,
    runAt: new Date(Date.now() + seconds * 1000),
  }
}

const quiet = new Logger(() => () => undefined)
