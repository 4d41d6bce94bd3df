import { isIP } from 'node:net'
import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, type FastifyRequest, LogController } from 'fastify'
import { auditRoutes } from '../audit/index.ts'
import { disputeRoutes } from '../disputes/index.ts'
import {
  callerFromCookie,
  callerFromHeader,
  identityRoutes,
  refuseForeignPage,
  type SignInLimits,
} from '../identity/index.ts'
import type { Jobs } from '../jobs/index.ts'
import {
  type Dispatcher,
  type Live,
  notificationRoutes,
  type Outside,
  type Webhooks,
} from '../notifications/index.ts'
import { offerRoutes } from '../offers/index.ts'
import { liabilityRoutes, reportRoutes } from '../operations/index.ts'
import { paymentMethodRoutes } from '../payment-methods/index.ts'
import { fileRoutes, Uploads } from '../platform/files/index.ts'
import { type App, type Database, newId, Problem, ProblemSchema } from '../platform/index.ts'
import type { Sealer } from '../platform/sealing/index.ts'
import { priceRoutes } from '../prices/index.ts'
import { reputationRoutes } from '../reputation/index.ts'
import { tradeRoutes } from '../trades/index.ts'
import { Exports, walletRoutes } from '../wallets/index.ts'
import { readBodies } from './bodies.ts'
import { schemaCompilers } from './compilers.ts'
import {
  connectionLimits,
  limitAddressLength,
  limitBodyTime,
  PATIENCE,
  type Patience,
} from './connections.ts'
import { protectAnswers } from './headers.ts'
import { healthRoutes } from './health.ts'
import { limitAddresses, limitCallers } from './limit-requests.ts'
import { metricsRoutes } from './metrics/metrics.ts'
import { openApiOptions } from './openapi.ts'
import { pageRoutes } from './pages.ts'
import { answerFrameworkError, problemHandler } from './problems.ts'
import type { RequestLimits } from './request-limits.ts'
import { scopeOf } from './scopes.ts'

export type AppOptions = {
  db: Database
  sealer: Sealer
  limits: SignInLimits
  log: FastifyBaseLogger
  /** How many proxies in front add the address they see to X-Forwarded-For; `true` is one. */
  trustProxy: boolean | number
  metricsToken: string | null
  /** A file of leaked passwords to refuse. */
  breachedPasswords?: string | null
  /** Where people reach the program; passkeys are bound to its name. */
  publicUrl?: string | null
  jobs: () => Jobs | null
  /** Sends to addresses that people give. */
  outside?: Outside
  /** Delivers webhooks, where this process does. */
  webhooks?: () => Webhooks | null
  /** Feeds the streams of live events; without it there are none. */
  live?: Live
  /** Tells news soon after the requests that cause them; without it they wait for the background work. */
  dispatcher?: Dispatcher
  /** Counts uploads; if not given, eight are taken at once. */
  uploads?: Uploads
  /** Sends exports; if not given, with the usual limits. */
  exports?: Exports
  /** Counts requests; without it nobody is limited. */
  requests?: RequestLimits
  /** How long connections may take, if not the usual. */
  patience?: Patience
  /** Compiles the schemas of all routes at the start, to see that they can be; else each at its first call. */
  compileAtOnce?: boolean
}

/** Bodies are small: 1 MB is the contract's bound. Files come as forms, which have a bound of their own. */
const BODY_LIMIT_BYTES = 1024 * 1024
const UPLOADS_AT_ONCE = 8

