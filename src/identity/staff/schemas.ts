import { type Static, Type } from 'typebox'
import { FileInfo } from '../../platform/files/index.ts'
import { Id, Nullable, strict, Time } from '../../platform/index.ts'
import { KycLevel, Trader } from '../schemas.ts'

export const Reason = Type.String({ minLength: 1, maxLength: 1000, pattern: '\\S', examples: ['ID checked'] })

export const KycRequestBody = strict({
  fileIds: Type.Optional(
    Type.Array(Id, {
      maxItems: 10,
      uniqueItems: true,
      description: 'Documents that you have uploaded with POST /v1/files for the purpose "kyc"',
    }),
  ),
  level: Type.Union([Type.Literal('basic'), Type.Literal('full'), Type.Literal('institution')]),
  statement: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2000,
      pattern: '\\S',
      description: 'What the reviewer should know; only they read it, and it is sealed',
    }),
  ),
})

/** A request as its person sees it. */
export const KycRequest = Type.Object({
  id: Id,
  level: Type.String(),
  status: Type.Union([
    Type.Literal('asked'),
    Type.Literal('approved'),
    Type.Literal('refused'),
    Type.Literal('withdrawn'),
  ]),
  askedAt: Time,
  reason: Nullable(Type.String({ description: 'Why it was decided like this' })),
  endedAt: Nullable(Time),
})
export type KycRequest = Static<typeof KycRequest>

/** A request as staff see it in the queue. */
export const KycCase = Type.Intersect([
  KycRequest,
  Type.Object({
    userId: Id,
    displayName: Nullable(Type.String()),
    kycLevel: KycLevel,
    claimedBy: Nullable(Type.String({ description: 'Who works on it; a claim ends after four hours' })),
    claimedAt: Nullable(Time),
    decidedBy: Nullable(Id),
  }),
])
export type KycCase = Static<typeof KycCase>

/** And as who has claimed it sees it. */
export const OpenedKycCase = Type.Intersect([
  KycCase,
  Type.Object({
    statement: Nullable(
      Type.String({ description: 'null where nothing was said, or the person was erased' }),
    ),
    files: Type.Array(FileInfo, { description: 'GET /v1/files/{id} shows one; each look is logged' }),
  }),
])

export const Ban = Type.Object({
  id: Id,
  userId: Id,
  displayName: Trader.properties.displayName,
  status: Type.Union([Type.Literal('live'), Type.Literal('over'), Type.Literal('lifted')]),
  reason: Type.String(),
  startedAt: Time,
  until: Type.String({ description: 'RFC 3339 time in UTC' }),
  bannedBy: Nullable(Type.String({ description: 'Empty for the command line' })),
  liftedAt: Nullable(Time),
  liftedBy: Nullable(Type.String({ description: 'Empty for the command line' })),
  liftReason: Nullable(Type.String({ description: 'Where it was replaced, the reason of the next ban' })),
})

const Waiting = { waiting: Type.Integer(), longestSince: Nullable(Time) }
export const Desk = Type.Object({
  kycRequests: Nullable(Type.Object({ ...Waiting, claimed: Type.Integer(), claimedByYou: Type.Integer() })),
  paymentMethods: Nullable(Type.Object(Waiting)),
  disputes: Nullable(Type.Object(Waiting)),
  breakGlass: Nullable(Type.Object(Waiting)),
  accessRequests: Nullable(Type.Object(Waiting)),
})
