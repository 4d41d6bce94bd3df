import type { Context, Figures, Phase, Subject } from './bench.ts'
import { marketDatabase } from './databases.ts'
import { checkReleases, DROP_INDEXES, makePaid, releaseScript, tradesForOneRun } from './release.ts'

const CLIENTS = 8
const EMPTY = `release without a past, ${CLIENTS} clients`
const PAST = `release with a past, ${CLIENTS} clients`
const AS_APP = 'reading one trade under the policies'
const AS_SUPERUSER = 'reading one trade without policies'

/** P6 and P7: what a long past costs a release, and what the policies cost a reader. */
export const past: Phase = {
  name: 'past',
  targets: [
    { id: 'P6', title: 'release with a long past', figure: PAST, to: EMPTY, wanted: { least: 0.85 } },
    {
      id: 'P7',
      title: 'reading one trade under the policies',
      figure: AS_APP,
      to: AS_SUPERUSER,
      wanted: { most: 1.15 },
    },
  ],
  told: [],
  async open(context, wanted) {
    const releases = wanted.has(PAST)
    const count = releases ? context.scale.rounds * (await tradesForOneRun(context)) : 1
    await pastDatabase(context, count)
    if (releases) await makePaid(context, 'no_past', count)
    const subjects = releases
      ? [releaseSubject(context, EMPTY, 'no_past'), releaseSubject(context, PAST, 'past')]
      : []
    if (wanted.has(AS_APP)) {
      subjects.push(readSubject(context, AS_APP, 'app'), readSubject(context, AS_SUPERUSER, 'superuser'))
    }
    return subjects
  },
}

async function pastDatabase(context: Context, paid: number): Promise<void> {
  const { server, progress, scale } = context
  const market = await marketDatabase(context)
  progress(`${scale.pastTrades} past trades`)
  await server.copy(market, 'past')
  await server.sql('past', DROP_INDEXES)
  await server.sql('past', `call bench.add_past_trades(${scale.pastTrades})`)
  await server.sql('past', `call bench.add_paid_trades(${scale.pastTrades + 1}, ${scale.pastTrades + paid})`)
  progress(`${scale.pastTrades} past trades: indexes`)
  await server.sql('past', 'call bench.build_indexes()')
  await server.sql('past', 'vacuum analyze')
}

function releaseSubject(context: Context, figure: string, database: string): Subject {
  const { server, driver, scale } = context
  return {
    figures: { [figure]: 'per second' },
    async reset() {
      await server.sql(database, 'vacuum')
      await server.sql(database, 'checkpoint')
    },
    async run(): Promise<Figures> {
      const load = { url: server.url(database, 'app'), script: releaseScript, clients: CLIENTS, ...scale }
      const rate = await driver.transactionsPerSecond(load)
      await checkReleases(context, database)
      return { [figure]: rate }
    },
  }
}

/** The query of GET /v1/trades/{id}, by its buyer; a superuser passes by every policy. */
function readSubject(context: Context, figure: string, role: 'app' | 'superuser'): Subject {
  const { server, driver, scale } = context
  return {
    figures: { [figure]: 'ms' },
    async run(): Promise<Figures> {
      const [trade] = await server.sql<{ id: string; buyer_id: string }>(
        'past',
        `select id, buyer_id from public.crypto_trades where id = bench.id('trade', ${Math.ceil(scale.pastTrades / 2)})`,
      )
      const script = {
        name: `read-${role}`,
        variables: {},
        statements: [
          `select body, fairlock.acting_user() as me from fairlock.trade_views where id = '${trade!.id}'`,
        ],
      }
      const load = {
        url: server.url('past', role),
        settings: { 'fairlock.user_id': trade!.buyer_id },
        script,
      }
      const rate = await driver.transactionsPerSecond({ ...load, clients: 1, ...scale })
      return { [figure]: 1000 / rate }
    },
  }
}
