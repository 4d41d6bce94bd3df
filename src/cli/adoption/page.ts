import type { AdoptionFigures, Bloat, TableFigures } from '../../adoption/index.ts'

const BAR = 16

/** The figures as lines of at most 80 characters: for the live page and for a log alike. */
export function pageOf(now: AdoptionFigures, at: Date): string[] {
  const { phase, phaseSeconds, tables, marks, batches, verified } = now
  const title = `Take-over: ${phase} for ${clock(phaseSeconds)}`
  return [
    `${title.padEnd(58)}  ${at.toISOString().slice(0, 19)}Z`,
    '',
    ...tables.map(progress),
    '',
    `waiting     ${count(marks.waiting)} rows, the oldest for ${span(marks.oldestSeconds)}`,
    `batches     p99 ${ms(batches.p99Ms)}, probe p99 ${ms(batches.probeP99Ms)}, pause ${ms(batches.pauseMs)}, ` +
      `last ${batches.secondsSinceLast === null ? 'never' : `${span(batches.secondsSinceLast)} ago`}`,
    `trouble     ${count(batches.lockWaits)} waits for locks, ${count(batches.retries)} retries in the last batches`,
    ...listed('quarantine', sum(tables.map((one) => one.quarantined)), now.quarantine),
    ...listed('set aside', sum(Object.values(now.setAside)), now.setAside),
    ...listed('not taken', sum(tables.map((one) => one.notTaken)), notTaken(tables)),
    `differ      ${count(now.differences)} statistics that were counted anew` +
      `${now.toRecount > 0 ? `, ${count(now.toRecount)} people wait` : ''}`,
    `verified    ${
      verified === null
        ? 'not yet: fairlock db verify'
        : `${span(verified.ageSeconds)} ago, ${verified.passed ? 'passed' : `${count(verified.mismatches)} wrong`}` +
          `${verified.isSigned ? '' : ', unsigned'}`
    }`,
    ...size('old tables', tables, 'old'),
    ...size('new tables', tables, 'new'),
  ]
}

/** One line: name, bar, percent, rows, rate, time left. */
function progress({ table, done, total, finished, rate, etaSeconds, quarantined }: TableFigures): string {
  const part = finished ? 1 : total === 0 ? 0 : Math.min(done / total, 1)
  const full = Math.floor(part * BAR)
  const bar = `[${'#'.repeat(full)}${'-'.repeat(BAR - full)}]`
  const left = finished ? 'done' : etaSeconds === null ? '' : clock(etaSeconds)
  const speed = rate > 0 ? `${short(rate)}/s` : ''
  const refused = quarantined > 0 ? `!${short(quarantined)}` : ''
  return [
    table.padEnd(19),
    bar,
    `${Math.floor(part * 100)}%`.padStart(4),
    `${short(done)}/${short(total)}`.padStart(11),
    speed.padStart(7),
    left.padStart(8),
    refused,
  ]
    .join(' ')
    .trimEnd()
}

/** The kinds with their numbers, the most frequent first, in two lines at most; `db quarantine list` has them all. */
function listed(name: string, rows: number, codes: Record<string, number>): string[] {
  const lines = [`${name.padEnd(10)}  ${count(rows)}`]
  const most = Object.entries(codes).sort(([, a], [, b]) => b - a)
  for (const [i, [code, number]] of most.entries()) {
    const part = `${i === 0 ? ': ' : ', '}${code} ${count(number)}`
    const rest = `, ${most.length - i} more kinds`
    const isLast = lines.length === 2 && i < most.length - 1
    if (`${lines.at(-1)}${part}`.length + (isLast ? rest.length : 0) <= 80) lines[lines.length - 1] += part
    else if (lines.length === 1) lines.push(`${' '.repeat(12)}${part.slice(2)}`)
    else {
      lines[1] += rest
      break
    }
  }
  return lines
}

/** Of which tables, where the old ones refused something of Fairlock's. */
function notTaken(tables: TableFigures[]): Record<string, number> {
  return Object.fromEntries(tables.filter((one) => one.notTaken > 0).map((one) => [one.table, one.notTaken]))
}

function size(name: string, tables: TableFigures[], side: 'old' | 'new'): string[] {
  const all = (value: (bloat: Bloat) => number | null) => sum(tables.map((table) => value(table[side]) ?? 0))
  const [live, dead] = [all((one) => one.live), all((one) => one.dead)]
  const share = live + dead === 0 ? 0 : (100 * dead) / (live + dead)
  return [`${name.padEnd(10)}  ${bytes(all((one) => one.bytes))}, ${tenths(share)} % of their rows are dead`]
}

const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0)
const count = (value: number) => value.toLocaleString('en-US')
const tenths = (value: number) =>
  value.toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1, useGrouping: false })
const ms = (value: number | null) =>
  value === null ? '-' : `${value < 10 ? tenths(value) : Math.round(value)} ms`

/** At most six characters. */
function short(value: number): string {
  if (value >= 1e9) return `${tenths(value / 1e9)}G`
  if (value >= 1e6) return `${tenths(value / 1e6)}M`
  return value >= 1e4 ? `${Math.round(value / 1e3)}k` : String(Math.round(value))
}

function bytes(value: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(value, 1)) / 10), 4)
  return `${tenths(value / 1024 ** power)} ${['B', 'kB', 'MB', 'GB', 'TB'][power]}`
}

/** 1:02:03, and days before it. */
function clock(seconds: number): string {
  const whole = Math.round(seconds)
  const [days, rest] = [Math.floor(whole / 86_400), whole % 86_400]
  const [hours, minutes, last] = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return `${days > 0 ? `${days}d ` : ''}${hours}:${two(minutes)}:${two(last)}`
}

/** A short stretch of time in words. */
function span(seconds: number): string {
  if (seconds < 120) return `${seconds < 10 ? tenths(seconds) : Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3600)} h`
}
