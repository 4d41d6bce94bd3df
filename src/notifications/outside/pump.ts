export type PumpOptions<Item> = {
  /** Takes what is due; `underWay` says what this process is busy with already. */
  take(underWay: ReadonlySet<Item>): Promise<Item[]>
  /** Sends one and writes how it went; the signal says that the program ends. */
  send(item: Item, closing: AbortSignal): Promise<void>
}

/**
 * Sends many things side by side. A run of the background work only sets it going: what takes long holds nobody up, and
 * each that ends makes room for the next.
 */
export class Pump<Item> {
  readonly #options: PumpOptions<Item>
  readonly #underWay = new Set<Item>()
  readonly #closing = new AbortController()
  #taking: Promise<void> | null = null
  #again = false
  #failure: unknown = null
  #idle: (() => void)[] = []

  constructor(options: PumpOptions<Item>) {
    this.#options = options
  }

  /** Begins with what is due. Throws what has gone wrong since the run before, our own faults only. */
  async run(): Promise<void> {
    await this.#fill()
    const failure = this.#failure
    this.#failure = null
    if (failure !== null) throw failure
  }

  /** Waits until nothing is under way or due. */
  async settled(): Promise<void> {
    await this.run()
    while (this.#underWay.size > 0 || this.#taking !== null)
      await new Promise<void>((resolve) => this.#idle.push(resolve))
    await this.run()
  }

  /** Cuts short what is under way, and waits for its end. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the program ends'))
    while (this.#underWay.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** One taking at a time; who asks meanwhile is served by one more. */
  async #fill(): Promise<void> {
    if (this.#closing.signal.aborted) return
    if (this.#taking !== null) {
      this.#again = true
      return this.#taking
    }
    this.#taking = this.#takeAll()
    try {
      await this.#taking
    } finally {
      this.#taking = null
      this.#tell()
    }
  }

  async #takeAll(): Promise<void> {
    do {
      this.#again = false
      try {
        for (const item of await this.#options.take(this.#underWay)) this.#begin(item)
      } catch (error) {
        this.#failure ??= error
      }
    } while (this.#again && !this.#closing.signal.aborted)
  }

  #begin(item: Item): void {
    this.#underWay.add(item)
    this.#options
      .send(item, this.#closing.signal)
      .catch((error: unknown) => {
        this.#failure ??= error
      })
      .finally(() => {
        this.#underWay.delete(item)
        return this.#fill().finally(() => this.#tell())
      })
  }

  #tell(): void {
    if (this.#underWay.size > 0 || this.#taking !== null) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}
