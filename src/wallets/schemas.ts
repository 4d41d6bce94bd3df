import { Type } from 'typebox'
import { Currency, Id, Money, Nullable, Time } from '../platform/index.ts'

export const Wallet = Type.Object({
  currency: Currency,
  available: Money,
  held: Type.String({ description: 'In live escrows as seller; decimal string with 8 decimals.' }),
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
  platformFee: Nullable(Money),
  category: Nullable(Type.String()),
  exchangeRate: Nullable(Money),
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
