import { createHash, createHmac, randomBytes } from 'node:crypto'
import { Decimal } from 'decimal.js'
import type pg from 'pg'
import { hashPassword } from '../identity/index.ts'
import { asEngine, type JsonObject, newId } from '../platform/index.ts'
import { backfillSampleHistory, publishQuotes, samplePrice } from '../prices/index.ts'
import type { Connection } from './connect.ts'
import { type Ask, DemoLife } from './demo-life.ts'
import { CREDITS, type DemoOffer, OFFERS, PEOPLE, sampleRates } from './demo-market.ts'
import { FEEDBACK } from './demo-words.ts'
import { Finding, UsageError } from './finding.ts'
import { confirm, print } from './output.ts'

/** The people of the demo market to sign in as, and the password they share. */
export type DemoSignIns = { password: string; people: { email: string; about: string }[] }
type Urls = Pick<Connection, 'ownerUrl'>
type Options = { onProgress?: (done: string) => void }
/** Opens the API for what is sealed on its way in, until it is closed. */
export type OpenApi = () => Promise<{ ask: Ask; close(): Promise<void> }>

/** How many finished trades the makers have behind them, all together. */
const FINISHED_TRADES = 70
const TRADERS = PEOPLE.filter(({ role, hasCoins = true }) => !role && hasCoins).map(({ name }) => name)
/** By what the sessions of the filling are known; they end with it. */
const USER_AGENT = 'the filling of the demo'

/**
 * Fills a database without people with a demo market: what is not sealed in one transaction, so that it is there as a
 * whole or not at all, and then what people do through the API, which goes on where it was when it was broken off. Gives
 * the sign-ins, also on a database that it filled before; null where other people are.
 */
export async function fillDemo(
  { ownerUrl }: Urls,
  openApi: OpenApi,
  options: Options = {},
): Promise<DemoSignIns | null> {
  const password = passwordFor(ownerUrl)
  const hash = await hashPassword(password)
  const isDemo = await asEngine(ownerUrl, async (client) => {
    const found = await client.query<{ people: number; ours: number }>(
      `select count(*)::integer as people, count(*) filter (where email = any ($1))::integer as ours from users`,
      [PEOPLE.map(({ name }) => emailOf(name))],
    )
    const { people, ours } = found.rows[0]!
    if (people === 0) await new DemoMarket(client, ownerUrl, options).fill(hash)
    return people === 0 || ours === PEOPLE.length
  })
  if (!isDemo) return null
  await live(ownerUrl, openApi, options)
  await backfillSampleHistory(ownerUrl)
  const people = PEOPLE.flatMap(({ name, about }) => (about ? [{ email: emailOf(name), about }] : []))
  return { password, people }
}

/** What people do through the API, while the sessions that the filling made for them are open. */
async function live(ownerUrl: string, openApi: OpenApi, { onProgress }: Options): Promise<void> {
  const { rows } = await asEngine(ownerUrl, (client) =>
    client.query<{ id: string; name: string }>(
      `select s.id, p.display_name as name from fairlock.sessions s join crypto_profiles p using (user_id)
       where s.user_agent = $1 and s.ended_at is null and s.expires_at > now()`,
      [USER_AGENT],
    ),
  )
  if (rows.length === 0) return
  const secretOf = (name: string) => sessionSecret(ownerUrl, name).toString('base64url')
  const api = await openApi()
  try {
    const tokens = new Map(rows.map(({ id, name }) => [name, `${id}.${secretOf(name)}`]))
    await new DemoLife(api.ask, tokens).live((trade) => lapse(ownerUrl, trade))
  } finally {
    await api.close()
  }
  await asEngine(ownerUrl, (client) =>
    client.query('update fairlock.sessions set ended_at = now() where user_agent = $1', [USER_AGENT]),
  )
  onProgress?.('accounts, chats, a trade in every state, and two disputes')
}

/** The clock of a demo goes faster: the time of this trade is over. */
async function lapse(ownerUrl: string, trade: string): Promise<void> {
  await asEngine(ownerUrl, async (client) => {
    const { rowCount } = await client.query(
      `update crypto_trades set deadline = now() - interval '1 second' where id = $1 and status = 'funded'`,
      [trade],
    )
    if (rowCount !== 0) await client.query('select fairlock.expire_trade($1)', [trade])
  })
}

/** `fairlock demo`: asks before it fills. Throws `Finding` when people are there, `UsageError` when not confirmed. */
export async function fillEmptyDatabase({ ownerUrl }: Urls, yes: boolean, openApi: OpenApi): Promise<void> {
  const found = await asEngine(ownerUrl, (client) => client.query('select from users limit 1'))
  if (found.rowCount !== 0) {
    throw new Finding('There are people in this database already. The demo only fills an empty one.')
  }
  if (!(yes || (await confirm('Fill this database with invented people, offers and trades?')))) {
    throw new UsageError('not confirmed: nothing was done. Pass --yes to go on without being asked.')
  }
  const filled = await fillDemo({ ownerUrl }, openApi, {
    onProgress: (done) => process.stderr.write(`${done}\n`),
  })
  if (filled === null) throw new Finding('Somebody registered in the meantime. Nothing was filled in.')
  print(`Sign in with the password ${filled.password} as`)
  for (const { email, about } of filled.people) print(`  ${email.padEnd(28)} ${about}`)
}

