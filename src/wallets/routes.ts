import { sql } from 'kysely'
import { type Static, Type } from 'typebox'
import {
  type App,
  answers,
  Currency,
  type Database,
  decodeCursor,
  Id,
  IdempotencyHeaders,
  idempotencyOf,
  isTimeAndId,
  Page,
  PageQuery,
  Problem,
  pageOf,
  query,
  RequestedTime,
  SignedAmount,
  strict,
} from '../platform/index.ts'
import { type ExportRoutesOptions, exportRoutes } from './exports/index.ts'
import { outsideRoute } from './outside.ts'
import { MOVEMENT, MOVEMENTS, type MovementRow, within } from './queries.ts'
import { Adjustment, Category, Movement, OwnWallet, WalletChange } from './schemas.ts'
import { staffRoutes } from './staff-routes.ts'

/** Balances, the statement also as a file, and the adjustments of administrators. */
export function walletRoutes(app: App, options: ExportRoutesOptions): void {
  const { db } = options
  app.get(
    '/v1/wallets',
    {
      schema: {
        tags: ['Wallets'],
        summary: 'Your balances',
        response: answers(200, Type.Object({ items: Type.Array(OwnWallet), nextCursor: Type.Null() })),
      },
    },
    async (request) => {
      const { items } = await db.call<{ items: Static<typeof OwnWallet>[] }>(
        request.caller,
        'select fairlock.my_wallets(null) as answer',
        [],
      )
      return { items, nextCursor: null }
    },
  )
  app.get(
    '/v1/wallets/:currency',
    {
      schema: {
        tags: ['Wallets'],
        summary: 'Your balance in one currency',
        params: strict({ currency: Currency }),
        response: answers(200, OwnWallet),
      },
    },
    async (request) => {
      const { items } = await db.call<{ items: Static<typeof OwnWallet>[] }>(
        request.caller,
        'select fairlock.my_wallets($1) as answer',
        [request.params.currency],
      )
      if (items[0] === undefined) throw new Problem('not_found')
      return items[0]
    },
  )
  changeRoute(app, db)
  statementRoute(app, db)
  outsideRoute(app, db)
  exportRoutes(app, options)
  staffRoutes(app, db)
  app.post(
    '/v1/admin/adjustments',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['Administration'],
        summary: 'Credit or debit a wallet, with a reason',
        headers: IdempotencyHeaders,
        body: strict({
          userId: Id,
          currency: Currency,
          amount: SignedAmount,
          reason: Type.String({ minLength: 1, maxLength: 1000, pattern: '\\S' }),
        }),
        response: answers(201, Adjustment),
      },
    },
    async (request, reply) => {
      const key = idempotencyOf(request, 'adjust_balance', request.body)
      return reply.code(201).send(await db.command(request.caller, 'adjust_balance', request.body, key))
    },
  )
}

function changeRoute(app: App, db: Database): void {
  app.patch(
    '/v1/wallets/:currency',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['Wallets'],
        summary: 'Set what may leave the wallet in a day and a month; null is no limit',
        description:
          'A limit that is lowered holds at once. One that is raised or taken away asks for the second factor, where there ' +
          'is one, and holds after the pause that withdrawals make after a new password.',
        params: strict({ currency: Currency }),
        body: WalletChange,
        response: answers(200, OwnWallet),
      },
    },
    (request) =>
      db.command<Static<typeof OwnWallet>>(
        request.caller,
        'set_withdrawal_limits',
        { currency: request.params.currency, ...request.body.withdrawalLimits },
        null,
      ),
  )
}

function statementRoute(app: App, db: Database): void {
  app.get(
    '/v1/transactions',
    {
      schema: {
        tags: ['Wallets'],
        summary: 'Every movement of your wallets, newest first',
        querystring: strict({
          ...PageQuery,
          from: Type.Optional(RequestedTime),
          to: Type.Optional(RequestedTime),
          currency: Type.Optional(Currency),
          category: Type.Optional(Category),
          tradeId: Type.Optional(Id),
        }),
        response: answers(200, Page(Movement)),
      },
    },
    async (request) => {
      const { limit = 20, cursor, tradeId, ...period } = request.query
      const after = decodeCursor('transactions', cursor, isTimeAndId)
      const rows = await db.read(
        request.caller,
        sql<MovementRow>`
          select ${MOVEMENT}
          from ${MOVEMENTS}
          where x.user_id = (select fairlock.acting_user()) ${within(period)}
            ${tradeId === undefined ? sql`` : sql`and x.trade_id = ${tradeId}`}
            ${after === null ? sql`` : sql`and (x.created_at, x.id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
          order by x.created_at desc, x.id desc limit ${limit + 1}`.compile(query),
      )
      return pageOf('transactions', limit, rows)
    },
  )
}
