import { sql } from 'kysely'
import { type Static, Type } from 'typebox'
import type { SignInLimits } from '../identity/index.ts'
import {
  type App,
  answers,
  type Database,
  decodeCursor,
  IdempotencyHeaders,
  IdParams,
  isTimeAndId,
  Page,
  PageQuery,
  pageOf,
  query,
  RequestedTime,
  strict,
} from '../platform/index.ts'
import type { Sealer } from '../platform/sealing/index.ts'
import { announcementRoutes } from './announcements.ts'
import { type Live, liveRoutes } from './live/index.ts'
import { Outside } from './outside/index.ts'
import { preferenceRoutes } from './preferences.ts'
import { pushRoutes } from './push/routes.ts'
import { Notice } from './schemas.ts'
import { deliveryRoutes } from './webhooks/delivery-routes.ts'
import { webhookRoutes } from './webhooks/routes.ts'
import { sentenceOf } from './words.ts'

export type NotificationOptions = {
  db: Database
  sealer: Sealer
  limits: SignInLimits
  /** Sends to addresses that people give; without it to public ones only. */
  outside?: Outside
  live?: Live | undefined
}

/** What people are told, live and afterwards, what they chose, and where else: by webhooks and in browsers. */
export function notificationRoutes(app: App, options: NotificationOptions): void {
  const { db, sealer, limits, outside = new Outside() } = options
  liveRoutes(app, options)
  preferenceRoutes(app, options)
  noticeRoutes(app, db)
  announcementRoutes(app, options)
  webhookRoutes(app, { db, sealer, limits, outside })
  deliveryRoutes(app, { db })
  pushRoutes(app, { db, sealer, outside })
}

/** A person's notices, newest first, and what of them is read. */
function noticeRoutes(app: App, db: Database): void {
  app.get(
    '/v1/me/notices',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['People'],
        summary: 'What you were told, newest first',
        querystring: strict({ ...PageQuery, unread: Type.Optional(Type.Boolean()) }),
        response: answers(200, Page(Notice)),
      },
    },
    async (request) => {
      const { limit = 20, cursor, unread } = request.query
      const after = decodeCursor('notices', cursor, isTimeAndId)
      const rows = await db.read(
        request.caller,
        sql<{ at: string; body: Omit<Static<typeof Notice>, 'text'> }>`
          select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
            jsonb_build_object('id', id, 'kind', kind, 'data', data, 'createdAt', fairlock.rfc3339(created_at),
              'readAt', fairlock.rfc3339(read_at)) as body
          from fairlock.notices where user_id = (select fairlock.acting_user()) and in_app
            ${unread === true ? sql`and read_at is null` : sql``}
            ${after === null ? sql`` : sql`and (created_at, id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
          order by created_at desc, id desc limit ${limit + 1}`.compile(query),
      )
      const notices = rows.map(({ at, body }) => ({
        at,
        id: body.id,
        body: { ...body, text: sentenceOf(body.kind, body.data) },
      }))
      return pageOf('notices', limit, notices)
    },
  )
  app.post(
    '/v1/me/notices/:id/read',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['People'],
        summary: 'Mark a notice as read',
        headers: IdempotencyHeaders,
        params: IdParams,
        body: strict({}),
        response: answers(204, Type.Null()),
      },
    },
    async (request, reply) => {
      await db.command(request.caller, 'read_notice', { noticeId: request.params.id }, null)
      return reply.code(204).send(null)
    },
  )
  app.get(
    '/v1/me/notices/unread',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['People'],
        summary: 'How many of your notices are unread',
        response: answers(200, Type.Object({ unread: Type.Integer() })),
      },
    },
    async (request) => {
      const [row] = await db.read(
        request.caller,
        sql<{ unread: string }>`select count(*) as unread from fairlock.notices
          where user_id = (select fairlock.acting_user()) and read_at is null and in_app`.compile(query),
      )
      return { unread: Number(row!.unread) }
    },
  )
  app.post(
    '/v1/me/notices/read',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['People'],
        summary: 'Mark your notices up to a time as read',
        headers: IdempotencyHeaders,
        body: strict({ upTo: RequestedTime }),
        response: answers(200, Type.Object({ read: Type.Integer(), unread: Type.Integer() })),
      },
    },
    async (request) =>
      db.command<{ read: number; unread: number }>(
        request.caller,
        'read_notices',
        { upTo: request.body.upTo },
        null,
      ),
  )
}
