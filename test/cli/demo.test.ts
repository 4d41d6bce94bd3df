import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type DemoSignIns, fillDemo, fillEmptyDatabase } from '../../src/cli/demo.ts'
import { asEngine } from '../../src/platform/index.ts'
import { assertCleanBooks } from '../support/books.ts'
import { demoApi } from '../support/demo.ts'
import { dispatch } from '../support/dispatch.ts'
import { SHIPPED_LEVELS, setLevels } from '../support/house.ts'
import { call, type Market, Person, startMarket } from '../support/market.ts'

let market: Market
let demo: DemoSignIns | null
const said: string[] = []
before(async () => {
  market = await startMarket()
  // The demo is for a database as it is shipped.
  await setLevels(market.database.ownerUrl, SHIPPED_LEVELS)
  // Broken off in the middle, it goes on where it was at the next start.
  await assert.rejects(fillDemo(market.database, demoApi(market, 40)), /broken off/)
  demo = await fillDemo(market.database, demoApi(market), { onProgress: (done) => said.push(done) })
  await dispatch(market)
})
after(() => market.stop())

test('the market is lively: offers of both sides over several pairs, trades in every state that can be reached', async () => {
  const offers = await allOffers()
  assert.ok(offers.length >= 40)
  assert.ok(new Set(offers.map(({ pair }) => pair)).size >= 10)
  const makers = new Set(offers.map(({ maker }) => maker.id))
  const known = offers.filter(({ maker }) => maker.totalTrades > 0)
  assert.ok(known.length > offers.length / 2, `${known.length} of ${offers.length} by makers with a history`)
  assert.ok(makers.size >= 10)
  const found = await asEngine(market.database.ownerUrl, (client) =>
    client.query(
      `select status, count(*)::integer from public.crypto_trades group by status order by status`,
    ),
  )
  const states = found.rows.map(({ status }) => status)
  assert.deepEqual(states, ['cancelled', 'completed', 'disputed', 'expired', 'funded', 'paid', 'pending'])
  assert.ok(said.length > 0)
})

test('prices have a past, and all of it says that it is made up', async () => {
  const { items } = (await call(market.url, 'GET', '/v1/prices?limit=100')).body
  assert.ok(
    items.every(({ note, rsi14 }: { [name: string]: string }) => note === 'sample prices' && rsi14 !== null),
  )
  assert.match((await call(market.url, 'GET', '/')).body, /sample prices: they are made up/)
})

test('the people to sign in as can, and each has what is said of them', async () => {
  const [olga, marta, dan, ines] = await Promise.all(demo!.people.map(({ email }) => signIn(email)))
  assert.match(demo!.password, /^demo(-[a-z2-9]{4}){3}$/)
  assert.deepEqual((await olga!.get('/v1/me')).body.roles, ['admin'])
  assert.deepEqual((await ines!.get('/v1/me')).body.roles, ['arbitrator'])
  assert.ok((await marta!.get('/v1/me')).body.totalTrades > 0)
  const waiting = (await marta!.get('/v1/trades?status=paid')).body.items
  assert.ok(waiting[0].actions.includes('release'))
  const toPay = (await dan!.get('/v1/trades?status=funded')).body.items
  assert.ok(toPay[0].actions.includes('pay'))
  assert.equal((await marta!.post(`/v1/trades/${waiting[0].id}/release`)).body.status, 'completed')
})

