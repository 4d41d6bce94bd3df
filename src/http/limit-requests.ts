import type { FastifyReply, FastifyRequest } from 'fastify'
import { type App, type Database, Problem } from '../platform/index.ts'
import type { RequestLimits, Usage } from './request-limits.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the limits have left for who asks; null where nothing is counted. */
    usages: Usage[] | null
  }
}

/** What a load balancer and the monitoring ask may not depend on who else asks. */
const EXEMPT = new Set(['/healthz', '/readyz', '/metrics'])
/** A call that changes something is dearer to us than one that reads. */
const COST = { read: 1, change: 2 }

const isCounted = (request: FastifyRequest) => !EXEMPT.has(request.routeOptions.url ?? '')
const costOf = ({ method }: FastifyRequest) =>
  method === 'GET' || method === 'HEAD' ? COST.read : COST.change

/** Counts requests of addresses, before anything else is done with them. Throws `Problem` too_many_requests. */
export function limitAddresses(app: App, limits: RequestLimits): void {
  app.decorateRequest('usages', null)
  app.addHook('onRequest', async (request) => {
    if (isCounted(request)) count(request, [limits.countAddress(request.ip, costOf(request))])
  })
  app.addHook('onSend', async (request, reply) => tell(reply, request.usages ?? []))
}

/** Counts requests of people and keys, once the caller is known. Throws `Problem` too_many_requests. */
export function limitCallers(app: App, limits: RequestLimits, db: Database): void {
  db.onAuthenticated = (caller, whose) => {
    const [person = '', keyLimit] = whose.split(' ')
    limits.learn(caller, person, keyLimit === undefined ? null : Number(keyLimit))
  }
  app.addHook('onRequest', async (request) => {
    if (isCounted(request)) count(request, limits.countCaller(request.caller, costOf(request)))
  })
}

function count(request: FastifyRequest, counted: (Usage | null)[]): void {
  const usages = counted.filter((one) => one !== null)
  request.usages = [...(request.usages ?? []), ...usages]
  const over = usages.find(({ left }) => left < 0)
  if (over) throw new Problem('too_many_requests', { limit: over.name, retryAfter: over.resetSeconds })
}

/** RateLimit and RateLimit-Policy, as draft-ietf-httpapi-ratelimit-headers-11 has them: of the limit with the least left. */
function tell(reply: FastifyReply, usages: Usage[]): void {
  const [first, ...others] = usages
  if (first === undefined) return
  const tightest = others.reduce((least, one) => (one.left < least.left ? one : least), first)
  const { name, left, resetSeconds } = tightest
  reply.header('ratelimit-policy', usages.map(({ name, limit }) => `"${name}";q=${limit};w=60`).join(', '))
  reply.header('ratelimit', `"${name}";r=${Math.max(0, left)};t=${resetSeconds}`)
}
