import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import pg from 'pg'
import { anchorOffers, effectivePrice, searchOffers } from '../../src/offers/index.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'
import { marketSays } from './support.ts'

// The order of the market against a plain sort of all offers, while the market jumps over their floors and ceilings.

const PAIR = 'XMR/CHF'
const METHODS = ['sepa', 'wise', 'cash']
const NOBODY = { sessionId: null, tokenHash: null, requestId: 'test' }
const Exact = Decimal.clone({ precision: 60 })

type Terms = {
  side: 'sell' | 'buy'
  price: string | null
  marginPercent: string
  floorPrice: string | null
  ceilingPrice: string | null
  methods: string[]
}
type Placed = Terms & { id: string }

let market: Market
let superuser: pg.Client
let maker: Person
before(async () => {
  market = await startMarket()
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  maker = await market.person('maker')
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

// Few different values, so that many are equal; some with more digits than a division by a margin gives back exactly.
const price = fc.constantFrom('90', '100', '101.00000001', '103.33333333', '110', '0.00000001', '250')
const bound = fc.option(price, { nil: null })
const terms: fc.Arbitrary<Terms> = fc
  .record({
    side: fc.constantFrom<'sell' | 'buy'>('sell', 'buy'),
    price: fc.oneof({ arbitrary: fc.constant(null), weight: 3 }, price),
    marginPercent: fc.constantFrom('-50', '-1.37', '0', '0.01', '1', '3', '3.33', '100'),
    bounds: fc.tuple(bound, bound),
    methods: fc.subarray(METHODS, { minLength: 1 }),
  })
  .map(({ bounds: [a, b], ...rest }) => {
    const isTurned = a !== null && b !== null && new Decimal(a).gt(b)
    return { ...rest, floorPrice: isTurned ? b : a, ceilingPrice: isTurned ? a : b }
  })
const said = fc.constantFrom(
  '100',
  '99.99999999',
  '103.333333330000000001',
  '87.3',
  '0.000000005',
  '180',
  '1000',
)

async function put(offers: Terms[]): Promise<Placed[]> {
  const placed = offers.map((one) => ({ ...one, id: randomUUID() as string }))
  await superuser.query(
    `insert into fairlock.offers (id, maker_id, side, base_currency, quote_currency, pricing, price, margin_percent,
       floor_price, ceiling_price, total_amount, min_amount, max_amount, payment_method_types, payment_window_minutes)
     select id, $1, side, 'XMR', 'CHF', case when price is null then 'floating' else 'fixed' end, price,
       case when price is null then "marginPercent" end, case when price is null then "floorPrice" end,
       case when price is null then "ceilingPrice" end, 1, 0.1, 1, methods, 30
     from jsonb_to_recordset($2) as r (id uuid, side text, price numeric, "marginPercent" numeric,
       "floorPrice" numeric, "ceilingPrice" numeric, methods text[])`,
    [maker.id, JSON.stringify(placed)],
  )
  return placed
}

/** What one unit costs exactly, before it is rounded: the key of the order. */
function exactly(offer: Terms, market: string): Decimal {
  if (offer.price !== null) return new Exact(offer.price)
  let exact = new Exact(market).mul(new Exact(offer.marginPercent).add(100)).div(100)
  if (offer.floorPrice !== null) exact = Exact.max(exact, offer.floorPrice)
  if (offer.ceilingPrice !== null) exact = Exact.min(exact, offer.ceilingPrice)
  return exact
}

function sorted(offers: Placed[], side: string, method: string | undefined, market: string): string[] {
  return offers
    .filter((one) => one.side === side && (method === undefined || one.methods.includes(method)))
    .map((one) => ({
      id: one.id,
      exact: exactly(one, market),
      price: one.price ?? effectivePrice(market, one),
    }))
    .filter((one) => one.price !== null)
    .sort((a, b) => (side === 'sell' ? 1 : -1) * a.exact.cmp(b.exact) || (a.id < b.id ? -1 : 1))
    .map(({ id, price: now }) => `${id} ${new Decimal(now!).toFixed(8)}`)
}

type Wanted = { pair?: string; side?: 'sell' | 'buy'; paymentMethodType?: string }

/** All pages of a search; between two of them something happens. */
async function walk(
  wanted: Wanted,
  limit: number,
  meanwhile: (page: number) => Promise<void> = async () => {},
) {
  const found: string[] = []
  let after = null
  for (let page = 1; ; page++) {
    const rows = await market.db.read(NOBODY, searchOffers(wanted, limit, after))
    found.push(...rows.slice(0, limit).map(({ id, body }) => `${id} ${body.price}`))
    const last = rows[limit - 1]
    if (rows.length <= limit || last === undefined) return found
    after = [...last.at, last.id] as NonNullable<Parameters<typeof searchOffers>[2]>
    await meanwhile(page)
  }
}

/** Past the trigger, as if there were more to move than it moves at once. */
async function saysQuietly(quote: string): Promise<void> {
  await superuser.query(`begin; set local session_replication_role = replica;
    update fairlock.market_quotes set price = ${quote}, as_of = clock_timestamp() where pair = '${PAIR}'; commit`)
}

const SEARCHES = [
  ['sell', undefined],
  ['buy', undefined],
  ['buy', 'sepa'],
] as const

test('the market is in the order of a plain sort, at prices of a plain computation, wherever the quotes jump', async () => {
  const jumps = fc.array(
    fc.record({ quote: said, isQuiet: fc.boolean(), limit: fc.constantFrom(3, 7, 40) }),
    {
      minLength: 2,
      maxLength: 3,
    },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(terms, { minLength: 10, maxLength: 40 }), jumps, async (wanted, steps) => {
      await superuser.query('delete from fairlock.offers')
      await marketSays(market, { [PAIR]: '100' })
      const offers = await put(wanted)
      for (const { quote, isQuiet, limit } of steps) {
        await (isQuiet ? saysQuietly(quote) : marketSays(market, { [PAIR]: quote }))
        for (const [side, paymentMethodType] of SEARCHES) {
          const search = { pair: PAIR, side, ...(paymentMethodType && { paymentMethodType }) }
          assert.deepEqual(
            await walk(search, limit),
            sorted(offers, side, paymentMethodType, quote),
            `${side} by ${paymentMethodType} at ${quote}`,
          )
        }
      }
      const quote = steps.at(-1)!.quote
      await anchorOffers(market.db)
      assert.equal(await anchorOffers(market.db), 0, 'every listing is where it belongs')
      const everywhere = [
        ...sorted(offers, 'sell', undefined, quote),
        ...sorted(offers, 'buy', undefined, quote),
      ]
      assert.deepEqual(await walk({}, 9), everywhere)
    }),
    { numRuns: 5 },
  )
})

test('a walk meets every offer once, in the order it began with, while the market jumps between its pages', async () => {
  await superuser.query('delete from fairlock.offers')
  await marketSays(market, { [PAIR]: '100' })
  const some = fc.sample(terms, { numRuns: 60, seed: 5 }).map((one) => ({ ...one, side: 'sell' as const }))
  const ids = (rows: string[]) => rows.map((row) => row.slice(0, 36))
  const offers = await put(some)
  const order = ids(sorted(offers, 'sell', undefined, '100'))
  const jumps = ['60', '101', '250', '99', '1.5']
  const met = await walk({ pair: PAIR, side: 'sell' }, 7, async (page) => {
    const quote = jumps[page % jumps.length]!
    await (page % 2 === 0 ? saysQuietly(quote) : marketSays(market, { [PAIR]: quote }))
  })
  assert.deepEqual(ids(met), order)
})

test('offers that come and change while a quote moves others are neither lost nor waited for', async () => {
  await superuser.query('delete from fairlock.offers')
  await marketSays(market, { [PAIR]: '100' })
  const offers = await put(
    Array.from({ length: 30 }, (_, i) => ({
      side: 'sell',
      price: null,
      marginPercent: String(i % 7),
      floorPrice: '95',
      ceilingPrice: '120',
      methods: ['sepa', 'wise'],
    })),
  )
  const change = 'update fairlock.offers set margin_percent = $2, payment_method_types = $3 where id = $1'
  const changing = (async () => {
    for (const [i, { id }] of offers.entries())
      await superuser.query(change, [id, i % 5, i % 2 === 0 ? ['sepa'] : ['cash', 'sepa']])
  })()
  for (let i = 0; i < 20; i++) {
    await Promise.all([marketSays(market, { [PAIR]: i % 2 === 0 ? '80' : '140' }), anchorOffers(market.db)])
  }
  await changing
  await anchorOffers(market.db)
  const expected = sorted(
    offers.map((one, i) => ({ ...one, marginPercent: String(i % 5), methods: ['sepa'] })),
    'sell',
    undefined,
    '140',
  )
  assert.deepEqual(await walk({ pair: PAIR, side: 'sell', paymentMethodType: 'sepa' }, 100), expected)
})

test('the database and the program compute one price', async () => {
  const market = fc.stringMatching(/^[1-9]\d{0,7}\.\d{0,19}[1-9]$/)
  const cases = fc.sample(fc.tuple(market, terms), { numRuns: 300 })
  const { rows } = await superuser.query<{ price: string | null }>(
    `select fairlock.price_at(row(r.*)::fairlock.offers, (c ->> 'market')::numeric)::text as price
     from jsonb_array_elements($1) with ordinality as e (c, n),
     lateral jsonb_populate_record(null::fairlock.offers, c) r order by n`,
    [
      JSON.stringify(
        cases.map(([quote, { marginPercent, floorPrice, ceilingPrice }]) => ({
          pricing: 'floating',
          market: quote,
          margin_percent: marginPercent,
          floor_price: floorPrice,
          ceiling_price: ceilingPrice,
        })),
      ),
    ],
  )
  assert.deepEqual(
    rows.map((row) => row.price),
    cases.map(([quote, one]) => effectivePrice(quote, one)),
  )
})
