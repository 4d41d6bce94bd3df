import assert from 'node:assert/strict'
import pg from 'pg'
import type { JsonObject } from '../../src/platform/index.ts'
import { type Actor, type How, newActors, type Reply } from '../support/actors.ts'
import { decimal, units } from '../support/amounts.ts'
import { assertCleanBooks } from '../support/books.ts'
import { type Market, offerBody, startMarket } from '../support/market.ts'
import { ENDLESS_PATIENCE } from '../support/patience.ts'

/** Two or more who want what only some of them can have. `number` counts the rounds. */
export type Race = { name: string; run(arena: Arena, number: number): Promise<void> }

/** More than the widest race has contenders, so that each has a connection of its own. */
const CONNECTIONS = 40
export const CROWD = 32
const RESERVE = 64

/**
 * Starts all contenders at the same instant, in an order of chance, and gives their answers in the order they were
 * named. Nobody may be answered with a deadlock or a fault: the program has to sort those out by itself.
 */
export async function round(contenders: (() => Promise<Reply>)[]): Promise<Reply[]> {
  const replies: Reply[] = []
  const order = contenders.map((start, index) => ({ start, index, chance: Math.random() }))
  order.sort((a, b) => a.chance - b.chance)
  await Promise.all(
    order.map(async ({ start, index }) => {
      replies[index] = await start()
    }),
  )
  for (const { status, code, body } of replies) {
    assert.ok(status < 500 && code !== 'conflict', `answered ${status} ${code}: ${JSON.stringify(body)}`)
  }
  return replies
}

/** A market with many connections, and what races need again and again. */
export class Arena {
  readonly market: Market
  readonly superuser: pg.Client
  readonly crowd: Actor[]
  readonly #admin: Actor
  #reserve: Actor[] = []
  #http = false

  private constructor(market: Market, superuser: pg.Client, admin: Actor, crowd: Actor[]) {
    this.market = market
    this.superuser = superuser
    this.#admin = admin
    this.crowd = crowd
  }

  static async open(): Promise<Arena> {
    const market = await startMarket({ connections: CONNECTIONS })
    const superuser = new pg.Client(market.database.superuserUrl)
    await superuser.connect()
    const [admin, ...crowd] = await newActors(market, 1 + CROWD)
    await superuser.query(`insert into fairlock.staff_roles (user_id, role) values ($1, 'admin')`, [
      admin!.id,
    ])
    // The same few people cancel and are late all day long.
    await superuser.query(ENDLESS_PATIENCE)
    // The first waits keep the connections busy long enough that each contender opens its own.
    await Promise.all(Array.from({ length: CONNECTIONS }, () => market.db.pool.query('select pg_sleep(0.2)')))
    assert.ok(market.db.pool.totalCount >= CROWD)
    return new Arena(market, superuser, admin!, crowd)
  }

  async close(): Promise<void> {
    await this.superuser.end()
    await this.market.stop()
  }

  /** Runs a race so many times, every fourth round over HTTP; then the books must be clean. */
  async repeat(race: Race, rounds: number): Promise<void> {
    for (let number = 1; number <= rounds; number++) {
      this.#http = number % 4 === 0
      await race.run(this, number)
    }
    await assertCleanBooks(this.market.database.ownerUrl)
  }

  /** Deadlocks that PostgreSQL broke; each was tried again by the Database, for no contender saw one. */
  async deadlocks(): Promise<number> {
    const { rows } = await this.superuser.query(
      'select deadlocks::int from pg_stat_database where datname = current_database()',
    )
    return rows[0].deadlocks
  }

