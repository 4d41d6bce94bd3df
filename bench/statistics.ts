/** Fewer rounds than this say nothing on a shared machine. */
export const LEAST_ROUNDS = 3

/** The middle value; of an even number of values the mean of the middle two. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('the median of no values')
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export type Ratio = {
  /** Median over median; null where one of the two was not measured. */
  value: number | null
  /** The lowest and the highest of the ratios within one round. */
  lowest: number | null
  highest: number | null
  rounds: number
  /** False when there were too few rounds: then the value is a hint and nothing is judged by it. */
  enough: boolean
}

/** The ratio of two things measured in the same rounds. */
export function ratio(of: readonly number[], to: readonly number[]): Ratio {
  const rounds = Math.min(of.length, to.length)
  const enough = rounds >= LEAST_ROUNDS
  if (rounds === 0) return { value: null, lowest: null, highest: null, rounds, enough }
  const each = of.slice(0, rounds).map((value, round) => value / to[round]!)
  return {
    value: median(of) / median(to),
    lowest: Math.min(...each),
    highest: Math.max(...each),
    rounds,
    enough,
  }
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const result = [...values]
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[result[last], result[other]] = [result[other]!, result[last]!]
  }
  return result
}
