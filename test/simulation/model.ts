import { decimal, feeOf, MAKER_FEE, TAKER_FEE, units } from '../support/amounts.ts'
import type { Change, Outcome, Terms, Verb } from './commands.ts'

/** What the market must answer: the status, the code of a refusal and its field, or facts that the body must hold. */
export type Expected = { status: number; code: string | null; field?: string; facts?: object }

type Status = 'pending' | 'funded' | 'paid' | 'disputed' | 'completed' | 'cancelled' | 'expired'
export type Person = {
  id: string
  admin: boolean
  banned: boolean
  completed: number
  disputed: number
  /** Disputes opened by hand and lost by a ruling. */
  lost: number
  coins: Map<string, bigint>
}
export type Offer = {
  id: string
  maker: Person
  side: 'sell' | 'buy'
  pair: string
  price: bigint
  total: bigint
  taken: bigint
  min: bigint
  max: bigint
  minTrades: number | null
  firstLimit: bigint | null
  status: 'open' | 'paused' | 'closed'
  version: number
}
export type Ruling = { outcome: Outcome; buyers: bigint }
export type Dispute = {
  id: string
  opener: Person | null
  stage: 'open' | 'consent' | 'appeal' | 'appealed' | 'over'
  status: 'pending' | 'resolved' | 'closed'
  ruling: Ruling | null
  late: boolean
}
export type Trade = {
  id: string
  offer: Offer
  seller: Person
  buyer: Person
  taker: Person
  currency: string
  amount: bigint
  sellerFee: bigint
  buyerFee: bigint
  status: Status
  escrow: 'pending' | 'funded' | 'disputed' | 'released' | 'refunded'
  late: boolean
  dispute: Dispute | null
  /** What went to whom at the end; the rest of the escrow is the fee. */
  toBuyer: bigint
  toSeller: bigint
}

/** Small limits, so that stories run into them. */
export const OPEN_OFFERS = 3
export const LIVE_TRADES = 2
const CRYPTO = ['BTC', 'ETH']
/** The smallest unit people pay in, as a power of ten of the 8th decimal. */
const SMALLEST: Record<string, bigint> = { EUR: 1_000_000n, JPY: 100_000_000n }
const ONE = 100_000_000n
export const LIVE: readonly Status[] = ['pending', 'funded', 'paid', 'disputed']

/**
 * The rules of the market once more, written from its description and not from its code: what each command must
 * answer, and what everybody then has.
 */
export class Model {
  readonly people: Person[]
  readonly offers: Offer[] = []
  readonly trades: Trade[] = []

  constructor(ids: string[]) {
    this.people = ids.map((id, index) => ({
      id,
      admin: index === 0,
      banned: false,
      completed: 0,
      disputed: 0,
      lost: 0,
      coins: new Map(),
    }))
  }

  adjust(by: Person, to: Person, currency: string, amount: bigint): Expected {
    if (!by.admin) return refused(403, 'admin_only')
    if (by === to) return refused(403, 'own_request')
    if (!CRYPTO.includes(currency)) return refused(422, 'unknown_currency', 'currency')
    if (coins(to, currency) + amount < 0n) return refused(409, 'insufficient_funds', 'amount')
    give(to, currency, amount)
    return done(201, {
      userId: to.id,
      currency,
      amount: decimal(amount),
      wallet: { available: decimal(coins(to, currency)), held: decimal(this.held(to, currency)) },
    })
  }

  offer(maker: Person, side: 'sell' | 'buy', pair: string, terms: Terms): Expected {
    const [base = '', quote = ''] = pair.split('/')
    if (maker.banned) return refused(403, 'banned')
    if (!CRYPTO.includes(base) || !(quote in SMALLEST)) return refused(422, 'unknown_pair', 'pair')
    const offer: Offer = {
      id: '',
      maker,
      side,
      pair,
      price: units(terms.price),
      total: units(terms.total),
      taken: 0n,
      min: units(terms.min),
      max: units(terms.max),
      minTrades: terms.minTrades,
      firstLimit: terms.firstLimit === null ? null : units(terms.firstLimit),
      status: 'open',
      version: 1,
    }
    const unsound = whyUnsound(offer)
    if (unsound !== null) return refused(422, 'invalid_amounts', unsound)
    const open = this.offers.filter((one) => one.maker === maker && one.status !== 'closed')
    if (open.length >= OPEN_OFFERS) return refused(409, 'too_many_offers')
    this.offers.push(offer)
    return done(201, offerFacts(offer))
  }

