import { sql } from 'kysely'
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
  query,
  strict,
} from '../../platform/index.ts'
import { personRoutes } from './person-routes.ts'
import { AccessRequest, BreakGlass, Grant } from './schemas.ts'

/** Asking for access, deciding, revoking, breaking the glass, reviewing it; and looking at people under a grant. */
export function accessRoutes(app: App, { db }: { db: Database }): void {
  askRoutes(app, db)
  listRoute(app, db)
  const approval = strict({ minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_080 })) })
  decisionRoute(app, db, 'approval', 'approve_access', 'Approve a request, or a shorter time', approval)
  decisionRoute(app, db, 'refusal', 'refuse_access', 'Refuse a request', strict({}))
  decisionRoute(
    app,
    db,
    'revocation',
    'revoke_access',
    'End access at once, or take a request back',
    strict({}),
  )
  const review = strict({
    justified: Type.Boolean(),
    review: Type.String({ minLength: 1, maxLength: 1000, pattern: '\\S', description: 'What was found' }),
  })
  decisionRoute(app, db, 'review', 'review_access', 'Review a break-glass of somebody else', review)
  personRoutes(app, db)
}

function askRoutes(app: App, db: Database): void {
  app.post(
    '/v1/admin/access-grants',
    {
      schema: {
        tags: ['Administration'],
        summary: 'Ask for access to a person or a case',
        headers: IdempotencyHeaders,
        body: AccessRequest,
        response: answers(201, Grant),
      },
    },
    async (request, reply) => {
      const key = idempotencyOf(request, 'ask_access', request.body)
      return reply.code(201).send(await db.command<Grant>(request.caller, 'ask_access', request.body, key))
    },
  )
  app.post(
    '/v1/admin/break-glass',
    {
      schema: {
        tags: ['Administration'],
        summary: 'Access at once, for a short time, with an alarm and a review afterwards',
        headers: IdempotencyHeaders,
        body: BreakGlass,
        response: answers(201, Grant),
      },
    },
    async (request, reply) => {
      const key = idempotencyOf(request, 'break_glass', request.body)
      const grant = await db.command<Grant>(request.caller, 'break_glass', request.body, key)
      request.log.warn({ grant: grant.id, staff: grant.staffId, endsAt: grant.endsAt }, 'break-glass')
      return reply.code(201).send(grant)
    },
  )
}

/** What each list shows; the policies say whose requests these are. */
const LISTS = {
  mine: sql`staff_id = (select fairlock.acting_user())`,
  approve: sql`status = 'asked' and starts_at > now() - interval '1 day'
    and staff_id <> (select fairlock.acting_user())`,
  review: sql`break_glass and reviewed_at is null and staff_id <> (select fairlock.acting_user())`,
  all: sql`true`,
}

function listRoute(app: App, db: Database): void {
  app.get(
    '/v1/admin/access-grants',
    {
      schema: {
        tags: ['Administration'],
        summary: 'Access: yours, to approve, to review, or everything you may see; newest first',
        querystring: strict({
          ...PageQuery,
          list: Type.Optional(
            Type.Union(
              [Type.Literal('mine'), Type.Literal('approve'), Type.Literal('review'), Type.Literal('all')],
              { description: 'mine if not said' },
            ),
          ),
        }),
        response: answers(200, Page(Grant)),
      },
    },
    async (request) => {
      const { limit = 20, cursor, list = 'mine' } = request.query
      const after = decodeCursor('access-grants', cursor, isTimeAndId)
      const rows = await db.read(
        request.caller,
        sql<{ at: string; id: string; body: Grant }>`
          select to_char(asked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, id,
            fairlock.grant_json(g) as body
          from fairlock.access_grants g where ${LISTS[list]}
            ${after === null ? sql`` : sql`and (asked_at, id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
          order by asked_at desc, id desc limit ${limit + 1}`.compile(query),
      )
      return pageOf('access-grants', limit, rows)
    },
  )
}

function decisionRoute(
  app: App,
  db: Database,
  name: string,
  operation: string,
  summary: string,
  body: ReturnType<typeof strict>,
): void {
  app.post(
    `/v1/admin/access-grants/:id/${name}`,
    {
      schema: {
        tags: ['Administration'],
        summary,
        params: IdParams,
        headers: IdempotencyHeaders,
        body,
        response: answers(200, Grant),
      },
    },
    async (request) => {
      const args = { ...request.body, grantId: request.params.id }
      return db.command<Grant>(request.caller, operation, args, idempotencyOf(request, operation, args))
    },
  )
}
