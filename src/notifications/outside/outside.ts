import { Resolver, lookup as systemLookup } from 'node:dns/promises'
import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { isIPv6, type LookupFunction } from 'node:net'
import { type Allowed, readAllowed } from './addresses.ts'
import { type Lookup, readTarget, resolveTarget, type Target, TargetRefused } from './target.ts'

export type OutsideOptions = {
  /** What the operator allows beside public addresses: host names, addresses, networks (FAIRLOCK_WEBHOOKS_ALLOW). */
  allow?: string | null
  /** Names under which people reach this program; they are not called. */
  ownHosts?: string[]
  /** Certificates of authorities beside the usual ones, in PEM. */
  ca?: string
  lookup?: Lookup
  timeoutMs?: number
}
export type Message = { headers: Record<string, string>; body: string | Buffer }
export type Reply = { status: number; retryAfterSeconds: number | null }

/** Why nothing was answered: one word for the record, without anything that the other side wrote. */
export type FailureKind = 'target' | 'dns' | 'connection' | 'tls' | 'timeout' | 'protocol' | 'closing'
export class SendFailure extends Error {
  override readonly name = 'SendFailure'
  readonly kind: FailureKind

  constructor(kind: FailureKind, cause: unknown) {
    super(kind, { cause })
    this.kind = kind
  }
}

/** A request with its lookup, connection and answer. */
const TIMEOUT_MS = 10_000
const DRAIN_MS = 1000
const MOST_BYTES = 64 * 1024

/**
 * Sends messages to addresses that people have given, and to no place inside: the name is looked up here, each address
 * is looked at, and the connection goes to one of exactly those, so that a name which leads elsewhere a moment later
 * changes nothing. Redirects are not followed.
 */
export class Outside {
  readonly #allowed: Allowed
  readonly #options: OutsideOptions
  readonly #lookup: Lookup

  /** Throws an `Error` naming what is wrong in the operator's list. */
  constructor(options: OutsideOptions = {}) {
    this.#options = options
    this.#allowed = readAllowed(options.allow ?? '')
    this.#lookup =
      options.lookup ??
      ((name, signal) => (this.#allowed.names.has(name) ? byThisMachine(name) : byDns(name, signal)))
  }

  /**
   * Looks whether an address may be called at all, and gives it in its usual spelling. Throws `TargetRefused`; a name
   * that nobody knows is refused as well.
   */
  async check(text: string): Promise<string> {
    try {
      const { url } = await this.#find(text, AbortSignal.timeout(this.#options.timeoutMs ?? TIMEOUT_MS))
      return url.href
    } catch (error) {
      if (error instanceof SendFailure) throw new TargetRefused('does not lead to a public address')
      throw error
    }
  }

  /** Sends a message once. Throws `SendFailure`; every answer, good or bad, is a `Reply`. */
  async post(text: string, message: Message, closing?: AbortSignal): Promise<Reply> {
    const deadline = AbortSignal.timeout(this.#options.timeoutMs ?? TIMEOUT_MS)
    const signal = closing === undefined ? deadline : AbortSignal.any([closing, deadline])
    try {
      const response = await this.#request(await this.#find(text, signal), message, signal)
      const reply = { status: response.statusCode ?? 0, retryAfterSeconds: retryAfter(response) }
      await drain(response)
      return reply
    } catch (error) {
      if (closing?.aborted) throw new SendFailure('closing', error)
      if (deadline.aborted) throw new SendFailure('timeout', error)
      if (error instanceof TargetRefused) throw new SendFailure('target', error)
      throw error instanceof SendFailure ? error : new SendFailure(kindOf(error), error)
    }
  }

  async #find(text: string, signal: AbortSignal): Promise<Target> {
    const asked = readTarget(text, this.#allowed, this.#options.ownHosts ?? [])
    const lookup: Lookup = async (name, until) => {
      try {
        return await orAborted(this.#lookup(name, until), until)
      } catch (error) {
        throw new SendFailure('dns', error)
      }
    }
    return resolveTarget(asked, { allowed: this.#allowed, lookup, signal })
  }

  #request({ url, host, addresses }: Target, { headers, body }: Message, signal: AbortSignal) {
    const send = url.protocol === 'http:' ? plainRequest : tlsRequest
    return new Promise<IncomingMessage>((resolve, reject) => {
      const request = send({
        protocol: url.protocol,
        hostname: host,
        port: url.port === '' ? undefined : Number(url.port),
        path: `${url.pathname}${url.search}`,
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        // A connection of its own, to what was looked at.
        agent: false,
        lookup: pinnedTo(addresses),
        signal,
        ...(this.#options.ca === undefined ? {} : { ca: this.#options.ca }),
      })
      request.once('response', resolve)
      // After the answer's head this does nothing any more: what breaks then changes nothing.
      request.on('error', reject)
      request.end(body)
    })
  }
}

/** Answers every lookup of a connection with the addresses that were looked at. */
function pinnedTo(addresses: string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
  return (_name, options, done) => {
    if (options.all) done(null, all)
    else done(null, all[0]!.address, all[0]!.family)
  }
}

/** Asks the name servers for both kinds of addresses, without the thread pool that slow servers could fill. */
async function byDns(name: string, signal: AbortSignal): Promise<string[]> {
  const resolver = new Resolver({ timeout: 2000, tries: 2 })
  signal.addEventListener('abort', () => resolver.cancel(), { once: true })
  const [four, six] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  const found = [four, six].flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
  if (found.length === 0 && four.status === 'rejected') throw four.reason
  return found
}

/** As the operator's machine knows a name, its hosts file included: for names in the operator's own list. */
async function byThisMachine(name: string): Promise<string[]> {
  return (await systemLookup(name, { all: true })).map(({ address }) => address)
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** Reads what follows the head, as servers like it, but not more than a little and not for long. */
async function drain(response: IncomingMessage): Promise<void> {
  let bytes = 0
  const timer = setTimeout(() => response.destroy(), DRAIN_MS)
  await new Promise<void>((resolve) => {
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > MOST_BYTES) response.destroy()
    })
    response.on('error', () => response.destroy())
    response.on('close', resolve)
  })
  clearTimeout(timer)
}

/** Seconds until the other side wants to hear again: a number or a date (RFC 9110). */
function retryAfter({ headers }: IncomingMessage): number | null {
  const text = headers['retry-after'] ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text)
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - Date.now()) / 1000))
}

const TLS = /^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|HOSTNAME_MISMATCH)/

function kindOf(error: unknown): FailureKind {
  if (!(error instanceof Error)) throw error
  const code = 'code' in error ? String(error.code) : ''
  if (TLS.test(code)) return 'tls'
  return code.startsWith('HPE_') ? 'protocol' : 'connection'
}
