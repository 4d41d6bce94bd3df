import { Type } from 'typebox'
import { Amount, Currency, Id, Money, Nullable, strict, Time } from '../platform/index.ts'

export const Wallet = Type.Object({
  currency: Currency,
  available: Money,
  held: Type.String({ description: 'In live escrows as seller; decimal string with 8 decimals.' }),
})

export const CATEGORIES = ['trade', 'adjustment', 'deposit', 'withdrawal', 'fee'] as const

export const Category = Type.Union(
  CATEGORIES.map((one) => Type.Literal(one)),
  { description: 'For reports; empty on rows from before Fairlock.' },
)
const Window = Type.Object({
  limit: Nullable(Money),
  used: Money,
  left: Nullable(Money),
  resetsAt: Time,
})

/** The wallet as its owner sees it. */
export const OwnWallet = Type.Object({
  ...Wallet.properties,
  withdrawalLimits: Type.Object({
    daily: Window,
    monthly: Window,
    pending: Nullable(
      Type.Object(
        { daily: Nullable(Money), monthly: Nullable(Money), takesEffectAt: Time },
        {
          description: 'What was raised or taken away, and from when on it holds.',
        },
      ),
    ),
  }),
})

export const WalletChange = strict({
  withdrawalLimits: strict({ daily: Nullable(Amount), monthly: Nullable(Amount) }),
})

export const Movement = Type.Object({
  id: Id,
  type: Type.String({
    description:
      'adjustment adds its amount to available, or takes it when it is below zero; hold moves from available to held, ' +
      'refund back; sell takes from held; buy adds to available.',
  }),
  amount: Money,
  currency: Currency,
  status: Type.String(),
  tradeId: Nullable(Id),
  networkFee: Nullable(Money),
  platformFee: Nullable(Money),
  category: Nullable(Category),
  exchangeRate: Nullable(
    Type.String({
      description:
        'Decimal string with 8 decimals: of a trade its own price, of an adjustment the reference rate in US dollars at ' +
        'that moment. Empty when nobody could tell.',
    }),
  ),
  fiatValue: Nullable(
    Type.String({
      description:
        'Decimal string with 8 decimals: amount × exchangeRate, rounded to the decimals of fiatCurrency; never below zero.',
    }),
  ),
  fiatCurrency: Nullable(Currency),
  destinationName: Nullable(Type.String({ description: 'Where the coins went', examples: ['Escrow'] })),
  destinationDescription: Nullable(Type.String({ examples: ['Held for trade 4F3A0C11D2E5'] })),
  counterparty: Nullable(Type.Object({ id: Id, displayName: Nullable(Type.String()) })),
  createdAt: Time,
})

export const Adjustment = Type.Object({
  id: Id,
  userId: Id,
  currency: Currency,
  amount: Money,
  reason: Type.String(),
  wallet: Wallet,
  createdAt: Time,
})
