import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import type { Actor } from '../support/actors.ts'
import { assertCleanBooks } from '../support/books.ts'
import { SHIPPED_LEVELS } from '../support/house.ts'
import { type Market, startMarket } from '../support/market.ts'
import { Counter, type Level } from './support.ts'

// Random trading by three people against a model that knows nothing but a list of trades: what counts today is added up
// anew each time.

type Trade = {
  id: string
  maker: number
  taker: number
  dollars: number
  day: number
  state: 'live' | 'sold' | 'over'
}
type Step =
  | { do: 'take'; taker: number; maker: number; dollars: number }
  | { do: 'cancel' | 'sell'; which: number }
  | { do: 'level'; person: number; level: Level }
  | { do: 'pass'; days: number }

const PEOPLE = 3
const person = fc.nat(PEOPLE - 1)
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('take' as const),
        taker: person,
        maker: person,
        dollars: fc.constantFrom(50, 100, 150, 700, 1000, 1999, 4000),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'sell' as const), which: fc.nat(99) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('level' as const),
        person,
        level: fc.constantFrom<Level>('none', 'basic', 'full'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('pass' as const), days: fc.constantFrom(1, 3, 31) }),
    },
  ),
  { minLength: 10, maxLength: 30 },
)

// Two trades that count in one month, until the first of a month lies between them and after both.
const EVERY_DAY_OF_A_MONTH: Step[] = [
  { do: 'take', taker: 0, maker: 1, dollars: 700 },
  { do: 'pass', days: 1 },
  { do: 'take', taker: 0, maker: 1, dollars: 50 },
  ...Array.from({ length: 32 }, () => ({ do: 'pass' as const, days: 1 })),
]

class Model {
  readonly trades: Trade[] = []
  readonly levels: Level[] = Array(PEOPLE).fill('basic')
  readonly #today = Math.floor(Date.now() / 86_400_000)

  used(who: number): { daily: number; monthly: number } {
    const counting = this.trades.filter(
      ({ maker, taker, state }) => (maker === who || taker === who) && state !== 'over',
    )
    const sum = (trades: Trade[]) => trades.reduce((total, { dollars }) => total + dollars, 0)
    return {
      daily: sum(counting.filter(({ day }) => day === this.#today)),
      monthly: sum(counting.filter(({ day }) => monthOf(day) === monthOf(this.#today))),
    }
  }

  fits(who: number, dollars: number): boolean {
    const { daily, monthly } = this.used(who)
    const [ofDay, ofMonth] = SHIPPED_LEVELS[this.levels[who]!]!
    return daily + dollars <= ofDay && monthly + dollars <= ofMonth
  }

  take(trade: Omit<Trade, 'id' | 'day' | 'state'>, id: string): void {
    this.trades.push({ ...trade, id, day: this.#today, state: 'live' })
  }

  pass(days: number): void {
    for (const trade of this.trades) trade.day -= days
  }
}
const monthOf = (day: number) => new Date(day * 86_400_000).toISOString().slice(0, 7)

let market: Market
let counter: Counter
before(async () => {
  market = await startMarket()
  counter = await Counter.open(market)
})
after(async () => {
  await counter.close()
  await market.stop()
})

test('whatever people do in whatever order, what counts is what a list of their trades says', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (story) => {
      const people = await counter.people(PEOPLE, 'basic')
      const offers = await Promise.all(people.map((one) => counter.offer(one)))
      const model = new Model()
      for (const step of story) {
        await play(step, model, people, offers)
        for (const [who, { id }] of people.entries()) {
          const { daily, monthly } = await counter.used(id)
          assert.deepEqual({ daily: Number(daily), monthly: Number(monthly) }, model.used(who))
        }
      }
    }),
    { numRuns: 6, examples: [[EVERY_DAY_OF_A_MONTH]] },
  )
  await assertCleanBooks(market.database.ownerUrl)
})

async function play(step: Step, model: Model, people: Actor[], offers: string[]): Promise<void> {
  if (step.do === 'take') {
    const { taker, maker, dollars } = step
    if (taker === maker) return
    const { code, body } = await counter.take(people[taker]!, offers[maker]!, `${dollars / 100_000}`)
    const refusal = !model.fits(taker, dollars) ? 'limit_exceeded' : 'counterparty_limit'
    assert.equal(code, model.fits(taker, dollars) && model.fits(maker, dollars) ? null : refusal)
    if (code === null) model.take({ taker, maker, dollars }, body.id)
  } else if (step.do === 'level') {
    await counter.level(people[step.person]!.id, step.level)
    model.levels[step.person] = step.level
  } else if (step.do === 'pass') {
    await counter.daysPass(step.days)
    model.pass(step.days)
  } else {
    const live = model.trades.filter(({ state }) => state === 'live')
    const trade = live[step.which % live.length]
    if (trade === undefined) return
    const [seller, buyer] = [people[trade.maker]!, people[trade.taker]!]
    const args = { tradeId: trade.id }
    const done =
      step.do === 'cancel'
        ? [await buyer.do('cancel_trade', args)]
        : [await buyer.do('pay_trade', args), await seller.do('release_trade', args)]
    for (const { code } of done) assert.equal(code, null)
    trade.state = step.do === 'cancel' ? 'over' : 'sold'
  }
}
