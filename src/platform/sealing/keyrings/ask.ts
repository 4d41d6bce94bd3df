import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { KeyringError } from '../keyring.ts'

/** Bounds of one question: people wait for the answer, because a data key is unwrapped while a request runs. */
export type Patience = {
  readonly attempts: number
  readonly timeoutMs: number
  /** Before the second attempt a random time up to this, doubled with each further one. */
  readonly waitMs: number
}
export const PATIENCE: Patience = { attempts: 3, timeoutMs: 3_000, waitMs: 100 }

const MOST_BYTES = 256 * 1024

export type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> }

export type AskOptions = {
  readonly patience?: Patience
  readonly attempts?: number
  /** Where a service has its own codes: this answer will pass, ask again. */
  readonly isPassing?: (answer: Answer) => boolean
  /** This answer says what it has to say, although its status looks like a breakdown. */
  readonly isFinal?: (answer: Answer) => boolean
}

/**
 * Asks a service over HTTP for JSON, and again when it is away, overloaded or broken: no answer in time, no
 * connection, 429 or 5xx. `makeRequest` makes each attempt anew, because signatures age. A redirect is an error, so
 * that no token follows it. Throws `KeyringError` without anything that was sent or received.
 */
export async function ask(
  service: string,
  makeRequest: () => Promise<Request>,
  { patience = PATIENCE, attempts = patience.attempts, isPassing, isFinal }: AskOptions = {},
): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const request = await makeRequest()
    try {
      const answer = await once(service, request, patience.timeoutMs)
      const isBroken = answer.status >= 500 || answer.status === 429 || isPassing?.(answer)
      if (!isBroken || isFinal?.(answer) || attempt >= attempts) return answer
    } catch (error) {
      if (attempt >= attempts) throw error
    }
    await sleep(randomInt(1 + patience.waitMs * 2 ** (attempt - 1)))
  }
}

async function once(service: string, request: Request, timeoutMs: number): Promise<Answer> {
  const signal = AbortSignal.timeout(timeoutMs)
  let status: number
  let text: string
  try {
    const response = await fetch(request, { signal, redirect: 'error' })
    status = response.status
    text = await limited(response)
  } catch (error) {
    throw new KeyringError(`${service} cannot be reached: ${reasonOf(error)}. Look whether it runs.`)
  }
  return { status, body: parse(service, status, text) }
}

async function limited(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > MOST_BYTES) throw new RangeError('its answer is too long')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function parse(service: string, status: number, text: string): Answer['body'] {
  if (text.trim() === '') return {}
  try {
    const body: unknown = JSON.parse(text)
    if (isRecord(body)) return body
  } catch {
    // The parser's message would quote the answer. An error page without JSON still counts by its status.
    if (status >= 400) return {}
  }
  throw new KeyringError(
    `${service} answered with something else than a JSON object. Look whether it is the right address.`,
  )
}

/** Whether a value from JSON is an object whose fields can be looked at. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the request failed'
  if (error.name === 'TimeoutError') return 'no answer in time'
  if (error instanceof RangeError) return error.message
  const cause = error.cause
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  return code || (cause instanceof Error ? cause.message : 'the request failed')
}
