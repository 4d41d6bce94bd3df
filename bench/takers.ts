import type { Context, Figures, Phase, Subject } from './bench.ts'
import { marketDatabase } from './databases.ts'
import type { Script } from './driver.ts'

const TAKERS = 64
const ONE = `takes of one offer, ${TAKERS} takers`
const SPREAD = `takes of ${TAKERS} offers, ${TAKERS} takers`
const LAST = { takes: 200, amount: '0.2' }

/** P4: many takers at one offer, against as many at an offer each. */
export const takers: Phase = {
  name: 'takers',
  targets: [
    { id: 'P4', title: `${TAKERS} takers at one offer`, figure: ONE, to: SPREAD, wanted: { least: 0.5 } },
  ],
  told: [],
  async open(context) {
    await marketDatabase(context)
    context.progress('an offer that runs out, taken by all at once')
    await checkLastTakes(context)
    return [takeSubject(context, ONE, 1), takeSubject(context, SPREAD, TAKERS)]
  },
}

function takeScript(offers: number, mayRunOut: boolean): Script {
  return { name: `take-${offers}`, variables: {}, statements: [`select bench.take(${offers}, ${mayRunOut})`] }
}

function takeSubject(context: Context, figure: string, offers: number): Subject {
  const { server, driver, scale } = context
  return {
    figures: { [figure]: 'per second' },
    reset: () => server.copy('market', 'takes'),
    async run(): Promise<Figures> {
      const load = { url: server.url('takes', 'app'), script: takeScript(offers, false), clients: TAKERS }
      const rate = await driver.transactionsPerSecond({ ...load, ...scale })
      await checkOffers(context)
      await server.drop('takes')
      return { [figure]: rate }
    },
  }
}

/** An offer of 200 takes under 64 takers gives exactly 200 trades. */
async function checkLastTakes(context: Context): Promise<void> {
  const { server, driver } = context
  await server.copy('market', 'takes')
  await server.sql(
    'takes',
    `update fairlock.offers set total_amount = ${LAST.amount}, max_amount = 0.01, min_amount = 0.001
     where id = bench.id('offer', 1)`,
  )
  const load = { url: server.url('takes', 'app'), script: takeScript(1, true), clients: TAKERS }
  await driver.transactionsPerSecond({ ...load, warmUpSeconds: 0, seconds: 2 })
  const [row] = await server.sql<{ trades: string }>(
    'takes',
    'select count(*) as trades from public.crypto_trades',
  )
  if (Number(row?.trades) > LAST.takes)
    throw new Error(`an offer of ${LAST.takes} takes was taken ${row?.trades} times`)
  await checkOffers(context)
  await server.drop('takes')
}

async function checkOffers({ server }: Context): Promise<void> {
  const [row] = await server.sql<{ wrong: string }>('takes', 'select bench.wrong_offers() as wrong')
  if (row?.wrong !== '0') throw new Error(`${row?.wrong} offers do not know what was taken of them`)
}
