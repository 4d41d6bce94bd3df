import { type Caller, type Database, type Json, newId } from '../../platform/index.ts'
import { type Place, type Sealer, Unsealable } from '../../platform/sealing/index.ts'
import { type Outside, type Reply, SendFailure } from '../outside/index.ts'
import { Pump } from '../outside/pump.ts'
import { pauseAfter } from './backoff.ts'
import { signedHeaders } from './signature.ts'

/** Longer than the longest an attempt can take. */
const LEASE = '20 seconds'
/** Attempts side by side in one process, and those of webhooks that are failing. */
const SOUND = 48
const FAILING = 16

type Delivery = {
  id: string
  userId: string
  url: string
  eventId: string
  type: string
  data: Json
  timestamp: string
  attempt: number
  try: number
  isFailing: boolean
  secrets: { id: string; sealed: string }[]
}
/** How attempts went since the start of this process. */
export type DeliveryCounts = { delivered: number; failed: number; dead: number }

export const placeOfSecret = (row: string): Place => ({
  table: 'fairlock.webhook_secrets',
  column: 'secret',
  row,
})

/**
 * Delivers the messages of webhooks, each at least once and always under its event's id: a worker that dies between the
 * endpoint's yes and its own note of it is followed by one that sends the message again. No transaction is open while
 * an endpoint is spoken to.
 */
export class Webhooks {
  readonly counts: DeliveryCounts = { delivered: 0, failed: 0, dead: 0 }
  readonly #db: Database
  readonly #sealer: Sealer
  readonly #outside: Outside
  readonly #pump: Pump<Delivery>

  constructor(db: Database, sealer: Sealer, outside: Outside) {
    this.#db = db
    this.#sealer = sealer
    this.#outside = outside
    this.#pump = new Pump<Delivery>({
      take: (underWay) => this.#take(underWay),
      send: (delivery, closing) => this.#deliver(delivery, closing),
    })
  }

  /** Begins with what is due; what takes long goes on afterwards. Throws what has gone wrong on our side. */
  deliver(): Promise<void> {
    return this.#pump.run()
  }

  /** Delivers until nothing is due. */
  settled(): Promise<void> {
    return this.#pump.settled()
  }

  /** Cuts short what is under way; it is sent again later. */
  close(): Promise<void> {
    return this.#pump.close()
  }

  async #take(underWay: ReadonlySet<Delivery>): Promise<Delivery[]> {
    const failing = [...underWay].filter(({ isFailing }) => isFailing).length
    const caller: Caller = { sessionId: null, tokenHash: null, requestId: `webhooks ${newId()}` }
    const { deliveries } = await this.#db.call<{ deliveries: Delivery[] }>(
      caller,
      'select fairlock.take_webhook_deliveries($1, $2, $3::interval) as answer',
      [Math.max(0, SOUND - (underWay.size - failing)), Math.max(0, FAILING - failing), LEASE],
    )
    return deliveries
  }

  async #deliver(delivery: Delivery, closing: AbortSignal): Promise<void> {
    try {
      const { status, retryAfterSeconds } = await this.#send(delivery, closing)
      const isDone = status >= 200 && status < 300
      await this.#finish(delivery, { status, error: isDone ? null : wordFor(status), retryAfterSeconds })
    } catch (error) {
      const word = error instanceof SendFailure ? error.kind : error instanceof Unsealable ? 'secret' : null
      if (word === null) throw error
      await this.#finish(delivery, { status: null, error: word, retryAfterSeconds: null })
    }
  }

  async #send(
    { userId, url, eventId, type, timestamp, data, secrets }: Delivery,
    closing: AbortSignal,
  ): Promise<Reply> {
    const body = JSON.stringify({ type, timestamp, data })
    const opened: Buffer[] = []
    try {
      for (const { id, sealed } of secrets)
        opened.push(await this.#sealer.open(userId, placeOfSecret(id), sealed))
      const signed = signedHeaders({ id: eventId, body, at: new Date() }, opened)
      const headers = { 'content-type': 'application/json', 'user-agent': 'Fairlock-Webhooks', ...signed }
      return await this.#outside.post(url, { headers, body }, closing)
    } finally {
      for (const secret of opened) secret.fill(0)
    }
  }

  async #finish(
    delivery: Delivery,
    how: { status: number | null; error: string | null; retryAfterSeconds: number | null },
  ): Promise<void> {
    // What we cut short ourselves is taken up by whoever comes next.
    const pause =
      how.error === 'closing'
        ? 0
        : how.status === 410
          ? null
          : pauseAfter(delivery.try, how.retryAfterSeconds)
    await this.#db.pool.query(
      'select fairlock.finish_webhook_delivery($1, $2, $3, $4, make_interval(secs => $5))',
      [delivery.id, delivery.attempt, how.status, how.error, how.error === null ? 0 : pause],
    )
    if (how.error === null) this.counts.delivered++
    else this.counts[pause === null ? 'dead' : 'failed']++
  }
}

function wordFor(status: number): string {
  return status >= 300 && status < 400 ? 'redirect' : 'status'
}
