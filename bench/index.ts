import { type BenchOptions, Finding, UsageError } from '../src/cli/index.ts'
import type { Context, Phase, Scale } from './bench.ts'
import { costs } from './costs.ts'
import { chooseDriver } from './driver.ts'
import { judge } from './judge.ts'
import { describeMachine } from './machine.ts'
import { past } from './past.ts'
import { showProgress } from './progress.ts'
import { asJson, describe, mergeMeasured, type Report } from './report.ts'
import { type Measured, runPhase } from './rounds.ts'
import { sealing } from './sealing.ts'
import { search } from './search.ts'
import { startServer } from './server.ts'
import { start } from './start.ts'
import { randomFrom } from './statistics.ts'
import { takers } from './takers.ts'
import { trades } from './trades.ts'

const PHASES: readonly Phase[] = [trades, takers, search, past, costs, sealing, start]
const LATER: Record<string, string> = { P10: 'comes with backups' }

const FULL: Scale = {
  rounds: 3,
  seconds: 5,
  warmUpSeconds: 1,
  tpcbScale: 50,
  people: 10_000,
  offersFew: 10_000,
  offersMany: 1_000_000,
  pastTrades: 1_000_000,
}
const QUICK: Scale = {
  ...FULL,
  seconds: 1,
  warmUpSeconds: 0,
  tpcbScale: 5,
  people: 2_000,
  offersFew: 10_000,
  offersMany: 100_000,
  pastTrades: 20_000,
}

/** Measures what performance.md promises and prints it. Throws `Finding` with --strict when a target is missed. */
export async function bench(options: BenchOptions): Promise<void> {
  const report = await measure(options, options.quick ? QUICK : FULL)
  process.stdout.write(`${options.json ? asJson(report) : describe(report)}\n`)
  const missed = report.targets.filter((one) => one.verdict !== 'met')
  if (options.strict && missed.length > 0)
    throw new Finding(`Not met: ${[...new Set(missed.map((one) => one.id))].join(', ')}.`)
}

/** One whole benchmark on a server of its own, which is gone afterwards. */
export async function measure(options: BenchOptions, base: Scale): Promise<Report> {
  const scale = { ...base, ...given(options) }
  const wanted = figuresFor(options.only)
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31)
  const [startedAt, began] = [new Date().toISOString(), performance.now()]
  const { context, end, isInterrupted } = await open(scale)
  try {
    const [version] = await context.server.sql<{ version: string }>(
      'postgres',
      `select 'PostgreSQL ' || current_setting('server_version') as version`,
    )
    const random = randomFrom(seed)
    const parts: Measured[] = []
    for (const phase of PHASES) {
      if (figuresOf(phase).some((figure) => wanted.has(figure)))
        parts.push(await runPhase(context, phase, wanted, random))
    }
    const { units, runs } = mergeMeasured(parts)
    const judged = PHASES.flatMap((phase) => phase.targets).filter(
      (one) => wanted.has(one.figure) && isAsked(one.id, options.only),
    )
    return {
      startedAt,
      seconds: (performance.now() - began) / 1000,
      seed,
      machine: describeMachine(),
      server: version!.version,
      driver: context.driver.name,
      notes: notesOn(scale, options),
      targets: judged.map((target) => judge(target, runs)),
      units,
      runs,
    }
  } catch (error) {
    // What breaks because a signal took the server away is no finding; the signal's handler ends the process.
    if (isInterrupted()) await new Promise(() => undefined)
    throw error
  } finally {
    await end()
  }
}

/** Starts the server; whatever happens, a signal too, everything that was started is stopped again. */
async function open(scale: Scale) {
  const undo: (() => Promise<void>)[] = []
  let interrupted = false
  const { progress, done } = showProgress()
  progress('PostgreSQL')
  const server = await startServer()
  undo.push(() => server.stop())
  const end = async () => {
    done()
    for (let one = undo.pop(); one !== undefined; one = undo.pop()) await one()
  }
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const stop = () => {
      interrupted = true
      void end().finally(() => process.exit(code))
    }
    process.once(signal, stop)
    undo.unshift(async () => void process.off(signal, stop))
  }
  const driver = chooseDriver(server.folder, [scale.seconds, scale.warmUpSeconds])
  const context: Context = { server, driver, scale, progress, atEnd: (one) => void undo.push(one) }
  return { context, end, isInterrupted: () => interrupted }
}

function given({ rounds, seconds, past: pastTrades }: BenchOptions): Partial<Scale> {
  return {
    ...(rounds === undefined ? {} : { rounds }),
    ...(seconds === undefined ? {} : { seconds }),
    ...(pastTrades === undefined ? {} : { pastTrades }),
  }
}

function figuresFor(only: readonly string[] | undefined): Set<string> {
  const targets = PHASES.flatMap((phase) => phase.targets)
  const known = new Set([...targets.map((one) => one.id), ...Object.keys(LATER)])
  const unknown = only?.filter((id) => !known.has(id)) ?? []
  if (unknown.length > 0)
    throw new UsageError(`--only knows ${[...known].sort().join(', ')}, not ${unknown.join(', ')}`)
  const asked = targets.filter((one) => isAsked(one.id, only))
  const told = only === undefined ? PHASES.flatMap((phase) => phase.told) : []
  return new Set([...asked.flatMap(({ figure, to }) => (to === null ? [figure] : [figure, to])), ...told])
}

function isAsked(id: string, only: readonly string[] | undefined): boolean {
  return only === undefined || only.includes(id)
}

function figuresOf(phase: Phase): string[] {
  return [
    ...phase.targets.flatMap(({ figure, to }) => (to === null ? [figure] : [figure, to])),
    ...phase.told,
  ]
}

function notesOn(scale: Scale, { quick, only }: BenchOptions): string[] {
  const later = Object.entries(LATER).filter(([id]) => isAsked(id, only))
  return [
    `${scale.rounds} rounds of ${scale.seconds} s after ${scale.warmUpSeconds} s of warm-up; TPC-B at scale ${scale.tpcbScale}; ` +
      `${scale.people} people; search in ${scale.offersMany} offers against ${scale.offersFew}; ${scale.pastTrades} past trades`,
    ...(quick
      ? ['Quick: everything is smaller and shorter than the targets mean; the ratios are hints.']
      : []),
    ...later.map(([id, why]) => `${id} is not measured: it ${why}.`),
  ]
}
