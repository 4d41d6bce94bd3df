import { createHmac, randomBytes } from 'node:crypto'
import { Decimal } from 'decimal.js'
import type pg from 'pg'
import { hashPassword } from '../identity/index.ts'
import { asEngine, type JsonObject } from '../platform/index.ts'
import type { Connection } from './connect.ts'
import { CREDITS, type DemoOffer, OFFERS, PEOPLE, SAMPLE_PRICES } from './demo-market.ts'
import { Finding, UsageError } from './finding.ts'
import { confirm, print } from './output.ts'

/** The people of the demo market to sign in as, and the password they share. */
export type DemoSignIns = { password: string; people: { email: string; about: string }[] }
type Urls = Pick<Connection, 'ownerUrl'>
type Options = { onProgress?: (done: string) => void }

/** How many finished trades the makers have behind them, all together. */
const FINISHED_TRADES = 70
const TRADERS = PEOPLE.filter(({ role, hasCoins = true }) => !role && hasCoins).map(({ name }) => name)

/**
 * Fills a database without people with a demo market, through the commands that the API uses, in one transaction: it
 * is there as a whole or not at all. Gives the sign-ins, also on a database that it filled before; null where other
 * people are.
 */
export async function fillDemo({ ownerUrl }: Urls, options: Options = {}): Promise<DemoSignIns | null> {
  const password = passwordFor(ownerUrl)
  const hash = await hashPassword(password)
  const isDemo = await asEngine(ownerUrl, async (client) => {
    const found = await client.query<{ people: number; ours: number }>(
      `select count(*)::integer as people, count(*) filter (where email = any ($1))::integer as ours from public.users`,
      [PEOPLE.map(({ name }) => emailOf(name))],
    )
    const { people, ours } = found.rows[0]!
    if (people === 0) await new DemoMarket(client, options).fill(hash)
    return people === 0 || ours === PEOPLE.length
  })
  if (!isDemo) return null
  const people = PEOPLE.flatMap(({ name, about }) => (about ? [{ email: emailOf(name), about }] : []))
  return { password, people }
}

/** `fairlock demo`: asks before it fills. Throws `Finding` when people are there, `UsageError` when not confirmed. */
export async function fillEmptyDatabase({ ownerUrl }: Urls, yes: boolean): Promise<void> {
  const found = await asEngine(ownerUrl, (client) => client.query('select from public.users limit 1'))
  if (found.rowCount !== 0) {
    throw new Finding('There are people in this database already. The demo only fills an empty one.')
  }
  if (!(yes || (await confirm('Fill this database with invented people, offers and trades?')))) {
    throw new UsageError('not confirmed: nothing was done. Pass --yes to go on without being asked.')
  }
  const filled = await fillDemo({ ownerUrl }, { onProgress: (done) => process.stderr.write(`${done}\n`) })
  if (filled === null) throw new Finding('Somebody registered in the meantime. Nothing was filled in.')
  print(`Sign in with the password ${filled.password} as`)
  for (const { email, about } of filled.people) print(`  ${email.padEnd(28)} ${about}`)
}

/**
 * Derived from the owner's own password, so that each installation has another one, and the same at every start; a
 * fixed one would open every demo that somebody forgot on a public address.
 */
function passwordFor(ownerUrl: string): string {
  const key = new URL(ownerUrl).password || randomBytes(32)
  const bytes = createHmac('sha256', key).update('demo sign-in').digest()
  const letters = [...bytes.subarray(0, 12)].map((byte) => 'abcdefghijkmnpqrstuvwxyz23456789'[byte % 32])
  return `demo-${letters.join('').replaceAll(/(.{4})(?=.)/g, '$1-')}`
}

function emailOf(name: string): string {
  return `${name.replaceAll(/\W+/g, '.')}@demo.fairlock.test`
}

type Body = { id: string; version: number; seller: { id: string }; buyer: { id: string } }

/** The filling: who does what, in which order. Every choice follows from the tables, so that each run is the same. */
class DemoMarket {
  readonly #client: pg.Client
  readonly #progress: (done: string) => void
  readonly #ids = new Map<string, string>()
  readonly #offers: { id: string; offer: DemoOffer }[] = []

  constructor(client: pg.Client, { onProgress = () => undefined }: Options) {
    this.#client = client
    this.#progress = onProgress
  }

  async fill(passwordHash: string): Promise<void> {
    for (const person of PEOPLE) await this.#register(person.name, passwordHash)
    for (const { name, country, kyc, role } of PEOPLE) {
      if (role) await this.#call('fairlock.set_staff_role($1, $2, true)', [this.#id(name), role])
      if (country) await this.#as(name, 'change_me', { country })
      const reason = 'documents of the demo'
      if (kyc) await this.#as('olga', 'set_kyc', { userId: this.#id(name), level: kyc, reason })
    }
    this.#progress(`${PEOPLE.length} people`)
    for (const name of TRADERS) await this.#credit(name)
    for (const offer of OFFERS) await this.#post(offer)
    this.#progress(`${OFFERS.length} offers`)
    await this.#finishTrades()
    await this.#tradesUnderWay()
    this.#progress(`${FINISHED_TRADES} finished trades, and one in every other state`)
  }

