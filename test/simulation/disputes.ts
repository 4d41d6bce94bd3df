import { decimal, units } from '../support/amounts.ts'
import type { Outcome } from './commands.ts'
import {
  complete,
  type Dispute,
  done,
  type Expected,
  end,
  type Person,
  refused,
  type Trade,
} from './model.ts'

/** From this amount on a ruling is large; of other currencies the stories never have so much. */
const LARGE: Record<string, bigint> = { BTC: units('0.01') }
export const LARGE_AMOUNTS = 'BTC=0.01'
const LOST_MOST = 3

/** The rules of disputes once more, written from their description: what each command must answer and do. */
export function openDispute(by: Person, trade: Trade): Expected {
  if (by !== trade.seller && by !== trade.buyer) return refused(404, 'not_found')
  if (trade.status === 'paid' && by.lost >= LOST_MOST) return refused(403, 'dispute_right_limited')
  const refusal = whyNotOpen(trade)
  if (refusal !== null) return refusal
  open(trade, by)
  const openedBy = by === trade.seller ? 'seller' : 'buyer'
  return done(201, { status: 'pending', stage: 'open', openedBy, raisedBy: by.id, tradeId: trade.id })
}

/** The clock opens it for the buyer when the release window is over. */
export function openByClock(trade: Trade): Expected {
  const refusal = whyNotOpen(trade)
  if (refusal !== null) return refusal
  if (!trade.late) return refused(409, 'deadline_not_reached')
  open(trade, null)
  return done(200, {})
}

function whyNotOpen({ status, dispute }: Trade): Expected | null {
  if (status === 'paid') return null
  return refused(409, dispute === null ? 'move_not_allowed' : 'disputed_already')
}

function open(trade: Trade, opener: Person | null): void {
  trade.dispute = { id: '', opener, stage: 'open', status: 'pending', ruling: null, late: false }
  Object.assign(trade, { status: 'disputed', escrow: 'disputed', late: false })
  trade.seller.disputed++
  trade.buyer.disputed++
}

/** `by` null: whoever is assigned to what comes next. */
export function rule(
  by: Person | null,
  trade: Trade,
  dispute: Dispute,
  outcome: Outcome,
  buyers: bigint,
): Expected {
  if (by !== null) return notAnArbitrator(by, trade)
  if (dispute.stage === 'over') return refused(409, 'dispute_over')
  if (dispute.stage === 'consent') return refused(409, 'dispute_stage')
  if (outcome === 'split' && (buyers <= 0n || buyers >= trade.amount - trade.buyerFee))
    return refused(422, 'invalid_buyer_amount', 'buyerAmount')
  dispute.ruling = { outcome, buyers }
  const large = LARGE[trade.currency]
  if (dispute.stage === 'open' && large !== undefined && trade.amount >= large) {
    dispute.stage = 'consent'
    return done(200, { status: 'pending', stage: 'consent' })
  }
  settle(trade, dispute)
  const toBuyer = decimal(trade.toBuyer)
  return done(200, {
    status: 'resolved',
    resolution: outcome,
    settlement: { toBuyer, toSeller: decimal(trade.toSeller) },
  })
}

function notAnArbitrator(by: Person, { seller, buyer }: Trade): Expected {
  return by === seller || by === buyer ? refused(403, 'arbitrator_only') : refused(404, 'not_found')
}

export function consent(dispute: Dispute, agree: boolean): Expected {
  dispute.stage = agree ? 'appeal' : 'open'
  dispute.late = false
  return done(200, { status: 'pending', stage: dispute.stage })
}

export function appeal(by: Person, trade: Trade, dispute: Dispute): Expected {
  if (by !== trade.seller && by !== trade.buyer) return refused(404, 'not_found')
  if (dispute.stage === 'over') return refused(409, 'dispute_over')
  if (dispute.stage !== 'appeal') return refused(409, 'dispute_stage')
  if (dispute.late) return refused(409, 'appeal_over')
  if (dispute.ruling?.outcome === (by === trade.seller ? 'refund' : 'release'))
    return refused(409, 'nothing_to_appeal')
  dispute.stage = 'appealed'
  return done(200, { status: 'pending', stage: 'appealed' })
}

/** The clock settles what nobody appealed in time. */
export function settleByClock(trade: Trade, dispute: Dispute): Expected {
  if (dispute.stage !== 'appeal') return refused(409, 'dispute_stage')
  if (!dispute.late) return refused(409, 'deadline_not_reached')
  settle(trade, dispute)
  return done(200, {})
}

/** Both fees in proportion to what the buyer gets, half to even, and the rest to the seller. */
function settle(trade: Trade, dispute: Dispute): void {
  const { outcome, buyers } = dispute.ruling!
  const [fees, whole] = [trade.sellerFee + trade.buyerFee, trade.amount - trade.buyerFee]
  if (outcome === 'release') complete(trade, whole, 0n)
  else if (outcome === 'refund') end(trade, 'cancelled')
  else {
    const [low, rest] = [(fees * buyers) / whole, (fees * buyers) % whole]
    const fee = 2n * rest > whole || (2n * rest === whole && low % 2n === 1n) ? low + 1n : low
    complete(trade, buyers, trade.amount + trade.sellerFee - buyers - fee)
  }
  Object.assign(dispute, { stage: 'over', status: 'resolved' })
  const loser = { release: trade.seller, refund: trade.buyer, split: null }[outcome]
  if (loser !== null && loser === dispute.opener) loser.lost++
}
