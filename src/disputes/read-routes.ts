import { sql } from 'kysely'
import { Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  decodeCursor,
  IdParams,
  isTimeAndId,
  Page,
  PageQuery,
  Problem,
  pageOf,
  query,
  strict,
} from '../platform/index.ts'
import { Case, Dispute, QueuedDispute, type TimelineEntry } from './schemas.ts'
import type { SealedText, WordsOfDisputes } from './words.ts'

type Line = Omit<TimelineEntry, 'text'> & { sealed: SealedText | null }
type Seen = { seenBy: string; dispute: Dispute; timeline: Line[]; trade: Case['trade'] }
type Listed = { at: string; id: string; body: Dispute | QueuedDispute }

const Queue = Type.Union([Type.Literal('mine'), Type.Literal('unassigned'), Type.Literal('open')], {
  description: 'Arbitrators: mine, unassigned. Administrators: unassigned, open. Longest waiting first.',
})
const Status = Type.Union([Type.Literal('pending'), Type.Literal('resolved'), Type.Literal('closed')])

/** Lists of disputes, and one with everything that happened. */
export function readRoutes(app: App, db: Database, words: WordsOfDisputes): void {
  listRoute(app, db)
  app.get(
    '/v1/disputes/:id',
    {
      schema: {
        tags: ['Disputes'],
        summary:
          'A dispute and everything in its trade: for its sides, its arbitrators, and staff with a grant',
        description: 'Each look of arbitrators and staff is in the log.',
        params: IdParams,
        response: answers(200, Case),
      },
    },
    async (request) => {
      const [seen] = await db.read(
        request.caller,
        // The trade comes through the policies, which the look has opened.
        sql<Seen>`select l.seen_by as "seenBy", l.dispute, l.timeline, v.body as trade
          from fairlock.look_at_dispute(${request.params.id}) l
          left join lateral (select body from fairlock.trade_views where id = l.trade_id) v on true`.compile(
          query,
        ),
      )
      if (seen === undefined) throw new Problem('not_found')
      const timeline = await Promise.all(
        seen.timeline.map(async ({ sealed, ...line }) => ({
          ...line,
          text: sealed === null ? null : await words.read(sealed),
        })),
      )
      const description = timeline.find(({ kind }) => kind === 'dispute.opened')?.text ?? null
      return { ...seen.dispute, description, seenBy: seen.seenBy, trade: seen.trade, timeline }
    },
  )
}

function listRoute(app: App, db: Database): void {
  app.get(
    '/v1/disputes',
    {
      schema: {
        tags: ['Disputes'],
        summary:
          'Your disputes, newest first; for arbitrators and administrators the queue, longest waiting first',
        querystring: strict({ ...PageQuery, status: Type.Optional(Status), queue: Type.Optional(Queue) }),
        response: answers(200, Page(Type.Union([Dispute, QueuedDispute]))),
      },
    },
    async (request) => {
      const { limit = 20, cursor, status = null, queue } = request.query
      const list = queue === undefined ? 'disputes' : `disputes-${queue}`
      const [at, id] = decodeCursor(list, cursor, isTimeAndId) ?? [null, null]
      const after = sql`${at}::timestamptz, ${id}::uuid, ${limit + 1}`
      const from =
        queue === undefined
          ? sql`fairlock.my_disputes(${status}, ${after})`
          : sql`fairlock.dispute_queue(${queue}, ${after})`
      const rows = await db.read(
        request.caller,
        sql<Listed>`select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, id, body
          from ${from}`.compile(query),
      )
      return pageOf(list, limit, rows)
    },
  )
}
