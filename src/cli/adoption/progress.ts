import type { AdoptionEvent } from '../../adoption/index.ts'

const EVERY_MS = 10_000
const REDRAW_MS = 200

/**
 * Shows how a take-over goes on: on a terminal one line for each table, redrawn in place; elsewhere a line every ten
 * seconds; with `json` each event as a line of JSON.
 */
export class Progress {
  readonly #json: boolean
  readonly #out: NodeJS.WriteStream
  readonly #began = new Map<string, { at: number; done: number }>()
  #line = ''
  #shownAt = 0

  constructor(json: boolean, out: NodeJS.WriteStream = process.stderr) {
    this.#json = json
    this.#out = out
  }

  show(event: AdoptionEvent): void {
    if (this.#json) {
      if (this.#due(event, 1_000)) this.#out.write(`${JSON.stringify(event)}\n`)
      return
    }
    if (event.kind === 'message' || event.kind === 'phase') {
      this.#settle(event.kind === 'message' ? event.text : `phase ${event.phase}`)
      return
    }
    const line = this.#describe(event)
    const last = event.kind === 'table' && event.finished
    if (this.#out.isTTY) {
      this.#line = line
      if (last) this.#settle(line)
      else if (this.#due(event, REDRAW_MS)) this.#out.write(`\r\x1b[K${line.slice(0, this.#out.columns - 1)}`)
    } else if (last || this.#due(event, EVERY_MS)) this.#out.write(`${line}\n`)
  }

  /** Ends the line that is being redrawn. */
  end(): void {
    if (this.#out.isTTY && this.#line !== '') this.#out.write('\r\x1b[K')
    this.#line = ''
  }

  #settle(text: string): void {
    if (this.#out.isTTY) this.#out.write('\r\x1b[K')
    this.#out.write(`${text}\n`)
    this.#line = ''
  }

  #due(event: AdoptionEvent, everyMs: number): boolean {
    if (event.kind === 'phase' || event.kind === 'message') return true
    if (event.kind === 'table' && event.finished) return true
    if (performance.now() - this.#shownAt < everyMs) return false
    this.#shownAt = performance.now()
    return true
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

function milliseconds(value: number | null): string {
  return value === null ? '?' : `${Math.round(value * 10) / 10} ms`
}

function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  if (minutes === 0) return `${Math.ceil(seconds)} s`
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
