import assert from 'node:assert/strict'
import pg from 'pg'
import { tendDisputes } from '../../src/disputes/index.ts'
import { type Market, offerBody, type Person, startMarket } from '../support/market.ts'

/** A market with arbitrators, and a superuser who lets time pass. */
export class Court {
  readonly market: Market
  readonly superuser: pg.Client
  readonly arbitrators: Person[]

  private constructor(market: Market, superuser: pg.Client, arbitrators: Person[]) {
    this.market = market
    this.superuser = superuser
    this.arbitrators = arbitrators
  }

  static async open(count: number): Promise<Court> {
    const market = await startMarket()
    const superuser = new pg.Client(market.database.superuserUrl)
    await superuser.connect()
    const court = new Court(market, superuser, [])
    for (let i = 0; i < count; i++) await court.arbitrator()
    return court
  }

  async close(): Promise<void> {
    await this.superuser.end()
    await this.market.stop()
  }

  async arbitrator(): Promise<Person> {
    const person = await this.market.person('arbitrator')
    await this.superuser.query(`insert into fairlock.staff_roles (user_id, role) values ($1, 'arbitrator')`, [
      person.id,
    ])
    this.arbitrators.push(person)
    return person
  }

  /** A trade that the buyer has marked paid: what the seller holds of it is the amount and a fee of 0.1 %. */
  async paid(amount = '0.1', people: { seller?: Person; buyer?: Person } = {}) {
    const seller = people.seller ?? (await this.market.person('seller'))
    const buyer = people.buyer ?? (await this.market.person('buyer'))
    await this.market.credit(seller, 'BTC', '2')
    const offer = await done(seller.post('/v1/offers', offerBody({ totalAmount: amount, maxAmount: amount })))
    const taken = await done(
      buyer.post(`/v1/offers/${offer.id}/trades`, { amount, paymentMethodType: 'sepa' }),
    )
    await done(buyer.post(`/v1/trades/${taken.id}/payment`))
    return { id: taken.id as string, offerId: offer.id as string, seller, buyer }
  }

  /** A paid trade whose dispute the seller has opened, and who arbitrates it. */
  async disputed(amount = '0.1') {
    const trade = await this.paid(amount)
    const dispute = await done(
      trade.seller.post(`/v1/trades/${trade.id}/dispute`, { reason: 'payment_not_received' }),
    )
    return { ...trade, disputeId: dispute.id as string, arbitrator: await this.assigned(dispute.id) }
  }

  /** Who has a part of a dispute now. */
  async assigned(disputeId: string, part = 'first'): Promise<Person> {
    const { rows } = await this.superuser.query(
      'select arbitrator_id from fairlock.dispute_assignments where dispute_id = $1 and part = $2 and ended_at is null',
      [disputeId, part],
    )
    const found = this.arbitrators.find(({ id }) => id === rows[0]?.arbitrator_id)
    assert.ok(found, `nobody has the part ${part}`)
    return found
  }

  rule(arbitrator: Person, disputeId: string, ruling: object) {
    return arbitrator.post(`/v1/disputes/${disputeId}/ruling`, { reason: 'The evidence says so.', ...ruling })
  }

  /** Puts a time into the past; the guards look away for that. */
  async age(table: string, column: string, where: string): Promise<void> {
    await this.superuser.query(`begin; set local session_replication_role = replica;
      update ${table} set ${column} = clock_timestamp() - interval '1 minute' where ${where}; commit`)
  }

  tend = () => tendDisputes(this.market.db)

  async row(sql: string, values: unknown[] = []) {
    const { rows } = await this.superuser.query(sql, values)
    return rows[0]
  }

  async available(person: Person): Promise<string> {
    const wallet = await person.get('/v1/wallets/BTC')
    return wallet.status === 404 ? '0.00000000' : wallet.body.available
  }
}

export async function done(asked: ReturnType<Person['get']>) {
  const answer = await asked
  assert.ok(answer.status < 300, `refused with ${answer.status}: ${JSON.stringify(answer.body)}`)
  return answer.body
}

export function refusal(answer: Awaited<ReturnType<Person['get']>>): [number, string] {
  return [answer.status, answer.body.code]
}
