import webPush from 'web-push'
import { type Caller, type Database, newId } from '../../platform/index.ts'
import { type Place, type Sealer, Unsealable } from '../../platform/sealing/index.ts'
import type { NoticeData } from '../notice.ts'
import { type Outside, SendFailure } from '../outside/index.ts'
import { Pump } from '../outside/pump.ts'
import { pauseAfter } from '../webhooks/backoff.ts'
import { sentenceOf, subjectOf } from '../words.ts'
import { Vapid } from './vapid.ts'

const LEASE = '20 seconds'
const AT_ONCE = 48
const ATTEMPTS = 5
/** As long as a message is news; the push service forgets it then. */
const SECONDS_TO_LIVE = 86_400
/** Push services take 4 kB, with the encryption around it. */
const MOST_CHARACTERS = 900

export type BrowserKeys = { p256dh: string; auth: string }
type Message = {
  id: string
  subscriptionId: string
  userId: string
  endpoint: string
  sealed: string
  attempt: number
  kind: string
  data: NoticeData
  noticeId: string
}

export const placeOfKeys = (row: string): Place => ({
  table: 'fairlock.push_subscriptions',
  column: 'keys',
  row,
})

/** Sends notices to people's browsers, encrypted for each, by way of their push services. */
export class Pushes {
  readonly #db: Database
  readonly #sealer: Sealer
  readonly #outside: Outside
  readonly #vapid: Vapid
  readonly #contact: string
  readonly #pump: Pump<Message>

  /** `contact` is where push services complain: an https: or mailto: address. */
  constructor(db: Database, sealer: Sealer, outside: Outside, contact: string) {
    this.#db = db
    this.#sealer = sealer
    this.#outside = outside
    this.#vapid = new Vapid(db, sealer)
    this.#contact = contact
    this.#pump = new Pump<Message>({
      take: (underWay) => this.#take(AT_ONCE - underWay.size),
      send: (message, closing) => this.#deliver(message, closing),
    })
  }

  /** Begins with what is due; what takes long goes on afterwards. Throws what has gone wrong on our side. */
  deliver(): Promise<void> {
    return this.#pump.run()
  }

  settled(): Promise<void> {
    return this.#pump.settled()
  }

  close(): Promise<void> {
    return this.#pump.close()
  }

  async #take(most: number): Promise<Message[]> {
    if (most <= 0) return []
    const caller: Caller = { sessionId: null, tokenHash: null, requestId: `web push ${newId()}` }
    const { messages } = await this.#db.call<{ messages: Message[] }>(
      caller,
      'select fairlock.take_push_messages($1, $2::interval) as answer',
      [most, LEASE],
    )
    return messages
  }

  async #deliver(message: Message, closing: AbortSignal): Promise<void> {
    try {
      const { status, retryAfterSeconds } = await this.#send(message, closing)
      const isOver = status < 500 && status !== 429
      await this.#finish(message, status === 404 || status === 410, isOver ? null : (retryAfterSeconds ?? 0))
    } catch (error) {
      if (!(error instanceof SendFailure || error instanceof Unsealable)) throw error
      await this.#finish(message, false, 0)
    }
  }

  async #send(message: Message, closing: AbortSignal) {
    const opened = await this.#sealer.open(
      message.userId,
      placeOfKeys(message.subscriptionId),
      message.sealed,
    )
    const keys = JSON.parse(opened.toString()) as BrowserKeys
    opened.fill(0)
    const request = webPush.generateRequestDetails(
      { endpoint: message.endpoint, keys },
      JSON.stringify(payloadOf(message)),
      {
        vapidDetails: { subject: this.#contact, ...(await this.#vapid.pair()) },
        contentEncoding: 'aes128gcm',
        TTL: SECONDS_TO_LIVE,
      },
    )
    const headers = Object.entries(request.headers).map(([name, value]) => [
      name.toLowerCase(),
      String(value),
    ])
    return this.#outside.post(
      message.endpoint,
      { headers: Object.fromEntries(headers), body: request.body ?? '' },
      closing,
    )
  }

  async #finish({ id, attempt }: Message, isGone: boolean, againIn: number | null): Promise<void> {
    const pause = againIn === null || attempt >= ATTEMPTS ? null : pauseAfter(attempt, againIn)
    await this.#db.pool.query('select fairlock.finish_push_message($1, $2, make_interval(secs => $3))', [
      id,
      isGone,
      pause,
    ])
  }
}

/** What the browser shows, and what it opens: nothing that somebody who finds the telephone should not read. */
function payloadOf({ kind, data, noticeId }: Message) {
  return {
    kind,
    noticeId,
    ...(typeof data.tradeId === 'string' ? { tradeId: data.tradeId } : {}),
    title: subjectOf(kind),
    text: sentenceOf(kind, data).slice(0, MOST_CHARACTERS),
  }
}
