import { sql } from 'kysely'
import { type Caller, type Database, newId, Problem, query } from '../../platform/index.ts'
import { Listener } from './listener.ts'
import { type LiveEvent, Stream } from './stream.ts'

export type LiveOptions = {
  db: Database
  /** The application's connection string, for the connection that listens. */
  url: string
  /** Streams that this process serves at most. */
  mostStreams?: number
  onTrouble?: (error: unknown) => void
  timing?: Partial<typeof TIMING>
}

const TIMING = {
  heartbeatMs: 15_000,
  checkMs: 3000,
  lookMs: 5000,
  retryMs: 2000,
  longestMs: 3_600_000,
  stalledMs: 30_000,
}
const MOST_STREAMS = 2000
const MOST_STREAMS_OF_PERSON = 5
/** Events that are read at a time, for all streams of the process and for one that catches up. */
const PAGE = 1000
const CATCH_UP_PAGE = 100

type Since = {
  to: number
  isMore: boolean
  events: [position: number, userId: string | null, kind: string, json: string][]
}

/**
 * The live events of this process: one connection listens, one reader takes what is new from the table for everybody
 * who has a stream here, and hands it out. While nobody has one, nothing is read and nothing listens.
 */
export class Live {
  readonly #options: Required<LiveOptions>
  readonly #timing: typeof TIMING
  readonly #streams = new Map<string, Set<Stream>>()
  readonly #timers: NodeJS.Timeout[] = []
  readonly #nobody: Caller
  #count = 0
  #listener: Listener | null = null
  /** Up to where everybody has been told; null while nobody listens. */
  #told: number | null = null
  #reading: Promise<void> | null = null
  /** The page that is being read, if any. */
  #page: Promise<unknown> = Promise.resolve()
  #isNewsLeft = false
  #isClosed = false
  #isAway = false
  /** Streams that were cut off because their readers did not keep up. */
  cutOff = 0

  constructor(options: LiveOptions) {
    this.#options = { mostStreams: MOST_STREAMS, onTrouble: () => undefined, timing: {}, ...options }
    this.#timing = { ...TIMING, ...options.timing }
    this.#nobody = { sessionId: null, tokenHash: null, requestId: `live ${newId()}` }
    const { heartbeatMs, checkMs, lookMs } = this.#timing
    // A notification that was lost on the way, by a pooler that does not know them, is made up for by a look.
    this.#every(lookMs, () => this.#look())
    this.#every(heartbeatMs, () => this.#each((stream) => stream.write(': still here\n\n')))
    this.#every(checkMs, () => void this.#check())
  }

  /** How many streams are open. */
  get size(): number {
    return this.#count
  }

  /**
   * Opens the caller's stream after a position; without one from now. Throws `Problem` not_signed_in, too_many_streams,
   * streams_full.
   */
  async open(caller: Caller, after: number | null): Promise<Stream> {
    const { userId, position, missed, bannedUntil } = await this.#options.db.call<{
      userId: string
      position: number
      missed: boolean
      bannedUntil: string | null
    }>(caller, 'select fairlock.open_stream($1) as answer', [after])
    const from = after === null || missed ? position : after
    const stream = new Stream(newId(), caller, userId, bannedUntil, from)
    this.#add(stream)
    stream.write(`retry: ${this.#timing.retryMs}\n\n`)
    const where = `id: ${from}\ndata: ${JSON.stringify({ position: from })}\n\n`
    if (missed) stream.write(`event: reset\n${where}`)
    else if (after === null) stream.write(`event: hello\n${where}`)
    // What is told from now on waits in the stream until it has caught up.
    if (this.#told === null) this.#told = position
    this.#listener ??= new Listener(this.#options.url, () => this.#look(), this.#options.onTrouble)
    stream.onBehind = () => void this.#catchUp(stream)
    void this.#catchUp(stream)
    return stream
  }

