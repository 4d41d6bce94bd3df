import type { Target, Unit } from './bench.ts'
import type { Judged } from './judge.ts'
import { type Measured, type Run, valuesOf } from './rounds.ts'
import { LEAST_ROUNDS, median, type Ratio } from './statistics.ts'

export type Report = {
  startedAt: string
  seconds: number
  seed: number
  machine: string
  server: string
  driver: string
  notes: string[]
  targets: Judged[]
  units: Record<string, Unit>
  runs: Run[]
}

/** The whole report for people: targets first, then absolute numbers, then what the machine was doing. */
export function describe(report: Report): string {
  const { startedAt, seconds, seed, machine, server, driver, notes, targets, runs } = report
  const figures = Object.keys(report.units).sort()
  return [
    `Fairlock benchmark, ${startedAt}, ${Math.round(seconds)} s, seed ${seed}`,
    machine,
    `${server}, fsync and synchronous_commit on; driven by ${driver}`,
    ...notes,
    '',
    ...table([['', 'target', 'measured', 'rounds from to', 'wanted', ''], ...targets.map(targetRow)]),
    '',
    ...table([['median', 'unit', 'what', 'rounds'], ...figures.map((figure) => figureRow(figure, report))]),
    '',
    'The machine during each run: load average of a minute, and of the processors idle, waiting for the disk, stolen.',
    ...table([['phase', 'round', 'load', 'idle', 'waiting', 'stolen', ''], ...runs.map(machineRow)]),
  ].join('\n')
}

function targetRow(target: Judged): string[] {
  const { id, title, ratio, verdict } = target
  const few = ratio.enough ? '' : ` (${ratio.rounds} of at least ${LEAST_ROUNDS} rounds: a hint, not a ratio)`
  return [id, title, shown(ratio.value, target), range(ratio), wantedText(target), `${verdict}${few}`]
}

function shown(value: number | null, { to }: Target): string {
  if (value === null) return '-'
  return to === null ? `${value.toFixed(2)} s` : `${value.toFixed(value < 1 ? 3 : 2)} ×`
}

function range({ lowest, highest }: Ratio): string {
  return lowest === null || highest === null ? '-' : `${lowest.toFixed(2)} ${highest.toFixed(2)}`
}

function wantedText({ wanted, to }: Target): string {
  const unit = to === null ? 's' : '×'
  return 'least' in wanted ? `≥ ${wanted.least} ${unit}` : `≤ ${wanted.most} ${unit}`
}

function figureRow(figure: string, { units, runs }: Pick<Report, 'units' | 'runs'>): string[] {
  const values = valuesOf(runs, figure)
  return [compact(median(values)), units[figure]!, figure, values.map(compact).join(' ')]
}

function compact(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}

function machineRow({ phase, round, figures, machine }: Run): string[] {
  const percent = (value: number | null) => (value === null ? '?' : `${Math.round(value)} %`)
  const { load, idle, waiting, steal } = machine
  const what = Object.keys(figures)[0] ?? ''
  return [phase, `${round}`, load.toFixed(1), percent(idle), percent(waiting), percent(steal), what]
}

function table(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}

/** The same for machines: every run, every target with its ratio. */
export function asJson(report: Report): string {
  return JSON.stringify(report, null, 2)
}

export function mergeMeasured(parts: readonly Measured[]): Measured {
  return {
    units: Object.assign({}, ...parts.map((one) => one.units)),
    runs: parts.flatMap((one) => one.runs),
  }
}
