import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { purgePaymentDetails } from '../../src/payment-methods/index.ts'
import { addressOf, operationsOf } from '../http/operations.ts'
import { makeKey } from '../keys/support.ts'
import { STATES, type Trades, tradesInEveryState } from '../policies/trades.ts'
import { type Answer, call, type Market, offerBody, type Person, startMarket } from '../support/market.ts'
import { addMethod, newIban, ofRole, said, sepa } from './support.ts'

const PATH = '/v1/payment-methods'

let market: Market
let superuser: pg.Client
before(async () => {
  market = await startMarket({ connections: 20 })
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

type Scene = { maker: Person; taker: Person; offer: string }

async function scene(body = {}): Promise<Scene> {
  const [maker, taker] = await Promise.all([market.person('maker'), market.person('taker')])
  for (const one of [maker, taker]) await market.credit(one, 'BTC', '5')
  return { maker, taker, offer: (await maker.post('/v1/offers', offerBody(body))).body.id }
}

const take = ({ taker, offer }: Scene, how: object = { paymentMethodType: 'sepa' }) =>
  taker.post(`/v1/offers/${offer}/trades`, { amount: '0.01', ...how })
const detailsOf = (who: Person, trade: string) => who.get(`/v1/trades/${trade}/payment-details`)
const ibanOf = (body: { fields?: { name: string; value: string }[] }) =>
  body.fields?.find(({ name }) => name === 'iban')?.value

test('a take of a sell offer binds the maker’s primary account of the type, else the newest', async () => {
  const one = await scene()
  const revolut = { type: 'revolut', provider: 'Revolut', details: { holderName: 'Ada', revtag: '@ada4711' } }
  await addMethod(one.maker, revolut)
  await addMethod(one.maker)
  const iban = newIban()
  const newest = await addMethod(one.maker, sepa(iban))
  const { body: trade } = await take(one)
  assert.equal(trade.paymentMethodId, newest.id)
  assert.equal(trade.paymentReference, trade.id.slice(-12).toUpperCase())
  const { rows } = await superuser.query('select payment_details from crypto_trades where id = $1', [
    trade.id,
  ])
  assert.deepEqual(rows[0].payment_details, {
    paymentMethodId: newest.id,
    type: 'sepa',
    provider: 'Commerzbank',
  })
  const shown = await detailsOf(one.taker, trade.id)
  assert.deepEqual(shown.body.fields, [
    { name: 'holderName', label: 'Account holder', value: 'Ada Lovelace' },
    { name: 'iban', label: 'IBAN', value: iban },
  ])
  assert.deepEqual(
    [shown.body.type, shown.body.reference, shown.body.isVerified, shown.headers.get('cache-control')],
    ['sepa', trade.paymentReference, false, 'no-store'],
  )
  const looks = await superuser.query(
    `select actor_id, reason, details from audit.events where action = 'secret.opened' and subject_id = $1`,
    [newest.id],
  )
  assert.deepEqual(looks.rows, [
    {
      actor_id: one.taker.id,
      reason: 'the buyer pays',
      details: { trade: trade.id, status: 'funded', user: one.maker.id },
    },
  ])
  const primary = await addMethod(one.maker, sepa(newIban(), { isPrimary: true }))
  await addMethod(one.maker)
  assert.equal((await take(one)).body.paymentMethodId, primary.id)
  const wrong = await take(one, { paymentMethodId: primary.id })
  assert.deepEqual(
    [...said(wrong), wrong.body.errors[0].field],
    [422, 'payment_method_not_offered', 'paymentMethodId'],
  )
  for (const how of [{}, { paymentMethodType: 'sepa', paymentMethodId: primary.id }])
    assert.deepEqual(said(await take(one, how)), [400, 'invalid_request'])
})

test('who takes a buy offer names an account of their own', async () => {
  const one = await scene({ side: 'buy' })
  const [first, second] = [await addMethod(one.taker), await addMethod(one.taker)]
  const paypal = await addMethod(one.taker, {
    type: 'paypal',
    provider: 'PayPal',
    details: { holderName: 'Ada', email: 'ada@example.org' },
  })
  const theirs = await addMethod(one.maker)
  const { body: trade } = await take(one, { paymentMethodId: second.id })
  assert.deepEqual([trade.paymentMethodId, trade.paymentMethodType], [second.id, 'sepa'])
  assert.equal((await take(one)).body.paymentMethodId, first.id, 'by type the primary one')
  assert.deepEqual(said(await take(one, { paymentMethodId: theirs.id })), [422, 'not_your_payment_method'])
  const other = await take(one, { paymentMethodId: paypal.id })
  assert.deepEqual(said(other), [422, 'payment_method_not_offered'])
  await one.taker.delete(`${PATH}/${second.id}`)
  assert.deepEqual(said(await take(one, { paymentMethodId: second.id })), [422, 'not_your_payment_method'])
  assert.equal((await detailsOf(one.maker, trade.id)).status, 200, 'the live trade is still paid to it')
})

test('a seller without an account names one later, once; it never changes after that', async () => {
  const one = await scene()
  const { body: trade } = await take(one)
  assert.equal(trade.paymentMethodId, null)
  assert.deepEqual(said(await detailsOf(one.taker, trade.id)), [409, 'no_payment_method'])
  const [mine, another] = [await addMethod(one.maker), await addMethod(one.maker)]
  const revolut = await addMethod(one.maker, {
    type: 'revolut',
    provider: 'Revolut',
    details: { holderName: 'Ada', revtag: '@ada4711' },
  })
  const buyers = await addMethod(one.taker)
  const bind = (who: Person, id: string) =>
    who.put(`/v1/trades/${trade.id}/payment-method`, { paymentMethodId: id })
  assert.deepEqual(said(await bind(await market.person(), mine.id)), [404, 'not_found'])
  assert.deepEqual(said(await bind(one.taker, buyers.id)), [409, 'move_not_allowed'])
  assert.deepEqual(said(await bind(one.maker, buyers.id)), [422, 'not_your_payment_method'])
  assert.deepEqual(said(await bind(one.maker, revolut.id)), [422, 'payment_method_not_offered'])
  const answers = await Promise.all([mine, another, mine, another].map(({ id }) => bind(one.maker, id)))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409])
  assert.deepEqual(said(answers.find(({ status }) => status === 409)!), [409, 'payment_method_bound'])
  const bound = answers.find(({ status }) => status === 200)?.body.paymentMethodId
  assert.equal((await one.taker.get(`/v1/trades/${trade.id}`)).body.paymentMethodId, bound)
  const { rows } = await superuser.query(
    `select people from fairlock.outbox where kind = 'payment_method.bound' and trade_id = $1`,
    [trade.id],
  )
  assert.deepEqual(rows[0]?.people.sort(), [one.maker.id, one.taker.id].sort())
  const engine = (set: string) => superuser.query(`update crypto_trades set ${set} where id = '${trade.id}'`)
  const other = bound === mine.id ? another.id : mine.id
  await assert.rejects(engine(`payment_method_id = '${other}'`), { code: 'FL094' })
  await assert.rejects(engine('payment_method_id = null'), { code: 'FL094' })
  await assert.rejects(engine(`payment_details = '{"provider": "mine"}'`), { code: 'FL094' })
  await one.taker.post(`/v1/trades/${trade.id}/payment`)
  assert.deepEqual(said(await bind(one.maker, mine.id)), [409, 'move_not_allowed'], 'the trade is paid')
})

