import { sql } from 'kysely'
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
  query,
  strict,
} from '../../platform/index.ts'
import type { KycRequests } from './kyc.ts'
import { KycRequest, KycRequestBody } from './schemas.ts'

const LIST = 'kyc requests'

/** A person asks for a KYC level. */
export function kycRoutes(app: App, db: Database, requests: KycRequests): void {
  app.post(
    '/v1/me/kyc-requests',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['People'],
        summary: 'Ask for a higher KYC level; one request is open at a time',
        headers: IdempotencyHeaders,
        body: KycRequestBody,
        response: answers(201, KycRequest),
      },
    },
    async (request, reply) => {
      const once = idempotencyOf(request, 'ask_kyc', request.body)
      return reply.code(201).send(await requests.ask(request.caller, request.body, once))
    },
  )
  app.get(
    '/v1/me/kyc-requests',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['People'],
        summary: 'Your requests for a KYC level, newest first',
        querystring: strict(PageQuery),
        response: answers(200, Page(KycRequest)),
      },
    },
    async (request) => {
      const { limit = 20, cursor } = request.query
      const after = decodeCursor(LIST, cursor, isTimeAndId)
      const rows = await db.read(
        request.caller,
        sql<{ at: string; id: string; body: KycRequest }>`
          select to_char(asked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, id,
            jsonb_build_object('id', id, 'level', level, 'status', status, 'askedAt', fairlock.rfc3339(asked_at),
              'reason', reason, 'endedAt', fairlock.rfc3339(ended_at)) as body
          from fairlock.kyc_requests where user_id = (select fairlock.acting_user())
            ${after === null ? sql`` : sql`and (asked_at, id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
          order by asked_at desc, id desc limit ${limit + 1}`.compile(query),
      )
      return pageOf(LIST, limit, rows)
    },
  )
  app.post(
    '/v1/me/kyc-requests/:id/withdrawal',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['People'],
        summary: 'Take your undecided request back',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({}),
        response: answers(200, KycRequest),
      },
    },
    async (request) => {
      const args = { requestId: request.params.id }
      const once = idempotencyOf(request, 'withdraw_kyc', args)
      return db.command<KycRequest>(request.caller, 'withdraw_kyc', args, once)
    },
  )
}
