import { Type } from 'typebox'
import { Maker } from '../identity/index.ts'
import {
  Amount,
  Id,
  MethodType,
  Money,
  Nullable,
  Pair,
  RequestedTime,
  strict,
  Time,
} from '../platform/index.ts'

export const Side = Type.Union([Type.Literal('sell'), Type.Literal('buy')], {
  description: 'What the maker does with the crypto: a "sell" offer is taken by a buyer.',
})
const KycLevel = Type.Union([
  Type.Literal('none'),
  Type.Literal('basic'),
  Type.Literal('full'),
  Type.Literal('institution'),
])
const Clock = Type.String({ pattern: '^(?:(?:[01]\\d|2[0-3]):[0-5]\\d|24:00)$', examples: ['09:00'] })

const Requirements = strict({
  minKycLevel: Type.Optional(Nullable(KycLevel)),
  minCompletedTrades: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: 100_000 }))),
  verifiedTradersOnly: Type.Optional(Type.Boolean()),
  trustedOnly: Type.Optional(Type.Boolean({ description: 'Only people on your list of trusted people' })),
  countries: Type.Optional(
    Nullable(
      Type.Array(Type.String({ pattern: '^[A-Z]{2}$' }), { minItems: 1, maxItems: 250, uniqueItems: true }),
    ),
  ),
  firstTradeLimit: Type.Optional(Nullable(Amount)),
})

const WorkingHours = strict({
  timeZone: Type.String({ minLength: 1, maxLength: 64, examples: ['Europe/Berlin'] }),
  days: Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), {
    minItems: 1,
    maxItems: 7,
    uniqueItems: true,
    description: 'ISO weekdays, 1 is Monday',
  }),
  from: Clock,
  to: Clock,
})

const MARGIN = 'Percent above the market, below it with a minus: -50 to 100, at most 2 decimals'
const Pricing = Type.Union(
  [
    strict({ type: Type.Literal('fixed'), price: Amount }),
    strict({
      type: Type.Literal('floating'),
      marginPercent: Type.String({
        pattern: '^-?\\d{1,3}(?:\\.\\d{1,2})?$',
        description: MARGIN,
        examples: ['1.5'],
      }),
      floorPrice: Type.Optional(Amount),
      ceilingPrice: Type.Optional(Amount),
    }),
  ],
  {
    description:
      'Fiat for one unit of the crypto currency: a fixed price, or one that follows the market, between a floor and a ' +
      'ceiling if there are any',
  },
)

/** What of an offer its maker may set again later. */
const terms = {
  pricing: Pricing,
  totalAmount: Amount,
  minAmount: Amount,
  maxAmount: Amount,
  paymentMethodTypes: Type.Array(MethodType, { minItems: 1, maxItems: 20, uniqueItems: true }),
}
const options = {
  paymentWindowMinutes: Type.Optional(
    Type.Integer({
      minimum: 10,
      maximum: 20_160,
      description: 'How long the buyer has to pay; 30 if not said',
    }),
  ),
  terms: Type.Optional(Nullable(Type.String({ maxLength: 4000 }))),
  requirements: Type.Optional(Requirements),
  workingHours: Type.Optional(Nullable(WorkingHours)),
  expiresAt: Type.Optional(Nullable(RequestedTime)),
}

export const OfferRequest = strict({ side: Side, pair: Pair, ...terms, ...options })

export const OfferChange = strict(
  {
    pricing: Type.Optional(terms.pricing),
    totalAmount: Type.Optional(Amount),
    minAmount: Type.Optional(Amount),
    maxAmount: Type.Optional(Amount),
    paymentMethodTypes: Type.Optional(terms.paymentMethodTypes),
    ...options,
    status: Type.Optional(Type.Union([Type.Literal('open'), Type.Literal('paused')])),
  },
  { minProperties: 1 },
)

/** What a floating price is made of, in short; the trade keeps all of it. */
export const MarketPrice = Type.Object({
  price: Type.String({ description: 'Decimal string with as many decimals as it takes' }),
  asOf: Time,
  spreadPercent: Type.String({
    description: 'How far the outermost sources are apart, percent of the price',
  }),
  sources: Type.Array(Type.String()),
  sample: Type.Boolean({ description: 'Made up, for a demo or a test' }),
})

export const Offer = Type.Object({
  id: Id,
  side: Side,
  pair: Pair,
  status: Type.Union([Type.Literal('open'), Type.Literal('paused'), Type.Literal('closed')]),
  version: Type.Integer({ description: 'Send it as offerVersion when taking' }),
  pricing: Type.Union([
    Type.Object({ type: Type.Literal('fixed'), price: Money }),
    Type.Object({
      type: Type.Literal('floating'),
      marginPercent: Type.String({ description: MARGIN, examples: ['1.50'] }),
      floorPrice: Nullable(Money),
      ceilingPrice: Nullable(Money),
      market: Nullable(MarketPrice),
    }),
  ]),
  price: Nullable(
    Type.String({
      description: 'What one unit costs now; null while a floating offer has no market price it may follow',
      examples: ['61000.00000000'],
    }),
  ),
  pausedBecause: Nullable(
    Type.Literal('no_market_price', {
      description: 'Why an open offer is not on the market; it comes back by itself',
    }),
  ),
  totalAmount: Money,
  remainingAmount: Money,
  minAmount: Money,
  maxAmount: Money,
  paymentMethodTypes: Type.Array(MethodType),
  paymentWindowMinutes: Type.Integer(),
  terms: Nullable(Type.String()),
  requirements: Type.Object({
    minKycLevel: Nullable(Type.String()),
    minCompletedTrades: Nullable(Type.Integer()),
    verifiedTradersOnly: Type.Boolean(),
    trustedOnly: Type.Boolean(),
    countries: Nullable(Type.Array(Type.String())),
    firstTradeLimit: Nullable(Money),
  }),
  workingHours: Nullable(
    Type.Object({
      timeZone: Type.String(),
      days: Type.Array(Type.Integer()),
      from: Type.String(),
      to: Type.String(),
    }),
  ),
  workingNow: Type.Boolean(),
  expiresAt: Nullable(Time),
  createdAt: Time,
  updatedAt: Time,
  maker: Maker,
})
