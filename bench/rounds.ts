import type { Context, Figures, Phase, Subject, Unit } from './bench.ts'
import { type Machine, watchMachine } from './machine.ts'
import { shuffled } from './statistics.ts'

/** One run of one subject, and what else the machine was doing. */
export type Run = { phase: string; round: number; figures: Figures; machine: Machine }
export type Measured = { units: Record<string, Unit>; runs: Run[] }

/** Runs every subject of a phase once in each round, each round in another order. */
export async function runPhase(
  context: Context,
  phase: Phase,
  wanted: ReadonlySet<string>,
  random: () => number,
): Promise<Measured> {
  const { scale, progress } = context
  const subjects = await phase.open(context, wanted)
  const units = Object.assign({}, ...subjects.map((one) => one.figures))
  const runs: Run[] = []
  for (let round = 1; round <= scale.rounds; round++) {
    for (const subject of shuffled(subjects, random)) {
      progress(`${phase.name}, round ${round} of ${scale.rounds}: ${Object.keys(subject.figures)[0]}`)
      runs.push({ phase: phase.name, round, ...(await runOnce(subject)) })
    }
  }
  return { units, runs }
}

async function runOnce(subject: Subject): Promise<{ figures: Figures; machine: Machine }> {
  await subject.reset?.()
  const watched = watchMachine()
  const figures = await subject.run()
  return { figures, machine: watched() }
}

/** What each round gave for a figure, in the order of the rounds. */
export function valuesOf(runs: readonly Run[], figure: string): number[] {
  return runs
    .filter((run) => figure in run.figures)
    .sort((a, b) => a.round - b.round)
    .map((run) => run.figures[figure]!)
}
