import type { AdoptionEvent } from '../../adoption/index.ts'
import { ProgressLine } from '../progress.ts'

/**
 * Shows how a take-over goes on: one line for each table, which stays once the table is done; with `json` the events as
 * lines of JSON, at most one a second of those that only say how far it is.
 */
export class Progress {
  readonly #json: boolean
  readonly #line = new ProgressLine()
  readonly #began = new Map<string, { at: number; done: number }>()
  #writtenAt = Number.NEGATIVE_INFINITY

  constructor(json: boolean) {
    this.#json = json
  }

  show(event: AdoptionEvent): void {
    if (this.#json) this.#write(event)
    else if (event.kind === 'message') this.#line.say(event.text)
    else if (event.kind === 'phase') this.#line.say(`phase ${event.phase}`)
    else if (isLast(event)) this.#line.say(this.#describe(event))
    else this.#line.show(this.#describe(event))
  }

  /** Takes away the line that is being redrawn. */
  end(): void {
    this.#line.clear()
  }

  #write(event: AdoptionEvent): void {
    const now = performance.now()
    if (isPassing(event) && now - this.#writtenAt < 1_000) return
    if (isPassing(event)) this.#writtenAt = now
    process.stderr.write(`${JSON.stringify(event)}\n`)
  }

  #describe(event: Exclude<AdoptionEvent, { kind: 'phase' | 'message' }>): string {
    const { kind, pace } = event
    const probe = `probe ${milliseconds(pace.p99Ms)} (before ${milliseconds(pace.baselineMs)})`
    if (kind === 'drained') return `caught up with ${event.marks} changes of the old application, ${probe}`
    if (kind === 'searched') return `${this.#part('secrets', event.rows, event.of, 'rows')}, ${probe}`
    if (kind === 'recounted') return `${this.#part('statistics', event.people, event.of, 'people')}, ${probe}`
    return (
      `${this.#part(event.table, event.done, event.of, 'rows')}, ${event.quarantined} quarantined, ${probe}, ` +
      `${pace.rows} rows and ${Math.round(pace.pauseMs)} ms pause a batch`
    )
  }

  #part(name: string, done: number, of: number, what: string): string {
    const percent = of === 0 ? 100 : Math.floor((100 * done) / of)
    const rate = this.#rate(name, done)
    const left = rate > 0 && of > done ? `, ${duration((of - done) / rate)} left` : ''
    return `${name.padEnd(20)} ${done} of ${of} ${what}, ${percent} %, ${Math.round(rate)}/s${left}`
  }

  #rate(table: string, done: number): number {
    const now = performance.now()
    const began = this.#began.get(table)
    if (began === undefined || done < began.done) {
      this.#began.set(table, { at: now, done })
      return 0
    }
    return now === began.at ? 0 : ((done - began.done) * 1000) / (now - began.at)
  }
}

/** Whether a table is through with it. */
const isLast = (event: AdoptionEvent) => event.kind === 'table' && event.finished

/** Whether it only says how far something is. */
const isPassing = (event: AdoptionEvent) =>
  !(event.kind === 'phase' || event.kind === 'message' || isLast(event))

function milliseconds(value: number | null): string {
  return value === null ? '?' : `${Math.round(value * 10) / 10} ms`
}

function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  if (minutes === 0) return `${Math.ceil(seconds)} s`
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
