import { sql } from 'kysely'
import { type Static, Type } from 'typebox'
import { type App, answers, type Database, IdParams, query } from '../../platform/index.ts'
import { Session } from '../schemas.ts'

const schema = { tags: ['People'] }
const config = { scope: 'session' } as const

/** Where a person is signed in, and how they end it. */
export function sessionRoutes(app: App, db: Database): void {
  app.get(
    '/v1/me/sessions',
    {
      config,
      schema: {
        ...schema,
        summary: 'Where you are signed in',
        description:
          'With the address each session came from. No country: Fairlock asks no other service where it is.',
        response: answers(200, Type.Object({ items: Type.Array(Session), nextCursor: Type.Null() })),
      },
    },
    async (request) => {
      const rows = await db.read(
        request.caller,
        sql<{ body: Static<typeof Session> }>`
          select jsonb_build_object('id', id, 'current', id = ${request.caller.sessionId}::uuid,
            'createdAt', fairlock.rfc3339(created_at), 'lastSeenAt', fairlock.rfc3339(last_seen_at),
            'expiresAt', fairlock.rfc3339(least(expires_at, idle_until)), 'device', device,
            'signedInWith', signed_in_with, 'userAgent', user_agent, 'address', host(address)) as body
          from fairlock.sessions
          where ended_at is null and expires_at > now() and (idle_until > now() or idle_until is null)
          order by created_at desc limit 100`.compile(query),
      )
      return { items: rows.map((row) => row.body), nextCursor: null }
    },
  )
  app.delete(
    '/v1/me/sessions/:id',
    {
      config,
      schema: {
        ...schema,
        summary: 'End one of your sessions',
        params: IdParams,
        response: answers(204, Type.Null()),
      },
    },
    async (request, reply) => {
      await db.command(request.caller, 'end_session', { sessionId: request.params.id }, null)
      return reply.code(204).send(null)
    },
  )
  app.delete(
    '/v1/me/sessions',
    {
      config,
      schema: {
        ...schema,
        summary: 'End your sessions everywhere else',
        response: answers(200, Type.Object({ ended: Type.Integer({ description: 'How many there were' }) })),
      },
    },
    async (request) => db.command<{ ended: number }>(request.caller, 'end_other_sessions', {}, null),
  )
}
