import { sql } from 'kysely'
import { Type } from 'typebox'
import { Code, Factors } from '../identity/index.ts'
import {
  Amount,
  type App,
  answers,
  type Database,
  decodeCursor,
  IdempotencyHeaders,
  IdParams,
  idempotencyOf,
  isTimeAndId,
  type JsonObject,
  MethodType,
  Page,
  PageQuery,
  Problem,
  pageOf,
  query,
  strict,
} from '../platform/index.ts'
import type { Sealer } from '../platform/sealing/index.ts'
import { type TradeAnswer, tradeFor } from './answer.ts'
import { chatRoutes } from './chat/index.ts'
import { paymentRoutes } from './payment-routes.ts'
import { recordRoutes } from './record-routes.ts'
import { PriceLock, Status, Trade } from './schemas.ts'
import { staffRoutes } from './staff-routes.ts'

type View = TradeAnswer & { at: string }

/** Taking an offer and carrying the trade to its end. */
export function tradeRoutes(app: App, { db, sealer }: { db: Database; sealer: Sealer }): void {
  takeRoute(app, db)
  lockRoute(app, db)
  readRoutes(app, db)
  recordRoutes(app, db)
  moveRoute(app, db, 'funding', 'fund_trade', 'Seller: put the coins into escrow')
  moveRoute(app, db, 'payment', 'pay_trade', 'Buyer: the fiat is sent')
  releaseRoute(app, db, new Factors(db, sealer))
  cancelRoute(app, db)
  paymentRoutes(app, { db, sealer })
  staffRoutes(app, db)
  chatRoutes(app, { db, sealer })
}

function takeRoute(app: App, db: Database): void {
  app.post(
    '/v1/offers/:id/trades',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Trades'],
        summary: 'Take an offer, or part of it',
        description:
          'With paymentMethodType the buyer pays to the primary account of that type of the seller, else to the newest; ' +
          'a seller who has none names one afterwards: PUT /v1/trades/{id}/payment-method.',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({
          amount: Amount,
          paymentMethodType: Type.Optional(MethodType),
          paymentMethodId: Type.Optional(
            Type.String({
              format: 'uuid',
              description: 'Who takes a buy offer may name the account to be paid to, instead of the type',
            }),
          ),
          offerVersion: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_147_483_647 })),
          price: Type.Optional(
            Type.String({
              ...Amount,
              description: 'The worst price you accept: the highest if you buy, the lowest if you sell',
              examples: ['61000'],
            }),
          ),
          priceLockId: Type.Optional(
            Type.String({ format: 'uuid', description: 'A price that was locked for you before' }),
          ),
        }),
        response: answers(201, Trade),
      },
    },
    async (request, reply) => {
      const args = { offerId: request.params.id, ...request.body }
      const answer = await db.command<TradeAnswer>(
        request.caller,
        'take_offer',
        args,
        idempotencyOf(request, 'take_offer', args),
      )
      return reply.code(201).send(tradeFor(answer))
    },
  )
}

function lockRoute(app: App, db: Database): void {
  app.post(
    '/v1/offers/:id/price-locks',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Trades'],
        summary: 'Have the price of a floating offer held for you for some seconds',
        description:
          'Take the offer with priceLockId before expiresAt. The lock ends with a change of the offer, when you lock its ' +
          'price again, when it is used, and when the market moves far from it.',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({ amount: Type.Optional(Amount) }),
        response: answers(201, PriceLock),
      },
    },
    async (request, reply) => {
      const args = { offerId: request.params.id, ...request.body }
      const once = idempotencyOf(request, 'create_price_lock', args)
      return reply
        .code(201)
        .send(await db.command<PriceLock>(request.caller, 'create_price_lock', args, once))
    },
  )
}

function moveRoute(app: App, db: Database, name: string, operation: string, summary: string): void {
  app.post(
    `/v1/trades/:id/${name}`,
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Trades'],
        summary,
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({}),
        response: answers(200, Trade),
      },
    },
    async (request) => {
      const args = { tradeId: request.params.id }
      return tradeFor(
        await db.command<TradeAnswer>(
          request.caller,
          operation,
          args,
          idempotencyOf(request, operation, args),
        ),
      )
    },
  )
}

function releaseRoute(app: App, db: Database, factors: Factors): void {
  app.post(
    '/v1/trades/:id/release',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Trades'],
        summary: 'Seller: hand the coins over',
        description:
          'Who has a second factor proves it: with totp here, or by a step-up some minutes before.',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({ totp: Code.totp }),
        response: answers(200, Trade),
      },
    },
    async (request) => {
      // The code is no part of what is asked for: it is neither kept nor in the fingerprint.
      const args = { tradeId: request.params.id }
      const once = idempotencyOf(request, 'release_trade', args)
      await factors.proveFor(request, request.body, once)
      return tradeFor(await db.command<TradeAnswer>(request.caller, 'release_trade', args, once))
    },
  )
}

function cancelRoute(app: App, db: Database): void {
  app.post(
    '/v1/trades/:id/cancellation',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Trades'],
        summary: 'Cancel: either side before the coins are held, the buyer as long as they are',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({ reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })) }),
        response: answers(200, Trade),
      },
    },
    async (request) => {
      const args: JsonObject = { tradeId: request.params.id, ...request.body }
      return tradeFor(
        await db.command<TradeAnswer>(
          request.caller,
          'cancel_trade',
          args,
          idempotencyOf(request, 'cancel_trade', args),
        ),
      )
    },
  )
}

function readRoutes(app: App, db: Database): void {
  app.get(
    '/v1/trades',
    {
      schema: {
        tags: ['Trades'],
        summary: 'Your trades, newest first',
        querystring: strict({ ...PageQuery, status: Type.Optional(Status) }),
        response: answers(200, Page(Trade)),
      },
    },
    async (request) => {
      const { limit = 20, cursor, status } = request.query
      const rows = await db.read(
        request.caller,
        listTrades(status, limit, decodeCursor('trades', cursor, isTimeAndId)),
      )
      const trades = rows.map((row) => ({ at: row.at, id: row.body.id, body: tradeFor(row) }))
      return pageOf('trades', limit, trades)
    },
  )
  app.get(
    '/v1/trades/:id',
    {
      schema: {
        tags: ['Trades'],
        summary: 'One of your trades',
        params: IdParams,
        response: answers(200, Trade),
      },
    },
    async (request) => {
      const [row] = await db.read(
        request.caller,
        sql<TradeAnswer>`select body, fairlock.acting_user() as me from fairlock.trade_views
          where id = ${request.params.id}`.compile(query),
      )
      if (row === undefined) throw new Problem('not_found')
      return tradeFor(row)
    },
  )
}

/**
 * Each side is asked for by its own index and the two are joined: an OR over seller and buyer reads every trade of the
 * platform when the list is long (docs/decisions/0010: 34,233 against 13,585 lists a second).
 */
function listTrades(status: string | undefined, limit: number, after: [string, string] | null) {
  const side = (column: 'user_id' | 'buyer_id') => sql`
    (select id, created_at from crypto_trades where ${sql.ref(column)} = (select fairlock.acting_user())
      ${status === undefined ? sql`` : sql`and status = ${status}`}
      ${after === null ? sql`` : sql`and (created_at, id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`}
      order by created_at desc, id desc limit ${limit + 1})`
  return sql<View>`
    select to_char(v.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
      fairlock.acting_user() as me, v.body
    from (${side('user_id')} union all ${side('buyer_id')}) mine join fairlock.trade_views v using (id)
    order by mine.created_at desc, mine.id desc limit ${limit + 1}`.compile(query)
}
