import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EmbeddedError, systemCode } from './errors.ts'
import { clearLeftovers } from './leftovers.ts'
import { type Runner, spawnPostgres } from './runner.ts'

/** A running server process: when it has ended, and how to end it. */
export type Postmaster = { pid: number; ended: Promise<string>; stop(): Promise<void> }

// Recovery after a crash replays up to max_wal_size of log, which may take minutes on a slow disk.
const READY_WITHIN_MS = 600_000
const FAST_STOP_MS = 30_000
const STATUS_LINE = 7

/** Starts the server on a database folder and waits until it accepts connections. */
export async function startPostmaster(
  runner: Runner,
  pgdata: string,
  log: (message: string) => void,
): Promise<Postmaster> {
  await clearLeftovers(pgdata, log)
  const child = spawnPostgres(runner, ['-D', pgdata])
  const said = tail(child)
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ? `killed by ${signal}` : `exit code ${code}`))
  })
  const killWithUs = () => void child.kill('SIGINT')
  process.once('exit', killWithUs)
  let how: string | null = null
  void ended.then((text) => {
    how = text
    process.off('exit', killWithUs)
  })
  const deadline = performance.now() + READY_WITHIN_MS
  while (!isReady(pgdata, child.pid)) {
    if (how !== null)
      throw new EmbeddedError('start_failed', `PostgreSQL did not start (${how}).\n${said()}`.trim())
    if (performance.now() > deadline) {
      child.kill('SIGQUIT')
      throw new EmbeddedError('start_failed', `PostgreSQL was not ready within ${READY_WITHIN_MS / 1000} s.`)
    }
    await sleep(10)
  }
  const pid = child.pid!
  letUsEnd(child)
  return { pid, ended, stop: () => stop(child, ended) }
}

/** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.ref()
  child.kill('SIGINT')
  const late = setTimeout(() => child.kill('SIGQUIT'), FAST_STOP_MS)
  await ended
  clearTimeout(late)
}

/** The postmaster writes its state into its pid file; reading that needs no login and no connection. */
function isReady(pgdata: string, pid: number | undefined): boolean {
  try {
    const lines = readFileSync(join(pgdata, 'postmaster.pid'), 'utf8').split('\n')
    return Number(lines[0]) === pid && lines[STATUS_LINE]?.trim() === 'ready'
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}

/** Keeps the end of what the server says before its log file is open. */
function tail(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-4000)
  })
  return () => text.trim()
}

/** A program that has nothing else to do may end; the server then ends with it. */
function letUsEnd(child: ChildProcess): void {
  child.unref()
  const pipe = child.stderr
  if (pipe && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref()
}
