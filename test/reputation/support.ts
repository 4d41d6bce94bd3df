import assert from 'node:assert/strict'
import pg from 'pg'
import { expireTrades } from '../../src/trades/index.ts'
import { type Actor, newActors } from '../support/actors.ts'
import { type Market, offerBody } from '../support/market.ts'

/** Traders with coins who trade through the API's own commands, and a superuser who moves the clock. */
export class Square {
  readonly market: Market
  readonly superuser: pg.Client
  #offers = new Map<string, string>()

  private constructor(market: Market, superuser: pg.Client) {
    this.market = market
    this.superuser = superuser
  }

  static async open(market: Market): Promise<Square> {
    const superuser = new pg.Client({ connectionString: market.database.superuserUrl })
    await superuser.connect()
    return new Square(market, superuser)
  }

  close = () => this.superuser.end()

  /** People with a bank account and ten bitcoins each, but for the last `poor`, who have no coins. */
  async traders(count: number, poor = 0): Promise<Actor[]> {
    const people = await newActors(this.market, count)
    const [admin] = await newActors(this.market, 1)
    await this.superuser.query(`insert into fairlock.staff_roles (user_id, role) values ($1, 'admin')`, [
      admin!.id,
    ])
    for (const { id } of people.slice(0, count - poor)) {
      const credit = { userId: id, currency: 'BTC', amount: '10', reason: 'deposit' }
      assert.equal((await admin!.do('adjust_balance', credit)).code, null)
    }
    // What is sealed in it nobody opens here.
    await this.asIntruder(
      `insert into crypto_payment_methods (id, user_id, type, provider, account_details_encrypted)
       select gen_random_uuid(), id, 'sepa', 'a bank', '' from unnest($1::uuid[]) id`,
      [people.map(({ id }) => id)],
    )
    return people
  }

  /** A trade of the offer that the seller keeps open. */
  async take(seller: Actor, buyer: Actor, amount = '0.01'): Promise<string> {
    let offerId = this.#offers.get(seller.id)
    if (offerId === undefined) {
      const offer = await seller.do('create_offer', offerBody({ totalAmount: '9', maxAmount: '9' }) as never)
      assert.equal(offer.code, null, JSON.stringify(offer.body))
      offerId = String(offer.body.id)
      this.#offers.set(seller.id, offerId)
    }
    const trade = await buyer.do('take_offer', { offerId, amount, paymentMethodType: 'sepa' })
    assert.equal(trade.code, null, JSON.stringify(trade.body))
    return trade.body.id
  }

  /** A completed trade; the payment and the release took so many seconds, as far as anybody can tell. */
  async sell(
    seller: Actor,
    buyer: Actor,
    took: { payment?: number; release?: number; amount?: string } = {},
  ) {
    const tradeId = await this.take(seller, buyer, took.amount)
    assert.equal((await buyer.do('pay_trade', { tradeId })).code, null)
    await this.asIntruder(
      `update crypto_trades set paid_at = clock_timestamp() - make_interval(secs => $2),
         funded_at = clock_timestamp() - make_interval(secs => $2 + $3) where id = $1`,
      [tradeId, took.release ?? 60, took.payment ?? 60],
    )
    assert.equal((await seller.do('release_trade', { tradeId })).code, null)
    return tradeId
  }

  /** Lets the open duty's time pass, and the clock end the trade. */
  async lapse(...trades: string[]): Promise<void> {
    await this.asIntruder(
      `update crypto_trades set deadline = clock_timestamp() - interval '1 second' where id = any ($1)`,
      [trades],
    )
    assert.equal(await expireTrades(this.market.db), trades.length)
  }

  /** With every trigger switched off. */
  async asIntruder(sql: string, values: unknown[] = []): Promise<void> {
    await this.superuser.query('set session_replication_role = replica')
    await this.superuser.query(sql, values)
    await this.superuser.query('set session_replication_role = origin')
  }

  async profile(id: string) {
    const answer = await fetch(`${this.market.url}/v1/users/${id}`)
    assert.equal(answer.status, 200)
    // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely, the assertions say what they must be
    return (await answer.json()) as any
  }
}
