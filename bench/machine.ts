import { existsSync, readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'

/** What the machine was doing while something was measured; shares of its processors' time in percent. */
export type Machine = { load: number; idle: number | null; steal: number | null; waiting: number | null }

const STAT = '/proc/stat'

/** Starts watching; the function it gives says what happened since. Without /proc/stat only the load is known. */
export function watchMachine(): () => Machine {
  const before = processorTimes()
  return () => {
    const after = processorTimes()
    const load = loadavg()[0]!
    if (before === null || after === null) return { load, idle: null, steal: null, waiting: null }
    const spent = after.map((ticks, i) => ticks - before[i]!)
    const total = Math.max(
      1,
      spent.reduce((sum, ticks) => sum + ticks, 0),
    )
    const percent = (column: number) => (100 * (spent[column] ?? 0)) / total
    // user nice system idle iowait irq softirq steal
    return { load, idle: percent(3), waiting: percent(4), steal: percent(7) }
  }
}

export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  return `${cpus().length} × ${model}, ${process.platform} ${process.arch}, Node.js ${process.versions.node}`
}

function processorTimes(): number[] | null {
  if (!existsSync(STAT)) return null
  const [first] = readFileSync(STAT, 'utf8').split('\n')
  return first!.trim().split(/\s+/).slice(1, 9).map(Number)
}
