import { sql } from 'kysely'
import { type Static, Type } from 'typebox'
import { look } from '../identity/index.ts'
import {
  type App,
  answers,
  type Database,
  decodeCursor,
  Id,
  IdParams,
  isTimeAndId,
  Nullable,
  Page,
  PageQuery,
  Problem,
  pageOf,
  strict,
  Time,
} from '../platform/index.ts'
import { TradeBody } from './schemas.ts'

const Case = Type.Object({
  trade: TradeBody,
  disputes: Type.Array(
    Type.Object({
      id: Id,
      raisedBy: Id,
      againstUserId: Id,
      reason: Type.String(),
      status: Type.String(),
      resolution: Nullable(Type.String()),
      resolvedBy: Nullable(Id),
      resolvedAt: Nullable(Time),
      createdAt: Time,
    }),
  ),
})
type Case = Static<typeof Case>

/** What staff read of trades under a grant: those of a person, or one case. */
export function staffRoutes(app: App, db: Database): void {
  tradesRoute(app, db)
  app.get(
    '/v1/admin/cases/:id',
    {
      schema: {
        tags: ['Administration'],
        summary: 'Staff with a grant: a trade with its escrow and disputes',
        description: 'What was said in a dispute is at /v1/disputes/{id}, under the same grant.',
        params: IdParams,
        response: answers(200, Case),
      },
    },
    async (request) => {
      const [found] = await look(
        db,
        request.caller,
        { scope: 'case', id: request.params.id, what: 'case' },
        sql<Case>`
          select v.body as trade, (
            select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'raisedBy', d.raised_by,
              'againstUserId', d.against_user_id, 'reason', d.reason, 'status', d.status,
              'resolution', d.resolution, 'resolvedBy', d.resolved_by, 'resolvedAt', fairlock.rfc3339(d.resolved_at),
              'createdAt', fairlock.rfc3339(d.created_at)) order by d.created_at, d.id), '[]')
            from crypto_disputes d where d.trade_id = looked.subject) as disputes
          from fairlock.trade_views v where v.id = looked.subject`,
      )
      if (found === undefined) throw new Problem('not_found')
      return found
    },
  )
}

function tradesRoute(app: App, db: Database): void {
  app.get(
    '/v1/admin/users/:id/trades',
    {
      schema: {
        tags: ['Administration'],
        summary: 'Staff with a grant: a person’s trades, newest first',
        params: IdParams,
        querystring: strict(PageQuery),
        response: answers(200, Page(TradeBody)),
      },
    },
    async (request) => {
      const { limit = 20, cursor } = request.query
      const after = decodeCursor('staff-trades', cursor, isTimeAndId)
      // By each side's own index, like a person's own list.
      const side = (column: 'user_id' | 'buyer_id') => sql`
        (select id, created_at from crypto_trades where ${sql.ref(column)} = looked.subject
          ${after === null ? sql`` : sql`and (created_at, id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
          order by created_at desc, id desc limit ${limit + 1})`
      const rows = await look(
        db,
        request.caller,
        { scope: 'trades', id: request.params.id, what: 'trades' },
        sql<{ at: string; body: Static<typeof TradeBody> }>`
          select to_char(v.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, v.body
          from (${side('user_id')} union all ${side('buyer_id')}) theirs join fairlock.trade_views v using (id)
          order by theirs.created_at desc, theirs.id desc limit ${limit + 1}`,
      )
      return pageOf(
        'staff-trades',
        limit,
        rows.map((row) => ({ ...row, id: row.body.id })),
      )
    },
  )
}
