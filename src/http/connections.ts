import type { Socket } from 'node:net'
import { type App, ERRORS, type ErrorCode, Problem } from '../platform/index.ts'

/** How long a connection may take, in milliseconds; whoever sends a byte now and then does not hold it for ever. */
export type Patience = {
  headers: number
  request: number
  /** In place of `request` where a file is uploaded. */
  upload: number
  silence: number
  keepAlive: number
  look: number
}

export const PATIENCE: Patience = {
  headers: 15_000,
  request: 30_000,
  /** 20 MB at half a megabit a second; src/platform/files asks for more than a trickle all the while. */
  upload: 320_000,
  /** Nothing sent and nothing taken; a stream of events says something more often than that. */
  silence: 120_000,
  /** Longer than the minute for which proxies keep connections open, so that the proxy is the one to close. */
  keepAlive: 72_000,
  look: 5_000,
}
const HEADER_BYTES = 16 * 1024
const URL_CHARACTERS = 4096
const QUERY_NAMES = 30

/** The limits of connections, for the server below the routes. */
export function connectionLimits(patience: Patience) {
  return {
    http: {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: patience.headers,
      connectionsCheckingInterval: patience.look,
    },
    requestTimeout: patience.upload,
    connectionTimeout: patience.silence,
    keepAliveTimeout: patience.keepAlive,
    clientErrorHandler: answerBrokenRequest,
  }
}

/** Refuses addresses that no route of ours has, by their length alone. */
export function limitAddressLength(app: App): void {
  app.addHook('onRequest', async (request) => {
    if (request.url.length > URL_CHARACTERS) throw new Problem('address_too_long')
    const names = request.url.split('?', 2)[1]?.split('&').length ?? 0
    if (names > QUERY_NAMES) throw new Problem('address_too_long')
  })
}

/** Ends requests whose body does not come in time, but for files, for which the server below has its own time. */
export function limitBodyTime(app: App, patience: Patience): void {
  app.addHook('onRequest', async ({ raw, headers, routeOptions }, reply) => {
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
    if (!hasBody || routeOptions.config.form !== undefined) return
    const late = setTimeout(() => {
      const error = Object.assign(new Error('the body came too slowly'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
      answerBrokenRequest(error, raw.socket)
    }, patience.request)
    raw.once('end', () => clearTimeout(late))
    for (const over of ['finish', 'close']) reply.raw.once(over, () => clearTimeout(late))
  })
}

/** What is no HTTP, has too long a head, or came too slowly is answered as a problem as well, and the connection ends. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const codes: Record<string, ErrorCode> = {
    HPE_HEADER_OVERFLOW: 'headers_too_large',
    ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  }
  const code = codes[error.code ?? ''] ?? 'invalid_request'
  const { status, title } = ERRORS[code]
  const body = JSON.stringify({ type: `/docs/errors#${code}`, title, status, code })
  socket.end(
    [
      `HTTP/1.1 ${status} ${code}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      'cache-control: no-store',
      "content-security-policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options: nosniff',
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}
