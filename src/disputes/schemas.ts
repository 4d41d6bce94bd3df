import { type Static, Type } from 'typebox'
import { Currency, Id, Money, Nullable, strict, Time } from '../platform/index.ts'
import { TradeBody } from '../trades/index.ts'
import { DISPUTE_REASONS, type DisputeReason } from './reasons.ts'

const reasons = Object.keys(DISPUTE_REASONS) as DisputeReason[]
export const Reason = Type.Union(
  reasons.map((reason) => Type.Literal(reason, { description: DISPUTE_REASONS[reason] })),
  {
    description: Object.entries(DISPUTE_REASONS)
      .map(([code, about]) => `${code}: ${about}`)
      .join(' · '),
  },
)

/** What people write in a dispute. It is sealed before it is kept. */
export const Words = Type.String({
  minLength: 1,
  maxLength: 4000,
  pattern: '\\S',
  description: 'Text of at most 4,000 characters; kept sealed.',
})

const Ruling = Type.Object({
  outcome: Type.String({ description: 'release · refund · split' }),
  buyerAmount: Nullable(Money),
  faultOf: Type.String({ description: 'seller · buyer · nobody' }),
  isFinal: Type.Boolean({ description: 'It decided an appeal.' }),
  state: Type.String({
    description:
      'consent: waits for the second arbitrator · appeal: waits until nobody can appeal any more · refused · appealed · ' +
      'settled · overtaken: the two ended the trade themselves',
  }),
  ruledAt: Time,
  consentedAt: Nullable(Time),
  appealUntil: Nullable(Time),
})

const Arbitrator = Type.Object({
  id: Id,
  part: Type.String({ description: 'first · second · appeal' }),
  assignedAt: Time,
  assignedBy: Nullable(Id),
  endedAt: Nullable(Time),
  endedAs: Nullable(Type.String({ description: 'done · refused · recused · reassigned · lost_role · over' })),
})

const facts = {
  id: Id,
  tradeId: Id,
  reason: Type.String({ description: 'One of the reasons, or release_overdue from the clock' }),
  status: Type.String({
    description: 'pending · resolved (by a ruling) · closed (by release or concession)',
  }),
  stage: Type.String({
    description:
      'open: an arbitrator is to rule · consent (staff): a second one is asked · appeal: ruled, the losing side may ' +
      'appeal · appealed: another arbitrator decides · over',
  }),
  openedBy: Type.String({ description: 'seller · buyer · clock' }),
  raisedBy: Id,
  against: Id,
  createdAt: Time,
  answer: Type.Object(
    {
      dueAt: Nullable(Time),
      answeredAt: Nullable(Time),
      isLate: Type.Boolean(),
      isSilent: Type.Boolean({ description: 'The time to answer is over, and nothing was said.' }),
    },
    { description: 'Of the side that the dispute was raised against' },
  ),
  rulingDueAt: Nullable(Time),
  escalatedAt: Nullable(Time),
  isAssigned: Type.Boolean(),
  ruling: Nullable(Ruling),
  resolution: Nullable(
    Type.String({ description: 'release · refund · split · seller_released · buyer_conceded' }),
  ),
  resolvedAt: Nullable(Time),
  settlement: Nullable(Type.Object({ currency: Currency, toBuyer: Money, toSeller: Money, fee: Money })),
  evidence: Type.Array(Type.Object({}, { additionalProperties: true })),
  arbitrators: Type.Optional(Type.Array(Arbitrator, { description: 'For staff alone' })),
}

/** The facts of a dispute, without anybody's words. */
export const Dispute = Type.Object(facts)
export type Dispute = Static<typeof Dispute>

/** A dispute as it is answered to who opened it. */
export const OpenedDispute = Type.Object({ ...facts, description: Nullable(Type.String()) })

const TimelineEntry = Type.Object({
  at: Time,
  kind: Type.String({ description: 'trade.… or dispute.…; those of words carry a text' }),
  actor: Nullable(Type.String({ description: 'seller · buyer · arbitrator · admin · clock' })),
  actorId: Nullable(Type.String({ description: 'Staff are named to staff alone.' })),
  facts: Type.Object({}, { additionalProperties: true }),
  text: Nullable(
    Type.String({ description: 'What was said; null where nothing was, or its author was erased.' }),
  ),
})
export type TimelineEntry = Static<typeof TimelineEntry>

/** A dispute with everything that happened, for its sides and its arbitrators. */
export const Case = Type.Object({
  ...facts,
  description: Nullable(Type.String()),
  seenBy: Type.String({ description: 'seller · buyer · arbitrator · staff' }),
  trade: TradeBody,
  timeline: Type.Array(TimelineEntry, { description: 'Everything in the trade, oldest first' }),
})
export type Case = Static<typeof Case>

export const QueuedDispute = Type.Object({
  id: Id,
  tradeId: Id,
  reason: Type.String(),
  stage: Type.String(),
  openedBy: Type.String(),
  amount: Money,
  currency: Currency,
  createdAt: Time,
  rulingDueAt: Nullable(Time),
  escalatedAt: Nullable(Time),
  isAnswered: Type.Boolean(),
  part: Nullable(Type.String({ description: 'Whose turn it is: first · second · appeal' })),
})

export type QueuedDispute = Static<typeof QueuedDispute>

export const QuestionParams = strict({ id: Id, questionId: Id })