test('only the buyer, and only while the coins are held, gets the account: every actor, every state', async () => {
  const made = await tradesWithAccount()
  const { seller, buyer } = made.trades
  const bots = {
    'an API key of the buyer that trades': await makeKey(buyer, market.url),
    'an API key of the buyer that reads': await makeKey(buyer, market.url, { scopes: ['read'] }),
    'an API key of the seller': await makeKey(seller, market.url),
  }
  const admin = await market.admin()
  const staff = await Promise.all(
    ['arbitrator', 'support', 'compliance'].map(async (role) =>
      ofRole(superuser, await market.person(role), role),
    ),
  )
  await Promise.all(
    [...staff.slice(1), admin].map(async (asker) => {
      const asked = await asker.post('/v1/admin/access-grants', {
        scope: 'payment_methods',
        userId: seller.id,
        reason: 'for the test of hidden details',
      })
      const approver = asker === admin ? staff[2] : admin
      await approver?.post(`/v1/admin/access-grants/${asked.body.id}/approval`, {})
    }),
  )
  const [arbitrator, support, compliance] = staff as [Person, Person, Person]
  const byRole = { arbitrator, support, compliance }
  const people = { seller, buyer, stranger: await market.person('stranger'), admin }
  const nobody = { get: (path: string) => call(market.url, 'GET', path) }
  const actors: [string, Actor][] = Object.entries({ ...people, ...bots, nobody, ...byRole })
  for (const state of STATES) {
    const { id } = made.trades.trades[state]
    const isHeld = ['funded', 'paid', 'disputed'].includes(state)
    for (const [name, actor] of actors) {
      const answer = await actor.get(`/v1/trades/${id}/payment-details`)
      const isBuyer = name === 'buyer' || name === 'an API key of the buyer that trades'
      const expected =
        isBuyer && isHeld
          ? [200, made.iban]
          : isBuyer
            ? [409, 'payment_details_not_shown']
            : name === 'nobody'
              ? [401, 'not_signed_in']
              : name === 'an API key of the buyer that reads'
                ? [403, 'scope_missing']
                : [404, 'not_found']
      const got = answer.status === 200 ? ibanOf(answer.body) : answer.body.code
      assert.deepEqual([answer.status, got], expected, `${name}, ${state}`)
    }
  }
  await searchEverywhere(
    made,
    actors.filter(([name]) => name !== 'nobody'),
  )
})

