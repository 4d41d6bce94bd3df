import type { FastifyRequest } from 'fastify'

/** Where a sign-in comes from; behind a proxy the address is what the proxy's header says, whatever that is. */
export type Place = { address: string; userAgent: string | null }

export function placeOf(request: FastifyRequest): Place {
  return { address: request.ip, userAgent: request.headers['user-agent'] ?? null }
}
