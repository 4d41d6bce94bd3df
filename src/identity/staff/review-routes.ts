import { Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  decodeCursor,
  IdempotencyHeaders,
  IdParams,
  idempotencyOf,
  isTimeAndId,
  Page,
  PageQuery,
  pageOf,
  strict,
} from '../../platform/index.ts'
import type { KycRequests } from './kyc.ts'
import { KycCase, KycRequest, OpenedKycCase, Reason } from './schemas.ts'

const LIST = 'kyc queue'

/** Administrators and compliance work on requests for a KYC level. */
export function reviewRoutes(app: App, db: Database, requests: KycRequests): void {
  queueRoute(app, db)
  app.get(
    '/v1/admin/kyc-requests/:id',
    {
      schema: {
        tags: ['Administration'],
        summary: 'A KYC request that you have claimed, with what its person says; the look is logged',
        params: IdParams,
        response: answers(200, OpenedKycCase),
      },
    },
    async (request) => requests.open(request.caller, request.params.id),
  )
  const claim = 'Claim a KYC request: you work on it, and see its documents, for four hours'
  stepRoute(app, db, 'claim', 'claim_kyc', claim, strict({}))
  stepRoute(app, db, 'return', 'unclaim_kyc', 'Give a KYC request back to the queue', strict({}))
  const decision = strict({ approve: Type.Boolean(), reason: Reason })
  const decide = 'Decide a KYC request that you have claimed; its person is told the reason'
  stepRoute(app, db, 'decision', 'decide_kyc', decide, decision)
}

function queueRoute(app: App, db: Database): void {
  app.get(
    '/v1/admin/kyc-requests',
    {
      schema: {
        tags: ['Administration'],
        summary: 'KYC requests, waiting longest first',
        querystring: strict({
          ...PageQuery,
          status: Type.Optional(
            Type.Union([...KycRequest.properties.status.anyOf], { description: 'asked if not said' }),
          ),
        }),
        response: answers(200, Page(KycCase)),
      },
    },
    async (request) => {
      const { limit = 20, cursor, status = 'asked' } = request.query
      const after = decodeCursor(LIST, cursor, isTimeAndId)
      const { rows } = await db.call<{ rows: { at: string; id: string; body: KycCase }[] }>(
        request.caller,
        'select fairlock.kyc_queue($1, $2, $3, $4) as answer',
        [status, limit + 1, after?.[0] ?? null, after?.[1] ?? null],
      )
      return pageOf(LIST, limit, rows)
    },
  )
}

function stepRoute(
  app: App,
  db: Database,
  name: string,
  operation: string,
  summary: string,
  body: ReturnType<typeof strict>,
): void {
  app.post(
    `/v1/admin/kyc-requests/:id/${name}`,
    {
      config: { scope: 'session' },
      schema: {
        tags: ['Administration'],
        summary,
        params: IdParams,
        headers: IdempotencyHeaders,
        body,
        response: answers(200, KycCase),
      },
    },
    async (request) => {
      const args = { ...request.body, requestId: request.params.id }
      return db.command<KycCase>(request.caller, operation, args, idempotencyOf(request, operation, args))
    },
  )
}