/**
 * Derived from the owner's own password, so that each installation has another one, and the same at every start; a
 * fixed one would open every demo that somebody forgot on a public address.
 */
function passwordFor(ownerUrl: string): string {
  const bytes = createHmac('sha256', keyFor(ownerUrl)).update('demo sign-in').digest()
  const letters = [...bytes.subarray(0, 12)].map((byte) => 'abcdefghijkmnpqrstuvwxyz23456789'[byte % 32])
  return `demo-${letters.join('').replaceAll(/(.{4})(?=.)/g, '$1-')}`
}

const OWN_KEY = randomBytes(32)
function keyFor(ownerUrl: string): string | Buffer {
  return new URL(ownerUrl).password || OWN_KEY
}

/** Whoever has the owner's password can make it, and everything else. */
function sessionSecret(ownerUrl: string, name: string): Buffer {
  return createHmac('sha256', keyFor(ownerUrl)).update(`demo session of ${name}`).digest()
}

function emailOf(name: string): string {
  return `${name.replaceAll(/\W+/g, '.')}@demo.fairlock.test`
}

type Body = { id: string; version: number; seller: { id: string }; buyer: { id: string } }

/** The filling: who does what, in which order. Every choice follows from the tables, so that each run is the same. */
class DemoMarket {
  readonly #client: pg.Client
  readonly #ownerUrl: string
  readonly #progress: (done: string) => void
  readonly #ids = new Map<string, string>()
  readonly #offers: { id: string; offer: DemoOffer }[] = []

  constructor(client: pg.Client, ownerUrl: string, { onProgress = () => undefined }: Options) {
    this.#client = client
    this.#ownerUrl = ownerUrl
    this.#progress = onProgress
  }

  async fill(passwordHash: string): Promise<void> {
    await publishQuotes(this.#client, sampleRates())
    for (const person of PEOPLE) await this.#register(person.name, passwordHash)
    for (const { name, country, kyc, role } of PEOPLE) {
      if (role) await this.#call('fairlock.set_staff_role($1, $2, true)', [this.#id(name), role])
      if (country) await this.#as(name, 'change_me', { country })
      const reason = 'documents of the demo'
      if (kyc) await this.#as('olga', 'set_kyc', { userId: this.#id(name), level: kyc, reason })
    }
    this.#progress(`${PEOPLE.length} people`)
    for (const name of TRADERS) await this.#credit(name)
    await this.#quote()
    for (const offer of OFFERS) await this.#post(offer)
    this.#progress(`${OFFERS.length} offers`)
    await this.#finishTrades()
    for (const { name } of PEOPLE) await this.#openSession(name)
    this.#progress(`${FINISHED_TRADES} finished trades`)
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

  /** What the market says until the price feed says more, so that floating offers have a price at once. */
  async #quote(): Promise<void> {
    const asOf = new Date().toISOString()
    const facts = { via: 'direct', sourceCount: 2, spreadPercent: '0', asOf, rateAsOf: null, isSample: true }
    const quotes = [...new Set(OFFERS.map(({ pair }) => pair))].map((pair) => {
      const price = samplePrice(pair)
      const sources = ['sample-1', 'sample-2'].map((source) => ({ source, price, at: asOf, used: true }))
      return { pair, price, sources, ...facts }
    })
    await this.#call('to_jsonb(fairlock.publish_quotes($1))', [JSON.stringify(quotes)])
  }

  async #post(offer: DemoOffer): Promise<void> {
    const { maker, side, pair, totalAmount, minAmount, maxAmount, paymentMethodTypes, conditions } = offer
    const pricing = offer.isFloating ? floatingOf(offer) : { type: 'fixed', price: priceOf(offer) }
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
      await this.#rate(n, trade)
    }
  }

  /** Most say nothing; some rate, some of the rated answer. */
  async #rate(n: number, trade: { id: string; seller: string; buyer: string }): Promise<void> {
    if (n % 3 === 2) return
    const [rating, feedback, answer] = FEEDBACK[n % FEEDBACK.length]!
    const [who, whom] = n % 4 === 1 ? [trade.seller, trade.buyer] : [trade.buyer, trade.seller]
    await this.#move(who, 'rate_trade', trade, { rating, ...(feedback && { feedback }) })
    if (answer) await this.#move(whom, 'answer_rating', trade, { text: answer })
  }

  /** For what follows through the API; it ends with that. */
  async #openSession(name: string): Promise<void> {
    const hash = createHash('sha256').update(sessionSecret(this.#ownerUrl, name)).digest()
    const values = [newId(), this.#id(name), hash, USER_AGENT]
    await this.#call('fairlock.open_session($1, $2, $3, 1, $4, null)', values)
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

function floatingOf({ margin, floorPrice, ceilingPrice }: DemoOffer): JsonObject {
  const bounds = { ...(floorPrice && { floorPrice }), ...(ceilingPrice && { ceilingPrice }) }
  return { type: 'floating', marginPercent: margin, ...bounds }
}

/** The sample price with the offer's margin, to two decimals, or four where it is small. */
function priceOf({ pair, margin }: DemoOffer): string {
  const price = new Decimal(samplePrice(pair)).mul(new Decimal(100).add(margin)).div(100)
  return price.toFixed(price.gt(10) ? 2 : 4)
}
