import { type Static, Type } from 'typebox'
import { Id, Nullable, RequestedTime, strict, Time } from '../../platform/index.ts'
import { Trader } from '../schemas.ts'

export const Scope = Type.Union(
  [
    Type.Literal('person'),
    Type.Literal('money'),
    Type.Literal('trades'),
    Type.Literal('payment_methods'),
    Type.Literal('case'),
  ],
  {
    description:
      'person: address, profile, sessions · money: wallets, transactions · trades: trades, escrows, disputes · ' +
      'payment_methods: how they are paid, and the accounts for who verifies them · case: one trade with its escrow and dispute',
  },
)
export const Reason = Type.String({
  minLength: 10,
  maxLength: 1000,
  pattern: '^\\s*\\S[\\s\\S]{8,}\\S\\s*$',
  description: 'Why it is needed, in at least 10 characters; it stands in the log beside every look.',
  examples: ['Ticket 4711: the deposit of Tuesday is missing'],
})

const subject = {
  scope: Scope,
  userId: Type.Optional(Type.String({ format: 'uuid', description: 'Whom; not with the scope "case"' })),
  tradeId: Type.Optional(Type.String({ format: 'uuid', description: 'With the scope "case": which trade' })),
  reason: Reason,
}
export const AccessRequest = strict({
  ...subject,
  startsAt: Type.Optional(RequestedTime),
  minutes: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 10_080,
      description: 'How long, 60 if not said; shortened to what the settings allow',
    }),
  ),
})
export const BreakGlass = strict(subject)

export const Grant = Type.Object({
  id: Id,
  staffId: Id,
  scope: Scope,
  userId: Nullable(Id),
  tradeId: Nullable(Id),
  breakGlass: Type.Boolean(),
  reason: Type.String(),
  status: Type.String({ description: 'asked · granted (to begin later) · live · over · refused · revoked' }),
  minutes: Type.Integer({ description: 'Asked for, after the limits' }),
  askedAt: Time,
  startsAt: Time,
  endsAt: Nullable(Time),
  approverId: Nullable(Type.String({ description: 'Who approved or refused' })),
  decidedAt: Nullable(Time),
  revokedAt: Nullable(Time),
  revokedBy: Nullable(Type.String({ description: 'Empty for the command line' })),
  reviewedAt: Nullable(Time),
  reviewedBy: Nullable(Id),
  justified: Nullable(Type.Boolean()),
  review: Nullable(Type.String()),
})
export type Grant = Static<typeof Grant>

/** Whom a search found, and what the searcher may look at already. */
export const Found = Type.Intersect([
  Trader,
  Type.Object({
    grants: Type.Array(Grant, { description: 'Yours about this person, live or to begin later' }),
  }),
])

/** A person as staff see them under a grant of the scope person. */
export const LookedAt = Type.Object({
  id: Id,
  email: Nullable(Type.String()),
  createdAt: Time,
  displayName: Nullable(Type.String()),
  country: Nullable(Type.String()),
  kycStatus: Nullable(Type.String()),
  kycVerifiedAt: Nullable(Time),
  isVerifiedTrader: Nullable(Type.Boolean()),
  totalTrades: Nullable(Type.Integer()),
  disputedTrades: Nullable(Type.Integer()),
  averageRating: Nullable(Type.String()),
  bannedUntil: Nullable(Time),
})

export const LookedAtSession = Type.Object({
  id: Id,
  createdAt: Time,
  lastSeenAt: Time,
  expiresAt: Time,
  endedAt: Nullable(Time),
  userAgent: Nullable(Type.String()),
  address: Nullable(Type.String()),
})

export const LookedAtPaymentMethod = Type.Object({
  id: Id,
  type: Type.String(),
  provider: Type.String(),
  isVerified: Type.Boolean(),
  verificationStatus: Nullable(Type.String()),
  isPrimary: Type.Boolean(),
  createdAt: Time,
})
