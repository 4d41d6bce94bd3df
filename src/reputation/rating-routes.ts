import { Type } from 'typebox'
import {
  type App,
  answers,
  type Database,
  Id,
  IdempotencyHeaders,
  IdParams,
  idempotencyOf,
  type JsonObject,
  strict,
} from '../platform/index.ts'
import { Trade, type TradeAnswer, tradeFor } from '../trades/index.ts'
import { Rating, RatingText } from './schemas.ts'

/** Rating the other side of a completed trade, answering a rating, and taking a text away from everybody. */
export function ratingRoutes(app: App, db: Database): void {
  app.post(
    '/v1/trades/:id/rating',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Trades'],
        summary: 'Rate the other side of a completed trade; once, and for good',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({ rating: Rating, feedback: Type.Optional(RatingText) }),
        response: answers(201, Trade),
      },
    },
    async (request, reply) => {
      const { rating, ...rest } = request.body
      const args: JsonObject = { tradeId: request.params.id, rating: ratingText(rating), ...rest }
      const once = idempotencyOf(request, 'rate_trade', args)
      const answer = await db.command<TradeAnswer>(request.caller, 'rate_trade', args, once)
      return reply.code(201).send(tradeFor(answer))
    },
  )
  app.post(
    '/v1/trades/:id/rating/answer',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Trades'],
        summary: 'Say something to the rating you received; once',
        params: IdParams,
        headers: IdempotencyHeaders,
        body: strict({ text: RatingText }),
        response: answers(201, Trade),
      },
    },
    async (request, reply) => {
      const args = { tradeId: request.params.id, ...request.body }
      const once = idempotencyOf(request, 'answer_rating', args)
      const answer = await db.command<TradeAnswer>(request.caller, 'answer_rating', args, once)
      return reply.code(201).send(tradeFor(answer))
    },
  )
  textsRoute(app, db)
}

const Texts = Type.Object({ id: Id, feedbackHidden: Type.Boolean(), answerHidden: Type.Boolean() })

function textsRoute(app: App, db: Database): void {
  app.put(
    '/v1/admin/ratings/:id/texts',
    {
      config: { scope: 'session' },
      schema: {
        tags: ['Administration'],
        summary: 'Hide the texts of a rating from everybody, or show them again; the rating counts as before',
        params: IdParams,
        body: strict({
          feedbackHidden: Type.Optional(Type.Boolean()),
          answerHidden: Type.Optional(Type.Boolean()),
          reason: Type.String({ minLength: 1, maxLength: 1000 }),
        }),
        response: answers(200, Texts),
      },
    },
    async (request) => {
      const args: JsonObject = { ratingId: request.params.id, ...request.body }
      return db.command(request.caller, 'hide_rating_texts', args, null)
    },
  )
}

/** The rating with two decimals, as it is kept: 5, "5" and "5.0" are the same request. */
function ratingText(rating: string | number): string {
  const [whole = '', decimals = ''] = String(rating).split('.')
  return `${whole}.${decimals.padEnd(2, '0')}`
}
