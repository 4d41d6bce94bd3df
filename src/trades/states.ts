/** Where a trade can be; the last three are its ends. */
export const TRADE_STATUSES = [
  'pending',
  'funded',
  'paid',
  'disputed',
  'completed',
  'cancelled',
  'expired',
] as const
export type TradeStatus = (typeof TRADE_STATUSES)[number]

export const LIVE_STATUSES = ['pending', 'funded', 'paid', 'disputed'] as const satisfies TradeStatus[]

export type Actor = 'seller' | 'buyer' | 'arbitrator' | 'clock'
export type TradeEvent =
  | 'fund'
  | 'pay'
  | 'release'
  | 'cancel'
  | 'expire'
  | 'dispute'
  | 'rule_release'
  | 'rule_refund'
  | 'rule_split'
export type EscrowStatus = 'pending' | 'funded' | 'disputed' | 'released' | 'refunded'

export type Transition = {
  from: TradeStatus
  event: TradeEvent
  actor: Actor
  to: TradeStatus
  escrowFrom: EscrowStatus
  escrowTo: EscrowStatus
}

/**
 * Every move there is; docs/glossary.md says what the states mean. The same rows guard the columns in the database:
 * trades.sql writes them into fairlock.trade_transitions, and a test compares the two.
 */
export const TRANSITIONS: readonly Transition[] = [
  move('pending', 'fund', 'seller', 'funded', 'pending', 'funded'),
  move('pending', 'cancel', 'seller', 'cancelled', 'pending', 'pending'),
  move('pending', 'cancel', 'buyer', 'cancelled', 'pending', 'pending'),
  move('pending', 'expire', 'clock', 'expired', 'pending', 'pending'),
  move('funded', 'pay', 'buyer', 'paid', 'funded', 'funded'),
  move('funded', 'cancel', 'buyer', 'cancelled', 'funded', 'refunded'),
  move('funded', 'expire', 'clock', 'expired', 'funded', 'refunded'),
  move('paid', 'release', 'seller', 'completed', 'funded', 'released'),
  move('paid', 'cancel', 'buyer', 'cancelled', 'funded', 'refunded'),
  move('paid', 'dispute', 'seller', 'disputed', 'funded', 'disputed'),
  move('paid', 'dispute', 'buyer', 'disputed', 'funded', 'disputed'),
  move('paid', 'dispute', 'clock', 'disputed', 'funded', 'disputed'),
  move('disputed', 'release', 'seller', 'completed', 'disputed', 'released'),
  move('disputed', 'cancel', 'buyer', 'cancelled', 'disputed', 'refunded'),
  move('disputed', 'rule_release', 'arbitrator', 'completed', 'disputed', 'released'),
  move('disputed', 'rule_split', 'arbitrator', 'completed', 'disputed', 'released'),
  move('disputed', 'rule_refund', 'arbitrator', 'cancelled', 'disputed', 'refunded'),
]

/** The events that a side causes. */
const OFFERED: readonly TradeEvent[] = ['fund', 'pay', 'release', 'cancel', 'dispute']

/** What the actor may do now with a trade, as events; the API's `actions`. */
export function actionsOf(status: TradeStatus, actor: Actor): TradeEvent[] {
  const moves = TRANSITIONS.filter((one) => one.from === status && one.actor === actor)
  return moves.map((one) => one.event).filter((event) => OFFERED.includes(event))
}

function move(
  from: TradeStatus,
  event: TradeEvent,
  actor: Actor,
  to: TradeStatus,
  escrowFrom: EscrowStatus,
  escrowTo: EscrowStatus,
): Transition {
  return { from, event, actor, to, escrowFrom, escrowTo }
}
