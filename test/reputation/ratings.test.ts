import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assertCleanBooks } from '../support/books.ts'
import { type Market, offerBody, type Person, startMarket } from '../support/market.ts'
import { Square } from './support.ts'

let market: Market
let square: Square
before(async () => {
  market = await startMarket({ connections: 20 })
  square = await Square.open(market)
})
after(async () => {
  await square?.close()
  await market?.stop()
})

const said = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code]

async function people(): Promise<{ seller: Person; buyer: Person; trade: string }> {
  const [seller, buyer] = await Promise.all(['seller', 'buyer'].map(market.person))
  await market.credit(seller!, 'BTC', '1')
  const offer = await seller!.post('/v1/offers', offerBody())
  const take = { amount: '0.1', paymentMethodType: 'sepa' }
  const trade = await buyer!.post(`/v1/offers/${offer.body.id}/trades`, take)
  return { seller: seller!, buyer: buyer!, trade: trade.body.id }
}

async function complete(made: { seller: Person; buyer: Person; trade: string }) {
  await made.buyer.post(`/v1/trades/${made.trade}/payment`)
  assert.equal((await made.seller.post(`/v1/trades/${made.trade}/release`)).status, 200)
  return made
}

test('the buyer rates the seller after the sale, the seller answers, and everybody can read it', async () => {
  const made = await people()
  const { seller, buyer, trade } = made
  const path = `/v1/trades/${trade}/rating`
  assert.deepEqual(said(await buyer.post(path, { rating: '5' })), [409, 'move_not_allowed'])
  await complete(made)
  assert.deepEqual((await buyer.get(`/v1/trades/${trade}`)).body.actions, ['rate'])
  const stranger = await market.person()
  assert.deepEqual(said(await stranger.post(path, { rating: '1' })), [404, 'not_found'])

  const rated = await buyer.post(path, { rating: '4.5', feedback: 'quick and friendly' })
  assert.equal(rated.status, 201, JSON.stringify(rated.body))
  assert.deepEqual(
    [rated.body.sellerRating.rating, rated.body.buyerRating, rated.body.actions],
    ['4.50', null, []],
  )
  assert.deepEqual(said(await buyer.post(path, { rating: '1' })), [409, 'already_rated'])
  assert.deepEqual((await seller.get(`/v1/trades/${trade}`)).body.actions, ['rate'], 'each side for itself')
  assert.deepEqual(said(await buyer.post(`${path}/answer`, { text: 'no' })), [409, 'nothing_to_answer'])
  assert.equal((await seller.post(`${path}/answer`, { text: 'gladly again' })).status, 201)
  assert.deepEqual(said(await seller.post(`${path}/answer`, { text: 'more' })), [409, 'already_answered'])

  const { body } = await stranger.get(`/v1/users/${seller.id}/ratings`)
  const [one] = body.items
  assert.equal(body.items.length, 1)
  assert.partialDeepStrictEqual(one, { role: 'seller', rating: '4.50', feedback: 'quick and friendly' })
  assert.equal(one.answer, 'gladly again')
  const text = JSON.stringify(body)
  assert.ok(!text.includes(trade) && !text.includes(buyer.id), 'neither the trade nor who rated is told')
  const profile = await square.profile(seller.id)
  assert.partialDeepStrictEqual(profile, {
    averageRating: '4.50',
    weightedRating: '4.50',
    ratings: 1,
    raters: 1,
  })
  assert.partialDeepStrictEqual(profile, {
    totalTrades: 1,
    completionRate: '100.0',
    volumes: { BTC: '0.10000000' },
  })
  assert.partialDeepStrictEqual(profile, { counterparties: 1, lastSeen: 'now', medianReleaseMinutes: 1 })
  assert.equal((await square.profile(buyer.id)).averageRating, null)
  assert.deepEqual(said(await stranger.get(`/v1/users/${trade}/ratings`)), [404, 'not_found'])
})

test('a rating is a number from 1.00 to 5.00 and a text is plain; nobody changes what was given', async () => {
  const { seller, buyer, trade } = await complete(await people())
  const path = `/v1/trades/${trade}/rating`
  for (const rating of ['0.99', '5.01', '4.555', '-1', '1e0', '', 'five', 0, 6, 4.5, null, '٤']) {
    assert.equal((await buyer.post(path, { rating })).status, 400, `${rating}`)
  }
  for (const feedback of [
    '',
    '   ',
    'x'.repeat(501),
    'see https://x.example',
    'www.x.example',
    'two\nlines',
  ]) {
    assert.equal((await buyer.post(path, { rating: '5', feedback })).status, 400, feedback)
  }
  assert.equal((await buyer.post(path, { rating: 1, feedback: 'x'.repeat(500) })).status, 201)
  const broken = [
    ['seller_rating = 5', /never changes/],
    ['seller_rating = null', /never changes/],
    [`seller_feedback = 'other words'`, /together with its rating/],
    [`buyer_feedback = 'words without a rating'`, /together with its rating/],
    ['buyer_rating = 0.5', /law/],
  ] as const
  for (const [set, message] of broken) {
    await assert.rejects(
      square.superuser.query(`update crypto_trades set ${set} where id = $1`, [trade]),
      message,
    )
  }
  await assert.rejects(
    square.superuser.query('update crypto_profiles set average_rating = 5 where user_id = $1', [seller.id]),
    /crypto_profiles_ratings/,
  )
  await assertCleanBooks(market.database.ownerUrl)
})

