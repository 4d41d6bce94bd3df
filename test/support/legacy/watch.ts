import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Failure, RunningApplication } from './load.ts'

const WINDOW_MS = 2_000
/** A virtual machine here that nobody disturbs loses 1 to 5 % to its host; one that is disturbed 15 to 75 %. */
const MOST_STOLEN = 0.1

/** Times in milliseconds. */
export type Seen = { requests: number; p50: number; p99: number; max: number; longestStall: number }
export type Watched = {
  all: Seen
  /** The same without the windows in which other machines had taken the processors, and the one after each. */
  calm: Seen
  /** How much of the time was calm, and how much of the processors' time was stolen over the whole; 0 to 1. */
  calmShare: number
  stolen: number
  failures: Failure[]
}

type Window = Seen & { took: number[]; failures: Failure[]; stolen: number }

/**
 * Looks at the old application every two seconds and at what the host took of the processors meanwhile ("steal" of
 * /proc/stat; nothing where the system does not tell). Where they are taken away, everything on the machine waits, with a
 * take-over or without: at such a moment nothing is learnt about the take-over. A request that was due in it may be
 * answered in the next window, so that one does not count as calm either.
 */
export class Watch {
  #windows: Window[] = []
  readonly #application: RunningApplication
  readonly #stopping = new AbortController()
  #processors = processorTime()
  #looking: Promise<void> = Promise.resolve()
  readonly #ended: Promise<void>

  constructor(application: RunningApplication) {
    this.#application = application
    this.#ended = this.#run()
  }

  /** What was seen since the last time this was asked, or the start. */
  async since(): Promise<Watched> {
    await this.#look()
    const windows = this.#windows
    this.#windows = []
    const calm = windows.filter(
      ({ stolen }, i) => Math.max(stolen, windows[i - 1]?.stolen ?? 0) <= MOST_STOLEN,
    )
    const stolen = windows.reduce((sum, window) => sum + window.stolen * window.requests, 0)
    return {
      all: together(windows),
      calm: together(calm),
      calmShare: calm.length / windows.length,
      stolen: stolen / Math.max(1, together(windows).requests),
      failures: windows.flatMap(({ failures }) => failures),
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#ended
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await sleep(WINDOW_MS, undefined, { signal }).catch(() => undefined)
      await this.#look()
    }
  }

  /** One look at a time: the application answers one question after the other. */
  #look(): Promise<void> {
    this.#looking = this.#looking.then(async () => {
      const lap = await this.#application.lap()
      const before = this.#processors
      this.#processors = processorTime()
      const spent = this.#processors.all - before.all
      const stolen = spent > 0 ? (this.#processors.stolen - before.stolen) / spent : 0
      this.#windows.push({ ...lap, stolen })
    })
    return this.#looking
  }
}

/** Since the machine started, in ticks; zeros where it is not told. */
function processorTime(): { all: number; stolen: number } {
  try {
    const total = readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? ''
    const ticks = total.trim().split(/\s+/).slice(1, 9).map(Number)
    return { all: ticks.reduce((sum, count) => sum + count, 0), stolen: ticks[7] ?? 0 }
  } catch {
    return { all: 0, stolen: 0 }
  }
}

function together(windows: Window[]): Seen {
  const sorted = windows.flatMap(({ took }) => took).sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  const longestStall = Math.max(0, ...windows.map((window) => window.longestStall))
  return { requests: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1), longestStall }
}
