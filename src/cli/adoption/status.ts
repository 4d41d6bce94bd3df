import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { Registry } from 'prom-client'
import { type AdoptionFigures, adoptionFigures, adoptionGauges } from '../../adoption/index.ts'
import { type Status, withSession } from '../../platform/migrator/index.ts'
import type { Connection } from '../connect.ts'
import { UsageError } from '../finding.ts'
import { print } from '../output.ts'
import { pageOf } from './page.ts'

export type StatusOptions = { json: boolean; watch: boolean; interval: string; prometheus: boolean }

export const NOT_TAKEN_OVER = 'No old database is being taken over here; see docs/operating/migration.md.'

/** `fairlock db status` of a database that is being taken over, in whatever phase. */
export async function watchTakeOver({ ownerUrl }: Connection, options: StatusOptions): Promise<void> {
  const seconds = Number(options.interval)
  if (!(seconds >= 0.1 && seconds <= 3600)) throw new UsageError('--interval takes seconds from 0.1 to 3600')
  await withSession(ownerUrl, async (client) => {
    if (options.prometheus) process.stdout.write(await exposition(client))
    else if (options.watch && !options.json && process.stdout.isTTY) await livePage(client, seconds)
    else if (options.watch) await lines(client, seconds, options.json)
    else {
      const now = (await adoptionFigures(client, true))!
      if (options.json) print(JSON.stringify(now, null, 2))
      else for (const line of pageOf(now, new Date())) print(line)
    }
  })
}

/**
 * While rows are carried, the engine may do more than the code grants it; that is no drift. What is left of a status then
 * is what is pending, halfway or wrong.
 */
export function withoutLoans(found: Status): Status {
  const isLoan = (line: string) => / (to fairlock_engine|fairlock_adoption\S*);?$/.test(line)
  return { ...found, drift: found.drift?.filter((line) => !isLoan(line)) ?? null }
}

async function exposition(client: pg.Client): Promise<string> {
  const registry = new Registry()
  let asked: Promise<AdoptionFigures | null> | null = null
  adoptionGauges(registry, () => {
    asked ??= adoptionFigures(client)
    return asked
  })
  return registry.metrics()
}

/** A block or a line of JSON every interval, until whoever reads has enough or we are told to stop. */
async function lines(client: pg.Client, seconds: number, json: boolean): Promise<void> {
  const end = stopping()
  process.stdout.on('error', end.stop)
  while (!end.signal.aborted) {
    const now = await adoptionFigures(client)
    if (now === null) break
    const at = new Date()
    if (json) print(JSON.stringify({ at: at.toISOString(), ...now }))
    else print(`${pageOf(now, at).join('\n')}\n`)
    await pause(seconds, end.signal)
  }
  end.release()
  process.stdout.off('error', end.stop)
}

const SHOW = '\x1b[?1049h\x1b[?25l'
const RESTORE = '\x1b[?25h\x1b[?1049l'

/** A page that is drawn over itself, on a screen of its own, so that the terminal is afterwards as it was. */
async function livePage(client: pg.Client, seconds: number): Promise<void> {
  const end = stopping()
  const { stdin, stdout } = process
  const onKey = (key: Buffer) => {
    if (['q', 'Q', '\x03', '\x04'].includes(key.toString())) end.stop()
  }
  stdout.write(SHOW)
  if (stdin.isTTY) stdin.setRawMode(true).resume().on('data', onKey)
  try {
    while (!end.signal.aborted) {
      const now = await adoptionFigures(client)
      if (now === null) break
      const shown = [...pageOf(now, new Date()), '', 'q ends']
      const fitting = shown
        .slice(0, Math.max(stdout.rows - 1, 5))
        .map((line) => line.slice(0, stdout.columns))
      stdout.write(`\x1b[H${fitting.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J`)
      await pause(seconds, end.signal)
    }
  } finally {
    if (stdin.isTTY) stdin.off('data', onKey).setRawMode(false).pause()
    stdout.write(RESTORE)
    end.release()
  }
}

/** Told to stop by a key, Ctrl-C or whoever ends the process politely. */
function stopping() {
  const controller = new AbortController()
  const stop = () => controller.abort()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, stop)
  return {
    signal: controller.signal,
    stop,
    release: () => {
      for (const signal of signals) process.off(signal, stop)
    },
  }
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(seconds * 1000, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
