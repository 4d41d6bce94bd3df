import type { FastifyRequest } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { countDisputes } from '../../disputes/index.ts'
import { countBreakGlass } from '../../identity/index.ts'
import type { Jobs } from '../../jobs/index.ts'
import type { Webhooks } from '../../notifications/index.ts'
import type { Uploads } from '../../platform/files/index.ts'
import { type App, type Database, isSameSecret, Problem } from '../../platform/index.ts'
import type { Exports } from '../../wallets/index.ts'
import { adoptionMetrics } from './adoption.ts'
import { deliveryMetrics } from './deliveries.ts'
import { exportMetrics } from './exports.ts'
import { fileMetrics } from './files.ts'
import { keyMetrics } from './keys.ts'
import { type NewsParts, newsMetrics } from './news.ts'
import { priceHistoryMetrics } from './price-history.ts'
import { priceMetrics } from './prices.ts'
import { shared } from './question.ts'
import { reportMetrics } from './reports.ts'

export type MetricsOptions = {
  db: Database
  token: string | null
  jobs: () => Jobs | null
  uploads: Uploads
  exports: Exports
  webhooks?: () => Webhooks | null
} & NewsParts

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])
/** What proxies say of whom they ask for. */
const FORWARDED = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via']

/** Counts requests, and answers GET /metrics in the format of Prometheus: with the token, or from this machine. */
export function metricsRoutes(app: App, options: MetricsOptions): void {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const seconds = new Histogram({
    name: 'fairlock_http_request_seconds',
    help: 'Time to answer, by route pattern and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  })
  const problems = new Counter({
    name: 'fairlock_http_server_errors_total',
    help: 'Answers with a status of 500 and above',
    registers: [registry],
  })
  databaseMetrics(registry, options.db)
  auditMetrics(registry, options.db)
  keyMetrics(registry, options.db)
  fileMetrics(registry, options.db, options.uploads)
  exportMetrics(registry, options.exports)
  jobMetrics(registry, options.jobs)
  newsMetrics(registry, options)
  deliveryMetrics(registry, options)
  priceHistoryMetrics(registry, options.db)
  priceMetrics(registry, options.db)
  reportMetrics(registry, options.db)
  adoptionMetrics(registry, options.db)
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
    if (reply.statusCode >= 500) problems.inc()
  })
  app.get('/metrics', { config: { access: 'public' }, schema: { hide: true } }, async (request, reply) => {
    if (!mayRead(request, options.token)) throw new Problem('not_found')
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}

/** With a token, whoever has it; without one, this machine: not what a proxy on this machine passes on from elsewhere. */
function mayRead({ ip, headers }: FastifyRequest, token: string | null): boolean {
  if (token !== null) return isSameSecret(headers.authorization ?? '', `Bearer ${token}`)
  const isPassedOn = FORWARDED.some((name) => headers[name] !== undefined)
  return LOOPBACK.has(ip) && !isPassedOn
}

function databaseMetrics(registry: Registry, db: Database): void {
  new Gauge({
    name: 'fairlock_database_connections',
    help: 'Connections of this process, by state',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.set({ state: 'open' }, db.pool.totalCount)
      this.set({ state: 'idle' }, db.pool.idleCount)
      this.set({ state: 'waiting' }, db.pool.waitingCount)
    },
  })
  new Gauge({
    name: 'fairlock_database_connections_lost',
    help: 'Idle connections that broke since the start',
    registers: [registry],
    collect() {
      this.set(db.lostConnections)
    },
  })
  new Gauge({
    name: 'fairlock_trades',
    help: 'Live trades by status, and those past their deadline',
    labelNames: ['status'],
    registers: [registry],
    async collect() {
      const nobody = { sessionId: null, tokenHash: null, requestId: 'metrics' }
      const counts = await db.call<Record<string, number>>(
        nobody,
        'select fairlock.count_live_trades() as answer',
        [],
      )
      for (const [status, count] of Object.entries(counts)) this.set({ status }, count)
    },
  })
  new Gauge({
    name: 'fairlock_disputes',
    help: 'Open disputes by stage, those whose ruling is overdue, and those without an arbitrator',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      for (const [state, count] of Object.entries(await countDisputes(db))) this.set({ state }, count)
    },
  })
  new Gauge({
    name: 'fairlock_break_glass',
    help: 'Access by break-glass: open now, and not yet reviewed by somebody else',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      const { open, unreviewed } = await countBreakGlass(db)
      this.set({ state: 'open' }, open)
      this.set({ state: 'unreviewed' }, unreviewed)
    },
  })
}

type AuditState = {
  blocks: number
  unsigned: number
  oldestUnsealedSeconds: number
  verifiedAt: number | null
  verifiedOk: boolean | null
}

function auditMetrics(registry: Registry, db: Database): void {
  const nobody = { sessionId: null, tokenHash: null, requestId: 'metrics' }
  const state = shared(() => db.call<AuditState>(nobody, 'select fairlock.audit_state() as answer', []))
  const gauge = (name: string, help: string, value: (state: AuditState) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(value(await state()))
      },
    })
  gauge('fairlock_audit_blocks', 'Sealed blocks of the log', ({ blocks }) => blocks)
  gauge('fairlock_audit_blocks_unsigned', 'Those without a signature', ({ unsigned }) => unsigned)
  gauge(
    'fairlock_audit_oldest_unsealed_seconds',
    'Age of the oldest row of the log that no block has',
    ({ oldestUnsealedSeconds }) => oldestUnsealedSeconds,
  )
  gauge(
    'fairlock_audit_verified_timestamp_seconds',
    'When the log was last verified; 0: never',
    ({ verifiedAt }) => verifiedAt ?? 0,
  )
  gauge('fairlock_audit_verified_ok', '1 when the last verification found nothing wrong', ({ verifiedOk }) =>
    verifiedOk === true ? 1 : 0,
  )
}

function jobMetrics(registry: Registry, jobs: () => Jobs | null): void {
  new Gauge({
    name: 'fairlock_job_runs',
    help: 'Runs of background work in this process since the start, by result',
    labelNames: ['task', 'result'],
    registers: [registry],
    collect() {
      for (const [task, runs] of jobs()?.runs() ?? []) {
        this.set({ task, result: 'done' }, runs.done)
        this.set({ task, result: 'failed' }, runs.failed)
      }
    },
  })
}
