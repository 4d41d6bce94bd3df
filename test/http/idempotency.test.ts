import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { publishQuotes } from '../../src/prices/index.ts'
import { addMethod, newIban, sepa } from '../payment-methods/support.ts'
import { type Answer, call, type Market, offerBody, type Person, startMarket } from '../support/market.ts'
import { testQuotes } from '../support/quotes.ts'
import { checksums } from './checksums.ts'
import { disputeCases } from './dispute-cases.ts'
import { operationsOf } from './operations.ts'

// I18: a key never has two effects and always gets the first answer; another request with it is refused.

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

const ANNOUNCEMENT = { title: 'Maintenance', text: 'On Sunday.', severity: 'info', audience: 'staff' }

type Case = { who: Person; path: string; body?: unknown; other?: unknown }
type Scene = { seller: Person; buyer: Person; offer: string }

/** How to come to a state in which the operation has an effect; `other` is another body for the same address. */
const CASES: Record<string, (scene: Scene) => Promise<Case>> = {
  'POST /v1/offers': async ({ seller }) => ({
    who: seller,
    path: '/v1/offers',
    body: offerBody(),
    other: offerBody({ totalAmount: '2' }),
  }),
  'POST /v1/offers/{id}/trades': async ({ buyer, offer }) => ({
    who: buyer,
    path: `/v1/offers/${offer}/trades`,
    body: { amount: '0.1', paymentMethodType: 'sepa' },
    other: { amount: '0.1', paymentMethodType: 'revolut' },
  }),
  'POST /v1/offers/{id}/price-locks': async ({ seller, buyer }) => {
    await publishQuotes(market.db.pool, testQuotes())
    const pricing = { type: 'floating', marginPercent: '1' }
    const { id } = (await seller.post('/v1/offers', offerBody({ pricing }))).body
    const path = `/v1/offers/${id}/price-locks`
    return { who: buyer, path, body: {}, other: { amount: '0.1' } }
  },
  'POST /v1/trades/{id}/funding': async (scene) => {
    const id = await take(scene, 'ETH/EUR')
    await market.credit(scene.seller, 'ETH', '5')
    return { who: scene.seller, path: `/v1/trades/${id}/funding` }
  },
  'POST /v1/trades/{id}/payment': async (scene) => ({
    who: scene.buyer,
    path: `/v1/trades/${await take(scene)}/payment`,
  }),
  'POST /v1/trades/{id}/release': async (scene) => {
    const id = await take(scene)
    await scene.buyer.post(`/v1/trades/${id}/payment`)
    return { who: scene.seller, path: `/v1/trades/${id}/release` }
  },
  'POST /v1/trades/{id}/cancellation': async (scene) => ({
    who: scene.buyer,
    path: `/v1/trades/${await take(scene)}/cancellation`,
    body: { reason: 'changed my mind' },
    other: { reason: 'another reason' },
  }),
  'POST /v1/trades/{id}/rating': async (scene) => ({
    who: scene.buyer,
    path: `/v1/trades/${await sell(scene)}/rating`,
    body: { rating: '4' },
    other: { rating: '1' },
  }),
  'POST /v1/trades/{id}/rating/answer': async (scene) => {
    const id = await sell(scene)
    await scene.buyer.post(`/v1/trades/${id}/rating`, { rating: '4' })
    const path = `/v1/trades/${id}/rating/answer`
    return { who: scene.seller, path, body: { text: 'thanks' }, other: { text: 'no thanks' } }
  },
  'POST /v1/admin/faults/{id}/forgiveness': async (scene) => {
    // Who was not told where to pay to is not blamed.
    await addMethod(scene.seller)
    const id = await take(scene)
    await scene.buyer.post(`/v1/trades/${id}/cancellation`)
    const [fault] = (await scene.buyer.get('/v1/me/faults')).body.items
    const path = `/v1/admin/faults/${fault.id}/forgiveness`
    return { who: await market.admin(), path, body: { reason: 'ill' }, other: { reason: 'very ill' } }
  },
  'POST /v1/trades/{id}/messages': async (scene) => ({
    who: scene.buyer,
    path: `/v1/trades/${await take(scene)}/messages`,
    body: { text: 'the transfer is on its way' },
    other: { text: 'the transfer is not on its way' },
  }),
  'POST /v1/trades/{id}/messages/read': async (scene) => {
    const path = `/v1/trades/${await take(scene)}/messages`
    await scene.seller.post(path, { text: 'which reference' })
    return { who: scene.buyer, path: `${path}/read`, body: { upTo: 1 }, other: { upTo: 2 } }
  },
  'POST /v1/admin/announcements': async () => ({
    who: await market.admin(),
    path: '/v1/admin/announcements',
    body: ANNOUNCEMENT,
    other: { ...ANNOUNCEMENT, severity: 'warning' },
  }),
  'POST /v1/admin/announcements/{id}/withdrawal': async () => {
    const admin = await market.admin()
    const { id } = (await admin.post('/v1/admin/announcements', ANNOUNCEMENT)).body
    return { who: admin, path: `/v1/admin/announcements/${id}/withdrawal` }
  },
  'POST /v1/admin/adjustments': async ({ seller }) => ({
    who: await market.admin(),
    path: '/v1/admin/adjustments',
    body: { userId: seller.id, currency: 'BTC', amount: '1', reason: 'deposit' },
    other: { userId: seller.id, currency: 'BTC', amount: '2', reason: 'deposit' },
  }),
}