type Actor = { get: (path: string) => Promise<Answer> }
type WithAccount = { trades: Trades; iban: string; method: string }

/** A trade in every state whose seller is paid to one account. */
async function tradesWithAccount(): Promise<WithAccount> {
  const iban = newIban()
  let method = ''
  const { person } = market
  const trades = await tradesInEveryState({
    ...market,
    person: async (name) => {
      const made = await person(name)
      if (name === 'seller') method = (await addMethod(made, sepa(iban))).id
      return made
    },
  })
  return { trades, iban, method }
}

/** No other answer to anybody, no line of the log and no row holds the account. */
async function searchEverywhere(
  { trades, iban, method }: WithAccount,
  actors: [string, Actor][],
): Promise<void> {
  const { seller } = trades
  const gets = operationsOf(market.app).filter(
    // Those three show it, and the stream of events does not end.
    ({ method, path }) =>
      method === 'GET' &&
      !/(?:payment-details|{id}\/details|\/v1\/events)$/.test(path) &&
      path !== `${PATH}/{id}`,
  )
  for (const operation of gets) {
    const ids = operation.path.includes('{id}') ? [trades.trades.funded.id, method, seller.id] : ['']
    await Promise.all(
      actors.flatMap(([name, actor]) =>
        ids.map(async (id) => {
          const { body } = await actor.get(addressOf(operation, { id }))
          assert.ok(!JSON.stringify(body).includes(iban), `${operation.name} to ${name}`)
        }),
      ),
    )
  }
  const { rows } = await superuser.query<{ relation: string }>(
    `select c.oid::regclass::text as relation from pg_class c join pg_namespace n on n.oid = relnamespace
     where relkind in ('r', 'p') and nspname in ('public', 'fairlock', 'audit', 'graphile_worker')`,
  )
  for (const { relation } of rows) {
    const found = await superuser.query(
      `select from ${relation} t where position($1 in t::text) > 0 limit 1`,
      [iban],
    )
    assert.equal(found.rowCount, 0, `${relation} holds the account`)
  }
}