  edit(by: Person, offer: Offer, { status, ...terms }: Change): Expected {
    if (by !== offer.maker) return refused(404, 'not_found')
    if (offer.status === 'closed') return refused(409, 'offer_closed')
    const changed: Offer = { ...offer, status: status ?? offer.status, version: offer.version + 1 }
    for (const name of ['price', 'total', 'min', 'max'] as const) {
      if (terms[name] !== undefined) changed[name] = units(terms[name])
    }
    const reopens = changed.status === 'open' && offer.status !== 'open'
    if (changed.status !== 'closed' && (Object.keys(terms).length > 0 || reopens)) {
      const unsound = whyUnsound(changed)
      if (unsound !== null) return refused(422, 'invalid_amounts', unsound)
      if (changed.status === 'open' && by.banned) return refused(403, 'banned')
    }
    Object.assign(offer, changed)
    return done(200, offerFacts(offer))
  }

  take(taker: Person, offer: Offer, amount: bigint, method: string, version: number | undefined): Expected {
    const refusal = this.#whyNotTake(taker, offer, amount, method, version)
    if (refusal !== null) return refusal
    const [seller, buyer] = offer.side === 'sell' ? [offer.maker, taker] : [taker, offer.maker]
    const [makerFee, takerFee] = [feeOf(amount, MAKER_FEE), feeOf(amount, TAKER_FEE)]
    const [sellerFee, buyerFee] = offer.side === 'sell' ? [makerFee, takerFee] : [takerFee, makerFee]
    const trade: Trade = {
      id: '',
      offer,
      seller,
      buyer,
      taker,
      currency: offer.pair.split('/')[0]!,
      amount,
      sellerFee,
      buyerFee,
      status: 'pending',
      escrow: 'pending',
      late: false,
      dispute: null,
      toBuyer: 0n,
      toSeller: 0n,
    }
    offer.taken += amount
    if (coins(seller, trade.currency) >= amount + sellerFee) hold(trade)
    this.trades.push(trade)
    return done(201, {
      ...tradeFacts(trade),
      offerVersion: offer.version,
      price: decimal(offer.price),
      totalValue: decimal(worth(offer, amount)),
    })
  }

  #whyNotTake(taker: Person, offer: Offer, amount: bigint, method: string, version: number | undefined) {
    const live = this.trades.filter((one) => one.taker === taker && LIVE.includes(one.status))
    if (taker.banned) return refused(403, 'banned')
    if (live.length >= LIVE_TRADES) return refused(409, 'too_many_live_trades')
    if (offer.maker === taker) return refused(409, 'own_offer')
    if (offer.status !== 'open') return refused(409, 'offer_not_open')
    if (version !== undefined && version !== offer.version)
      return refused(409, 'offer_changed', 'offerVersion')
    if (!['sepa', 'revolut'].includes(method))
      return refused(422, 'payment_method_not_offered', 'paymentMethodType')
    if (amount < offer.min || amount > offer.max) return refused(422, 'amount_outside_offer', 'amount')
    if (amount > offer.total - offer.taken) return refused(409, 'not_enough_left', 'amount')
    if (offer.maker.banned) return refused(409, 'offer_not_open')
    if (offer.minTrades !== null && taker.completed < offer.minTrades)
      return refused(403, 'requirements_not_met')
    if (offer.firstLimit !== null && taker.completed === 0 && amount > offer.firstLimit)
      return refused(403, 'requirements_not_met')
    if (worth(offer, amount) === 0n) return refused(422, 'amount_outside_offer', 'amount')
    return null
  }

  move(by: Person, trade: Trade, verb: Verb): Expected {
    const { seller, buyer, status } = trade
    if (by !== seller && by !== buyer) return refused(404, 'not_found')
    const notAllowed = refused(409, 'move_not_allowed')
    if (verb === 'fund') {
      if (by !== seller || status !== 'pending') return notAllowed
      if (trade.late) return refused(409, 'deadline_passed')
      if (coins(seller, trade.currency) < trade.amount + trade.sellerFee)
        return refused(409, 'insufficient_funds')
      hold(trade)
    } else if (verb === 'pay') {
      if (by !== buyer || status !== 'funded') return notAllowed
      if (trade.late) return refused(409, 'deadline_passed')
      trade.status = 'paid'
      trade.late = false
    } else if (verb === 'release') {
      if (by !== seller || (status !== 'paid' && status !== 'disputed')) return notAllowed
      complete(trade, trade.amount - trade.buyerFee, 0n)
      close(trade, seller)
    } else {
      if (!LIVE.includes(status) || (status !== 'pending' && by !== buyer)) return notAllowed
      end(trade, 'cancelled')
      close(trade, by)
    }
    return done(200, { ...tradeFacts(trade), ...endedBy(trade, by === seller ? 'seller' : 'buyer') })
  }

  expire(trade: Trade): Expected {
    if (trade.status !== 'pending' && trade.status !== 'funded') return refused(409, 'move_not_allowed')
    if (!trade.late) return refused(409, 'deadline_not_reached')
    end(trade, 'expired')
    return done(200, {})
  }

  ban(by: Person, person: Person, lift: boolean): Expected {
    if (!by.admin) return refused(403, 'admin_only')
    person.banned = !lift
    return done(200, { id: person.id, totalTrades: person.completed })
  }

  held(person: Person, currency: string): bigint {
    return this.trades
      .filter(
        (one) =>
          one.seller === person && one.currency === currency && ['funded', 'disputed'].includes(one.escrow),
      )
      .reduce((sum, one) => sum + one.amount + one.sellerFee, 0n)
  }
}

