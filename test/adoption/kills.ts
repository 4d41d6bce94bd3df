import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { TestDatabase } from '../support/server.ts'

const child = fileURLToPath(new URL('killed-run.ts', import.meta.url))

export type Way = 'up' | 'down' | 'contract'
/** `server` crashes all of PostgreSQL: only for a server that no other test uses. */
export type Victim = 'runner' | 'session' | 'server'
/** `statements` is how many a run had that came to its end, `kinds` those that differ in more than their values. */
export type Death = { died: boolean; statements: number | null; kinds: string[]; said: string }

/**
 * Runs a way of which one statement, the n-th or the first of its kind, is the last one of the runner, or of the session
 * or server that should have run it.
 */
export async function killedRun(
  way: Way,
  database: TestDatabase,
  victim: Victim,
  statement: number | string,
): Promise<Death> {
  const { ownerUrl, appUrl, superuserUrl } = database
  const given = [child, way, ownerUrl, appUrl, superuserUrl, victim, String(statement)]
  const run = spawn(process.execPath, given, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [[code, signal], out, said] = await Promise.all([
    once(run, 'exit'),
    text(run.stdout),
    text(run.stderr),
  ])
  const died = signal === 'SIGKILL' || code === 3
  assert.ok(died || code === 0, `${way}, statement ${statement}, ${victim}: ${said}`)
  const ended = code === 0 ? (JSON.parse(out) as { statements: number; kinds: string[] }) : null
  return { died, statements: ended?.statements ?? null, kinds: ended?.kinds ?? [], said }
}
