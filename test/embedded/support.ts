import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { Embedded } from '../../src/platform/embedded/index.ts'
import { startEmbedded } from '../../src/platform/embedded/index.ts'

// The processes are killed here, never the machine: nothing has to reach the disk.
export const QUICK = { fsync: 'off', shared_buffers: '16MB', max_connections: '20' }

/** A folder that is removed after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlock-embedded-'))
  cleanUp(t, () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/** A server that is stopped after the test at the latest. */
export async function started(
  t: TestContext,
  dataDir: string,
  log?: (message: string) => void,
): Promise<Embedded> {
  const server = await startEmbedded({ dataDir, settings: QUICK, waitMs: 0, ...(log ? { log } : {}) })
  cleanUp(t, () => server.stop())
  return server
}

/** Another program that holds the data folder, in a process of its own. */
export async function otherProgram(
  t: TestContext,
  dataDir: string,
): Promise<{ child: ChildProcess; url: string }> {
  const program = fileURLToPath(new URL('program.ts', import.meta.url))
  const child = spawn(process.execPath, [program, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  cleanUp(t, async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  for await (const url of createInterface({ input: child.stdout })) return { child, url }
  throw new Error('the other program ended without a word')
}

const cleanups = new WeakMap<TestContext, (() => void | Promise<void>)[]>()

/** node:test runs hooks in the order they were added; what was made last has to go first. */
function cleanUp(t: TestContext, action: () => void | Promise<void>): void {
  const actions = cleanups.get(t)
  if (actions) return void actions.push(action)
  const first = [action]
  cleanups.set(t, first)
  t.after(async () => {
    while (first.length > 0) await first.pop()?.()
  })
}

/** Runs one statement as the owner, over a connection of its own. */
export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/** The server's process id, from its own pid file; null when there is none. */
export function postmasterPid(pgdata: string): number | null {
  const file = join(pgdata, 'postmaster.pid')
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : null
}

/** True while a process runs; one that has ended and only waits to be reaped does not. */
export function isRunning(pid: number | null): boolean {
  if (pid === null) return false
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    // No such process.
    return false
  }
}

/** Tries until it answers without an error, for at most ten seconds. */
export async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + 10_000
  while (true) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await sleep(20)
    }
  }
}