  async #register(name: string, passwordHash: string): Promise<void> {
    const made = await this.#call('fairlock.register_person($1, $2, $3)', [emailOf(name), name, passwordHash])
    this.#ids.set(name, (made.user as { id: string }).id)
  }

  async #credit(name: string): Promise<void> {
    for (const [currency, amount] of Object.entries(CREDITS)) {
      const reason = 'coins of the demo'
      await this.#as('olga', 'adjust_balance', { userId: this.#id(name), currency, amount, reason })
    }
  }

  async #post(offer: DemoOffer): Promise<void> {
    const { maker, side, pair, totalAmount, minAmount, maxAmount, paymentMethodTypes, conditions } = offer
    const pricing = { type: 'fixed', price: priceOf(offer) }
    const terms = { pricing, totalAmount, minAmount, maxAmount, paymentMethodTypes }
    const made = await this.#as(maker, 'create_offer', { side, pair, ...terms, ...conditions })
    this.#offers.push({ id: made.id as string, offer })
  }

  async #finishTrades(): Promise<void> {
    const forAll = this.#offers.filter(({ offer }) => offer.isForAll)
    for (let n = 0; n < FINISHED_TRADES; n++) {
      const { id, offer } = forAll[(n * 5) % forAll.length]!
      const others = TRADERS.filter((name) => name !== offer.maker)
      const trade = await this.#take(others[(n * 7) % others.length]!, id, offer, 1 + (n % 4))
      await this.#move(trade.buyer, 'pay_trade', trade)
      await this.#move(trade.seller, 'release_trade', trade)
    }
  }

  /** One trade in each state that is not completed, the interesting ones with the people to sign in as. */
  async #tradesUnderWay(): Promise<void> {
    const find = (maker: string, side: string, pair: string) =>
      this.#offers.find(({ offer }) => offer.maker === maker && offer.side === side && offer.pair === pair)!
    const take = ({ id, offer }: { id: string; offer: DemoOffer }, taker: string, parts: number) =>
      this.#take(taker, id, offer, parts)

    await take(find('yuki.t', 'sell', 'BTC/EUR'), 'dan', 40)
    const paid = await take(find('marta', 'sell', 'BTC/EUR'), 'noor', 50)
    await this.#move(paid.buyer, 'pay_trade', paid)
    const refused = await take(find('marta', 'sell', 'ETH/EUR'), 'dan', 4)
    await this.#move(refused.buyer, 'cancel_trade', refused, { reason: 'I took the wrong offer.' })
    // A newcomer without coins sells: this one waits to be funded.
    await take(find('finn', 'buy', 'XMR/EUR'), 'rui', 10)
    const late = await take(find('bruno', 'sell', 'ETH/EUR'), 'kwame', 5)
    // The clock of a demo goes faster: this buyer's half hour is over.
    await this.#client.query(
      `update public.crypto_trades set deadline = now() - interval '1 second' where id = $1`,
      [late.id],
    )
    await this.#call('fairlock.expire_trade($1)', [late.id])
  }

  async #take(taker: string, offerId: string, offer: DemoOffer, parts: number) {
    const amount = new Decimal(offer.minAmount).mul(parts).toFixed()
    const paymentMethodType = offer.paymentMethodTypes[0]!
    const answer = await this.#as(taker, 'take_offer', { offerId, amount, paymentMethodType })
    const { id, seller, buyer } = answer.body as Body
    return { id, seller: seller.id, buyer: buyer.id }
  }

  async #move(who: string, operation: string, trade: { id: string }, more: JsonObject = {}): Promise<void> {
    await this.#command(who, operation, { tradeId: trade.id, ...more })
  }

  #as(name: string, operation: string, args: JsonObject): Promise<JsonObject> {
    return this.#command(this.#id(name), operation, args)
  }

  async #command(userId: string, operation: string, args: JsonObject): Promise<JsonObject> {
    await this.#client.query(`select set_config('fairlock.user_id', $1, true)`, [userId])
    return this.#call('fairlock.command($1, $2, null, null)', [operation, JSON.stringify(args)])
  }

  async #call(call: string, values: unknown[]): Promise<JsonObject> {
    const result = await this.#client.query<{ answer: JsonObject }>(`select ${call} as answer`, values)
    const answer = result.rows[0]?.answer
    if (typeof answer?.refusal === 'string')
      throw new Error(`the demo was refused: ${call} ${JSON.stringify([values, answer])}`)
    return answer ?? {}
  }

  #id(name: string): string {
    return this.#ids.get(name)!
  }
}

/** The sample price with the offer's margin, to two decimals, or four where it is small. */
function priceOf({ pair, margin }: DemoOffer): string {
  const price = new Decimal(SAMPLE_PRICES[pair]!).mul(new Decimal(100).add(margin)).div(100)
  return price.toFixed(price.gt(10) ? 2 : 4)
}