/** A webhook with a message to it. */
async function tested(who: Person): Promise<{ id: string; delivery: string }> {
  const { id } = (await who.post('/v1/webhooks', { url: 'https://bot.example.net/', events: ['*'] })).body
  return { id, delivery: (await who.post(`/v1/webhooks/${id}/test`)).body.id }
}
const WEBHOOK_CASES: typeof CASES = {
  'POST /v1/webhooks/{id}/test': async ({ seller }) => ({
    who: seller,
    path: `/v1/webhooks/${(await tested(seller)).id}/test`,
  }),
  'POST /v1/webhooks/{id}/deliveries/{deliveryId}/resend': async ({ seller }) => {
    const { id, delivery } = await tested(seller)
    return { who: seller, path: `/v1/webhooks/${id}/deliveries/${delivery}/resend` }
  },
  'POST /v1/webhooks/{id}/deliveries/resend': async ({ seller }) => ({
    who: seller,
    path: `/v1/webhooks/${(await tested(seller)).id}/deliveries/resend`,
    body: { since: '2026-01-01T00:00:00Z' },
    other: { since: '2026-01-02T00:00:00Z' },
  }),
}
Object.assign(CASES, WEBHOOK_CASES)
const METHODS = '/v1/payment-methods'
const askToVerify = async (seller: Person) => {
  const { body: method } = await seller.post(METHODS, sepa(newIban()))
  return { method, path: `${METHODS}/${method.id}/verification` }
}
Object.assign(CASES, {
  [`POST ${METHODS}`]: async ({ seller }: Scene) => ({
    who: seller,
    path: METHODS,
    body: sepa(newIban()),
    other: sepa(newIban()),
  }),
  [`POST ${METHODS}/{id}/verification`]: async ({ seller }: Scene) => ({
    who: seller,
    path: (await askToVerify(seller)).path,
    body: { statement: 'my account' },
    other: { statement: 'another' },
  }),
  'POST /v1/admin/payment-methods/{id}/verification-decision': async ({ seller }: Scene) => {
    const { method, path } = await askToVerify(seller)
    await seller.post(path, {})
    return {
      who: await market.admin(),
      path: `/v1/admin/payment-methods/${method.id}/verification-decision`,
      body: { verified: false, reason: 'blurred' },
      other: { verified: true, reason: 'blurred' },
    }
  },
} satisfies typeof CASES)

const ACCESS = '/v1/admin/access-grants'
const REASON = 'Ticket 4711: the deposit is missing'

async function sell(scene: Scene): Promise<string> {
  const id = await take(scene)
  await scene.buyer.post(`/v1/trades/${id}/payment`)
  await scene.seller.post(`/v1/trades/${id}/release`)
  return id
}

/** A case whose subject is a grant: asked for, or made so far that the verb has an effect. */
const onGrant = (verb: string, body: object, make: 'asked' | 'broken' = 'asked') => [
  `POST ${ACCESS}/{id}/${verb}`,
  async ({ seller }: Scene): Promise<Case> => {
    const path = make === 'asked' ? ACCESS : '/v1/admin/break-glass'
    const asked = await (await support()).post(path, { scope: 'person', userId: seller.id, reason: REASON })
    return { who: await market.admin(), path: `${ACCESS}/${asked.body.id}/${verb}`, body }
  },
]
Object.assign(
  CASES,
  Object.fromEntries([
    onGrant('approval', { minutes: 5 }),
    onGrant('refusal', {}),
    onGrant('revocation', {}),
    onGrant('review', { justified: true, review: 'right' }, 'broken'),
    ...[ACCESS, '/v1/admin/break-glass'].map((path) => [
      `POST ${path}`,
      async ({ seller, buyer }: Scene) => {
        const body = { scope: 'person', userId: seller.id, reason: REASON }
        return { who: await support(), path, body, other: { ...body, userId: buyer.id } }
      },
    ]),
  ]),
)

