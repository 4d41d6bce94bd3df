const EVERY_MS = 10_000
const REDRAW_MS = 200

type Out = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> & { write(text: string): unknown }

/** The line that says how far a command is: redrawn in place on a terminal, elsewhere written every ten seconds. */
export class ProgressLine {
  readonly #out: Out
  readonly #now: () => number
  #drawn = false
  #shownAt: number

  constructor(out: Out = process.stderr, now = () => performance.now()) {
    this.#out = out
    this.#now = now
    // A log wants nothing of what is over within ten seconds.
    this.#shownAt = out.isTTY ? Number.NEGATIVE_INFINITY : now()
  }

  show(text: string): void {
    const now = this.#now()
    if (now - this.#shownAt < (this.#out.isTTY ? REDRAW_MS : EVERY_MS)) return
    this.#shownAt = now
    if (!this.#out.isTTY) this.#out.write(`${text}\n`)
    else {
      this.#out.write(`\r\x1b[K${text.slice(0, (this.#out.columns || 80) - 1)}`)
      this.#drawn = true
    }
  }

  /** Writes a line that stays. */
  say(text: string): void {
    this.clear()
    this.#out.write(`${text}\n`)
  }

  /** Takes away what is being redrawn. */
  clear(): void {
    if (this.#drawn) this.#out.write('\r\x1b[K')
    this.#drawn = false
  }
}

/** Runs `work`, which shows how far it is, unless `quiet`; the line is gone when it ends, however it ends. */
export async function withProgress<T>(
  quiet: boolean,
  work: (show: (text: string) => void) => Promise<T>,
): Promise<T> {
  if (quiet) return await work(() => undefined)
  const line = new ProgressLine()
  try {
    return await work((text) => line.show(text))
  } finally {
    line.clear()
  }
}
