import { sql } from 'kysely'
import { type Static, Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  decodeCursor,
  IdParams,
  isTimeAndId,
  Nullable,
  Page,
  PageQuery,
  pageOf,
  query,
  RequestedTime,
  strict,
} from '../../platform/index.ts'
import { KycLevel, Standing } from '../schemas.ts'
import { Ban, Reason } from './schemas.ts'

/** Bans and their history, and the KYC level that administrators and compliance set by hand. */
export function banRoutes(app: App, db: Database): void {
  listRoute(app, db)
  putRoute(
    app,
    db,
    'ban',
    'ban',
    'Ban a person until a time, or lift the ban with null; they are told the reason',
    strict({ until: Nullable(RequestedTime), reason: Reason }),
  )
  putRoute(
    app,
    db,
    'kyc',
    'set_kyc',
    'Set a person’s KYC level; nobody their own',
    strict({ level: KycLevel, reason: Reason }),
  )
}

function putRoute(
  app: App,
  db: Database,
  name: string,
  operation: string,
  summary: string,
  body: ReturnType<typeof strict>,
): void {
  app.put(
    `/v1/admin/users/:id/${name}`,
    {
      config: { scope: 'session' },
      schema: {
        tags: ['Administration'],
        summary,
        params: IdParams,
        body,
        response: answers(200, Standing),
      },
    },
    async (request) =>
      db.command<Static<typeof Standing>>(
        request.caller,
        operation,
        { userId: request.params.id, ...request.body },
        null,
      ),
  )
}

function listRoute(app: App, db: Database): void {
  app.get(
    '/v1/admin/bans',
    {
      schema: {
        tags: ['Administration'],
        summary: 'Bans, newest first: who, by whom, why, until when, lifted by whom',
        querystring: strict({
          ...PageQuery,
          userId: Type.Optional(Type.String({ format: 'uuid', description: 'Those of one person' })),
          live: Type.Optional(Type.Literal('true', { description: 'Only those that hold now' })),
        }),
        response: answers(200, Page(Ban)),
      },
    },
    async (request) => {
      const { limit = 20, cursor, userId, live } = request.query
      const after = decodeCursor('bans', cursor, isTimeAndId)
      const rows = await db.read(
        request.caller,
        sql<{ at: string; id: string; body: Static<typeof Ban> }>`
          select to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, id,
            fairlock.ban_json(b) as body
          from fairlock.bans b where true
            ${userId === undefined ? sql`` : sql`and user_id = ${userId}`}
            ${live === undefined ? sql`` : sql`and lifted_at is null and until > now()`}
            ${after === null ? sql`` : sql`and (started_at, id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
          order by started_at desc, id desc limit ${limit + 1}`.compile(query),
      )
      return pageOf('bans', limit, rows)
    },
  )
}
