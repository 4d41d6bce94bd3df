import { sql } from 'kysely'
import type { Static } from 'typebox'
import { TraderProfile } from '../identity/index.ts'
import {
  type App,
  answers,
  type Database,
  decodeCursor,
  encodeCursor,
  IdParams,
  isOnCalendar,
  isUuid,
  Page,
  PageQuery,
  Problem,
  query,
  strict,
} from '../platform/index.ts'
import { PublicRating } from './schemas.ts'

/** A trader as everybody sees them. */
export function profileRoutes(app: App, db: Database): void {
  app.get(
    '/v1/users/:id',
    {
      config: { access: 'public' },
      schema: {
        tags: ['People'],
        summary: 'What everybody may know of a trader',
        params: IdParams,
        response: answers(200, TraderProfile),
      },
    },
    async (request) => {
      const [row] = await db.read(
        request.caller,
        sql<{ body: Static<typeof TraderProfile> | null }>`
          select fairlock.trader_profile(${request.params.id}::uuid) as body`.compile(query),
      )
      if (row === undefined || row.body === null) throw new Problem('not_found')
      return row.body
    },
  )
  app.get(
    '/v1/users/:id/ratings',
    {
      config: { access: 'public' },
      schema: {
        tags: ['People'],
        summary: 'The ratings somebody received, newest first',
        description: 'Neither the trade nor who gave it is told, and of the time the day.',
        params: IdParams,
        querystring: strict(PageQuery),
        response: answers(200, Page(PublicRating)),
      },
    },
    async (request) => {
      const { limit = 20, cursor } = request.query
      const after = decodeCursor('ratings', cursor, isDayAndId)
      const found = await db.read(
        request.caller,
        sql<{ rating: PublicRating | null }>`
          select to_jsonb(r) as rating from (select from fairlock.traders where user_id = ${request.params.id}) who
          left join lateral (
            select id, given_on as "givenOn", role, rating::text as rating, feedback, answer,
              feedback_hidden as "feedbackHidden", answer_hidden as "answerHidden"
            from fairlock.public_ratings where rated_id = ${request.params.id}
              ${after === null ? sql`` : sql`and (given_on, id) < (${after[0]}::date, ${after[1]}::uuid)`}
            order by given_on desc, id desc limit ${limit + 1}
          ) r on true`.compile(query),
      )
      // Nobody of that id: no row at all. Nobody who was rated: a row without a rating.
      if (found.length === 0) throw new Problem('not_found')
      const rows = found.flatMap((row) => (row.rating === null ? [] : [row.rating]))
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return {
        items: rows.slice(0, limit),
        nextCursor: last === undefined ? null : encodeCursor('ratings', [last.givenOn, last.id]),
      }
    },
  )
}

function isDayAndId(parts: string[]): parts is [string, string] {
  const [day = '', id = ''] = parts
  return (
    parts.length === 2 && /^[12]\d{3}-\d\d-\d\d$/.test(day) && isOnCalendar(`${day}T00:00:00Z`) && isUuid(id)
  )
}