test('fourteen days after the end it is too late', async () => {
  const { buyer, trade } = await complete(await people())
  await square.asIntruder(
    `update crypto_trades set completed_at = now() - interval '14 days' where id = $1`,
    [trade],
  )
  assert.deepEqual((await buyer.get(`/v1/trades/${trade}`)).body.actions, [])
  assert.deepEqual(said(await buyer.post(`/v1/trades/${trade}/rating`, { rating: '5' })), [
    409,
    'deadline_passed',
  ])
})

test('compliance takes a text away from everybody, with a reason; the rating counts as before', async () => {
  const { seller, buyer, trade } = await complete(await people())
  await buyer.post(`/v1/trades/${trade}/rating`, { rating: '1', feedback: 'an insult' })
  const [rating] = (await buyer.get(`/v1/users/${seller.id}/ratings`)).body.items
  const path = `/v1/admin/ratings/${rating.id}/texts`
  const body = { feedbackHidden: true, reason: 'an insult' }
  assert.deepEqual(said(await seller.put(path, body)), [403, 'admin_only'])
  const compliance = await market.person('compliance')
  for (const one of [compliance, seller]) {
    await square.superuser.query(
      `insert into fairlock.staff_roles (user_id, role) values ($1, 'compliance')`,
      [one.id],
    )
  }
  assert.deepEqual(said(await seller.put(path, body)), [403, 'own_request'], 'nobody about themselves')
  assert.equal((await compliance.put(path, body)).status, 200)
  const [hidden] = (await buyer.get(`/v1/users/${seller.id}/ratings`)).body.items
  assert.deepEqual([hidden.rating, hidden.feedback, hidden.feedbackHidden], ['1.00', null, true])
  assert.equal((await buyer.get(`/v1/trades/${trade}`)).body.sellerRating.feedback, null)
  assert.equal((await square.profile(seller.id)).averageRating, '1.00')
  const { rows } = await square.superuser.query(
    `select actor_id, reason from audit.events where action = 'ratings.changed' and subject_id = $1`,
    [rating.id],
  )
  assert.deepEqual(rows, [{ actor_id: compliance.id, reason: 'an insult' }])
})

test('fifty ratings between two who collude move the weighted rating as one does', async () => {
  const [star, friend, one, two] = await square.traders(4)
  for (const [buyer, rating, times] of [
    [one, '2.00', 1],
    [two, '3.00', 1],
    [friend, '5.00', 50],
  ] as const) {
    for (let i = 0; i < times; i++) {
      const tradeId = await square.sell(star!, buyer!)
      assert.equal((await buyer!.do('rate_trade', { tradeId, rating })).code, null)
    }
  }
  assert.partialDeepStrictEqual(await square.profile(star!.id), {
    averageRating: '4.90',
    weightedRating: '3.33',
    ratings: 52,
    raters: 3,
    counterparties: 3,
    totalTrades: 52,
  })
})

test('sixteen who rate one person at once, of whom eight are rated back: every mean is exact', async () => {
  const [seller, ...buyers] = await square.traders(17)
  const trades: string[] = []
  for (const buyer of buyers) trades.push(await square.sell(seller!, buyer))
  const rating = (i: number) => `${1 + (i % 5)}.${i % 5 === 4 ? '00' : '37'}`
  const replies = await Promise.all([
    ...buyers.map((buyer, i) => buyer.do('rate_trade', { tradeId: trades[i]!, rating: rating(i) })),
    // The same key twice, and the other way round in the same trades.
    ...buyers.slice(0, 8).map((buyer, i) => buyer.do('rate_trade', { tradeId: trades[i]!, rating: '1.00' })),
    ...trades.slice(0, 8).map((tradeId) => seller!.do('rate_trade', { tradeId, rating: '3.00' })),
  ])
  assert.equal(replies.filter(({ code }) => code === null).length, 24)
  assert.equal(replies.filter(({ code }) => code === 'already_rated').length, 8)
  const { rows } = await square.superuser.query<{ mean: string; count: number }>(
    `select round(avg(seller_rating), 2)::text as mean, count(*)::int as count from crypto_trades
     where user_id = $1 and seller_rating is not null`,
    [seller!.id],
  )
  const { averageRating, weightedRating, ratings } = await square.profile(seller!.id)
  assert.deepEqual([averageRating, weightedRating, ratings], [rows[0]!.mean, rows[0]!.mean, rows[0]!.count])
  await assertCleanBooks(market.database.ownerUrl)
})
