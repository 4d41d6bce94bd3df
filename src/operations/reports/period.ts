/** UTC days: from the first up to the one before `to`. */
export type Period = { readonly from: string; readonly to: string }

/** Three years: beyond that, ask for parts. */
export const MOST_DAYS = 1100
const USUAL_DAYS = 30
const DAY_MS = 86_400_000

/** A day of the calendar, from the year 1000 on. */
export const DAY = '^[12]\\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])$'

/** What is wrong with the period that was asked for. */
export class BadPeriod extends Error {
  override readonly name = 'BadPeriod'
  readonly field: 'from' | 'to'
  constructor(field: 'from' | 'to', message: string) {
    super(message)
    this.field = field
  }
}

/** The period that is meant: without an end, up to and with today; without a begin, the thirty days before the end. */
export function periodOf(from: string | undefined, to: string | undefined, now = Date.now()): Period {
  const end = to === undefined ? now - (now % DAY_MS) + DAY_MS : dayOf('to', to)
  const begin = from === undefined ? end - USUAL_DAYS * DAY_MS : dayOf('from', from)
  if (begin >= end) throw new BadPeriod('to', 'is the day after the last one, and has to be after from')
  if (end - begin > MOST_DAYS * DAY_MS) {
    throw new BadPeriod('to', `is more than ${MOST_DAYS} days after from: ask for parts`)
  }
  return { from: textOf(begin), to: textOf(end) }
}

function dayOf(field: 'from' | 'to', text: string): number {
  const time = Date.parse(`${text}T00:00:00Z`)
  if (!new RegExp(DAY).test(text) || Number.isNaN(time) || textOf(time) !== text) {
    throw new BadPeriod(field, 'is not a day like 2026-11-23')
  }
  return time
}

const textOf = (time: number) => new Date(time).toISOString().slice(0, 10)
