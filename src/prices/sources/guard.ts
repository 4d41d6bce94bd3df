import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  isBrokenCircuitError,
  type RetryPolicy,
  retry,
} from 'cockatiel'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { getJson, HTTP_LIMITS, type HttpLimits } from './http.ts'
import { type Get, type Source, SourceError, type SourceReading } from './source.ts'

/** Failures in a row after which a source is left alone, and for how long: at first, and at most. */
const FAILURES = 3
const LEAVE_ALONE_MS = { first: 30_000, most: 300_000 }
/** A request that may pass the next time is sent again so often. */
const RETRIES = 1
/** All questions of one reading, with what is sent again, take so many times as long as one may. */
const LONGEST_READING = 2

const isOurs = (error: Error) => error instanceof SourceError && error.failure === 'stopped'

/** A source with everything around it that keeps it from harm, and us from it. Reads of one source do not overlap. */
export class Guard {
  readonly source: Source
  readonly #breaker: CircuitBreakerPolicy
  readonly #retry: RetryPolicy
  readonly #limiter: RateLimiterMemory
  readonly #limits: HttpLimits

  constructor(source: Source, limits: HttpLimits = HTTP_LIMITS) {
    this.source = source
    this.#limits = limits
    this.#limiter = new RateLimiterMemory({ points: source.requestsPerMinute, duration: 60 })
    this.#retry = retry(
      handleWhen((error) => error instanceof SourceError && error.mayPass),
      { maxAttempts: RETRIES, backoff: new ExponentialBackoff({ initialDelay: limits.retryMs }) },
    )
    this.#breaker = circuitBreaker(
      handleWhen((error) => !isOurs(error)),
      {
        breaker: new ConsecutiveBreaker(FAILURES),
        halfOpenAfter: new ExponentialBackoff({
          initialDelay: LEAVE_ALONE_MS.first,
          maxDelay: LEAVE_ALONE_MS.most,
        }),
      },
    )
  }

  /** Whether the source is left alone, or tried with one request after that. */
  get breaker(): 'closed' | 'open' | 'half_open' {
    const { state } = this.#breaker
    if (state === CircuitState.Closed) return 'closed'
    return state === CircuitState.HalfOpen ? 'half_open' : 'open'
  }

  /** Reads the source. Throws `SourceError`, whatever happens. */
  async read(stop: AbortSignal): Promise<SourceReading> {
    const end = performance.now() + LONGEST_READING * this.#limits.timeoutMs
    const get: Get = (url, headers = {}) =>
      this.#retry.execute(async () => {
        // The other sources' prices wait for this one's.
        const timeoutMs = Math.min(this.#limits.timeoutMs, Math.ceil(end - performance.now()))
        if (timeoutMs <= 0) throw new SourceError('timeout')
        await this.#spend()
        return getJson(url, headers, stop, { ...this.#limits, timeoutMs })
      }, stop)
    try {
      return await this.#breaker.execute(() => this.source.read(get))
    } catch (error) {
      if (error instanceof SourceError) throw error
      if (isBrokenCircuitError(error)) throw new SourceError('breaker_open')
      // What a service can answer is not to be foreseen; a fault in reading it must not stop the other sources.
      throw new SourceError('unexpected', { cause: error })
    }
  }

  async #spend(): Promise<void> {
    try {
      await this.#limiter.consume('all')
    } catch (error) {
      if (error instanceof RateLimiterRes) throw new SourceError('own_limit')
      throw error
    }
  }
}
