import assert from 'node:assert/strict'
import pg from 'pg'
import { tendDisputes } from '../../../src/disputes/index.ts'
import { type Outside, Webhooks } from '../../../src/notifications/index.ts'
import { expireTrades } from '../../../src/trades/index.ts'
import { hear } from '../../chat/support.ts'
import { addMethod, newIban, sepa } from '../../payment-methods/support.ts'
import { age } from '../../policies/trades.ts'
import { dispatch } from '../../support/dispatch.ts'
import {
  type Answer,
  type Json,
  type Market,
  offerBody,
  type Person,
  startMarket,
} from '../../support/market.ts'

/** A trade of a story, and who is in it. */
export type Deal = { id: string; seller: Person; buyer: Person; path: string; offer: string }
type Options = Parameters<typeof startMarket>[0] & { outside: Outside }

/** A market with everything wired as in production; what the worker would do is done when the story says so. */
export class Stage {
  readonly market: Market
  readonly superuser: pg.Client
  readonly webhooks: Webhooks
  readonly #arbitrators: Person[] = []

  private constructor(market: Market, superuser: pg.Client, outside: Outside) {
    this.market = market
    this.superuser = superuser
    this.webhooks = new Webhooks(market.db, market.sealer, outside)
  }

  static async open(options: Options): Promise<Stage> {
    const market = await startMarket(options)
    const superuser = new pg.Client(market.database.superuserUrl)
    await superuser.connect()
    return new Stage(market, superuser, options.outside)
  }

  async close(): Promise<void> {
    await this.webhooks.close()
    await this.superuser.end()
    await this.market.stop()
  }

  /** Somebody with so many bitcoins, none if not said. */
  async trader(name: string, bitcoins?: string): Promise<Person> {
    const person = await this.market.person(name)
    if (bitcoins !== undefined) await this.market.credit(person, 'BTC', bitcoins)
    return person
  }

  async arbitrator(): Promise<Person> {
    const person = await this.market.person('ines')
    this.#arbitrators.push(person)
    await this.superuser.query(`insert into fairlock.staff_roles (user_id, role) values ($1, 'arbitrator')`, [
      person.id,
    ])
    return person
  }

  /** Whose case a dispute is. */
  async assigned(dispute: string): Promise<Person> {
    const { rows } = await this.superuser.query(
      'select arbitrator_id from fairlock.dispute_assignments where dispute_id = $1 and ended_at is null',
      [dispute],
    )
    const found = this.#arbitrators.find(({ id }) => id === rows[0]?.arbitrator_id)
    assert.ok(found, 'it is somebody’s')
    return found
  }

  /** A bank account of theirs: its id and its number. */
  async account(person: Person): Promise<{ id: string; iban: string }> {
    const iban = newIban()
    return { id: (await addMethod(person, sepa(iban))).id, iban }
  }

  /** Posts an offer of 1 BTC at 60,000 EUR; what is said of it holds instead. */
  async offer(maker: Person, changes: Json = {}): Promise<string> {
    return (await done(maker.post('/v1/offers', offerBody(changes)))).id
  }

  /** Somebody takes 0.1 BTC of an offer. */
  async take(taker: Person, offer: string, maker: Person, how: Json = {}): Promise<Deal> {
    const trade = await done(
      taker.post(`/v1/offers/${offer}/trades`, {
        amount: '0.1',
        ...('paymentMethodId' in how ? {} : { paymentMethodType: 'sepa' }),
        ...how,
      }),
    )
    const [seller, buyer] = trade.role === 'seller' ? [taker, maker] : [maker, taker]
    return { id: trade.id, seller, buyer, offer, path: `/v1/trades/${trade.id}/messages` }
  }

  /** From the offer to the word that the money is sent. */
  async paid(seller: Person, buyer: Person): Promise<Deal> {
    const deal = await this.take(buyer, await this.offer(seller), seller)
    await this.pay(deal)
    return deal
  }

  pay = ({ id, buyer }: Deal) => done(buyer.post(`/v1/trades/${id}/payment`))
  release = ({ id, seller }: Deal) => done(seller.post(`/v1/trades/${id}/release`))
  see = (who: Person, { id }: Deal) => done(who.get(`/v1/trades/${id}`))

  /** The account that somebody is shown for a trade, or why none. */
  async shownAccount(who: Person, { id }: Deal): Promise<string> {
    const { status, body } = await who.get(`/v1/trades/${id}/payment-details`)
    if (status !== 200) return body.code
    return body.fields.find(({ name }: { name: string }) => name === 'iban').value
  }

  /** The time of what is to be done in a trade passes, and the clock does what it has to. */
  async lapse({ id }: Deal): Promise<void> {
    await age(this.superuser, id)
    await expireTrades(this.market.db)
    await tendDisputes(this.market.db)
  }

  /** News go out: to the lists of notices, the chats, the streams and the webhooks. */
  async news(): Promise<void> {
    await dispatch(this.market)
  }

  /** What somebody was told since they last looked, oldest first. */
  async told(who: Person): Promise<string[]> {
    await this.news()
    const { items } = await done(who.get('/v1/me/notices?unread=true&limit=100'))
    await done(who.post('/v1/me/notices/read', { upTo: new Date().toISOString() }))
    return items.map(({ kind }: { kind: string }) => kind).reverse()
  }

  /** The system messages of a chat: what happened, for who reads along. */
  async lines(who: Person, deal: Deal): Promise<string[]> {
    await this.news()
    const messages = await hear(deal, who)
    return messages.filter(({ kind }) => kind === 'system').map(({ code }) => code)
  }

  /** What somebody has: available, and held for trades. */
  async bitcoins(who: Person): Promise<[string, string]> {
    const { status, body } = await who.get('/v1/wallets/BTC')
    return status === 404 ? ['0.00000000', '0.00000000'] : [body.available, body.held]
  }

  /** What everybody may know of somebody. */
  profile = async (who: Person, asker = who) => done(asker.get(`/v1/users/${who.id}`))
}

/** The body of what has to work. */
export async function done(asked: Promise<Answer>) {
  const { status, body } = await asked
  assert.ok(status < 300, `refused with ${status}: ${JSON.stringify(body)}`)
  return body
}

/** The code of what has to be refused. */
export async function refused(asked: Promise<Answer>): Promise<string> {
  const { status, body } = await asked
  assert.ok(status >= 400, `not refused: ${status} ${JSON.stringify(body)}`)
  return body.code
}
