import pg from 'pg'
import { searchOffers } from '../src/offers/index.ts'
import { publishQuotes, type Quote } from '../src/prices/index.ts'
import type { Context, Figures, Phase, Subject } from './bench.ts'
import { marketDatabase } from './databases.ts'
import { median, randomFrom } from './statistics.ts'

const FEW = 'search, few offers'
const MANY = 'search, many offers'
const WORST = 'search for an amount nobody takes, many offers'
const QUOTE = 'a quote that passes many floors and ceilings, many offers'
const FOLLOW = 'moving the offers that it passed'
const PAGE = 20
const PAIRS = ['BTC/EUR', 'BTC/USD', 'ETH/EUR', 'ETH/USD']

/** P5: the first page of a search by pair, side, method and amount, best price now first; half of the offers are floating. */
export const search: Phase = {
  name: 'search',
  targets: [{ id: 'P5', title: 'search among many offers', figure: MANY, to: FEW, wanted: { most: 1.5 } }],
  told: [WORST, QUOTE, FOLLOW],
  async open(context, wanted) {
    await fill(context, 'offers_few', context.scale.offersFew)
    await fill(context, 'offers_many', context.scale.offersMany)
    const all = [
      searchSubject(context, FEW, 'offers_few', () => `0.${1 + Math.floor(Math.random() * 9)}`),
      searchSubject(context, MANY, 'offers_many', () => `0.${1 + Math.floor(Math.random() * 9)}`),
      searchSubject(context, WORST, 'offers_many', () => '99.9'),
      quoteSubject(context),
    ]
    return all.filter((one) => Object.keys(one.figures).some((figure) => wanted.has(figure)))
  },
}

async function fill(context: Context, database: string, offers: number): Promise<void> {
  const { server, progress } = context
  const market = await marketDatabase(context)
  progress(`${offers} offers`)
  await server.copy(market, database)
  await server.sql(database, `call bench.drop_indexes('fairlock.offers', 'fairlock.offer_listings')`)
  await server.sql(database, `call bench.add_offers(${offers})`)
  await server.sql(database, 'call bench.build_indexes()')
  await server.sql(database, 'vacuum analyze fairlock.offers, fairlock.offer_listings')
}

function searchSubject(context: Context, figure: string, database: string, amount: () => string): Subject {
  const { server, scale } = context
  return {
    figures: { [figure]: 'ms' },
    reset: async () => void (await server.sql(database, 'checkpoint')),
    async run(): Promise<Figures> {
      const client = new pg.Client({
        connectionString: server.url(database, 'app'),
        options: '-c timezone=UTC',
      })
      await client.connect()
      try {
        await searchFor(client, scale.warmUpSeconds, amount)
        return { [figure]: median(await searchFor(client, Math.min(scale.seconds, 3), amount)) }
      } finally {
        await client.end()
      }
    },
  }
}

/** The market goes half a percent down and back: what the quotes take, and then the background work for the rest. */
function quoteSubject({ server }: Context): Subject {
  return {
    figures: { [QUOTE]: 'ms', [FOLLOW]: 's' },
    reset: async () => void (await server.sql('offers_many', 'checkpoint')),
    async run(): Promise<Figures> {
      const client = new pg.Client({ connectionString: server.url('offers_many', 'app') })
      await client.connect()
      const took: [number, number][] = []
      try {
        for (const price of ['995', '1000']) {
          const began = performance.now()
          await publishQuotes(
            client,
            PAIRS.map((pair) => quoteOf(pair, price)),
          )
          const published = performance.now()
          for (let moved = 1; moved > 0; ) {
            const { rows } = await client.query<{ moved: number }>(
              'select fairlock.anchor_offers(2000) as moved',
            )
            moved = rows[0]!.moved
          }
          took.push([published - began, (performance.now() - published) / 1000])
        }
      } finally {
        await client.end()
      }
      return { [QUOTE]: median(took.map(([ms]) => ms)), [FOLLOW]: median(took.map(([, seconds]) => seconds)) }
    },
  }
}

function quoteOf(pair: string, price: string): Quote {
  const at = new Date().toISOString()
  const facts = { via: 'direct', spreadPercent: '0', asOf: at, rateAsOf: null, isSample: true } as const
  return { pair, price, sources: [{ source: 'one', price, at, used: true }], sourceCount: 2, ...facts }
}

/** Searches like people do, one after another; how long each took. */
async function searchFor(client: pg.Client, seconds: number, amount: () => string): Promise<number[]> {
  const random = randomFrom(1)
  const one = (of: readonly string[]) => of[Math.floor(random() * of.length)]!
  const took: number[] = []
  const end = performance.now() + seconds * 1000
  while (performance.now() < end || took.length === 0) {
    const side = random() < 0.5 ? 'sell' : 'buy'
    const pair = one(PAIRS)
    const paymentMethodType = one(['bank_transfer', 'n26', 'paypal', 'pix', 'revolut', 'sepa', 'wise'])
    const { sql, parameters } = searchOffers({ pair, side, paymentMethodType, amount: amount() }, PAGE, null)
    const asked = performance.now()
    await client.query({ name: `search ${side}`, text: sql, values: [...parameters] })
    took.push(performance.now() - asked)
  }
  return took
}
