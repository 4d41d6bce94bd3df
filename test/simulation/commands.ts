import fc from 'fast-check'
import { decimal } from '../support/amounts.ts'

/** Numbers that choose among what there is when the command is played: taken modulo its count. */
type Choice = number
export type Verb = 'fund' | 'pay' | 'release' | 'cancel'
export type Outcome = 'release' | 'refund' | 'split'
export type Terms = {
  price: string
  total: string
  min: string
  max: string
  minTrades: number | null
  firstLimit: string | null
}
export type Change = Partial<Omit<Terms, 'minTrades' | 'firstLimit'>> & {
  status?: 'open' | 'paused' | 'closed'
}
export type Amount = {
  of: 'min' | 'max' | 'rest' | 'between' | 'beyond' | 'free'
  part: number
  free: string
}

/** What somebody does, or what time does, written so that a shorter list of the same commands still makes sense. */
export type Command = { http: boolean; keyed: boolean } & (
  | { do: 'adjust'; by: 'admin' | Choice; to: Choice; currency: string; amount: string }
  | ({ do: 'offer'; by: Choice; side: 'sell' | 'buy'; pair: string } & Terms)
  | { do: 'edit'; by: 'maker' | Choice; offer: Choice; change: Change }
  | { do: 'take'; by: Choice; offer: Choice; amount: Amount; method: string; version: 'none' | 'now' | 'old' }
  | { do: 'move'; verb: Verb; by: 'seller' | 'buyer' | Choice; trade: Choice }
  | { do: 'ban'; by: 'admin' | Choice; person: Choice; lift: boolean }
  | { do: 'repeat'; nth: Choice; other: boolean }
  | { do: 'dispute'; by: 'seller' | 'buyer' | Choice; trade: Choice }
  | { do: 'rule'; by: 'assigned' | Choice; trade: Choice; outcome: Outcome; part: number }
  | { do: 'consent'; trade: Choice; agree: boolean }
  | { do: 'appeal'; by: 'seller' | 'buyer' | Choice; trade: Choice }
  | { do: 'tend'; trade: Choice }
  | { do: 'age'; trade: Choice }
  | { do: 'expire'; trade: Choice }
)

const choice = fc.nat({ max: 999 })
/** Small ones meet the rounding of fees and values, round ones meet each other. */
const amount = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 40 }).map((n) => decimal(BigInt(n) * 5_000_000n)) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 200_000_000 }).map((n) => decimal(BigInt(n))) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 50 }).map((n) => decimal(BigInt(n) * 250n)) },
)
const price = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('60000', '61240.50', '59999.99', '3000.125', '0.75') },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 100_000 }).map((n) => decimal(BigInt(n))) },
)
/** Mostly the one that may, so that trades get somewhere. */
const by = <T extends string>(who: T) =>
  fc.oneof({ weight: 7, arbitrary: fc.constant(who) }, { weight: 1, arbitrary: choice })
const mostly = <T>(usual: T, ...others: T[]) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) })

/** Three amounts of which the offer is mostly possible, and sometimes not. */
const amounts = fc.tuple(amount, amount, amount, mostly(true, false)).map(([a, b, c, sorted]) => {
  const [min, max, total] = sorted ? [a, b, c].sort((x, y) => Number(x) - Number(y)) : [a, b, c]
  return { min: min!, max: max!, total: total! }
})
const pairs = ['BTC/EUR', 'BTC/JPY', 'ETH/EUR', 'BTC/BTC', 'EUR/BTC', 'XXX/EUR']