  /** Ends all streams in order, and opens no more. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#each((stream) => stream.end())
    await this.#listener?.close()
    await this.#reading
  }

  #every(milliseconds: number, work: () => void): void {
    this.#timers.push(setInterval(work, milliseconds).unref())
  }

  #each(work: (stream: Stream) => void): void {
    for (const streams of this.#streams.values()) for (const stream of streams) work(stream)
  }

  #add(stream: Stream): void {
    if (this.#isClosed || this.#count >= this.#options.mostStreams)
      throw new Problem('streams_full', { retryAfter: 5 })
    const theirs = this.#streams.get(stream.userId) ?? new Set()
    if (theirs.size >= MOST_STREAMS_OF_PERSON) throw new Problem('too_many_streams', { retryAfter: 30 })
    this.#streams.set(stream.userId, theirs.add(stream))
    this.#count++
    // Its reader comes again, perhaps to another process: so they share the load again after one was away.
    const longest = setTimeout(() => stream.end(), this.#timing.longestMs).unref()
    stream.body.once('close', () => {
      clearTimeout(longest)
      theirs.delete(stream)
      this.#count--
      if (theirs.size === 0) this.#streams.delete(stream.userId)
      if (stream.body.errored) this.cutOff++
    })
  }

  /**
   * Sends what the table has after the stream's position, as the caller, whose session is asked for again with each page.
   * A page that was asked for before the stream was there does not have its events, and may be newer than the first look
   * here would be: so it comes first.
   */
  async #catchUp(stream: Stream): Promise<void> {
    try {
      do {
        stream.startCatchingUp()
        await this.#page
        for (let isMore = true; isMore; ) {
          if (!(await stream.drained(this.#timing.stalledMs))) stream.cutOff()
          if (stream.isOver) return
          isMore = await this.#sendPage(stream)
        }
      } while (!stream.caughtUp())
    } catch (error) {
      // The client comes again, and is told what is wrong.
      if (!(error instanceof Problem)) this.#options.onTrouble(error)
      stream.end()
    }
  }

  /** Sends the next page from the table; false when it was the last one. */
  async #sendPage(stream: Stream): Promise<boolean> {
    const events = await this.#options.db.read(
      stream.caller,
      sql<{ position: string; kind: string; json: string }>`
        select position, kind, fairlock.event_json(e)::text as json from fairlock.live_events e
        where position > ${stream.position} order by position limit ${CATCH_UP_PAGE}`.compile(query),
    )
    for (const { position, kind, json } of events) stream.send({ position: Number(position), kind, json })
    return events.length === CATCH_UP_PAGE
  }

  /** Reads what is new, once at a time; what is told during a reading is read by the next. */
  #look(): void {
    if (this.#isClosed || this.#told === null) return
    if (this.#reading) {
      this.#isNewsLeft = true
      return
    }
    this.#reading = this.#read().finally(() => {
      this.#reading = null
      if (!this.#isNewsLeft) return
      this.#isNewsLeft = false
      this.#look()
    })
  }

  async #read(): Promise<void> {
    if (this.#streams.size === 0) {
      // The next stream begins anew.
      this.#told = null
      return
    }
    try {
      for (let isMore = true; isMore && !this.#isClosed; ) {
        const asked = this.#options.db.call<Since>(
          this.#nobody,
          'select fairlock.live_since($1, $2, $3) as answer',
          [this.#told, [...this.#streams.keys()], PAGE],
        )
        // Who catches up waits for its end, however it ends; what went wrong is thrown below.
        this.#page = Promise.allSettled([asked])
        const since = await asked
        for (const [position, userId, kind, json] of since.events)
          this.#deliver(userId, { position, kind, json })
        this.#told = since.to
        isMore = since.isMore
      }
      this.#isAway = false
    } catch (error) {
      if (!this.#isAway) this.#options.onTrouble(error)
      this.#isAway = true
    }
  }

  #deliver(userId: string | null, event: LiveEvent): void {
    if (userId === null) this.#each((stream) => stream.deliver(event))
    else
      for (const stream of this.#streams.get(userId) ?? []) {
        // As the policy of the table says it for those who catch up.
        if (!(stream.caller.apiKey && event.kind === 'notice.created')) stream.deliver(event)
      }
  }

  /** Ends the streams whose session or key is over, or whose person was banned. */
  async #check(): Promise<void> {
    const streams = [...this.#streams.values()].flatMap((theirs) => [...theirs])
    if (streams.length === 0) return
    try {
      const { ended } = await this.#options.db.call<{ ended: string[] }>(
        this.#nobody,
        'select fairlock.ended_streams($1) as answer',
        [JSON.stringify(streams.map(described))],
      )
      const over = new Set(ended)
      for (const stream of streams) if (over.has(stream.id)) stream.end()
    } catch (error) {
      if (!this.#isAway) this.#options.onTrouble(error)
      this.#isAway = true
    }
  }
}

function described({ id, caller, bannedUntil }: Stream) {
  return {
    id,
    credential: caller.sessionId,
    hash: caller.tokenHash?.toString('hex') ?? '',
    isKey: caller.apiKey === true,
    bannedUntil,
  }
}
