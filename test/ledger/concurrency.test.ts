import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { rollUp } from '../../src/ledger/index.ts'
import { assertCleanBooks } from '../support/books.ts'
import { type Market, offerBody, type Person, startMarket } from '../support/market.ts'
import { post } from './support.ts'

const CONNECTIONS = 30
const SELLERS = 5

let market: Market
let people: Person[]
let offers: string[]
before(async () => {
  market = await startMarket({ connections: CONNECTIONS })
  people = []
  for (let n = 0; n < SELLERS; n++) people.push(await market.person())
  offers = await Promise.all(
    people.map(async (person) => {
      await market.credit(person, 'BTC', '0.5')
      const body = offerBody({ totalAmount: '1000', minAmount: '0.00000001', maxAmount: '1' })
      return (await post(person, '/v1/offers', body)).id
    }),
  )
})
after(() => market.stop())

/** What one of the thirty does: somebody takes somebody's offer and ends the trade, or is credited or debited. */
const step = fc.record({
  what: fc.constantFrom('release', 'cancel', 'concede', 'leave', 'credit', 'debit'),
  from: fc.nat(SELLERS - 1),
  to: fc.nat(SELLERS - 1),
  units: fc.integer({ min: 1, max: 30_000_000 }),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

let ended = 0

test('thirty at once moving coins between five people, in any order, keep I1 to I5', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: CONNECTIONS, maxLength: CONNECTIONS * 2 }),
      async (steps) => {
        const statuses = (await Promise.all(steps.map(act))).flat()
        assert.ok(
          statuses.every((status) => status < 500),
          `an answer of ${Math.max(...statuses)}`,
        )
        await rollUp(market.db)
        await assertCleanBooks(market.database.ownerUrl)
      },
    ),
    { numRuns: 5, endOnFailure: true, seed: 20_260 },
  )
  assert.ok(ended > 10, `only ${ended} trades came to an end`)
})

/** Gives the statuses of the answers; to be refused is fine. */
async function act({ what, from, to, units }: Step): Promise<number[]> {
  const [seller, buyer] = [people[from]!, people[to]!]
  const amount = `0.${String(units).padStart(8, '0')}`
  if (what === 'credit' || what === 'debit') {
    const change = {
      userId: buyer.id,
      currency: 'BTC',
      amount: what === 'debit' ? `-${amount}` : amount,
      reason: what,
    }
    return [(await (await market.admin()).post('/v1/admin/adjustments', change)).status]
  }
  const taken = await buyer.post(`/v1/offers/${offers[from]}/trades`, { amount, paymentMethodType: 'sepa' })
  if (taken.status !== 201 || what === 'leave') return [taken.status]
  const trade = `/v1/trades/${taken.body.id}`
  const statuses = [taken.status]
  if (what !== 'cancel') statuses.push((await buyer.post(`${trade}/payment`)).status)
  // The end is asked for twice at once: one of the two must be refused, or find the trade gone.
  const [ender, end] = what === 'release' ? [seller, 'release'] : [buyer, 'cancellation']
  const ends = await Promise.all([ender.post(`${trade}/${end}`), ender.post(`${trade}/${end}`)])
  const times = ends.filter(({ status }) => status === 200).length
  assert.ok(times <= 1, 'a trade ended twice')
  ended += times
  return [...statuses, ...ends.map(({ status }) => status)]
}
