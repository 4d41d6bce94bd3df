import type { Target } from './bench.ts'
import { type Run, valuesOf } from './rounds.ts'
import { LEAST_ROUNDS, median, type Ratio, ratio } from './statistics.ts'

export type Verdict = 'met' | 'MISSED' | 'not judged'
export type Judged = Target & { ratio: Ratio; verdict: Verdict }

/** Compares a target with what was measured. Too few rounds judge nothing. */
export function judge(target: Target, runs: readonly Run[]): Judged {
  const of = valuesOf(runs, target.figure)
  const measured = target.to === null ? absolute(of) : ratio(of, valuesOf(runs, target.to))
  return { ...target, ratio: measured, verdict: verdictOn(target.wanted, measured) }
}

function absolute(values: readonly number[]): Ratio {
  const rounds = values.length
  if (rounds === 0) return ratio([], [])
  return {
    value: median(values),
    lowest: Math.min(...values),
    highest: Math.max(...values),
    rounds,
    enough: rounds >= LEAST_ROUNDS,
  }
}

function verdictOn(wanted: Target['wanted'], { value, enough }: Ratio): Verdict {
  if (value === null || !enough) return 'not judged'
  const isMet = 'least' in wanted ? value >= wanted.least : value <= wanted.most
  return isMet ? 'met' : 'MISSED'
}