/** Puts the API together: what every request goes through, and the list of routes. */
export async function buildApp(options: AppOptions): Promise<App> {
  const { validators, serializers } = schemaCompilers(options.compileAtOnce ?? false)
  const app: App = Fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    // Counted from our end: what stands before the proxies' own entries somebody may have made up.
    trustProxy: (_address, hop) => hop < Number(options.trustProxy),
    genReqId: newId,
    frameworkErrors: answerFrameworkError,
    routerOptions: { maxParamLength: 200 },
    schemaController: { compilersFactory: { buildSerializer: serializers } },
    ...connectionLimits(options.patience ?? PATIENCE),
    return503OnClosing: true,
    forceCloseConnections: 'idle',
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(validators)
  app.addSchema(ProblemSchema)
  problemHandler(app)
  readBodies(app)
  protectAnswers(app)
  limitAddressLength(app)
  limitBodyTime(app, options.patience ?? PATIENCE)
  if (options.requests) limitAddresses(app, options.requests)
  findCaller(app)
  if (options.requests) limitCallers(app, options.requests, options.db)
  logRequests(app)
  if (options.dispatcher) tellNews(app, options.dispatcher)
  await app.register(swagger, openApiOptions)

  const uploads = options.uploads ?? new Uploads(UPLOADS_AT_ONCE)
  const exports = options.exports ?? new Exports()

  // The list of routes. Each folder's are in its routes.ts.
  await app.register(async (routes) => {
    const api = routes.withTypeProvider<TypeBoxTypeProvider>() as App
    metricsRoutes(api, { ...options, token: options.metricsToken, uploads, exports })
    healthRoutes(api, options)
    pageRoutes(api, options)
    identityRoutes(api, options)
    walletRoutes(api, { ...options, exports })
    paymentMethodRoutes(api, options)
    priceRoutes(api, options)
    offerRoutes(api, options)
    tradeRoutes(api, options)
    disputeRoutes(api, options)
    reputationRoutes(api, options)
    auditRoutes(api, options)
    reportRoutes(api, options)
    liabilityRoutes(api, options)
    notificationRoutes(api, options)
  })
  await app.register(async (routes) =>
    fileRoutes(routes.withTypeProvider<TypeBoxTypeProvider>() as App, { ...options, uploads }),
  )
  return app
}

/** Answers that an attack gives many of: not signed in, not allowed, too often. Worth an alarm when they grow. */
const SUSPICIOUS = new Set([401, 403, 429])

/** Methods that change nothing. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** After a call that may have changed something, once it is answered. */
function tellNews(app: App, dispatcher: Dispatcher): void {
  app.addHook('onResponse', async ({ method }) => {
    if (!SAFE_METHODS.has(method)) dispatcher.nudge()
  })
}

/** Reads the token before anything else; whether the session lives is decided in the database, in the same transaction. */
function findCaller(app: App): void {
  app.decorateRequest('caller')
  app.addHook('onRequest', async (request) => {
    const { authorization, cookie } = request.headers
    const caller =
      authorization === undefined && cookie !== undefined
        ? callerFromCookie(cookie, request.id, request.ip)
        : callerFromHeader(authorization, request.id, request.ip)
    const isPublic = request.is404 || request.routeOptions.config.access === 'public'
    if (caller !== null) request.caller = caller
    else if (request.routeOptions.url !== '/metrics') throw new Problem('not_signed_in')
    if (!isPublic && (caller === null || caller.sessionId === null)) throw new Problem('not_signed_in')
    if (caller?.byCookie && !SAFE_METHODS.has(request.method)) refuseForeignPage(request)
    if (caller?.apiKey && !request.is404) {
      const { config, method, url = '' } = request.routeOptions
      if ((scopeOf(config, String(method), url) ?? 'session') === 'session') throw new Problem('session_only')
    }
  })
}

/**
 * One line per request, without query strings, headers or bodies: none of them can carry a secret into the log. A
 * refusal says its code, from where, and for which session or API key (their ids, not their secrets) it was asked.
 */
function logRequests(app: App): void {
  app.decorateRequest('refusal', null)
  app.addHook('onResponse', async (request, reply) => {
    const { statusCode } = reply
    const level = statusCode >= 500 ? 'error' : SUSPICIOUS.has(statusCode) ? 'warn' : 'info'
    request.log[level](
      {
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        ...(request.refusal === null ? {} : { code: request.refusal, ...askedBy(request) }),
      },
      'request',
    )
  })
}

function askedBy(request: FastifyRequest): Record<string, string> {
  const { sessionId, apiKey } = request.caller ?? {}
  const address = isIP(request.ip) ? { address: request.ip } : {}
  if (!sessionId) return address
  return { ...address, [apiKey ? 'apiKey' : 'session']: sessionId }
}
