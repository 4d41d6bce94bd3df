import pg from 'pg'
import { expireTrades } from '../../src/trades/index.ts'
import { type Market, offerBody, type Person } from '../support/market.ts'

export const STATES = [
  'pending',
  'funded',
  'paid',
  'disputed',
  'completed',
  'cancelled',
  'cancelled unfunded',
  'expired',
] as const
export type State = (typeof STATES)[number]

export type Standing = {
  id: string
  status: string
  escrow: string
  escrowId: string
  dispute: string | null
}
export type Trades = { seller: Person; buyer: Person; trades: Record<State, Standing> }

/** One trade in every state there is, between the same two people. */
export async function tradesInEveryState(market: Market): Promise<Trades> {
  const [seller, buyer] = await Promise.all(['seller', 'buyer'].map(market.person))
  if (!seller || !buyer) throw new Error('nobody registered')
  await market.credit(seller, 'BTC', '10')
  const take = async (pair: string) => {
    const offer = await ok(seller.post('/v1/offers', offerBody({ pair })))
    return (
      await ok(buyer.post(`/v1/offers/${offer.id}/trades`, { amount: '0.1', paymentMethodType: 'sepa' }))
    ).id
  }
  const move = (id: string, who: Person, name: string) => ok(who.post(`/v1/trades/${id}/${name}`))
  // The seller has no ether, so those trades wait for the seller to fund them.
  const ids: Record<State, string> = {
    pending: await take('ETH/EUR'),
    funded: await take('BTC/EUR'),
    paid: await take('BTC/EUR'),
    disputed: await take('BTC/EUR'),
    completed: await take('BTC/EUR'),
    cancelled: await take('BTC/EUR'),
    'cancelled unfunded': await take('ETH/EUR'),
    expired: await take('BTC/EUR'),
  }
  for (const state of ['paid', 'disputed', 'completed'] as const) await move(ids[state], buyer, 'payment')
  await move(ids.completed, seller, 'release')
  await ok(seller.post(`/v1/trades/${ids.disputed}/dispute`, { reason: 'payment_not_received' }))
  await move(ids.cancelled, buyer, 'cancellation')
  await move(ids['cancelled unfunded'], seller, 'cancellation')
  await withSuperuser(market, async (database) => {
    await age(database, ids.expired)
    await expireTrades(market.db)
  })
  const trades = {} as Record<State, Standing>
  for (const state of STATES) trades[state] = await standing(market, ids[state])
  return { seller, buyer, trades }
}

/** Lets a trade's deadline pass, which no command can. */
export async function age(superuser: pg.Client, trade: string): Promise<void> {
  await superuser.query(`set session_replication_role = replica`)
  await superuser.query(`update crypto_trades set deadline = now() - interval '1 minute' where id = $1`, [
    trade,
  ])
  await superuser.query(`set session_replication_role = origin`)
}

export async function withSuperuser<T>(market: Market, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(market.database.superuserUrl)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function standing(market: Market, id: string): Promise<Standing> {
  return withSuperuser(market, async (client) => {
    const { rows } = await client.query<Standing>(
      `select t.id, t.status, e.status as escrow, e.id as "escrowId", t.dispute_id as dispute from crypto_trades t
       join crypto_escrows e on e.trade_id = t.id where t.id = $1`,
      [id],
    )
    if (!rows[0]) throw new Error(`there is no trade ${id}`)
    return rows[0]
  })
}

async function ok(asked: ReturnType<Person['get']>) {
  const answer = await asked
  if (answer.status >= 300) throw new Error(`the trade could not be made: ${JSON.stringify(answer.body)}`)
  return answer.body
}