test('people have accounts, talk, and are told what happened', async () => {
  const [, marta, dan] = await Promise.all(demo!.people.map(({ email }) => signIn(email)))
  const [trade] = (await dan!.get('/v1/trades?status=funded')).body.items
  const account = (await dan!.get(`/v1/trades/${trade.id}/payment-details`)).body
  assert.equal(account.fields[0].value, 'Yuki Tanaka')
  const { items } = (await dan!.get(`/v1/trades/${trade.id}/messages`)).body
  const authors = items.flatMap(({ author }: { author: { role: string } | null }) => author?.role ?? [])
  assert.deepEqual([...new Set(authors)].sort(), ['buyer', 'seller'])
  const methods = (await marta!.get('/v1/payment-methods')).body.items
  assert.deepEqual(
    methods.map(({ type, isPrimary }: { type: string; isPrimary: boolean }) => [type, isPrimary]),
    [
      ['revolut', false],
      ['sepa', true],
    ],
  )
  const notices = (await marta!.get('/v1/me/notices?limit=100')).body.items
  const kinds = new Set(notices.map(({ kind }: { kind: string }) => kind))
  for (const kind of ['trade.taken', 'trade.paid', 'message.posted']) assert.ok(kinds.has(kind), kind)
  const profile = (await dan!.get(`/v1/users/${marta!.id}`)).body
  assert.ok(Number(profile.averageRating) >= 3.5 && profile.ratings >= 2)
  assert.ok((await dan!.get(`/v1/users/${marta!.id}/ratings`)).body.items.length >= 2)
})

test('a dispute with a picture waits for Ines, another one is resolved', async () => {
  const ines = await signIn('ines@demo.fairlock.test')
  const queue = (await ines.get('/v1/disputes?queue=mine')).body.items
  assert.equal(queue.length, 1)
  const evidence = (await ines.get(`/v1/disputes/${queue[0].id}/evidence`)).body.items
  assert.deepEqual([evidence.length, evidence[0].file.mediaType], [1, 'image/png'])
  assert.equal((await ines.get(`/v1/files/${evidence[0].file.id}/thumbnail`)).status, 200)
  const seen = (await ines.get(`/v1/disputes/${queue[0].id}`)).body
  assert.ok(seen.timeline.some(({ kind }: { kind: string }) => kind === 'dispute.question'))
  const greta = await signIn('greta@demo.fairlock.test')
  const [resolved] = (await greta.get('/v1/disputes?status=resolved')).body.items
  assert.deepEqual([resolved.resolution, resolved.ruling.faultOf], ['release', 'seller'])
})

test('the sessions of the filling are over', async () => {
  const { rowCount } = await asEngine(market.database.ownerUrl, (client) =>
    client.query(`select from fairlock.sessions where user_agent like '%demo%' and ended_at is null`),
  )
  assert.equal(rowCount, 0)
})

test('the same again gives the same sign-ins and changes nothing', async () => {
  const before = await counts()
  assert.deepEqual(await fillDemo(market.database, demoApi(market, 0)), demo)
  assert.deepEqual(await counts(), before)
})

test('the books of the demo balance', () => assertCleanBooks(market.database.ownerUrl))

test('where other people are nothing is filled in', async () => {
  const other = await startMarket()
  try {
    await other.person('somebody')
    assert.equal(await fillDemo(other.database, demoApi(other)), null)
    await assert.rejects(
      fillEmptyDatabase(other.database, true, demoApi(other)),
      /people in this database already/,
    )
  } finally {
    await other.stop()
  }
})

test('without --yes and a terminal nothing is filled in', async () => {
  const other = await startMarket()
  try {
    await assert.rejects(fillEmptyDatabase(other.database, false, demoApi(other)), /Pass --yes/)
    const { rowCount } = await asEngine(other.database.ownerUrl, (client) =>
      client.query('select from public.users'),
    )
    assert.equal(rowCount, 0)
  } finally {
    await other.stop()
  }
})

async function signIn(email: string): Promise<Person> {
  const { status, body } = await call(market.url, 'POST', '/v1/auth/login', {
    email,
    password: demo!.password,
  })
  assert.equal(status, 200, email)
  return new Person(market.url, body.user.id, email, body.token)
}

async function allOffers(): Promise<
  { pair: string; side: string; maker: { id: string; totalTrades: number } }[]
> {
  const { body } = await call(market.url, 'GET', '/v1/offers?limit=100')
  return body.items
}

async function counts(): Promise<unknown> {
  const found = await asEngine(market.database.ownerUrl, (client) =>
    client.query(`select (select count(*) from public.users) as people, (select count(*) from public.crypto_trades) as trades,
      (select count(*) from audit.events) as events`),
  )
  return found.rows[0]
}
