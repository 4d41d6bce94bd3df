import type { Context, Subject } from './bench.ts'
import { marketDatabase, tpcbDatabase } from './databases.ts'
import type { Script } from './driver.ts'
import { conversationFigure, tpcbSubject } from './tpcb.ts'

export const releaseScript: Script = {
  name: 'release',
  variables: {},
  statements: ['select bench.release()'],
}
export const releaseFigure = (clients: number) => `release, ${clients} clients`

/** A database with as many trades waiting for their release as one run can use up; every run has a copy of it. */
async function paidDatabase(context: Context): Promise<string> {
  const { server, progress } = context
  const market = await marketDatabase(context)
  const count = await tradesForOneRun(context)
  progress(`${count} trades that wait for their release`)
  await server.copy(market, 'paid')
  await server.sql('paid', `call bench.add_paid_trades(1, ${count})`)
  await server.sql('paid', 'vacuum analyze')
  return 'paid'
}

/** Twice what TPC-B's conversation would do in the time. */
export async function tradesForOneRun(context: Context): Promise<number> {
  const { driver, scale, server } = context
  await tpcbDatabase(context)
  const [yardstick] = [
    tpcbSubject({ ...context, scale: { ...scale, seconds: 1, warmUpSeconds: 1 } }, 'conversation', 8),
  ]
  const perSecond = (await yardstick.run())[conversationFigure(8)]!
  context.progress(`${driver.name}: TPC-B about ${Math.round(perSecond)} a second`)
  await server.sql('tpcb', 'checkpoint')
  return Math.max(2000, Math.ceil(2 * perSecond * (scale.seconds + scale.warmUpSeconds)))
}

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
