import type { MarketFacts } from '../board.ts'

/** One price that a source says: units of the quote currency for one of the base. */
export type Tick = {
  base: string
  quote: string
  /** Exact, without an exponent. */
  price: string
  /** RFC 3339. */
  at: string
}

export type SourceReading = {
  ticks: Tick[]
  facts: MarketFacts[]
  /** How many prices were left out, by reason. */
  dropped: Record<string, number>
  /** A part that failed while the prices were had. */
  trouble: SourceError | null
}

/** A body with its numbers as they were written, and when the service made it. */
export type JsonAnswer = { body: unknown; at: Date }

/** Asks for an address with the source's limits and retries around it. Throws `SourceError`. */
export type Get = (url: string, headers?: Record<string, string>) => Promise<JsonAnswer>

/** A price service. `read` throws `SourceError`; what it returns is checked, and may be a lie all the same. */
export type Source = {
  readonly name: string
  /** How often it is worth asking. */
  readonly everySeconds: number
  /** Requests it is sent in a minute at most, retries included. */
  readonly requestsPerMinute: number
  /** It makes its prices up. */
  readonly isSample: boolean
  read(get: Get): Promise<SourceReading>
}

/** Why a source had no answer that could be used. */
export type Failure =
  | 'timeout'
  | 'network'
  | 'status'
  | 'rate_limited'
  | 'redirect'
  | 'not_json'
  | 'too_large'
  | 'malformed'
  | 'unexpected'
  | 'old_news'
  | 'breaker_open'
  | 'own_limit'
  | 'stopped'

const WORDS: Record<Failure, string> = {
  timeout: 'did not answer in time',
  network: 'could not be reached',
  status: 'answered with an error',
  rate_limited: 'asks for fewer requests',
  redirect: 'sent us elsewhere',
  not_json: 'answered something other than JSON',
  too_large: 'answered more than we read',
  malformed: 'answered broken JSON',
  unexpected: 'answered JSON without prices in it',
  old_news: 'says prices from before what it said last, or from the future',
  breaker_open: 'failed repeatedly and is left alone for a while',
  own_limit: 'was asked as often as it may be',
  stopped: 'was not waited for: the program stops',
}

/** A source did not answer as it should. Says nothing of the address, which may carry a key. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
  readonly failure: Failure
  /** When the source says it may be asked again. */
  readonly retryAfterSeconds: number | null
  readonly mayPass: boolean

  constructor(
    failure: Failure,
    details: { status?: number; retryAfterSeconds?: number | null; mayPass?: boolean; cause?: unknown } = {},
  ) {
    super(`${WORDS[failure]}${details.status === undefined ? '' : ` (${details.status})`}`, {
      cause: details.cause,
    })
    this.failure = failure
    this.retryAfterSeconds = details.retryAfterSeconds ?? null
    this.mayPass = details.mayPass ?? false
  }
}