test('a removal and takes at the same moment: no take binds what is gone, and what is bound stays', async () => {
  for (let round = 0; round < 4; round++) {
    const one = await scene()
    const [older, newer] = [await addMethod(one.maker, sepa(newIban())), await addMethod(one.maker)]
    await one.maker.patch(`${PATH}/${newer.id}`, { isPrimary: true })
    const takers = await Promise.all(Array.from({ length: 5 }, () => market.person()))
    const [removed, ...taken] = await Promise.all([
      one.maker.delete(`${PATH}/${newer.id}`),
      ...takers.map((taker) => take({ ...one, taker })),
    ])
    assert.equal(removed?.status, 204)
    assert.deepEqual([...new Set(taken.map(({ status }) => status))], [201])
    const { rows } = await superuser.query(
      `select t.payment_method_id as id, m.deleted_at is null or t.created_at <= m.deleted_at as fine
       from crypto_trades t join crypto_payment_methods m on m.id = t.payment_method_id where t.offer_id = $1`,
      [one.offer],
    )
    assert.equal(rows.length, 5)
    for (const row of rows) assert.ok([older.id, newer.id].includes(row.id) && row.fine)
    for (const [n, taker] of takers.entries()) {
      const shown = await detailsOf(taker, taken[n]?.body.id)
      assert.equal(shown.status, 200)
    }
    assert.equal((await take(one)).body.paymentMethodId, older.id)
  }
})

test('removed details stay for the live trade and some days longer, and then nothing is left of them', async () => {
  const one = await scene()
  const [unused, used] = [await addMethod(one.maker), await addMethod(one.maker)]
  await one.maker.patch(`${PATH}/${used.id}`, { isPrimary: true })
  const { body: trade } = await take(one)
  for (const { id } of [unused, used]) assert.equal((await one.maker.delete(`${PATH}/${id}`)).status, 204)
  assert.deepEqual((await one.maker.get(PATH)).body.items, [])
  const left = async () =>
    (
      await superuser.query('select id, purge_due_at from crypto_payment_methods where user_id = $1', [
        one.maker.id,
      ])
    ).rows
  await purgePaymentDetails(market.db)
  assert.deepEqual(
    await left(),
    [{ id: used.id, purge_due_at: null }],
    'what no trade was paid to goes at once',
  )
  await assert.rejects(superuser.query('delete from crypto_payment_methods where id = $1', [used.id]), {
    code: 'FL094',
  })
  assert.equal((await detailsOf(one.taker, trade.id)).status, 200)
  await one.taker.post(`/v1/trades/${trade.id}/payment`)
  await one.maker.post(`/v1/trades/${trade.id}/release`)
  await purgePaymentDetails(market.db)
  const [row] = await left()
  const { rows } = await superuser.query('select completed_at from crypto_trades where id = $1', [trade.id])
  const days = (row.purge_due_at.getTime() - rows[0].completed_at.getTime()) / 86_400_000
  assert.ok(Math.abs(days - 30) < 0.05, `${days} days`)
  await superuser.query('update crypto_payment_methods set purge_due_at = now() where id = $1', [used.id])
  await purgePaymentDetails(market.db)
  assert.deepEqual(await left(), [])
  const after = (await one.taker.get(`/v1/trades/${trade.id}`)).body
  assert.deepEqual(
    [after.status, after.paymentMethodId],
    ['completed', used.id],
    'the record of the trade keeps the id',
  )
  assert.deepEqual(said(await detailsOf(one.taker, trade.id)), [409, 'payment_details_not_shown'])
})
