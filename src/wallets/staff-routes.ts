import { sql } from 'kysely'
import { type Static, Type } from 'typebox'
import { look } from '../identity/index.ts'
import {
  type App,
  answers,
  type Database,
  decodeCursor,
  IdParams,
  isTimeAndId,
  Money,
  Page,
  PageQuery,
  pageOf,
  strict,
} from '../platform/index.ts'
import { MOVEMENT, MOVEMENTS, type MovementRow } from './queries.ts'
import { Movement } from './schemas.ts'

const LookedAtWallet = Type.Object({ currency: Type.String(), available: Money })

/** What staff read of a person's money under a grant. */
export function staffRoutes(app: App, db: Database): void {
  app.get(
    '/v1/admin/users/:id/wallets',
    {
      schema: {
        tags: ['Administration'],
        summary: 'Staff with a grant: a person’s balances',
        params: IdParams,
        response: answers(200, Type.Object({ items: Type.Array(LookedAtWallet), nextCursor: Type.Null() })),
      },
    },
    async (request) => {
      const items = await look(
        db,
        request.caller,
        { scope: 'money', id: request.params.id, what: 'wallets' },
        sql<Static<typeof LookedAtWallet>>`
          select currency, balance::text as available from crypto_wallets
          where user_id = looked.subject order by currency`,
      )
      return { items, nextCursor: null }
    },
  )
  transactionsRoute(app, db)
}

function transactionsRoute(app: App, db: Database): void {
  app.get(
    '/v1/admin/users/:id/transactions',
    {
      schema: {
        tags: ['Administration'],
        summary: 'Staff with a grant: every movement of a person’s wallets, newest first',
        params: IdParams,
        querystring: strict(PageQuery),
        response: answers(200, Page(Movement)),
      },
    },
    async (request) => {
      const { limit = 20, cursor } = request.query
      const after = decodeCursor('staff-transactions', cursor, isTimeAndId)
      const rows = await look(
        db,
        request.caller,
        { scope: 'money', id: request.params.id, what: 'transactions' },
        sql<MovementRow>`
          select ${MOVEMENT}
          from ${MOVEMENTS} where x.user_id = looked.subject
            ${after === null ? sql`` : sql`and (x.created_at, x.id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
          order by x.created_at desc, x.id desc limit ${limit + 1}`,
      )
      return pageOf('staff-transactions', limit, rows)
    },
  )
}
