import type { FastifyContextConfig } from 'fastify'

type Scope = NonNullable<FastifyContextConfig['scope']>

/**
 * What an API key needs for a call: what its route says, `read` for other GETs, and `session`, which no key has, for
 * staff. Undefined where a call that changes something says nothing: a test does not let that be, and `session` is
 * what holds until then. The database asks again for every command.
 */
export function scopeOf(config: FastifyContextConfig, method: string, url: string): Scope | undefined {
  if (config.scope !== undefined) return config.scope
  if (config.access === 'public') return 'read'
  if (url.startsWith('/v1/admin/')) return 'session'
  return method === 'GET' || method === 'HEAD' ? 'read' : undefined
}
