import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { newId } from '../../src/platform/index.ts'
import { decimal, feeOf, MAKER_FEE, TAKER_FEE, units } from '../support/amounts.ts'
import { type Answer, call, offerBody } from '../support/market.ts'

const RETRY_MS = 25
const START = units('1000')
const AMOUNT = units('0.01')
const HELD = AMOUNT + feeOf(AMOUNT, MAKER_FEE)

/** Where a client's two people stand: what was acknowledged, exactly. */
type Standing = { seller: bigint; buyer: bigint; trades: number; status: string }
export type Login = { id: string; token: string }
export type Counts = { acknowledged: number; repeated: number; refusedWhileDown: number }

/** A gate at which all clients stop between two requests. */
export class Gate {
  #open = Promise.withResolvers<void>()
  #waiting = 0
  isShut = false
  /** Set when the test is over, well or not: nobody repeats anything any more. */
  isOver = false

  shut(): void {
    this.#open = Promise.withResolvers()
    this.isShut = true
  }

  open(): void {
    this.isShut = false
    this.#open.resolve()
  }

  async pass(): Promise<void> {
    if (!this.isShut) return
    this.#waiting++
    await this.#open.promise
    this.#waiting--
  }

  async everybodyWaits(count: number): Promise<void> {
    while (this.#waiting < count) await sleep(5)
  }
}

/**
 * One who trades with itself over HTTP, without rest, as a seller and a buyer whom nobody else meets: so that after
 * each acknowledged answer it is known to the last decimal what they must have.
 */
export class Client {
  readonly #url: string
  readonly #gate: Gate
  readonly #seller: Login
  readonly #buyer: Login
  readonly #counts: Counts
  #offer = ''
  #now: Standing = { seller: START, buyer: 0n, trades: 0, status: '' }
  /** What it will be when the request under way is acknowledged; it may have had its effect already. */
  #next: Standing = this.#now
  stopped = false

  constructor(url: string, gate: Gate, people: [Login, Login], counts: Counts) {
    this.#url = url
    this.#gate = gate
    ;[this.#seller, this.#buyer] = people
    this.#counts = counts
  }

  /** Coins and an offer that last for all the trades to come. */
  async begin(admin: Login): Promise<void> {
    const credit = { userId: this.#seller.id, currency: 'BTC', amount: decimal(START), reason: 'load' }
    await this.#ask(admin, '/v1/admin/adjustments', credit, 201, this.#now)
    const body = offerBody({ totalAmount: '900', maxAmount: '900' })
    this.#offer = (await this.#ask(this.#seller, '/v1/offers', body, 201, this.#now)).body.id
  }

  async run(): Promise<void> {
    while (!this.stopped) await this.#trade()
  }

  async #trade(): Promise<void> {
    const taken = {
      ...this.#now,
      seller: this.#now.seller - HELD,
      trades: this.#now.trades + 1,
      status: 'funded',
    }
    const body = { amount: decimal(AMOUNT), paymentMethodType: 'sepa' }
    const { id } = (await this.#ask(this.#buyer, `/v1/offers/${this.#offer}/trades`, body, 201, taken)).body
    const cancel = () => {
      const back = { ...this.#now, seller: this.#now.seller + HELD, status: 'cancelled' }
      return this.#ask(this.#buyer, `/v1/trades/${id}/cancellation`, {}, 200, back)
    }
    const chance = Math.random()
    if (chance < 0.15) return void (await cancel())
    await this.#ask(this.#buyer, `/v1/trades/${id}/payment`, {}, 200, { ...this.#now, status: 'paid' })
    if (chance < 0.3) return void (await cancel())
    const received = this.#now.buyer + AMOUNT - feeOf(AMOUNT, TAKER_FEE)
    const released = { ...this.#now, buyer: received, status: 'completed' }
    await this.#ask(this.#seller, `/v1/trades/${id}/release`, {}, 200, released)
  }

  /** Asks until it is answered, with one key. While the program is down there may be no answer, or 503; never 500. */
  async #ask(who: Login, path: string, body: object, status: number, next: Standing): Promise<Answer> {
    const headers = { authorization: `Bearer ${who.token}`, 'idempotency-key': newId() }
    await this.#gate.pass()
    this.#next = next
    for (let attempt = 1; ; attempt++) {
      const answer = await noAnswerIsNull(() => call(this.#url, 'POST', path, body, headers))
      if (answer !== null && answer.status !== 503) {
        assert.equal(answer.status, status, `${path}: ${JSON.stringify(answer.body)}`)
        if (next.status !== '') assert.equal(answer.body.status, next.status)
        this.#counts.acknowledged++
        if (attempt > 1) this.#counts.repeated++
        this.#now = next
        return answer
      }
      if (answer !== null) assert.equal(answer.body.code, 'unavailable')
      this.#counts.refusedWhileDown++
      await sleep(RETRY_MS)
      await this.#gate.pass()
      if (this.#gate.isOver) throw new Error('the test ended before this request was answered')
    }
  }

  /** The database has everything that was acknowledged, and nothing beyond it but the request under way. */
  async assertKept(superuser: pg.Client): Promise<void> {
    const found = await standingOf(superuser, this.#seller.id, this.#buyer.id)
    const possible = [this.#now, this.#next].map(describe)
    assert.ok(
      possible.includes(describe(found)),
      `found ${describe(found)}, acknowledged ${possible.join(' then ')}`,
    )
  }
}

async function standingOf(superuser: pg.Client, seller: string, buyer: string): Promise<Standing> {
  const { rows } = await superuser.query(
    `select coalesce((select balance from public.crypto_wallets where user_id = $1), 0)::numeric(20, 8)::text as seller,
       coalesce((select balance from public.crypto_wallets where user_id = $2), 0)::numeric(20, 8)::text as buyer,
       (select count(*)::int from public.crypto_trades where user_id = $1) as trades,
       coalesce((select status from public.crypto_trades where user_id = $1 order by id desc limit 1), '') as status`,
    [seller, buyer],
  )
  const { trades, status } = rows[0]
  return { seller: units(rows[0].seller), buyer: units(rows[0].buyer), trades, status }
}

function describe({ seller, buyer, trades, status }: Standing): string {
  return `${trades} trades, the last ${status}, seller ${decimal(seller)}, buyer ${decimal(buyer)}`
}

/** A connection that is refused or breaks off: it is not known whether the request had its effect. */
async function noAnswerIsNull(ask: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}
