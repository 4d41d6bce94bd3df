import { parse } from 'lossless-json'
import { type JsonAnswer, SourceError } from './source.ts'

export type HttpLimits = { timeoutMs: number; maxBytes: number; redirects: number; retryMs: number }

export const HTTP_LIMITS: HttpLimits = {
  timeoutMs: 5000,
  maxBytes: 4 * 1024 * 1024,
  redirects: 2,
  retryMs: 250,
}

/**
 * Asks for JSON, with a bound on everything: time (from the first byte sent to the last byte read), size as unpacked,
 * redirects (within the same host alone). Throws `SourceError`, and nothing else.
 */
export async function getJson(
  url: string,
  headers: Record<string, string>,
  stop: AbortSignal,
  limits: HttpLimits = HTTP_LIMITS,
): Promise<JsonAnswer> {
  const deadline = AbortSignal.timeout(limits.timeoutMs)
  try {
    const response = await follow(url, headers, AbortSignal.any([stop, deadline]), limits.redirects)
    await refuseStatus(response)
    if (!/[/+]json\b/i.test(response.headers.get('content-type') ?? '')) {
      await response.body?.cancel()
      throw new SourceError('not_json')
    }
    const text = await readText(response, limits.maxBytes)
    return { body: parseJson(text), at: dateOf(response) }
  } catch (error) {
    if (error instanceof SourceError) throw error
    if (stop.aborted) throw new SourceError('stopped')
    if (deadline.aborted) throw new SourceError('timeout', { mayPass: true })
    throw new SourceError('network', { mayPass: true })
  }
}

async function follow(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
  left: number,
): Promise<Response> {
  const response = await fetch(url, {
    headers: { accept: 'application/json', 'user-agent': 'fairlock', ...headers },
    redirect: 'manual',
    signal,
  })
  if (response.status < 300 || response.status > 399) return response
  await response.body?.cancel()
  const to = URL.parse(response.headers.get('location') ?? '', url)
  if (left === 0 || to === null || to.origin !== new URL(url).origin) throw new SourceError('redirect')
  return follow(to.href, headers, signal, left - 1)
}

async function refuseStatus(response: Response): Promise<void> {
  if (response.ok) return
  await response.body?.cancel()
  const { status } = response
  const retryAfterSeconds = secondsOf(response.headers.get('retry-after'))
  if (status === 429) throw new SourceError('rate_limited', { status, retryAfterSeconds })
  throw new SourceError('status', { status, retryAfterSeconds, mayPass: status >= 500 })
}

/** Retry-After is a number of seconds or a date. */
function secondsOf(retryAfter: string | null): number | null {
  if (retryAfter === null) return null
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter)
  const at = Date.parse(retryAfter)
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - Date.now()) / 1000))
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  // Leaving the loop by an error cancels the rest.
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new SourceError('too_large')
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function parseJson(text: string): unknown {
  try {
    return parse(text)
  } catch {
    // Broken off, NaN, or nested deeper than the stack: which one does not matter, and the text must not be logged.
    throw new SourceError('malformed', { mayPass: true })
  }
}

function dateOf(response: Response): Date {
  const at = Date.parse(response.headers.get('date') ?? '')
  return Number.isNaN(at) ? new Date() : new Date(at)
}