Object.assign(
  CASES,
  disputeCases(() => ({ market, superuser })),
)
/** A request for a KYC level; with `claimed` the administrator works on it. */
const onKyc = (verb: string, body: object, claimed: boolean) => [
  `POST /v1/admin/kyc-requests/{id}/${verb}`,
  async ({ seller }: Scene): Promise<Case> => {
    const who = await market.admin()
    const { id } = (await seller.post('/v1/me/kyc-requests', { level: 'full' })).body
    if (claimed) await who.post(`/v1/admin/kyc-requests/${id}/claim`, {})
    return { who, path: `/v1/admin/kyc-requests/${id}/${verb}`, body }
  },
]
Object.assign(CASES, {
  ...Object.fromEntries([
    onKyc('claim', {}, false),
    onKyc('return', {}, true),
    onKyc('decision', { approve: false, reason: 'papers' }, true),
  ]),
  'POST /v1/me/kyc-requests': async ({ seller }: Scene) => {
    const body = { level: 'full', statement: 'a passport' }
    return { who: seller, path: '/v1/me/kyc-requests', body, other: { level: 'basic' } }
  },
  'POST /v1/me/kyc-requests/{id}/withdrawal': async ({ seller }: Scene) => {
    const { id } = (await seller.post('/v1/me/kyc-requests', { level: 'full' })).body
    return { who: seller, path: `/v1/me/kyc-requests/${id}/withdrawal`, body: {} }
  },
})

async function support(): Promise<Person> {
  const person = await market.person('support')
  await superuser.query(`insert into fairlock.staff_roles (user_id, role) values ($1, 'support')`, [
    person.id,
  ])
  return person
}

/** POSTs that keep no answer: their effect happens once by itself, or is a token that is never kept. */
const WITHOUT_KEPT_ANSWER = [
  'POST /v1/admin/users/search',
  // Kept but for the secret: test/keys/keys.test.ts.
  'POST /v1/api-keys',
  'POST /v1/auth/email-change/cancellation',
  'POST /v1/auth/email-change/confirmation',
  'POST /v1/auth/login',
  'POST /v1/auth/logout',
  'POST /v1/auth/passkey',
  'POST /v1/auth/passkey/options',
  'POST /v1/auth/password-reset',
  'POST /v1/auth/password-reset/confirmation',
  'POST /v1/auth/register',
  // Kept, and tried with forms: test/files/store.test.ts.
  'POST /v1/files',
  'POST /v1/me/email',
  'POST /v1/me/notices/read',
  'POST /v1/me/notices/{id}/read',
  'POST /v1/me/passkeys',
  'POST /v1/me/passkeys/options',
  'POST /v1/me/password',
  // Asked again, it takes its own place.
  'POST /v1/me/push-subscriptions',
  'POST /v1/me/recovery-codes',
  'POST /v1/me/step-up',
  'POST /v1/me/step-up/options',
  'POST /v1/me/two-factor',
  'POST /v1/me/two-factor/confirmation',
  // Kept but for the secret: test/webhooks/webhooks.test.ts.
  'POST /v1/webhooks',
  'POST /v1/webhooks/{id}/secret',
]

test('every POST takes a key, and is tried here', () => {
  const posts = operationsOf(market.app).filter((one) => one.method === 'POST')
  for (const { name, parameters } of posts) {
    assert.ok(
      parameters.some((one) => one.name === 'idempotency-key'),
      `${name} does not take a key`,
    )
  }
  assert.deepEqual(
    posts.map((one) => one.name).sort(),
    [...Object.keys(CASES), ...WITHOUT_KEPT_ANSWER].sort(),
  )
})

