import { PassThrough } from 'node:stream'
import type { Caller } from '../../platform/index.ts'

/** One event on its way: its position, kind and JSON. */
export type LiveEvent = { position: number; kind: string; json: string }

/** What may wait for a reader; one that is further behind is cut off, and asks again from where it was. */
const MOST_WAITING_BYTES = 512 * 1024

/**
 * A person's stream of events. It begins by catching up from the table; what is told meanwhile waits. Every event goes
 * out once, because positions only grow.
 */
export class Stream {
  readonly id: string
  readonly userId: string
  readonly caller: Caller
  readonly bannedUntil: string | null
  readonly body = new PassThrough()
  #position: number
  #waiting: LiveEvent[] | null = []
  #waitingBytes = 0

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
      this.#limit(this.body.readableLength + this.body.writableLength)
    } else {
      this.#waiting.push(event)
      this.#waitingBytes += event.json.length
      this.#limit(this.#waitingBytes)
    }
  }

  /** The stream has everything that the table had when it began. */
  caughtUp(): void {
    const waiting = this.#waiting ?? []
    this.#waiting = null
    for (const event of waiting) this.send(event)
  }

  write(text: string): void {
    if (!this.isOver) this.body.write(text)
  }

  /** Ends the answer in order. */
  end(): void {
    if (!this.isOver) this.body.end()
  }

  #limit(bytes: number): void {
    if (bytes > MOST_WAITING_BYTES) this.body.destroy(new Error('the reader does not keep up'))
  }
}
