import { sql } from 'kysely'
import { type Static, Type } from 'typebox'
import { Side } from '../offers/index.ts'
import {
  type App,
  answers,
  Currency,
  type Database,
  decodeCursor,
  Id,
  isTimeAndId,
  Money,
  Nullable,
  Page,
  PageQuery,
  Pair,
  pageOf,
  query,
  strict,
  Time,
} from '../platform/index.ts'

const PastTrade = Type.Object({
  id: Id,
  pair: Pair,
  side: Type.Union(Side.anyOf, { description: 'What you did: buy or sell' }),
  price: Money,
  amount: Money,
  totalValue: Nullable(Money),
  fee: Nullable(Money),
  feeCurrency: Nullable(Currency),
  status: Type.String({ description: 'completed · cancelled · expired' }),
  at: Time,
})

/** What people traded on the platform that Fairlock took over: for reading only. */
export function recordRoutes(app: App, db: Database): void {
  app.get(
    '/v1/past-trades',
    {
      schema: {
        tags: ['Trades'],
        summary: 'Your trades on the platform before Fairlock, newest first',
        description: 'Records that have ended there. Trades made here are at /v1/trades.',
        querystring: strict(PageQuery),
        response: answers(200, Page(PastTrade)),
      },
    },
    async (request) => {
      const { limit = 20, cursor } = request.query
      const [at, id] = decodeCursor('past-trades', cursor, isTimeAndId) ?? [null, null]
      const rows = await db.read(
        request.caller,
        sql<{ at: string; id: string; body: Static<typeof PastTrade> }>`
          select at, id, body from fairlock.past_trades(${limit + 1}, ${at}::timestamptz, ${id}::uuid)`.compile(
          query,
        ),
      )
      return pageOf('past-trades', limit, rows)
    },
  )
}
