import assert from 'node:assert/strict'
import pg from 'pg'
import { type LedgerReport, rollUp, verifyLedger } from '../../src/ledger/index.ts'
import { asEngine } from '../../src/platform/index.ts'
import { expireTrades } from '../../src/trades/index.ts'
import { type Market, offerBody, type Person } from '../support/market.ts'

/** The report on a database's books. */
export function report(ownerUrl: string): Promise<LedgerReport> {
  return asEngine(ownerUrl, (client) => verifyLedger(client))
}

/** Runs `work` on a connection as the superuser of the test server, with every trigger switched off. */
export async function asIntruder<T>(market: Market, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: market.database.superuserUrl, options: '-c timezone=UTC' })
  await client.connect()
  try {
    await client.query('set session_replication_role = replica')
    return await work(client)
  } finally {
    await client.end()
  }
}

export type Traded = { offer: string; trade: string; escrow: string }

/**
 * A day at the market, through the API: two currencies, offers of both sides partly taken; trades that were released,
 * cancelled before and after the payment, expired with and without coins, and still run; credits and debits; and
 * roll-ups in between. Gives the trades by what became of them.
 */
export async function tradeForADay(
  market: Market,
): Promise<{ people: Person[]; by: Record<string, Traded> }> {
  const people: Person[] = []
  for (const name of ['ada', 'ben', 'cleo', 'dan']) people.push(await market.person(name))
  const [ada, ben, cleo, dan] = people as [Person, Person, Person, Person]
  await market.credit(ada, 'BTC', '2')
  await market.credit(cleo, 'ETH', '30.00000001')
  await market.credit(ben, 'BTC', '0.5')
  await market.credit(ben, 'BTC', '-0.1')

  const selling = await post(ada, '/v1/offers', offerBody())
  const buying = await post(
    ben,
    '/v1/offers',
    offerBody({ side: 'buy', pair: 'ETH/EUR', totalAmount: '20', maxAmount: '9.99999999' }),
  )
  const by: Record<string, Traded> = {
    released: await release(ada, ben, await take(ben, selling.id, '0.33333333')),
    sold: await release(cleo, ben, await take(cleo, buying.id, '9.99999999')),
    cancelled: await end(dan, await take(dan, selling.id, '0.1')),
  }
  await rollUp(market.db)
  await rollUp(market.db)
  by.conceded = await end(dan, await pay(dan, await take(dan, selling.id, '0.2')))
  await post(ben, `/v1/trades/${by.released!.trade}/rating`, { rating: '4.25', feedback: 'quick' })
  await post(ada, `/v1/trades/${by.released!.trade}/rating`, { rating: '5' })
  by.tiny = await release(ada, cleo, await take(cleo, selling.id, '0.001'))
  by.unfunded = await end(dan, await take(dan, buying.id, '1'))
  by.waiting = await take(dan, buying.id, '2')
  by.late = await take(cleo, selling.id, '0.05')
  by.lateUnfunded = await take(dan, buying.id, '3')
  await makeOverdue(market, [by.late, by.lateUnfunded])
  assert.equal(await expireTrades(market.db), 2)
  by.funded = await take(cleo, selling.id, '0.07')
  by.paid = await pay(dan, await take(dan, selling.id, '0.08'))
  by.split = await split(market, ada, await pay(dan, await take(dan, selling.id, '0.06')), '0.02')
  by.last = await release(ada, dan, await take(dan, selling.id, '0.09'))
  return { people, by }
}

export async function post(person: Person, path: string, body?: unknown) {
  const answer = await person.post(path, body)
  assert.ok(answer.status < 300, `${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}

async function take(taker: Person, offer: string, amount: string): Promise<Traded> {
  const trade = await post(taker, `/v1/offers/${offer}/trades`, { amount, paymentMethodType: 'sepa' })
  return { offer, trade: trade.id, escrow: trade.escrow.id }
}

async function pay(buyer: Person, traded: Traded): Promise<Traded> {
  await post(buyer, `/v1/trades/${traded.trade}/payment`)
  return traded
}

async function release(seller: Person, buyer: Person, traded: Traded): Promise<Traded> {
  await pay(buyer, traded)
  await post(seller, `/v1/trades/${traded.trade}/release`)
  return traded
}

/** A dispute that an arbitrator ends with a split. */
async function split(market: Market, seller: Person, traded: Traded, buyerAmount: string): Promise<Traded> {
  const judge = await market.person('judge')
  await asIntruder(market, (client) =>
    client.query(`insert into fairlock.staff_roles (user_id, role) values ($1, 'arbitrator')`, [judge.id]),
  )
  const dispute = await post(seller, `/v1/trades/${traded.trade}/dispute`, { reason: 'wrong_amount' })
  await post(judge, `/v1/disputes/${dispute.id}/ruling`, {
    outcome: 'split',
    buyerAmount,
    reason: 'Half came.',
  })
  return traded
}

async function end(person: Person, traded: Traded): Promise<Traded> {
  await post(person, `/v1/trades/${traded.trade}/cancellation`, {})
  return traded
}

function makeOverdue(market: Market, trades: Traded[]): Promise<unknown> {
  return asIntruder(market, (client) =>
    client.query(`update crypto_trades set deadline = now() - interval '1 minute' where id = any ($1)`, [
      trades.map(({ trade }) => trade),
    ]),
  )
}
