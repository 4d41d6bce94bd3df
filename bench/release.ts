import type { Context, Subject } from './bench.ts'
import { marketDatabase } from './databases.ts'
import type { Script } from './driver.ts'

export const releaseScript: Script = {
  name: 'release',
  variables: {},
  statements: ['select bench.release()'],
}
export const releaseFigure = (clients: number) => `release, ${clients} clients`

/** A database with as many trades waiting for their release as one run can use up; every run has a copy of it. */
async function paidDatabase(context: Context): Promise<string> {
  const count = await tradesForOneRun(context)
  await makePaid(context, 'paid', count)
  return 'paid'
}

/** A market with that many trades waiting for their release, and no others. */
export async function makePaid(context: Context, database: string, count: number): Promise<void> {
  const { server, progress } = context
  const market = await marketDatabase(context)
  progress(`${count} trades that wait for their release`)
  await server.copy(market, database)
  await server.sql(database, DROP_INDEXES)
  await server.sql(database, `call bench.add_paid_trades(1, ${count})`)
  await server.sql(database, 'call bench.build_indexes()')
  await server.sql(database, 'vacuum analyze')
}

export const DROP_INDEXES = `call bench.drop_indexes('public.crypto_trades', 'public.crypto_escrows',
  'public.crypto_transactions', 'ledger.accounts', 'ledger.transfers', 'ledger.entries', 'audit.events')`

/** Far more than a short trial comes to: on a shared machine the trial may have had a bad moment. */
export async function tradesForOneRun(context: Context): Promise<number> {
  const { driver, scale, server } = context
  await makePaid(context, 'trial', PER_SECOND.most)
  const load = {
    url: server.url('trial', 'app'),
    script: releaseScript,
    clients: 8,
    warmUpSeconds: 0,
    seconds: 1,
  }
  const tried = await driver.transactionsPerSecond(load)
  await server.drop('trial')
  const perSecond = Math.min(PER_SECOND.most, Math.max(PER_SECOND.least, 3 * tried))
  return Math.ceil(perSecond * (scale.seconds + scale.warmUpSeconds + 2))
}

/** Releases that no machine stays below when it is free, and that none will do. */
const PER_SECOND = { least: 3000, most: 20_000 }

/** Releases as shipped, in the database, the fees of all of them going to one account. */
export async function releaseSubjects(context: Context, clientCounts: readonly number[]): Promise<Subject[]> {
  if (clientCounts.length === 0) return []
  const { server, driver, scale } = context
  const paid = await paidDatabase(context)
  return clientCounts.map((clients) => ({
    figures: { [releaseFigure(clients)]: 'per second' },
    reset: () => server.copy(paid, 'release'),
    async run() {
      const url = server.url('release', 'app')
      const load = { url, script: releaseScript, clients, ...scale }
      const rate = await driver.transactionsPerSecond(load)
      await checkReleases(context, 'release')
      await server.drop('release')
      return { [releaseFigure(clients)]: rate }
    },
  }))
}

/** A figure counts only when every release did its work: as many completed as were asked for, and no coin lost. */
export async function checkReleases({ server }: Context, database: string): Promise<void> {
  const [row] = await server.sql<{ asked: string; done: string; sum: string }>(
    database,
    `select (select last_value - (select min(n) from bench.paid) + is_called::integer from bench.released) as asked,
       (select count(*) from public.crypto_trades t join bench.paid p on p.trade = t.id where t.status = 'completed') as done,
       (select coalesce(sum(amount), 0) from ledger.entries) as sum`,
  )
  if (row === undefined || row.asked !== row.done || Number(row.sum) !== 0)
    throw new Error(`the releases went wrong: ${JSON.stringify(row)}`)
}
