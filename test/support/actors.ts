import { randomBytes } from 'node:crypto'
import { idempotency } from '../../src/platform/database.ts'
import { type Caller, ERRORS, type JsonObject, Problem } from '../../src/platform/index.ts'
import { call, type Market } from './market.ts'
import { type SignedUp, signUp } from './people.ts'

export type Reply = {
  status: number
  /** The problem's code; null when it was done. */
  code: string | null
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely, the assertions say what they must be
  body: any
}
export type How = { key?: string | undefined; http?: boolean }

/** Somebody who gives commands, over HTTP or straight through the API's Database, with the same replies. */
export class Actor {
  readonly id: string
  readonly #market: Market
  readonly #caller: Caller
  readonly #token: string

  constructor(market: Market, { id, sessionId, token, tokenHash }: SignedUp) {
    this.#market = market
    this.id = id
    this.#token = token
    this.#caller = { sessionId, tokenHash, requestId: `test ${id}` }
  }

  do(operation: string, args: JsonObject, how: How = {}): Promise<Reply> {
    return how.http || operation in OF_DISPUTES
      ? this.#overHttp(operation, args, how.key)
      : this.#directly(operation, args, how.key)
  }

  async #directly(operation: string, args: JsonObject, key: string | undefined): Promise<Reply> {
    const once = idempotency(key, operation, args)
    const answer = await problemsAsReplies(() =>
      this.#market.db.command<JsonObject>(this.#caller, operation, args, once),
    )
    if (answer.code !== null) return answer
    const status = CREATES.has(operation) ? 201 : 200
    return { status, code: null, body: 'me' in answer.body ? answer.body.body : answer.body }
  }

  async #overHttp(operation: string, args: JsonObject, key: string | undefined): Promise<Reply> {
    const { method, path, body } = requestOf(operation, args)
    const { status, body: answer } = await call(this.#market.url, method, path, body, {
      authorization: `Bearer ${this.#token}`,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    })
    return { status, code: status >= 400 ? String(answer.code) : null, body: answer }
  }
}

/** Runs a call of the Database; what it refuses becomes the reply that the API would give. */
export async function problemsAsReplies(work: () => Promise<JsonObject>): Promise<Reply> {
  try {
    return { status: 200, code: null, body: await work() }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const errors = error.errors.length > 0 ? { errors: error.errors } : {}
    return { status: ERRORS[error.code].status, code: error.code, body: { ...error.details, ...errors } }
  }
}

/** What the clock does to a trade whose release window is over, or to a ruling that nobody appealed. */
export function tend(
  market: Market,
  work: 'open_overdue_dispute' | 'settle_due_ruling',
  id: string,
): Promise<Reply> {
  const clock: Caller = { sessionId: null, tokenHash: null, requestId: 'test clock' }
  return problemsAsReplies(() =>
    market.db.call<JsonObject>(clock, `select fairlock.${work}($1) as answer`, [id]),
  )
}

/** What the clock does to a trade whose deadline is over. */
export function expire(market: Market, tradeId: string): Promise<Reply> {
  const clock: Caller = { sessionId: null, tokenHash: null, requestId: 'test clock' }
  return problemsAsReplies(() =>
    market.db.call<JsonObject>(clock, 'select fairlock.expire_trade($1) as answer', [tradeId]),
  )
}

/** New people, signed in, whom no password lets in again. */
export async function newActors(market: Market, count: number): Promise<Actor[]> {
  const people = Array.from({ length: count }, () => {
    const name = randomBytes(12).toString('hex')
    const passwordHash = '$argon2id$v=19$m=19456,t=2,p=1$bm90aGluZw$bm90aGluZw'
    return { email: `t${name}@example.org`, name: `t ${name}`, passwordHash }
  })
  return (await signUp(market.db, people)).map((one) => new Actor(market, one))
}

const CREATES = new Set(['create_offer', 'take_offer', 'adjust_balance'])
/** Whose words the API seals: they are always asked for over HTTP. */
const OF_DISPUTES: Record<string, string> = {
  open_dispute: 'dispute',
  rule_dispute: 'ruling',
  consent_dispute: 'consent',
  appeal_dispute: 'appeal',
  answer_dispute: 'answer',
}
const MOVES: Record<string, string> = {
  fund_trade: 'funding',
  pay_trade: 'payment',
  release_trade: 'release',
  cancel_trade: 'cancellation',
}

function requestOf(operation: string, args: JsonObject): { method: string; path: string; body?: JsonObject } {
  const { offerId, tradeId, disputeId, userId, change, ...rest } = args
  if (operation in OF_DISPUTES) {
    const of = operation === 'open_dispute' ? `trades/${tradeId}` : `disputes/${disputeId}`
    return { method: 'POST', path: `/v1/${of}/${OF_DISPUTES[operation]}`, body: rest }
  }
  if (operation in MOVES)
    return { method: 'POST', path: `/v1/trades/${tradeId}/${MOVES[operation]}`, body: rest }
  switch (operation) {
    case 'create_offer':
      return { method: 'POST', path: '/v1/offers', body: args }
    case 'take_offer':
      return { method: 'POST', path: `/v1/offers/${offerId}/trades`, body: rest }
    case 'change_offer':
      if ((change as JsonObject).status === 'closed')
        return { method: 'DELETE', path: `/v1/offers/${offerId}` }
      return { method: 'PATCH', path: `/v1/offers/${offerId}`, body: change as JsonObject }
    case 'adjust_balance':
      return { method: 'POST', path: '/v1/admin/adjustments', body: args }
    case 'ban':
      return { method: 'PUT', path: `/v1/admin/users/${userId}/ban`, body: rest }
    default:
      throw new Error(`no route is known for ${operation}`)
  }
}