const adjust = fc.record({
  do: fc.constant('adjust' as const),
  by: by('admin'),
  to: choice,
  currency: mostly('BTC', 'ETH', 'EUR', 'XXX'),
  // The digit before it makes a credit large, so that sellers have what they offer and trades get on.
  amount: fc
    .tuple(amount, fc.nat({ max: 3 }))
    .map(([value, sign]) => (sign === 0 ? `-${value}` : `${sign}${value}`)),
})
const offer = fc
  .record({
    do: fc.constant('offer' as const),
    by: choice,
    side: mostly<'sell' | 'buy'>('sell', 'buy', 'buy', 'buy'),
    pair: fc.oneof(
      { weight: 9, arbitrary: fc.constant('BTC/EUR') },
      { weight: 2, arbitrary: fc.constantFrom(...pairs) },
    ),
    price,
    amounts,
    minTrades: mostly<number | null>(null, 1, 2),
    firstLimit: fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: amount }),
  })
  .map(({ amounts: { min, max, total }, ...rest }) => ({ ...rest, min, max, total }))
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom<Change>({ status: 'paused' }, { status: 'open' }, { status: 'open' }),
  },
  { weight: 1, arbitrary: fc.constant<Change>({ status: 'closed' }) },
  { weight: 2, arbitrary: price.map((value) => ({ price: value })) },
  { weight: 2, arbitrary: amounts },
  { weight: 2, arbitrary: fc.tuple(amount, price).map(([total, value]) => ({ total, price: value })) },
)
const edit = fc.record({ do: fc.constant('edit' as const), by: by('maker'), offer: choice, change })
const take = fc.record({
  do: fc.constant('take' as const),
  by: choice,
  offer: choice,
  amount: fc.record({
    of: fc.constantFrom<Amount['of']>(
      'min',
      'max',
      'rest',
      'between',
      'between',
      'between',
      'beyond',
      'free',
    ),
    part: fc.nat({ max: 1000 }),
    free: amount,
  }),
  method: mostly('sepa', 'revolut', 'cash'),
  version: fc.constantFrom<'none' | 'now' | 'old'>('none', 'none', 'now', 'now', 'now', 'old'),
})
const side = fc.oneof(
  { weight: 7, arbitrary: fc.constantFrom<'seller' | 'buyer'>('seller', 'buyer') },
  { weight: 1, arbitrary: choice },
)
const move = fc.oneof(
  fc.record({
    do: fc.constant('move' as const),
    verb: fc.constantFrom<Verb>('fund', 'pay', 'release', 'cancel'),
    by: side,
    trade: choice,
  }),
  // What leads a trade on, by the one whose turn it is.
  fc.record({
    do: fc.constant('move' as const),
    verb: fc.constant<Verb>('pay'),
    by: fc.constant('buyer' as const),
    trade: choice,
  }),
  fc.record({
    do: fc.constant('move' as const),
    verb: fc.constantFrom<Verb>('release', 'fund'),
    by: fc.constant('seller' as const),
    trade: choice,
  }),
)
const ban = fc.record({
  do: fc.constant('ban' as const),
  by: by('admin'),
  person: choice,
  lift: mostly(true, false, false, false),
})
const repeat = fc.record({ do: fc.constant('repeat' as const), nth: choice, other: mostly(false, true) })
const age = fc.record({ do: fc.constant('age' as const), trade: choice })
const expire = fc.record({ do: fc.constant('expire' as const), trade: choice })

const dispute = fc.record({ do: fc.constant('dispute' as const), by: side, trade: choice })
const rule = fc.record({
  do: fc.constant('rule' as const),
  by: by('assigned'),
  trade: choice,
  outcome: fc.constantFrom<Outcome>('release', 'refund', 'refund', 'split'),
  part: fc.nat({ max: 1000 }),
})
const consent = fc.record({
  do: fc.constant('consent' as const),
  trade: choice,
  agree: mostly(true, true, false),
})
const appeal = fc.record({ do: fc.constant('appeal' as const), by: side, trade: choice })
const tend = fc.record({ do: fc.constant('tend' as const), trade: choice })

const deed = fc.oneof(
  { weight: 12, arbitrary: adjust },
  { weight: 9, arbitrary: offer },
  { weight: 7, arbitrary: edit },
  { weight: 25, arbitrary: take },
  { weight: 40, arbitrary: move },
  { weight: 3, arbitrary: ban },
  { weight: 5, arbitrary: repeat },
  { weight: 4, arbitrary: age },
  { weight: 5, arbitrary: expire },
  { weight: 14, arbitrary: dispute },
  { weight: 14, arbitrary: rule },
  { weight: 12, arbitrary: consent },
  { weight: 8, arbitrary: appeal },
  { weight: 12, arbitrary: tend },
)
const command: fc.Arbitrary<Command> = fc
  .tuple(deed, fc.nat({ max: 9 }), fc.boolean())
  .map(([what, http, keyed]) => ({ ...what, http: http === 0, keyed }))

/** Of those that are about something, on average. A failing story can be made as short as one. */
export const COMMANDS_PER_STORY = 38
// Without the bias towards short ones, which do not get far enough to meet every rule.
export const story = fc.noBias(fc.array(command, { minLength: 1, maxLength: 140, size: 'max' }))
