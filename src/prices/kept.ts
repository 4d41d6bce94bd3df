import type { Tick } from './sources/source.ts'

/** The newest price that a source said of each pair, as the database keeps it. */
export type Kept = Record<string, [price: string, at: string]>

/** A source that goes back by less than this has answered from another machine of its own. */
const BEHIND_MS = 60_000
/** A price may be so far ahead of our clock, which is then believed instead. */
const AHEAD_MS = 60_000

/**
 * What is known of a source after a reading, and whether the reading held nothing but prices that cannot be. Prices from
 * the future, and those older than what the source said of the pair before, change nothing and are counted in `dropped`;
 * what is older than `oldest` is forgotten.
 */
export function merge(
  before: Kept,
  ticks: readonly Tick[],
  { now, oldest, dropped }: { now: number; oldest: number; dropped: Record<string, number> },
): { kept: Kept; isOldNews: boolean } {
  // What is ahead of the clock now was kept when the clock was wrong; it would shut out everything after it.
  const known = Object.entries(before).filter(([, [, at]]) => Date.parse(at) <= now + AHEAD_MS)
  const after = new Map(known)
  let isOldNews = true
  for (const { base, quote, price, at } of ticks) {
    const time = Date.parse(at)
    const last = after.get(`${base}/${quote}`)
    const reason =
      time > now + AHEAD_MS ? 'future' : last && time < Date.parse(last[1]) ? 'back_in_time' : null
    if (reason === null || (last && reason === 'back_in_time' && Date.parse(last[1]) - time < BEHIND_MS))
      isOldNews = false
    if (reason === null) after.set(`${base}/${quote}`, [price, new Date(Math.min(time, now)).toISOString()])
    else dropped[reason] = (dropped[reason] ?? 0) + 1
  }
  const kept = Object.fromEntries([...after].filter(([, [, at]]) => Date.parse(at) >= oldest))
  return { kept, isOldNews }
}

/** Kept prices as ticks, by pair. */
export function ticksOf(kept: Kept): Map<string, Tick> {
  return new Map(
    Object.entries(kept).map(([pair, [price, at]]) => {
      const [base = '', quote = ''] = pair.split('/')
      return [pair, { base, quote, price, at }]
    }),
  )
}
