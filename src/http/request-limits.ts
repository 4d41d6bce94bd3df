import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { type Caller, networkOf } from '../platform/index.ts'

/** How many requests a minute each may make; 0 is no limit. */
export type RequestRates = { perAddress: number; perPerson: number }

export type RequestLimitsOptions = {
  pool: Pool
  rates: RequestRates
  /** Told when the shared counts cannot be reached, and with null when they can again. */
  onTrouble: (error: unknown) => void
  flushMs?: number
  /** Buckets and callers that are kept at most; the oldest is forgotten first. */
  most?: number
}

/** What somebody has left of one limit in this minute. */
export type Usage = { name: 'address' | 'person' | 'key'; limit: number; left: number; resetSeconds: number }

/** `shared` is what all processes had counted when the database last said so, `own` what it does not know of yet. */
type Bucket = { shared: number; own: number }
type Known = { person: string; keyLimit: number | null }

const MINUTE_MS = 60_000
const FLUSH_MS = 500
const MOST = 50_000
/** One statement writes so many at most; the rest waits for the next. */
const MOST_PER_FLUSH = 5000

/**
 * Counts requests in fixed minutes, in memory, and adds what was counted to a table twice a second, in one statement
 * that says what all processes have counted together. So a limit holds over all of them, late by what arrives within
 * two such intervals, and no request waits for the database. While the database is away each process keeps the limits
 * by itself.
 */
export class RequestLimits {
  readonly #options: Required<RequestLimitsOptions>
  #minute = 0
  #buckets = new Map<string, Bucket>()
  readonly #unwritten = new Set<string>()
  /** Whose a token is, by its hash; only what the database has confirmed gets in here. */
  readonly #known = new Map<string, Known>()
  readonly #timer: NodeJS.Timeout
  #writing: Promise<void> | null = null
  #isAway = false

  constructor(options: RequestLimitsOptions) {
    this.#options = { flushMs: FLUSH_MS, most: MOST, ...options }
    this.#timer = setInterval(() => void this.flush(), this.#options.flushMs)
    this.#timer.unref()
  }

  /** Counts a request of an address, `cost` times. */
  countAddress(address: string, cost: number): Usage | null {
    return this.#count('address', networkOf(address), this.#options.rates.perAddress, cost)
  }

  /** Counts a request of a person and of their API key, as far as it is known yet whose the token is. */
  countCaller(caller: Caller, cost: number): (Usage | null)[] {
    const known = caller.tokenHash === null ? undefined : this.#known.get(caller.tokenHash.toString('base64'))
    if (known === undefined) return []
    const usages = [this.#count('person', known.person, this.#options.rates.perPerson, cost)]
    if (known.keyLimit !== null) usages.push(this.#count('key', caller.sessionId!, known.keyLimit, cost))
    return usages
  }

  /** Remembers whose a token is, as the database has just confirmed, and counts the request that showed it. */
  learn(caller: Caller, person: string, keyLimit: number | null): void {
    if (caller.tokenHash === null) return
    const hash = caller.tokenHash.toString('base64')
    const known = this.#known.get(hash)
    if (known !== undefined && known.keyLimit === keyLimit) return
    remember(this.#known, hash, { person, keyLimit }, this.#options.most)
    if (known === undefined) this.countCaller(caller, 1)
  }

  /** How many buckets and callers are kept, for tests and metrics. */
  get size(): { buckets: number; callers: number } {
    return { buckets: this.#buckets.size, callers: this.#known.size }
  }

  /** Writes what was counted and reads what all processes have; one at a time. */
  flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null
    })
    return this.#writing
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#writing
  }

  #count(name: Usage['name'], id: string, limit: number, cost: number): Usage | null {
    if (limit === 0) return null
    const now = Date.now()
    this.#startMinute(Math.floor(now / MINUTE_MS))
    const key = `${name} ${id}`
    let bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      bucket = { shared: 0, own: 0 }
      remember(this.#buckets, key, bucket, this.#options.most)
    }
    bucket.own += cost
    this.#unwritten.add(key)
    const left = limit - bucket.shared - bucket.own
    return { name, limit, left, resetSeconds: Math.ceil((MINUTE_MS - (now % MINUTE_MS)) / 1000) }
  }

  #startMinute(minute: number): void {
    if (minute === this.#minute) return
    this.#minute = minute
    this.#buckets = new Map()
    this.#unwritten.clear()
  }

  async #write(): Promise<void> {
    const minute = this.#minute
    const sent = new Map<string, { key: string; bucket: Bucket; own: number }>()
    for (const key of this.#unwritten) {
      const bucket = this.#buckets.get(key)
      if (bucket !== undefined) sent.set(hashed(key), { key, bucket, own: bucket.own })
      this.#unwritten.delete(key)
      if (sent.size === MOST_PER_FLUSH) break
    }
    if (sent.size === 0) return
    try {
      const { rows } = await this.#options.pool.query<{ bucket: string; count: number }>({
        name: 'count requests',
        text: 'select bucket, count from fairlock.count_requests($1, $2, $3)',
        values: [[...sent.keys()], minute, [...sent.values()].map(({ own }) => own)],
      })
      for (const { bucket: hash, count } of rows) {
        const { bucket, own } = sent.get(hash)!
        bucket.shared = count
        bucket.own -= own
      }
      if (this.#isAway) this.#options.onTrouble(null)
      this.#isAway = false
    } catch (error) {
      if (minute === this.#minute) for (const { key } of sent.values()) this.#unwritten.add(key)
      if (!this.#isAway) this.#options.onTrouble(error)
      this.#isAway = true
    }
  }
}

/** Puts an entry into a map that must not grow without end. */
function remember<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  if (map.size >= most && !map.has(key)) {
    const oldest = map.keys().next()
    if (!oldest.done) map.delete(oldest.value)
  }
  map.set(key, value)
}

/** The table holds no addresses in clear. */
function hashed(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}
