import { sql } from 'kysely'
import { type Static, Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  decodeCursor,
  encodeCursor,
  IdParams,
  isTimeAndId,
  Page,
  PageQuery,
  query,
  strict,
} from '../platform/index.ts'
import { Marked } from './schemas.ts'

/** The two lists of people that somebody keeps, which nobody else ever sees. */
export function markRoutes(app: App, db: Database): void {
  listRoutes(app, db, 'blocks', 'blocked', 'people you do not trade with')
  listRoutes(app, db, 'trusted', 'trusted', 'people you trust')
}

function listRoutes(app: App, db: Database, name: string, mark: 'blocked' | 'trusted', whom: string): void {
  app.get(
    `/v1/me/${name}`,
    {
      schema: {
        tags: ['People'],
        summary: `The ${whom}, last added first`,
        querystring: strict(PageQuery),
        response: answers(200, Page(Marked)),
      },
    },
    async (request) => {
      const { limit = 20, cursor } = request.query
      const after = decodeCursor(name, cursor, isTimeAndId)
      const rows = await db.read(
        request.caller,
        sql<Static<typeof Marked> & { at: string }>`
          select to_char(l.marked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, m.body as person,
            fairlock.rfc3339(l.marked_at) as since
          from fairlock.marked_people l join fairlock.makers m on m.user_id = l.person_id
          where l.owner_id = (select fairlock.acting_user()) and l.mark = ${mark}
            ${after === null ? sql`` : sql`and (l.marked_at, l.person_id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
          order by l.marked_at desc, l.person_id desc limit ${limit + 1}`.compile(query),
      )
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return {
        items: rows.slice(0, limit).map(({ person, since }) => ({ person, since })),
        nextCursor: last === undefined ? null : encodeCursor(name, [last.at, last.person.id]),
      }
    },
  )
  for (const [method, operation, summary] of [
    ['PUT', 'mark_person', `Put somebody among the ${whom}; at most 1,000`],
    ['DELETE', 'unmark_person', `Take somebody from the ${whom}`],
  ] as const) {
    app.route({
      method,
      url: `/v1/me/${name}/:id`,
      config: { scope: 'trade' },
      schema: { tags: ['People'], summary, params: IdParams, response: answers(204, Type.Null()) },
      handler: async (request, reply) => {
        const { id } = request.params as Static<typeof IdParams>
        await db.command(request.caller, operation, { userId: id, mark }, null)
        return reply.code(204).send(null)
      },
    })
  }
}
