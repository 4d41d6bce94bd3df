import { sql } from 'kysely'
import { type Static, Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  decodeCursor,
  Id,
  IdempotencyHeaders,
  IdParams,
  idempotencyOf,
  isTimeAndId,
  Page,
  PageQuery,
  pageOf,
  query,
  RequestedTime,
  strict,
} from '../../platform/index.ts'
import { webhookOf } from './routes.ts'
import { Delivery, DeliveryState } from './schemas.ts'

type Delivered = Static<typeof Delivery>

const config = { scope: 'session' } as const
const tags = ['Webhooks']

/** What was sent to a webhook and how it went; trying one out, and sending again. */
export function deliveryRoutes(app: App, { db }: { db: Database }): void {
  listRoute(app, db)
  app.post(
    '/v1/webhooks/:id/test',
    {
      config,
      schema: {
        tags,
        summary: 'Send a message of the kind webhook.test',
        headers: IdempotencyHeaders,
        params: IdParams,
        body: strict({}),
        response: answers(201, Delivery),
      },
    },
    async (request, reply) => {
      const args = { webhookId: request.params.id }
      const once = idempotencyOf(request, 'test_webhook', args)
      return reply.code(201).send(await db.command<Delivered>(request.caller, 'test_webhook', args, once))
    },
  )
  resendRoutes(app, db)
}

function listRoute(app: App, db: Database): void {
  app.get(
    '/v1/webhooks/:id/deliveries',
    {
      config,
      schema: {
        tags,
        summary: 'The messages to a webhook, newest first',
        description: 'Of the last 30 days.',
        params: IdParams,
        querystring: strict({ ...PageQuery, state: Type.Optional(DeliveryState) }),
        response: answers(200, Page(Delivery)),
      },
    },
    async (request) => {
      const { limit = 20, cursor, state } = request.query
      const after = decodeCursor('deliveries', cursor, isTimeAndId)
      const { id } = await webhookOf(db, request.caller, request.params.id)
      const rows = await db.read(
        request.caller,
        sql<{ at: string; id: string; body: Delivered }>`
          select to_char(d.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, d.id,
            fairlock.webhook_delivery_json(d) as body
          from fairlock.webhook_deliveries d where d.webhook_id = ${id}::uuid
            ${state === undefined ? sql`` : sql`and d.state = ${state}`}
            ${after === null ? sql`` : sql`and (d.created_at, d.id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
          order by d.created_at desc, d.id desc limit ${limit + 1}`.compile(query),
      )
      return pageOf('deliveries', limit, rows)
    },
  )
}

function resendRoutes(app: App, db: Database): void {
  app.post(
    '/v1/webhooks/:id/deliveries/:deliveryId/resend',
    {
      config,
      schema: {
        tags,
        summary: 'Send a message again',
        description:
          'The same message under the same id, delivered before or dead, with all its attempts anew.',
        headers: IdempotencyHeaders,
        params: strict({ id: Id, deliveryId: Id }),
        body: strict({}),
        response: answers(200, Delivery),
      },
    },
    async (request) => {
      const args = { webhookId: request.params.id, deliveryId: request.params.deliveryId }
      const once = idempotencyOf(request, 'resend_delivery', args)
      return db.command<Delivered>(request.caller, 'resend_delivery', args, once)
    },
  )
  app.post(
    '/v1/webhooks/:id/deliveries/resend',
    {
      config,
      schema: {
        tags,
        summary: 'Send all dead messages again that were made since a time',
        description: 'The oldest thousand at a time; ask again until `count` is 0.',
        headers: IdempotencyHeaders,
        params: IdParams,
        body: strict({ since: RequestedTime }),
        response: answers(200, Type.Object({ count: Type.Integer() })),
      },
    },
    async (request) => {
      const args = { webhookId: request.params.id, since: request.body.since }
      const once = idempotencyOf(request, 'resend_dead_deliveries', args)
      return db.command<{ count: number }>(request.caller, 'resend_dead_deliveries', args, once)
    },
  )
}
