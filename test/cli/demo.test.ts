import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type DemoSignIns, fillDemo, fillEmptyDatabase } from '../../src/cli/demo.ts'
import { asEngine } from '../../src/platform/index.ts'
import { call, type Market, Person, startMarket } from '../support/market.ts'

let market: Market
let demo: DemoSignIns | null
const said: string[] = []
before(async () => {
  market = await startMarket()
  demo = await fillDemo(market.database, { onProgress: (done) => said.push(done) })
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
  assert.deepEqual(states, ['cancelled', 'completed', 'expired', 'funded', 'paid', 'pending'])
  assert.ok(said.length > 0)
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

test('the same again gives the same sign-ins and changes nothing', async () => {
  const before = await counts()
  assert.deepEqual(await fillDemo(market.database), demo)
  assert.deepEqual(await counts(), before)
})

test('the books of the demo balance', async () => {
  const found = await asEngine(market.database.ownerUrl, (client) =>
    client.query('select currency, sum(balance) as sum from ledger.balances group by currency'),
  )
  assert.ok(found.rows.length >= 5)
  for (const { sum } of found.rows) assert.equal(Number(sum), 0)
})

test('where other people are nothing is filled in', async () => {
  const other = await startMarket()
  try {
    await other.person('somebody')
    assert.equal(await fillDemo(other.database), null)
    await assert.rejects(fillEmptyDatabase(other.database, true), /people in this database already/)
  } finally {
    await other.stop()
  }
})

test('without --yes and a terminal nothing is filled in', async () => {
  const other = await startMarket()
  try {
    await assert.rejects(fillEmptyDatabase(other.database, false), /Pass --yes/)
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
