import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import { networkOf, Problem, problemFromDatabase } from '../platform/index.ts'

/** How many attempts an address and an account have, and in how many seconds they come back. */
const PER_ACCOUNT_AND_ADDRESS = { points: 8, duration: 15 * 60 }
const PER_ADDRESS = { points: 100, duration: 15 * 60 }
const REGISTRATIONS_PER_ADDRESS = { points: 200, duration: 60 * 60 }
/** Answers that an address or a name is taken: what registration gives away, it gives away slowly. */
const TAKEN_PER_ADDRESS = { points: 20, duration: 60 * 60 }
/** Guesses at one account from all the places together from which its owner never signed in. */
const PER_ACCOUNT_FROM_STRANGERS = { points: 30, duration: 60 * 60 }
/** Wrong guesses at the current password by whoever holds a session. */
const PER_PERSON = { points: 8, duration: 15 * 60 }
const PASSKEYS_PER_ADDRESS = { points: 100, duration: 15 * 60 }
const RESETS_PER_ADDRESS = { points: 20, duration: 60 * 60 }
const EMAIL_CHANGES_PER_PERSON = { points: 5, duration: 24 * 60 * 60 }
/** Mails to an address that somebody wants, whoever asks: it may be a stranger's mailbox. */
const EMAIL_CHANGES_PER_ADDRESS = { points: 5, duration: 60 * 60 }

/**
 * Limits on sign-in and registration, counted in PostgreSQL so that they hold across processes. Guesses are counted by
 * account and address together, and by account over all strangers together: who guesses at somebody's account from
 * many addresses is stopped, and its owner goes on where they have signed in before. An address stands for its network:
 * whoever has one IPv6 address has 2^64 of them.
 */
export class SignInLimits {
  readonly #pair: RateLimiterPostgres
  readonly #address: RateLimiterPostgres
  readonly #strangers: RateLimiterPostgres
  readonly #person: RateLimiterPostgres

  constructor(pool: Pool) {
    const limiter = (keyPrefix: string, bounds: Bounds) => limiterOf(pool, keyPrefix, bounds)
    this.#pair = limiter('sign-in', PER_ACCOUNT_AND_ADDRESS)
    this.#address = limiter('sign-in-address', PER_ADDRESS)
    this.#strangers = limiter('sign-in-stranger', PER_ACCOUNT_FROM_STRANGERS)
    this.#person = limiter('password', PER_PERSON)
    const registration = limiter('registration', REGISTRATIONS_PER_ADDRESS)
    const taken = limiter('registration-taken', TAKEN_PER_ADDRESS)
    const passkey = limiter('passkey', PASSKEYS_PER_ADDRESS)
    const reset = limiter('reset', RESETS_PER_ADDRESS)
    const emailChange = limiter('email-change', EMAIL_CHANGES_PER_PERSON)
    this.countRegistration = (address) => consume(registration, hashed(networkOf(address)))
    this.countTaken = (address) => consume(taken, hashed(networkOf(address)))
    this.checkTaken = (address) => check(taken, hashed(networkOf(address)))
    this.countPasskey = (address) => consume(passkey, hashed(networkOf(address)))
    this.countReset = (address) => consume(reset, hashed(networkOf(address)))
    const wanted = limiter('email-wanted', EMAIL_CHANGES_PER_ADDRESS)
    this.countEmailChange = async (userId, email) => {
      await consume(emailChange, userId)
      await consume(wanted, hashed(email.toLowerCase()))
    }
  }

  readonly countRegistration: (address: string) => Promise<void>
  readonly countTaken: (address: string) => Promise<void>
  /** Refuses everybody once `countTaken` would, or the refusal itself would say that an address is taken. */
  readonly checkTaken: (address: string) => Promise<void>
  /** Counts a sign-in with a passkey, and what goes before it. */
  readonly countPasskey: (address: string) => Promise<void>
  readonly countReset: (address: string) => Promise<void>
  readonly countEmailChange: (userId: string, email: string) => Promise<void>

  /** Counts an attempt. Throws `Problem` too_many_requests with retryAfter seconds, as the others do. */
  async countSignIn(email: string, address: string): Promise<void> {
    await consume(this.#address, hashed(networkOf(address)))
    await consume(this.#pair, hashed(`${email.toLowerCase()} ${networkOf(address)}`))
  }

  /** Counts an attempt from where the person, if there is one, never signed in. */
  async countStranger(email: string): Promise<void> {
    await consume(this.#strangers, hashed(email.toLowerCase()))
  }

  /** A right password gives the attempts back; of a stranger's, the one that was right. */
  async forgiveSignIn(email: string, address: string, wasStranger: boolean): Promise<void> {
    await given(this.#pair.delete(hashed(`${email.toLowerCase()} ${networkOf(address)}`)))
    if (wasStranger) await given(this.#strangers.reward(hashed(email.toLowerCase()), 1))
  }

  /** Counts a guess at the current password of who is signed in. */
  async countPassword(userId: string): Promise<void> {
    await consume(this.#person, userId)
  }

  async forgivePassword(userId: string): Promise<void> {
    await given(this.#person.delete(userId))
  }
}

type Bounds = { points: number; duration: number }

/** Counts one more of what somebody does. Throws `Problem` too_many_requests with retryAfter seconds. */
export type RateLimit = (whose: string) => Promise<void>

/** A limit of its own name: so many `points` within `duration` seconds, over all processes. */
export function rateLimit(pool: Pool, name: string, bounds: Bounds): RateLimit {
  const limiter = limiterOf(pool, name, bounds)
  return (whose) => consume(limiter, hashed(whose))
}

function limiterOf(pool: Pool, keyPrefix: string, bounds: Bounds): RateLimiterPostgres {
  return new RateLimiterPostgres({
    storeClient: pool,
    schemaName: 'fairlock',
    tableName: 'rate_limits',
    tableCreated: true,
    clearExpiredByTimeout: false,
    keyPrefix,
    ...bounds,
  })
}

async function given<T>(back: Promise<T>): Promise<T> {
  try {
    return await back
  } catch (error) {
    throw problemFromDatabase(error) ?? error
  }
}

async function consume(limiter: RateLimiterPostgres, key: string): Promise<void> {
  try {
    await limiter.consume(key)
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw problemFromDatabase(refused) ?? refused
    throw new Problem('too_many_requests', { retryAfter: Math.ceil(refused.msBeforeNext / 1000) })
  }
}

async function check(limiter: RateLimiterPostgres, key: string): Promise<void> {
  const counted = await given(limiter.get(key))
  if (counted !== null && counted.consumedPoints >= limiter.points)
    throw new Problem('too_many_requests', { retryAfter: Math.ceil(counted.msBeforeNext / 1000) })
}

/** The table is readable by the application's role, so it holds no addresses in clear. */
function hashed(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}
