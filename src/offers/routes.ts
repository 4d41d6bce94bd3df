import { type Static, Type } from 'typebox'
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
  isUuid,
  MethodType,
  Page,
  PageQuery,
  Pair,
  Problem,
  pageOf,
  strict,
} from '../platform/index.ts'
import { type MarketPlace, offerById, ownOffers, type Search, searchOffers } from './queries.ts'
import { Offer, OfferChange, OfferRequest, Side } from './schemas.ts'

/** The market, and a maker's own offers. */
export function offerRoutes(app: App, { db }: { db: Database }): void {
  marketRoutes(app, db)
  makerRoutes(app, db)
}

function marketRoutes(app: App, db: Database): void {
  app.get(
    '/v1/offers',
    {
      config: { access: 'public' },
      schema: {
        tags: ['Offers'],
        summary: 'The market, best price first',
        description:
          'By what offers cost now. Without a pair: one pair after the other; without a side: of each what is sold, then ' +
          'what is bought. Floating offers without a market price they may follow are not listed.',
        querystring: strict({
          ...PageQuery,
          pair: Type.Optional(Pair),
          side: Type.Optional(Side),
          paymentMethodType: Type.Optional(MethodType),
          amount: Type.Optional(Amount),
        }),
        response: answers(200, Page(Offer)),
      },
    },
    async (request) => {
      const { limit = 20, cursor, ...search } = request.query
      const after = decodeCursor('offers', cursor, isMarketPlace(search))
      const isSignedIn = request.caller.sessionId !== null
      return pageOf(
        'offers',
        limit,
        await db.read(request.caller, searchOffers(search, limit, after, isSignedIn)),
      )
    },
  )
  app.get(
    '/v1/offers/:id',
    {
      config: { access: 'public' },
      schema: { tags: ['Offers'], summary: 'One offer', params: IdParams, response: answers(200, Offer) },
    },
    async (request) => {
      const [row] = await db.read(request.caller, offerById(request.params.id))
      if (row === undefined) throw new Problem('not_found')
      return row.body
    },
  )
}

function makerRoutes(app: App, db: Database): void {
  app.get(
    '/v1/me/offers',
    {
      schema: {
        tags: ['Offers'],
        summary: 'Your own offers, newest first',
        querystring: strict(PageQuery),
        response: answers(200, Page(Offer)),
      },
    },
    async (request) => {
      const { limit = 20, cursor } = request.query
      const after = decodeCursor('own offers', cursor, isTimeAndId)
      return pageOf('own offers', limit, await db.read(request.caller, ownOffers(limit, after)))
    },
  )
  app.post(
    '/v1/offers',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Offers'],
        summary: 'Publish an offer',
        headers: IdempotencyHeaders,
        body: OfferRequest,
        response: answers(201, Offer),
      },
    },
    async (request, reply) => {
      const key = idempotencyOf(request, 'create_offer', request.body)
      return reply.code(201).send(await db.command(request.caller, 'create_offer', request.body, key))
    },
  )
  app.patch(
    '/v1/offers/:id',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Offers'],
        summary: 'Change, pause or reopen your offer; each change is a new version',
        params: IdParams,
        body: OfferChange,
        response: answers(200, Offer),
      },
    },
    async (request) =>
      db.command<Static<typeof Offer>>(
        request.caller,
        'change_offer',
        { offerId: request.params.id, change: request.body },
        null,
      ),
  )
  app.delete(
    '/v1/offers/:id',
    {
      config: { scope: 'trade' },
      schema: {
        tags: ['Offers'],
        summary: 'Close your offer for good; trades under way go on',
        params: IdParams,
        response: answers(204, Type.Null()),
      },
    },
    async (request, reply) => {
      const change = { offerId: request.params.id, change: { status: 'closed' } }
      await db.command(request.caller, 'change_offer', change, null)
      return reply.code(204).send(null)
    },
  )
}

/** Of the same search: a cursor of one pair or side means nothing in another. */
function isMarketPlace({ pair, side }: Search) {
  return (parts: string[]): parts is MarketPlace =>
    parts.length === 5 &&
    /^[A-Z0-9]{2,10}\/[A-Z0-9]{2,10}$/.test(parts[0]!) &&
    (pair === undefined || parts[0] === pair) &&
    /^(?:sell|buy)$/.test(parts[1]!) &&
    (side === undefined || parts[1] === side) &&
    // A market of nothing is none: places are computed by dividing by it.
    /^(?:(?!0+(?:\.0+)?$)\d{1,20}(?:\.\d{1,50})?)?$/.test(parts[2]!) &&
    /^-?\d{1,20}(?:\.\d{1,60})?$/.test(parts[3]!) &&
    isUuid(parts[4]!)
}
