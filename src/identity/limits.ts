import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import { Problem, problemFromDatabase } from '../platform/index.ts'

/** How many attempts an address and an account have, and in how many seconds they come back. */
const PER_ACCOUNT_AND_ADDRESS = { points: 8, duration: 15 * 60 }
const PER_ADDRESS = { points: 100, duration: 15 * 60 }
const REGISTRATIONS_PER_ADDRESS = { points: 200, duration: 60 * 60 }

/**
 * Limits on sign-in and registration, counted in PostgreSQL so that they hold across processes. Guesses are counted by
 * account and address together: nobody can lock somebody else out from another address.
 */
export class SignInLimits {
  readonly #pair: RateLimiterPostgres
  readonly #address: RateLimiterPostgres
  readonly #registration: RateLimiterPostgres

  constructor(pool: Pool) {
    const store = {
      storeClient: pool,
      schemaName: 'fairlock',
      tableName: 'rate_limits',
      tableCreated: true,
      clearExpiredByTimeout: false,
    }
    this.#pair = new RateLimiterPostgres({ ...store, keyPrefix: 'sign-in', ...PER_ACCOUNT_AND_ADDRESS })
    this.#address = new RateLimiterPostgres({ ...store, keyPrefix: 'sign-in-address', ...PER_ADDRESS })
    this.#registration = new RateLimiterPostgres({
      ...store,
      keyPrefix: 'registration',
      ...REGISTRATIONS_PER_ADDRESS,
    })
  }

  /** Counts an attempt. Throws `Problem` too_many_requests with retryAfter seconds. */
  async countSignIn(email: string, address: string): Promise<void> {
    await consume(this.#address, hashed(address))
    await consume(this.#pair, hashed(`${email.toLowerCase()} ${address}`))
  }

  /** A right password gives the attempts back. */
  async forgiveSignIn(email: string, address: string): Promise<void> {
    try {
      await this.#pair.delete(hashed(`${email.toLowerCase()} ${address}`))
    } catch (error) {
      throw problemFromDatabase(error) ?? error
    }
  }

  async countRegistration(address: string): Promise<void> {
    await consume(this.#registration, hashed(address))
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

/** The table is readable by the application's role, so it holds no addresses in clear. */
function hashed(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}
