import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { PAYMENT_METHOD_TYPES } from '../../src/payment-methods/index.ts'
import { call, type Market, offerBody, type Person, startMarket } from '../support/market.ts'

let market: Market
let superuser: pg.Client
let maker: Person
let taker: Person
before(async () => {
  market = await startMarket()
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  maker = await market.person('maker')
  taker = await market.person('taker')
  await market.credit(maker, 'BTC', '2')
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

const types = async (search: string) =>
  (await call(market.url, 'GET', `/v1/payment-method-types?${search}`)).body
const slugs = async (search: string): Promise<string[]> =>
  (await types(`limit=100&${search}`)).items.map((item: { slug: string }) => item.slug)

test('everybody reads the catalogue page by page, with the fields that an account has', async () => {
  const seen: string[] = []
  let cursor = ''
  do {
    const page = await types(`limit=30${cursor}`)
    seen.push(...page.items.map((item: { slug: string }) => item.slug))
    cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`
  } while (cursor !== '')
  assert.deepEqual(
    seen,
    PAYMENT_METHOD_TYPES.map(({ slug }) => slug),
  )
  const { items } = await types('q=SEPA%20credit')
  assert.equal(items.length, 1)
  const { risk, details, countries, ...rest } = items[0]
  assert.deepEqual(rest, {
    slug: 'sepa',
    name: 'SEPA credit transfer',
    kind: 'bank',
    currencies: ['EUR'],
    reversible: false,
    usualMinutes: 1440,
    hint: rest.hint,
  })
  assert.equal(risk.class, 'low')
  assert.ok(countries.includes('DE') && !countries.includes('US'))
  assert.deepEqual(
    details.map((one: { name: string; required: boolean }) => [one.name, one.required]),
    [
      ['holderName', true],
      ['iban', true],
      ['bic', false],
    ],
  )
  assert.match(details[1].help, /^An IBAN .*\.$/)
})

test('it is searched by country, currency and part of the name', async () => {
  assert.ok((await slugs('country=KE')).includes('m_pesa'))
  assert.ok(!(await slugs('country=KE')).includes('pix'))
  assert.ok((await slugs('country=KE')).includes('cash'), 'what is everywhere is there too')
  assert.deepEqual(await slugs('country=BR&currency=BRL&q=pix'), ['pix'])
  assert.deepEqual(await slugs('q=mpesa'), ['m_pesa'])
  assert.deepEqual(await slugs('q=Sinpe%20MOVIL'), ['sinpe_movil'])
  assert.deepEqual(await slugs('q=no%20such%20thing'), [])
  for (const bad of ['country=de', 'currency=EURO', 'q=', 'limit=0', 'cursor=x', 'colour=red']) {
    assert.equal((await call(market.url, 'GET', `/v1/payment-method-types?${bad}`)).status, 400, bad)
  }
})

test('the database has the same rows', async () => {
  const { rows } = await superuser.query(
    `select slug, name, kind, reversible, usual_minutes as "usualMinutes", risk, countries, currencies
     from fairlock.payment_method_types order by slug collate "C"`,
  )
  assert.deepEqual(
    rows,
    PAYMENT_METHOD_TYPES.map(
      ({ slug, name, kind, reversible, usualMinutes, risk, countries, currencies }) => {
        return { slug, name, kind, reversible, usualMinutes, risk: risk.class, countries, currencies }
      },
    ),
  )
})

test('an offer names only payment methods of the catalogue, when it is made and when it is changed', async () => {
  const bad = { paymentMethodTypes: ['sepa', 'carrier_pigeon'] }
  const made = await maker.post('/v1/offers', offerBody(bad))
  assert.equal(made.status, 422)
  assert.equal(made.body.code, 'unknown_payment_method')
  assert.deepEqual(made.body.errors, [
    { field: 'paymentMethodTypes', problem: 'carrier_pigeon is not in the catalogue' },
  ])
  const { body: offer } = await maker.post('/v1/offers', offerBody())
  const changed = await maker.patch(`/v1/offers/${offer.id}`, bad)
  assert.equal(changed.body.code, 'unknown_payment_method')
  // An offer from before the catalogue can be closed and put right, but not go on the market again as it is.
  await superuser.query(
    `update fairlock.offers set status = 'paused', payment_method_types = '{old_thing}' where id = $1`,
    [offer.id],
  )
  const reopened = await maker.patch(`/v1/offers/${offer.id}`, { status: 'open' })
  assert.equal(reopened.body.code, 'unknown_payment_method')
  const right = { status: 'open', paymentMethodTypes: ['pix'] }
  assert.equal((await maker.patch(`/v1/offers/${offer.id}`, right)).status, 200)
  assert.equal((await maker.delete(`/v1/offers/${offer.id}`)).status, 204)
})

test('the seller has the release window, or as long as the payment method usually takes', async () => {
  await superuser.query('update fairlock.settings set release_window_minutes = 60')
  const { body: offer } = await maker.post('/v1/offers', offerBody())
  for (const [paymentMethodType, minutes] of [
    ['sepa', 1440],
    ['revolut', 60],
  ] as const) {
    const take = { amount: '0.1', paymentMethodType }
    const { body: trade } = await taker.post(`/v1/offers/${offer.id}/trades`, take)
    const { body: paid } = await taker.post(`/v1/trades/${trade.id}/payment`)
    const window = Date.parse(paid.deadline) - Date.parse(paid.paidAt)
    assert.ok(Math.abs(window / 60_000 - minutes) < 0.1, `${paymentMethodType}: ${window}`)
  }
})