function coins(person: Person, currency: string): bigint {
  return person.coins.get(currency) ?? 0n
}

function give(person: Person, currency: string, amount: bigint): void {
  person.coins.set(currency, coins(person, currency) + amount)
}

function hold(trade: Trade): void {
  give(trade.seller, trade.currency, -(trade.amount + trade.sellerFee))
  Object.assign(trade, { status: 'funded', escrow: 'funded', late: false })
}

/** The coins are the buyer's, but for what a split gives back. */
export function complete(trade: Trade, toBuyer: bigint, toSeller: bigint): void {
  Object.assign(trade, { status: 'completed', escrow: 'released', toBuyer, toSeller })
  give(trade.buyer, trade.currency, toBuyer)
  give(trade.seller, trade.currency, toSeller)
  trade.seller.completed++
  trade.buyer.completed++
}

/** One of the two ended the trade, and with it a dispute; to a ruling that blames them they gave in, and have lost it. */
function close({ dispute, seller }: Trade, by: Person): void {
  if (dispute === null) return
  const isBlamed =
    (dispute.stage === 'appeal' || dispute.stage === 'appealed') &&
    dispute.ruling?.outcome === (by === seller ? 'release' : 'refund')
  if (isBlamed && by === dispute.opener) by.lost++
  Object.assign(dispute, { stage: 'over', status: isBlamed ? 'resolved' : 'closed' })
}

/** What is held goes back whole, and the offer has its amount again. */
export function end(trade: Trade, status: 'cancelled' | 'expired'): void {
  if (trade.escrow === 'funded' || trade.escrow === 'disputed') {
    give(trade.seller, trade.currency, trade.amount + trade.sellerFee)
    trade.escrow = 'refunded'
    trade.toSeller = trade.amount + trade.sellerFee
  }
  trade.status = status
  trade.offer.taken -= trade.amount
}

/** What the buyer pays: half a smallest unit is rounded up. */
function worth(offer: Offer, amount: bigint): bigint {
  const unit = SMALLEST[offer.pair.split('/')[1]!]! * ONE
  return ((amount * offer.price * 2n + unit) / (unit * 2n)) * (unit / ONE)
}

function whyUnsound(offer: Offer): string | null {
  if (offer.min > offer.max) return 'minAmount'
  if (offer.max > offer.total) return 'maxAmount'
  if (offer.total < offer.taken) return 'totalAmount'
  return offer.min * offer.price * 2n < ONE ? 'minAmount' : null
}

function offerFacts(offer: Offer): object {
  return {
    side: offer.side,
    pair: offer.pair,
    status: offer.status,
    version: offer.version,
    price: decimal(offer.price),
    totalAmount: decimal(offer.total),
    remainingAmount: decimal(offer.total - offer.taken),
    minAmount: decimal(offer.min),
    maxAmount: decimal(offer.max),
    maker: { id: offer.maker.id, totalTrades: offer.maker.completed },
  }
}

function tradeFacts(trade: Trade): object {
  const { status, escrow, amount, sellerFee, buyerFee } = trade
  const released = escrow === 'released'
  return {
    status,
    side: trade.offer.side,
    amount: decimal(amount),
    sellerFee: decimal(sellerFee),
    buyerFee: decimal(buyerFee),
    fee: decimal(sellerFee + buyerFee),
    takerId: trade.taker.id,
    seller: { id: trade.seller.id, totalTrades: trade.seller.completed },
    buyer: { id: trade.buyer.id, totalTrades: trade.buyer.completed },
    escrow: {
      status: escrow,
      amount: decimal(amount + sellerFee),
      currency: trade.currency,
      releasedAmount: decimal(trade.toBuyer),
      refundedAmount: decimal(trade.toSeller),
      feeAmount: decimal(released ? amount + sellerFee - trade.toBuyer - trade.toSeller : 0n),
    },
  }
}

function endedBy(trade: Trade, actor: string): object {
  return LIVE.includes(trade.status) ? { endedBy: null } : { endedBy: actor, deadline: null }
}

export function refused(status: number, code: string, field?: string): Expected {
  return { status, code, ...(field === undefined ? {} : { field }) }
}

export function done(status: number, facts: object): Expected {
  return { status, code: null, facts }
}
