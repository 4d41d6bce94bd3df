import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { openSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Context } from './bench.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const READY_WITHIN_MS = 60_000

/** `fairlock serve --only api` in a process of its own, its log in a file. Gives its port. */
export async function startApi(context: Context, database: string): Promise<number> {
  const { server, atEnd } = context
  const port = await freePort()
  const log = openSync(join(server.folder, 'api.log'), 'a')
  const child = spawn(process.execPath, [MAIN, 'serve', '--only', 'api'], {
    cwd: server.folder,
    stdio: ['ignore', log, log],
    env: {
      ...cleanEnvironment(),
      PORT: `${port}`,
      // The load comes from one address and few people. They are counted like everybody, and never reach their limit.
      FAIRLOCK_REQUESTS_PER_ADDRESS: '999999',
      FAIRLOCK_REQUESTS_PER_PERSON: '999999',
      DATABASE_URL: server.url(database, 'owner'),
      FAIRLOCK_APP_DATABASE_URL: server.url(database, 'app'),
      FAIRLOCK_KEYRING: 'env:BENCH_KEYRING',
      BENCH_KEYRING: `bench=${randomBytes(32).toString('base64')}`,
    },
  })
  atEnd(() => stop(child))
  await answered(`http://127.0.0.1:${port}/readyz`, child)
  return port
}

/** The environment without what configures Fairlock: the benchmark measures the defaults. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !name.startsWith('FAIRLOCK_') && !['DATABASE_URL', 'PORT', 'HOST', 'LOG_LEVEL'].includes(name),
  )
  return Object.fromEntries(kept)
}

/** Waits until the address answers with 200. */
export async function answered(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS
  while (performance.now() < deadline) {
    if (child.exitCode !== null)
      throw new Error(`the program ended with ${child.exitCode} before it answered`)
    const status = await fetch(url).then(
      (response) => response.status,
      () => null,
    )
    if (status === 200) return
    await sleep(10)
  }
  throw new Error(`${url} did not answer within ${READY_WITHIN_MS / 1000} s`)
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const listener = createServer()
    listener.once('error', reject)
    listener.listen(0, '127.0.0.1', () => {
      const address = listener.address()
      listener.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port is free'))
        else resolve(address.port)
      })
    })
  })
}
