import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../platform/index.ts'

/** Answers of the API are data: as a page they may load nothing, run nothing and stand in nobody's frame. */
const ON_EVERY_ANSWER = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy':
    'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}
/** What a page or a file may say otherwise of itself. */
const UNLESS_SAID = {
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
}
const TWO_YEARS_OF_HTTPS = 'max-age=63072000; includeSubDomains'

/** Puts them on every answer that goes through hooks. */
export function protectAnswers(app: App): void {
  app.addHook('onSend', async (request, reply) => protectAnswer(request, reply))
}

/**
 * Headers that browsers protect people by. There are no CORS headers: no page of another origin reads an answer. Over
 * https, which a proxy in front of us speaks, browsers are told to stay with it.
 */
export function protectAnswer(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', request.id)
  reply.headers(ON_EVERY_ANSWER)
  for (const [name, value] of Object.entries(UNLESS_SAID)) {
    if (!reply.hasHeader(name)) reply.header(name, value)
  }
  if (request.protocol === 'https') reply.header('strict-transport-security', TWO_YEARS_OF_HTTPS)
}
