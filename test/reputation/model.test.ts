import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import { recountPeople } from '../../src/reputation/index.ts'
import type { Actor } from '../support/actors.ts'
import { assertCleanBooks } from '../support/books.ts'
import { type Market, startMarket } from '../support/market.ts'
import { ENDLESS_PATIENCE } from '../support/patience.ts'
import { Square } from './support.ts'

let market: Market
let square: Square
before(async () => {
  market = await startMarket()
  square = await Square.open(market)
  await square.superuser.query(ENDLESS_PATIENCE)
})
after(async () => {
  await square?.close()
  await market?.stop()
})

const PEOPLE = 4
const person = fc.nat({ max: PEOPLE - 1 })
const cents = fc.oneof(fc.integer({ min: 100, max: 500 }), fc.constantFrom(100, 500))
/** Seconds that make the same minutes when the machine is slow. */
const minutes = fc.integer({ min: 0, max: 90 }).map((n) => n * 60 + 5)
/** What becomes of one trade, and what the two say of each other. */
const trade = fc.record({
  seller: person,
  away: fc.integer({ min: 1, max: PEOPLE - 1 }),
  end: fc.constantFrom('sold', 'sold', 'sold', 'sold', 'lapsed', 'cancelled', 'conceded'),
  amount: fc.integer({ min: 100, max: 999 }),
  payment: minutes,
  release: minutes,
  byBuyer: fc.option(cents),
  bySeller: fc.option(cents),
})
type Story = typeof trade extends fc.Arbitrary<infer T> ? T[] : never

class Known {
  sold = 0
  failed = 0
  volume = new Decimal(0)
  payments: number[] = []
  releases: number[] = []
  met = new Set<number>()
  ratings = new Map<number, number[]>()
}

const mean = (numbers: Decimal[]) => Decimal.sum(...numbers).div(numbers.length)
const rounded = (value: Decimal) => value.toDecimalPlaces(2, Decimal.ROUND_HALF_UP).toFixed(2)

function median(all: number[]): number | null {
  const last = all.slice(-25).sort((a, b) => a - b)
  const middle = last[Math.ceil(last.length / 2) - 1]
  return middle === undefined ? null : Math.max(1, Math.round(middle / 60))
}

function expectedOf(one: Known) {
  const given = [...one.ratings.values()].map((list) => list.map((cent) => new Decimal(cent).div(100)))
  const everything = given.flat()
  const ended = one.sold + one.failed
  const weighted = given.map((list) => mean(list).toDecimalPlaces(8, Decimal.ROUND_HALF_UP))
  return {
    totalTrades: one.sold,
    unfinishedTrades: one.failed,
    completionRate:
      ended === 0 ? null : new Decimal(one.sold * 100).div(ended).toDecimalPlaces(1, 1).toFixed(1),
    volumes: one.sold === 0 ? {} : { BTC: one.volume.toFixed(8) },
    medianPaymentMinutes: median(one.payments),
    medianReleaseMinutes: median(one.releases),
    counterparties: one.met.size,
    ratings: everything.length,
    raters: given.length,
    averageRating: everything.length === 0 ? null : rounded(mean(everything)),
    weightedRating: everything.length === 0 ? null : rounded(mean(weighted)),
  }
}

async function play(people: Actor[], known: Known[], one: Story[number]): Promise<void> {
  const [s, b] = [one.seller, (one.seller + one.away) % PEOPLE]
  const [seller, buyer] = [people[s]!, people[b]!]
  const amount = new Decimal(one.amount).div(100_000)
  if (one.end !== 'sold') {
    const tradeId = await square.take(seller, buyer, amount.toFixed(5))
    if (one.end === 'lapsed') await square.lapse(tradeId)
    else {
      if (one.end === 'conceded') await buyer.do('pay_trade', { tradeId })
      await buyer.do('cancel_trade', { tradeId })
    }
    known[b]!.failed++
    return
  }
  const tradeId = await square.sell(seller, buyer, { ...one, amount: amount.toFixed(5) })
  known[b]!.payments.push(one.payment)
  known[s]!.releases.push(one.release)
  for (const [who, other] of [
    [s, b],
    [b, s],
  ] as const) {
    known[who]!.sold++
    known[who]!.volume = known[who]!.volume.plus(amount)
    known[who]!.met.add(other)
  }
  for (const [by, about, cent] of [
    [b, s, one.byBuyer],
    [s, b, one.bySeller],
  ] as const) {
    if (cent === null) continue
    const rating = new Decimal(cent).div(100).toFixed(2)
    const said = await people[by]!.do('rate_trade', { tradeId, rating })
    assert.equal(said.code, null, JSON.stringify(said.body))
    const list = known[about]!.ratings.get(by) ?? []
    known[about]!.ratings.set(by, [...list, cent])
  }
}

test('whatever people trade and say of each other, what is shown of them is what follows from it', async () => {
  const stories = fc.array(trade, { minLength: 10, maxLength: 40, size: 'max' })
  const property = fc.asyncProperty(stories, async (story) => {
    const people = await square.traders(PEOPLE)
    const known = people.map(() => new Known())
    for (const one of story) await play(people, known, one)
    for (const [index, { id }] of people.entries()) {
      assert.partialDeepStrictEqual(await square.profile(id), expectedOf(known[index]!))
    }
  })
  await fc.assert(property, { numRuns: 4, endOnFailure: true })
  await assertCleanBooks(market.database.ownerUrl)
})

test('counting everybody anew finds what was there, and repairs what was not', async () => {
  const all = `select md5(string_agg(concat_ws(' ', user_id, unfinished_trades, counterparties, volumes, payment_seconds,
    release_seconds), '|' order by user_id)) as sum from public.crypto_profiles`
  const before = await square.superuser.query(all)
  await square.asIntruder(
    `update public.crypto_profiles set unfinished_trades = 99, counterparties = 0, volumes = '{}', release_seconds = '{}'`,
  )
  assert.ok((await recountPeople(market.database.ownerUrl)) > PEOPLE)
  assert.deepEqual((await square.superuser.query(all)).rows, before.rows)
})
