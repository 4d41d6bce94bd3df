import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EmbeddedError } from './errors.ts'

const FAST_MS = 20_000
const IMMEDIATE_MS = 5_000
const KILLED_MS = 5_000

/**
 * Stops whatever still runs on this database folder, left over from a program that was killed, and
 * removes the pid file if it is stale. The pid in that file is trusted only when the process
 * behind it works in the folder: after a crash the number may long belong to somebody else.
 */
export async function clearLeftovers(pgdata: string, log: (message: string) => void): Promise<void> {
  const pidFile = join(pgdata, 'postmaster.pid')
  if (!existsSync(pidFile)) return
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
  if (serversOn(pgdata).includes(pid)) {
    log(`stopping PostgreSQL (process ${pid}), left behind by a program that was killed`)
  }
  const stages: [NodeJS.Signals, number][] = [
    ['SIGINT', FAST_MS],
    ['SIGQUIT', IMMEDIATE_MS],
    ['SIGKILL', KILLED_MS],
  ]
  for (const [signal, waitMs] of stages) {
    const running = serversOn(pgdata)
    if (running.length === 0) break
    if (running.includes(pid)) send(pid, signal)
    // Without a postmaster its children end by themselves; only the last stage has to help.
    else if (signal !== 'SIGINT') for (const child of running) send(child, signal)
    if (await gone(pgdata, waitMs)) break
  }
  const remaining = serversOn(pgdata)
  if (remaining.length > 0) {
    throw new EmbeddedError(
      'orphan_stays',
      `PostgreSQL still runs on ${pgdata} (process ${remaining.join(', ')}) and cannot be stopped by this user. ` +
        'Stop it, then start Fairlock again.',
    )
  }
  rmSync(pidFile, { force: true })
}

/** The processes working in the database folder: every PostgreSQL process has it as its working folder. */
function serversOn(pgdata: string): number[] {
  if (process.platform !== 'linux') return postmastersOn(pgdata)
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && workingFolder(name) === pgdata && isPostgres(name))
    .map(Number)
}

function workingFolder(pid: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    // It ended meanwhile, or belongs to another user and so is not ours.
    return null
  }
}

function isPostgres(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres')
  } catch {
    // It ended meanwhile.
    return false
  }
}

function postmastersOn(pgdata: string): number[] {
  const { stdout } = spawnSync('ps', ['-axww', '-o', 'pid=,command='], { encoding: 'utf8' })
  return stdout
    .split('\n')
    .filter((line) => line.endsWith(`postgres -D ${pgdata}`))
    .map((line) => Number.parseInt(line, 10))
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended meanwhile, or may not be signalled; what is still there at the end is reported.
  }
}

async function gone(pgdata: string, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs
  while (performance.now() < deadline) {
    if (serversOn(pgdata).length === 0) return true
    await sleep(20)
  }
  return false
}