for (const [name, prepare] of Object.entries(CASES)) {
  test(`${name}: twenty at once with one key have one effect and one answer, and so has a late one`, async () => {
    const { who, path, body, other } = await prepare(await scene())
    const before = await effects()
    const key = `key of ${name}`
    const answers = await Promise.all(Array.from({ length: 20 }, () => who.post(path, body, key)))
    const [first] = answers
    assert.ok(first && first.status < 300, JSON.stringify(first?.body))
    assert.equal((await effects()) - before, 1)
    const sums = await checksums(market)
    answers.push(await who.post(path, body, key))
    for (const answer of answers) assert.deepEqual([answer.status, answer.body], [first.status, first.body])

    if (other !== undefined)
      assert.deepEqual(said(await who.post(path, other, key)), [422, 'idempotency_key_reused'])
    const elsewhere = path.startsWith('/v1/offers') ? '/v1/admin/adjustments' : '/v1/offers'
    const body2 = { userId: who.id, currency: 'BTC', amount: '1', reason: 'x' }
    const reused = await who.post(elsewhere, elsewhere === '/v1/offers' ? offerBody() : body2, key)
    assert.deepEqual(said(reused), [422, 'idempotency_key_reused'])
    assert.deepEqual(await checksums(market), sums)
  })
}

test('the same body in another order of its fields is the same request', async () => {
  const { seller } = await scene()
  const body = offerBody()
  const turned = Object.fromEntries(Object.entries(body).reverse())
  const [one, two] = [
    await seller.post('/v1/offers', body, 'order'),
    await seller.post('/v1/offers', turned, 'order'),
  ]
  assert.equal(one.status, 201)
  assert.deepEqual(two.body, one.body)
})

test('a refusal is remembered, also when the request could succeed by now', async () => {
  const { seller, offer, buyer } = await scene()
  const body = { amount: '2', paymentMethodType: 'sepa' }
  const path = `/v1/offers/${offer}/trades`
  assert.deepEqual(said(await buyer.post(path, body, 'refused')), [422, 'amount_outside_offer'])
  const changed = await seller.patch(`/v1/offers/${offer}`, { totalAmount: '3', maxAmount: '3' })
  assert.equal(changed.status, 200)
  assert.deepEqual(said(await buyer.post(path, body, 'refused')), [422, 'amount_outside_offer'])
  assert.equal((await buyer.post(path, body, 'a new key')).status, 201)
})

test('keys are everybody’s own', async () => {
  const [one, two] = [await scene(), await scene()]
  const answers = [one, two].map(({ seller }) => seller.post('/v1/offers', offerBody(), 'the same key'))
  const [first, second] = await Promise.all(answers)
  assert.deepEqual([first?.status, second?.status], [201, 201])
  assert.notEqual(first?.body.id, second?.body.id)
})

test('without a key every request is a new one', async () => {
  const { seller } = await scene()
  const [one, two] = [
    await seller.post('/v1/offers', offerBody()),
    await seller.post('/v1/offers', offerBody()),
  ]
  assert.notEqual(one.body.id, two.body.id)
})

test('registering again with a key and the same password answers with the same person', async () => {
  const person = { email: 'twice@example.org', password: 'twice the same', displayName: 'twice' }
  const ask = (body: unknown, key?: string) =>
    call(market.url, 'POST', '/v1/auth/register', body, key === undefined ? {} : { 'idempotency-key': key })
  const first = await ask(person, 'k')
  const again = await ask(person, 'k')
  assert.deepEqual([first.status, again.status], [201, 201])
  assert.equal(again.body.user.id, first.body.user.id)
  assert.equal((await ask(person)).body.code, 'email_taken')
  assert.equal((await ask({ ...person, password: 'another four quiet words' }, 'k')).body.code, 'email_taken')
})

async function scene(): Promise<Scene> {
  const [seller, buyer] = [await market.person('seller'), await market.person('buyer')]
  await market.credit(seller, 'BTC', '5')
  return { seller, buyer, offer: (await seller.post('/v1/offers', offerBody())).body.id }
}

async function take({ seller, buyer }: Scene, pair = 'BTC/EUR'): Promise<string> {
  const { body: offer } = await seller.post('/v1/offers', offerBody({ pair }))
  const { body } = await buyer.post(`/v1/offers/${offer.id}/trades`, {
    amount: '0.1',
    paymentMethodType: 'sepa',
  })
  return body.id
}

/** How many acts the log has: each command writes one, beside the lines of the rows that it changes. */
async function effects(): Promise<number> {
  const { rows } = await superuser.query<{ count: number }>(
    `select ((select count(*) from audit.events where changes is null or action like 'trade.%')
       + (select coalesce(sum(posted + seller_read + buyer_read), 0) from fairlock.chat_channels))::int as count`,
  )
  return rows[0]?.count ?? 0
}

function said({ status, body }: Answer): [number, string] {
  return [status, body.code]
}
