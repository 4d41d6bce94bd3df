import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { connect, createServer } from 'node:net'
import { Database, type JsonObject } from '../src/platform/index.ts'
import type { Context, Figures, Phase } from './bench.ts'
import { marketDatabase } from './databases.ts'

const ROWS = 'rows written by one trade'
const WAL = 'WAL of one trade'
const TRIPS = 'round trips to the database of one trade'
const TRADES = 300

/** What one whole trade (take, payment, release, each with its idempotency key) leaves behind and asks for. */
export const costs: Phase = {
  name: 'costs',
  targets: [],
  told: [ROWS, WAL, TRIPS],
  async open(context) {
    await marketDatabase(context)
    return [
      {
        figures: { [ROWS]: 'rows', [WAL]: 'bytes', [TRIPS]: 'trips' },
        reset: () => context.server.copy('market', 'costs'),
        run: () => countCosts(context),
      },
    ]
  },
}

async function countCosts(context: Context): Promise<Figures> {
  const { server } = context
  const proxy = await countingProxy(new URL(server.url('costs', 'app')))
  // The first trades after a checkpoint write whole pages; they are made before the counting begins.
  await makeTrades(context, proxy.url, 1)
  const before = await counters(context)
  const tripsBefore = proxy.trips()
  await makeTrades(context, proxy.url, 2)
  const trips = proxy.trips() - tripsBefore
  const after = await counters(context)
  await proxy.close()
  await server.drop('costs')
  return {
    [ROWS]: (after.rows - before.rows) / TRADES,
    [WAL]: (after.wal - before.wal) / TRADES,
    [TRIPS]: trips / TRADES,
  }
}

/** Closes its connections at the end, so that the server has counted everything. */
async function makeTrades({ server }: Context, url: string, part: number): Promise<void> {
  const db = new Database(url, { connections: 1 })
  const people = await server.sql<{ n: string; session: string; offer: string }>(
    'costs',
    `select n, bench.id('session', n) as session, bench.id('offer', n) as offer from bench.people
     where n between $1 and $2 order by n`,
    [1 + (part - 1) * TRADES, part * TRADES],
  )
  const callerOf = ({ n, session }: { n: string; session: string }) => {
    const secret = createHash('sha256').update(`secret ${n}`).digest()
    return {
      sessionId: session,
      tokenHash: createHash('sha256').update(secret).digest(),
      requestId: randomUUID(),
    }
  }
  try {
    for (const [i, maker] of people.entries()) {
      const [seller, buyer] = [callerOf(maker), callerOf(people[(i + 1) % people.length]!)]
      const command = (caller: typeof seller, operation: string, args: JsonObject) =>
        db.command<{ body: { id: string } }>(caller, operation, args, {
          key: randomUUID(),
          fingerprint: randomBytes(32),
        })
      const take = { offerId: maker.offer, amount: '0.001', paymentMethodType: 'sepa' }
      const { body } = await command(buyer, 'take_offer', take)
      await command(buyer, 'pay_trade', { tradeId: body.id })
      await command(seller, 'release_trade', { tradeId: body.id })
    }
  } finally {
    await db.close()
  }
}

async function counters({ server }: Context): Promise<{ rows: number; wal: number }> {
  const [row] = await server.sql<{ rows: string; wal: string }>(
    'costs',
    `select tup_inserted + tup_updated + tup_deleted as rows, pg_current_wal_lsn() - '0/0' as wal
     from pg_stat_database where datname = 'costs'`,
  )
  return { rows: Number(row!.rows), wal: Number(row!.wal) }
}

/** Stands between the program and PostgreSQL and counts how often the program speaks after the server has. */
async function countingProxy(target: URL) {
  let trips = 0
  const proxy = createServer((program) => {
    const server = connect({ host: target.hostname, port: Number(target.port) })
    // Without it each small packet waits for the other side's acknowledgement: 40 ms a statement.
    program.setNoDelay(true)
    server.setNoDelay(true)
    let serverSpokeLast = true
    program.on('data', (chunk) => {
      if (serverSpokeLast) trips++
      serverSpokeLast = false
      server.write(chunk)
    })
    server.on('data', (chunk) => {
      serverSpokeLast = true
      program.write(chunk)
    })
    for (const [one, other] of [
      [program, server],
      [server, program],
    ] as const) {
      one.on('close', () => other.destroy())
      one.on('error', () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const address = proxy.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  const url = new URL(target)
  url.port = `${address.port}`
  return { url: url.href, trips: () => trips, close: () => new Promise((resolve) => proxy.close(resolve)) }
}
