import { sql } from 'kysely'
import type { Static } from 'typebox'
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
} from '../platform/index.ts'
import { Announcement, NewAnnouncement } from './schemas.ts'

/** What the operator tells everybody, and how administrators do it. */
export function announcementRoutes(app: App, { db }: { db: Database }): void {
  listRoute(app, db)
  app.post(
    '/v1/admin/announcements',
    {
      schema: {
        tags: ['Administration'],
        summary: 'Tell everybody, or all staff, something',
        description:
          'Who is connected hears at once; everybody finds a notice. An incident is mailed as well.',
        headers: IdempotencyHeaders,
        body: NewAnnouncement,
        response: answers(201, Announcement),
      },
    },
    async (request, reply) => {
      const { body } = request
      const key = idempotencyOf(request, 'announce', body)
      return reply.code(201).send(await db.command(request.caller, 'announce', body, key))
    },
  )
  app.post(
    '/v1/admin/announcements/:id/withdrawal',
    {
      schema: {
        tags: ['Administration'],
        summary: 'Take an announcement back',
        headers: IdempotencyHeaders,
        params: IdParams,
        body: strict({}),
        response: answers(200, Announcement),
      },
    },
    async (request) => {
      const args = { announcementId: request.params.id }
      const key = idempotencyOf(request, 'withdraw_announcement', args)
      return db.command<Static<typeof Announcement>>(request.caller, 'withdraw_announcement', args, key)
    },
  )
}

function listRoute(app: App, db: Database): void {
  app.get(
    '/v1/announcements',
    {
      config: { access: 'public' },
      schema: {
        tags: ['Operation'],
        summary: 'What the operator has to say, newest first',
        description: 'What is not over. Staff see what is for them; administrators all there ever was.',
        querystring: strict(PageQuery),
        response: answers(200, Page(Announcement)),
      },
    },
    async (request) => {
      const { limit = 20, cursor } = request.query
      const after = decodeCursor('announcements', cursor, isTimeAndId)
      const rows = await db.read(
        request.caller,
        sql<{ at: string; id: string; body: Static<typeof Announcement> }>`
          select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, id,
            fairlock.announcement_json(a) as body
          from fairlock.announcements a
            ${after === null ? sql`` : sql`where (created_at, id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
          order by created_at desc, id desc limit ${limit + 1}`.compile(query),
      )
      return pageOf('announcements', limit, rows)
    },
  )
}
