import { randomUUID } from 'node:crypto'
import type { StatementName } from './statements.ts'

export type Row = Record<string, unknown>
/** Sends a statement of the application on the connection that the request has. */
export type Send = (
  name: StatementName | 'begin' | 'commit' | 'rollback',
  values?: unknown[],
) => Promise<Row[]>

type Person = { id: string; email: string }
type Owned = { id: string; user: string }
type Order = Owned & { price: string; amount: string }
type Deposit = { id: string; wallet: string; amount: string }

/**
 * The old application: it keeps in memory what it made, as a browser or a queue would, and serves one request at a time
 * for each connection. Each of its requests leaves the database right; it locks wallets by their ids in order.
 */
export class OldApplication {
  readonly #random: () => number
  #people: Person[] = []
  #wallets: Owned[] = []
  #orders: Order[] = []
  #taken: Order[] = []
  #deposits: Deposit[] = []
  #spare: string[] = []
  readonly #listed = new Set<string>()

  constructor(seed: number) {
    this.#random = randomFrom(seed)
  }

  async start(send: Send): Promise<void> {
    this.#people = (await send('somePeople')).map((row) => ({ id: String(row.id), email: String(row.email) }))
    const ids = [this.#people.map(({ id }) => id)]
    const owned = (row: Row) => ({ id: String(row.id), user: String(row.user_id) })
    this.#wallets = (await send('theirWallets', ids)).map(owned)
    const known = new Set(this.#wallets.map(({ user }) => user))
    this.#orders = (await send('theirOrders', ids))
      .map((row) => ({ ...owned(row), price: String(row.price), amount: String(row.amount) }))
      .filter(({ user }) => known.has(user))
    if (this.#wallets.length < 2)
      throw new Error('The old application needs a database with people and wallets.')
  }

  /** The next request that comes in: what it is called and what it does. */
  next(): { name: string; run(send: Send): Promise<unknown> } {
    const total = REQUESTS.reduce((sum, [, weight]) => sum + weight, 0)
    let at = this.#random() * total
    for (const [name, weight] of REQUESTS) {
      at -= weight
      if (at < 0) return { name, run: (send) => this[name](send) }
    }
    return { name: 'readPrices', run: (send) => this.readPrices(send) }
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)]!
  }

  #takeOut<T>(list: T[]): T | undefined {
    return list.splice(Math.floor(this.#random() * list.length), 1)[0]
  }

  readonly #amount = () => (Math.floor(this.#random() * 9000 + 1) / 100_000_000).toFixed(8)

  signIn = (send: Send) => send('signIn', [this.#pick(this.#people).email])
  readPrices = (send: Send) => send('prices')
  readOpenOrders = (send: Send) => send('openOrders', [this.#pick(PAIRS)])
  readTransactions = (send: Send) =>
    send('transactionPage', [this.#pick(this.#people).id, 20 * Math.floor(this.#random() * 3)])

  async openPage(send: Send): Promise<void> {
    const { id } = this.#pick(this.#people)
    await send('profile', [id])
    await send('wallets', [id])
    await send('tradePage', [id])
    await send('completedTrades', [id])
  }

  async signUp(send: Send): Promise<void> {
    const [id, wallet, at] = [randomUUID(), randomUUID(), now()]
    const email = `new.${id.slice(0, 13)}@example.org`
    await send('begin')
    await send('insertUser', [id, email, `$2b$10$${'x'.repeat(53)}`, 'New Person', 'user', at])
    const preferences = JSON.stringify({ email: true, push: false, time_zone: 'Europe/Berlin' })
    const security = JSON.stringify({ two_factor: false, login_alerts: true })
    await send('insertProfile', [
      randomUUID(),
      id,
      'pending',
      '{BTC,EUR}',
      '{BTC/EUR}',
      preferences,
      security,
      at,
    ])
    const more = [randomUUID(), `0x${id.slice(0, 8)}`, 'ethereum', 'ETH']
    await send('insertWallets', [
      wallet,
      id,
      `bc1q${id.slice(0, 8)}`,
      'platform',
      'bitcoin',
      '0',
      'BTC',
      at,
      ...more,
    ])
    await send('commit')
    this.#people.push({ id, email })
    this.#wallets.push({ id: wallet, user: id })
  }

  async addWallet(send: Send): Promise<void> {
    const [id, { id: user }, outside] = [randomUUID(), this.#pick(this.#people), this.#random() < 0.5]
    const provider = outside ? 'metamask' : 'custodial'
    await send('insertWallet', [id, user, `0x${id.slice(0, 8)}`, provider, 'ethereum', 'ETH', outside, now()])
    this.#spare.push(id)
  }

  async removeWallet(send: Send): Promise<void> {
    const id = this.#takeOut(this.#spare)
    if (id === undefined) return this.addWallet(send)
    await send('deleteWallet', [id])
  }

  /** Reads both balances under lock and writes what they are to be, as an ORM that saves objects does. */
  async transfer(send: Send): Promise<void> {
    const [from, to, amount, at] = [
      this.#pick(this.#wallets),
      this.#pick(this.#wallets),
      this.#amount(),
      now(),
    ]
    if (from.id === to.id) return this.readPrices(send).then(() => undefined)
    await send('begin')
    const balances = await this.#lock(send, [from.id, to.id])
    const [has, gets] = [balances.get(from.id), balances.get(to.id)]
    if (has === undefined || gets === undefined || !(has >= Number(amount))) {
      await send('rollback')
      return
    }
    await send('setBalance', [from.id, (has - Number(amount)).toFixed(8), at])
    await send('setBalance', [to.id, (gets + Number(amount)).toFixed(8), at])
    await send('insertTwoTransactions', [
      ...[randomUUID(), from.user, from.id, amount, 'BTC', '0', 'completed', 'transfer', at],
      ...[randomUUID(), to.user, to.id, 'transfer'],
    ])
    await send('commit')
  }

  async announceDeposit(send: Send): Promise<void> {
    const [wallet, id, amount] = [this.#pick(this.#wallets), randomUUID(), this.#amount()]
    const hash = `0x${id.replaceAll('-', '')}`
    const way = [hash, `bc1q${id.slice(0, 12)}`, null]
    const words = [amount, 'BTC', null, 'pending', 'deposit', now(), JSON.stringify({ source: 'web' })]
    await send('insertTransaction', [id, wallet.user, wallet.id, ...way, ...words])
    this.#deposits.push({ id, wallet: wallet.id, amount })
  }

  async confirmDeposit(send: Send): Promise<void> {
    const deposit = this.#takeOut(this.#deposits)
    if (deposit === undefined) return this.announceDeposit(send)
    await send('begin')
    await this.#lock(send, [deposit.wallet])
    await send('setTransactionStatus', [deposit.id, 'completed', 6, now()])
    await send('addToBalance', [deposit.wallet, deposit.amount, now()])
    await send('commit')
  }

  async withdraw(send: Send): Promise<void> {
    const [wallet, id, amount] = [this.#pick(this.#wallets), randomUUID(), this.#amount()]
    await send('begin')
    const has = (await this.#lock(send, [wallet.id])).get(wallet.id)
    if (has === undefined || !(has >= Number(amount))) {
      await send('rollback')
      return
    }
    await send('takeFromBalance', [wallet.id, amount, now()])
    const way = [`0x${id.replaceAll('-', '')}`, null, `bc1q${id.slice(0, 12)}`]
    const words = [amount, 'BTC', '0.00000100', 'completed', 'withdrawal', now(), null]
    await send('insertTransaction', [id, wallet.user, wallet.id, ...way, ...words])
    await send('commit')
  }

  async placeOrder(send: Send): Promise<void> {
    const [{ user }, id, amount] = [this.#pick(this.#wallets), randomUUID(), this.#amount()]
    const total = (40_000 * Number(amount)).toFixed(8)
    const words = ['EUR', 'limit', now(), JSON.stringify({ p2p: true, payment_methods: ['sepa'] })]
    await send('insertTrade', [id, user, 'BTC/EUR', 'sell', '40000', amount, total, '0', ...words])
    this.#orders.push({ id, user, price: '40000', amount })
  }

  async cancelOrder(send: Send): Promise<void> {
    const order = this.#takeOut(this.#orders)
    if (order === undefined) return this.placeOrder(send)
    await send('setTradeStatus', [order.id, 'cancelled', 'open', now()])
  }

  async takeOrder(send: Send): Promise<void> {
    const order = this.#takeOut(this.#orders)
    if (order === undefined) return this.placeOrder(send)
    const buyer = this.#otherThan(order.user)
    await send('takeTrade', [order.id, JSON.stringify({ p2p: true, buyer_id: buyer.user }), now()])
    await send('setTradeStatus', [order.id, 'paid', 'pending', now()])
    this.#taken.push(order)
  }

  async fillOrder(send: Send): Promise<void> {
    const order = this.#takeOut(this.#random() < 0.5 && this.#taken.length > 0 ? this.#taken : this.#orders)
    if (order === undefined) return this.placeOrder(send)
    const [buyer, at, { amount, price }] = [this.#otherThan(order.user), now(), order]
    const seller = this.#wallets.find(({ user }) => user === order.user)!
    await send('begin')
    const balances = await this.#lock(send, [seller.id, buyer.id])
    if (!((balances.get(seller.id) ?? 0) >= Number(amount))) {
      await send('rollback')
      return
    }
    const [sold, bought, value] = [randomUUID(), randomUUID(), (Number(price) * Number(amount)).toFixed(8)]
    await send('insertTwoTransactions', [
      ...[sold, seller.user, seller.id, amount, 'BTC', '0', 'completed', 'sell', at],
      ...[bought, buyer.user, buyer.id, 'buy'],
    ])
    await send('fillTrade', [order.id, sold, JSON.stringify({ p2p: true, buyer_id: buyer.user }), at])
    await send('takeFromBalance', [seller.id, amount, at])
    await send('addToBalance', [buyer.id, amount, at])
    for (const user of [seller.user, buyer.user].sort()) await send('countTrade', [user, value, at])
    await send('commit')
  }

  setPreferences = (send: Send) => {
    const preferences = JSON.stringify({ email: this.#random() < 0.5, push: true, time_zone: 'UTC' })
    return send('setPreferences', [
      this.#pick(this.#people).id,
      preferences,
      this.#pick(['low', 'high']),
      now(),
    ])
  }

  async publishPrice(send: Send): Promise<void> {
    const [symbol, price] = [
      this.#pick(['BTC', 'ETH', 'LTC', 'PEPE']),
      (this.#random() * 1000 + 1).toFixed(2),
    ]
    const found = await send('setPrice', [symbol, price, '1.25', price, now()])
    if (found.length > 0 || this.#listed.has(symbol)) return
    this.#listed.add(symbol)
    await send('insertPrice', [randomUUID(), symbol, price, now()])
  }

  async #lock(send: Send, ids: string[]): Promise<Map<string, number>> {
    const rows = await send('lockWallets', [ids])
    return new Map(rows.map(({ id, balance }) => [String(id), Number(balance)]))
  }

  #otherThan(user: string): Owned {
    const found = this.#pick(this.#wallets)
    return found.user === user ? this.#wallets.find((one) => one.user !== user)! : found
  }
}

type Request = {
  [K in keyof OldApplication]: OldApplication[K] extends (send: Send) => Promise<unknown> ? K : never
}[keyof OldApplication]

const PAIRS = ['BTC/EUR', 'ETH/EUR', 'USDT/USD', 'SOL/USD', 'BTC/GBP']
/** How often each request comes, of a hundred. */
const REQUESTS: [Exclude<Request, 'start'>, number][] = [
  ['openPage', 12],
  ['signIn', 10],
  ['readPrices', 12],
  ['readOpenOrders', 12],
  ['readTransactions', 10],
  ['transfer', 10],
  ['announceDeposit', 5],
  ['confirmDeposit', 5],
  ['withdraw', 4],
  ['placeOrder', 5],
  ['cancelOrder', 2],
  ['takeOrder', 2],
  ['fillOrder', 3],
  ['signUp', 2],
  ['addWallet', 1],
  ['removeWallet', 1],
  ['setPreferences', 2],
  ['publishPrice', 2],
]

const now = () => new Date().toISOString()

/** Mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
