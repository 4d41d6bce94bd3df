import { PassThrough } from 'node:stream'
import type { Caller } from '../../platform/index.ts'

/** One event on its way: its position, kind and JSON. */
export type LiveEvent = { position: number; kind: string; json: string }

/** What may wait in memory for a reader; who is further behind gets the rest from the table, as fast as they read. */
const MOST_WAITING_BYTES = 512 * 1024
const LOOK_MS = 20
/** How long a reader may take to read what was sent before the end. */
const END_MS = 5000

/**
 * A person's stream of events. It begins by catching up from the table, and does so again when it falls behind; what is
 * told meanwhile waits. Every event goes out once, because positions only grow.
 */
export class Stream {
  readonly id: string
  readonly userId: string
  readonly caller: Caller
  readonly bannedUntil: string | null
  readonly body = new PassThrough()
  /** Called when the reader has fallen behind: the stream has to catch up. */
  onBehind: (() => void) | null = null
  #position: number
  #waiting: LiveEvent[] | null = []
  #waitingBytes = 0
  /** Something told while it catches up did not fit any more. */
  #isBehind = false

  constructor(id: string, caller: Caller, userId: string, bannedUntil: string | null, position: number) {
    this.id = id
    this.caller = caller
    this.userId = userId
    this.bannedUntil = bannedUntil
    this.#position = position
    // The reader's going away is no error of ours.
    this.body.on('error', () => undefined)
  }

  /** Up to where it has been sent everything. */
  get position(): number {
    return this.#position
  }

  get isOver(): boolean {
    return this.body.destroyed || this.body.writableEnded
  }

  /** What the table has: goes out at once. */
  send(event: LiveEvent): void {
    if (event.position <= this.#position) return
    this.#position = event.position
    this.write(`id: ${event.position}\nevent: ${event.kind}\ndata: ${event.json}\n\n`)
  }

  /** What was told just now: waits while the stream catches up. */
  deliver(event: LiveEvent): void {
    if (this.#waiting === null) {
      this.send(event)
      if (this.body.readableLength + this.body.writableLength <= MOST_WAITING_BYTES) return
      this.#waiting = []
      this.onBehind?.()
    } else if (!this.#isBehind) {
      this.#waiting.push(event)
      this.#waitingBytes += event.json.length
      if (this.#waitingBytes > MOST_WAITING_BYTES) this.#dropWaiting(true)
    }
  }

  /** Keeps what is told from here on. */
  startCatchingUp(): void {
    this.#dropWaiting(false)
  }

  /** The stream has everything that the table had when it began; false when it has to begin once more. */
  caughtUp(): boolean {
    if (this.#isBehind) return false
    const waiting = this.#waiting ?? []
    this.#dropWaiting(false)
    this.#waiting = null
    for (const event of waiting) this.send(event)
    return true
  }

  /** Waits until the reader has taken what they were sent; false when they take nothing for so long. */
  async drained(stalledMs: number): Promise<boolean> {
    const { body } = this
    for (let stalled = 0, before = -1; stalled < stalledMs; stalled += LOOK_MS) {
      const waiting = body.readableLength + body.writableLength
      if (body.destroyed || waiting < body.readableHighWaterMark) return true
      if (waiting !== before) stalled = 0
      before = waiting
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
    return false
  }

  write(text: string): void {
    if (!this.isOver) this.body.write(text)
  }

  /** Ends the answer in order; one who does not read is cut off, or would keep the stream's place for ever. */
  end(): void {
    if (this.isOver) return
    this.body.end()
    const patience = setTimeout(() => this.body.destroy(), END_MS).unref()
    this.body.once('close', () => clearTimeout(patience))
  }

  /** Ends the connection, with what its reader did not take. */
  cutOff(): void {
    this.body.destroy(new Error('the reader does not keep up'))
  }

  #dropWaiting(isBehind: boolean): void {
    this.#waiting = []
    this.#waitingBytes = 0
    this.#isBehind = isBehind
  }
}