  do(actor: Actor, operation: string, args: JsonObject, how: How = {}): Promise<Reply> {
    return actor.do(operation, args, { http: this.#http, ...how })
  }

  /** Somebody new, without wallets. */
  async person(): Promise<Actor> {
    if (this.#reserve.length === 0) this.#reserve = await newActors(this.market, RESERVE)
    return this.#reserve.pop()!
  }

  /** Somebody new who has coins. */
  async owner(amount: string): Promise<Actor> {
    const person = await this.person()
    await this.must(this.adjust(person, amount))
    return person
  }

  /** Credits, or debits below zero, by the administrator. */
  adjust(person: Actor, amount: string, how: How = {}): Promise<Reply> {
    return this.do(
      this.#admin,
      'adjust_balance',
      { userId: person.id, currency: 'BTC', amount, reason: 'race' },
      how,
    )
  }

  async offer(maker: Actor, changes: JsonObject = {}): Promise<string> {
    const reply = await this.must(this.do(maker, 'create_offer', offerBody(changes) as JsonObject))
    return reply.body.id
  }

  take(taker: Actor, offerId: string, amount: string, how: How = {}): Promise<Reply> {
    return this.do(taker, 'take_offer', { offerId, amount, paymentMethodType: 'sepa' }, how)
  }

  move(actor: Actor, verb: 'fund' | 'pay' | 'release' | 'cancel', tradeId: string, how: How = {}) {
    return this.do(actor, `${verb}_trade`, { tradeId }, how)
  }

  /** A trade of 0.1 BTC between two new people: without coins pending, else funded, or marked paid. */
  async trade(to: 'pending' | 'funded' | 'paid'): Promise<{ id: string; seller: Actor; buyer: Actor }> {
    const seller = to === 'pending' ? await this.person() : await this.owner('1')
    const buyer = await this.person()
    const offer = await this.offer(seller, { totalAmount: '0.1', maxAmount: '0.1' })
    const { id } = (await this.must(this.take(buyer, offer, '0.1'))).body
    if (to === 'paid') await this.must(this.move(buyer, 'pay', id))
    return { id, seller, buyer }
  }

  /** Puts a trade's deadline so many milliseconds from now, or before it; nobody but a superuser can. */
  async setDeadline(tradeId: string, ms: number): Promise<void> {
    await this.superuser.query(`begin; set local session_replication_role = replica;
      update public.crypto_trades set deadline = clock_timestamp() + interval '${ms} ms' where id = '${tradeId}'; commit`)
  }

  async must(reply: Promise<Reply>): Promise<Reply> {
    const { status, code, body } = await reply
    assert.ok(code === null, `refused with ${status} ${code}: ${JSON.stringify(body)}`)
    return { status, code, body }
  }

  /** What the trade came to: its status, and the ledger's transfers for it in order. */
  async outcome(tradeId: string): Promise<string> {
    const { rows } = await this.superuser.query(
      `select t.status || coalesce((select string_agg(' ' || l.kind, '' order by l.id) from ledger.transfers l
         where l.trade_id = t.id), '') as outcome from public.crypto_trades t where t.id = $1`,
      [tradeId],
    )
    return rows[0].outcome
  }

  async available(person: Actor): Promise<bigint> {
    const { rows } = await this.superuser.query(
      `select coalesce(sum(balance), 0)::numeric(20, 8)::text as balance from public.crypto_wallets where user_id = $1`,
      [person.id],
    )
    return units(rows[0].balance)
  }

  async assertAvailable(person: Actor, amount: string): Promise<void> {
    assert.equal(decimal(await this.available(person)), decimal(units(amount)))
  }

  async remaining(offerId: string): Promise<bigint> {
    const { rows } = await this.superuser.query(
      'select (total_amount - taken_amount)::text as remaining from fairlock.offers where id = $1',
      [offerId],
    )
    return units(rows[0].remaining)
  }

  /** Ends trades that a race has left open, so that their takers may take again. */
  async endAll(trades: { taker: Actor; id: string }[]): Promise<void> {
    await round(
      trades.map(
        ({ taker, id }) =>
          () =>
            this.must(this.move(taker, 'cancel', id)),
      ),
    )
  }
}

/** How often each answer was given: "done", or the code of the refusal. */
export function tally(replies: Reply[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { code } of replies) counts[code ?? 'done'] = (counts[code ?? 'done'] ?? 0) + 1
  return counts
}
