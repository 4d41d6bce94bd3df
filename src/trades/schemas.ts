import { type Static, Type } from 'typebox'
import { Trader } from '../identity/index.ts'
import { MarketPrice, Side } from '../offers/index.ts'
import { Currency, Id, MethodType, Money, Nullable, Pair, Time } from '../platform/index.ts'
import { TRADE_STATUSES } from './states.ts'

const status = Type.Union([
  Type.Literal('pending'),
  Type.Literal('funded'),
  Type.Literal('paid'),
  Type.Literal('disputed'),
  Type.Literal('completed'),
  Type.Literal('cancelled'),
  Type.Literal('expired'),
])
export const Status = Type.Union([...status.anyOf], { description: TRADE_STATUSES.join(' · ') })

const Escrow = Type.Object({
  id: Id,
  status: Type.String({ description: 'pending · funded · disputed · released · refunded' }),
  amount: Type.String({ description: 'What is held: the amount of the trade and the fee of the seller.' }),
  currency: Currency,
  releasedAmount: Money,
  refundedAmount: Money,
  feeAmount: Money,
})

const Rating = Type.Object({
  id: Id,
  rating: Type.String({ description: '1.00 to 5.00', examples: ['4.75'] }),
  feedback: Nullable(Type.String()),
  answer: Nullable(Type.String({ description: 'What the rated side says to it' })),
})

const Provenance = Type.Object(
  {
    price: Money,
    pricedAt: Time,
    marginPercent: Type.String(),
    floorPrice: Nullable(Money),
    ceilingPrice: Nullable(Money),
    boundBy: Nullable(Type.String({ description: 'floor · ceiling' })),
    market: Type.Object({
      pair: Pair,
      price: Type.String(),
      asOf: Time,
      rateAsOf: Nullable(Time),
      via: Type.String({ description: 'direct · cross' }),
      spreadPercent: Type.String(),
      sample: Type.Boolean({ description: 'Made up, for a demo or a test' }),
      sources: Type.Array(
        Type.Object({
          source: Type.String(),
          price: Type.String(),
          at: Type.String(),
          used: Type.Boolean(),
        }),
      ),
    }),
    lock: Type.Optional(Type.Object({ id: Id, lockedAt: Time, expiresAt: Time })),
  },
  {
    description: 'What the price of a floating offer was made of at the take; null where the price was fixed',
  },
)

const facts = {
  id: Id,
  offerId: Nullable(Id),
  offerVersion: Nullable(Type.Integer()),
  status: Status,
  side: Side,
  pair: Pair,
  price: Money,
  priceProvenance: Nullable(Provenance),
  priceLockedUntil: Nullable(
    Type.String({
      description: 'Until when the taker was sure of the price: the end of the lock, else the first deadline',
    }),
  ),
  amount: Money,
  totalValue: Type.String({ description: 'What the buyer pays, in the fiat currency of the pair.' }),
  fee: Type.String({ description: 'Both fees together.' }),
  feeCurrency: Currency,
  sellerFee: Money,
  buyerFee: Money,
  paymentMethodType: Nullable(MethodType),
  paymentMethodId: Nullable(
    Type.String({
      description: 'The account of the seller that is paid to; null until the seller names one',
    }),
  ),
  paymentReference: Type.String({ description: 'What the buyer writes beside the payment' }),
  paymentWindowMinutes: Nullable(Type.Integer()),
  takerId: Nullable(Id),
  seller: Trader,
  buyer: Trader,
  deadline: Nullable(
    Type.String({ description: 'When the open duty must be done; null at the end of a trade.' }),
  ),
  createdAt: Time,
  fundedAt: Nullable(Time),
  paidAt: Nullable(Time),
  completedAt: Nullable(Time),
  cancelledAt: Nullable(Time),
  endedBy: Nullable(Type.String({ description: 'seller · buyer · arbitrator · clock' })),
  cancelReason: Nullable(Type.String()),
  rateUntil: Nullable(Type.String({ description: 'Until when a completed trade can be rated.' })),
  sellerRating: Nullable(Type.Object(Rating.properties, { description: 'What the seller received.' })),
  buyerRating: Nullable(Type.Object(Rating.properties, { description: 'What the buyer received.' })),
  dispute: Nullable(
    Type.Object({
      id: Id,
      status: Type.String({ description: 'pending · resolved · closed' }),
      reason: Nullable(Type.String()),
    }),
  ),
  escrow: Escrow,
}

/** A trade as the database gives it. */
export const TradeBody = Type.Object(facts)
export type TradeBody = Static<typeof TradeBody>

/** A trade as one of its sides sees it. */
export const Trade = Type.Object({
  ...facts,
  role: Type.Union([Type.Literal('seller'), Type.Literal('buyer')], { description: 'Which side you are' }),
  actions: Type.Array(Type.String(), {
    description: 'What you may do now: fund, pay, release, cancel, dispute, rate',
  }),
})
export type Trade = Static<typeof Trade>

/** A price that is promised to a taker for some seconds. */
export const PriceLock = Type.Object({
  id: Id,
  offerId: Id,
  offerVersion: Type.Integer(),
  price: Money,
  amount: Nullable(Type.String({ description: 'Up to how much; null: up to what the offer allows' })),
  createdAt: Time,
  expiresAt: Time,
  market: MarketPrice,
})
export type PriceLock = Static<typeof PriceLock>
