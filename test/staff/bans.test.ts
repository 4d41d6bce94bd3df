import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { asEngine } from '../../src/platform/index.ts'
import { grant, REASON } from '../access/staff.ts'
import { call, type Market, offerBody, type Person, startMarket } from '../support/market.ts'
import { type Desk, log, notices, openDesk } from './support.ts'

let market: Market
let desk: Desk
before(async () => {
  market = await startMarket({ connections: 30 })
  desk = await openDesk(market)
})
after(async () => {
  await desk?.superuser.end()
  await market?.stop()
})

const FOREVER = '2999-01-01T00:00:00.000Z'
const ban = (who: Person, whom: Person, until: string | null, reason = 'three no-shows') =>
  who.put(`/v1/admin/users/${whom.id}/ban`, { until, reason })
const bansOf = async (whom: Person) => (await desk.admin.get(`/v1/admin/bans?userId=${whom.id}`)).body.items
const onMarket = async (id: string) => [
  (await call(market.url, 'GET', `/v1/offers/${id}`)).status,
  (await call(market.url, 'GET', '/v1/offers?pair=BTC/EUR&limit=100')).body.items.some(
    (one: { id: string }) => one.id === id,
  ),
  (await call(market.url, 'GET', '/v1/offers?paymentMethodType=sepa&limit=100')).body.items.some(
    (one: { id: string }) => one.id === id,
  ),
]
const TAKE = { amount: '0.1', paymentMethodType: 'sepa' }
async function seller(): Promise<{ person: Person; offer: string }> {
  const person = await market.person('seller')
  await market.credit(person, 'BTC', '2')
  const { body } = await person.post('/v1/offers', offerBody())
  return { person, offer: body.id }
}

test('a ban in the middle of a trade: nothing new begins, the offers are off the market, and the trade ends', async () => {
  const { person, offer } = await seller()
  const buyer = await market.person('buyer')
  const { body: trade } = await buyer.post(`/v1/offers/${offer}/trades`, TAKE)
  await buyer.post(`/v1/trades/${trade.id}/payment`)
  assert.deepEqual(await onMarket(offer), [200, true, true])

  const banned = await ban(desk.compliance, person, FOREVER)
  assert.deepEqual([banned.status, banned.body.bannedUntil], [200, FOREVER])
  assert.deepEqual(await onMarket(offer), [404, false, false])
  const own = (await person.get('/v1/me/offers')).body.items
  assert.deepEqual([own.length, own[0].status], [1, 'open'], 'the maker sees it as it is')
  assert.equal((await buyer.post(`/v1/offers/${offer}/trades`, TAKE)).body.code, 'offer_not_open')
  assert.equal((await person.post('/v1/offers', offerBody())).body.code, 'banned')
  const other = await seller()
  assert.equal((await person.post(`/v1/offers/${other.offer}/trades`, TAKE)).body.code, 'banned')
  assert.equal((await person.patch(`/v1/offers/${offer}`, { status: 'paused' })).status, 200)
  assert.equal((await person.patch(`/v1/offers/${offer}`, { status: 'open' })).body.code, 'banned')
  assert.equal((await person.post(`/v1/trades/${trade.id}/release`)).body.status, 'completed')

  const [told] = await notices(person)
  assert.equal(told?.kind, 'person.banned')
  assert.match(told?.text ?? '', /cannot start anything new until 2999-01-01T00:00:00.000Z: three no-shows\./)
  const lifted = await ban(desk.admin, person, null, 'it was somebody else')
  assert.deepEqual([lifted.status, lifted.body.bannedUntil], [200, null])
  assert.equal((await person.patch(`/v1/offers/${offer}`, { status: 'open' })).status, 200)
  assert.deepEqual(await onMarket(offer), [200, true, true])
  assert.match((await notices(person))[0]?.text ?? '', /trade again.*it was somebody else/)
  assert.deepEqual(
    (await log(desk.superuser, person.id))
      .slice(-2)
      .map(({ actor, action, reason }) => [actor, action, reason]),
    [
      [desk.compliance.id, 'person.banned', 'three no-shows'],
      [desk.admin.id, 'person.unbanned', 'it was somebody else'],
    ],
  )
})

test('a ban ends by itself, and the offers are back', async () => {
  const { person, offer } = await seller()
  const until = new Date(Date.now() + 900).toISOString()
  assert.equal((await ban(desk.admin, person, until)).status, 200)
  assert.deepEqual(await onMarket(offer), [404, false, false])
  await setTimeout(Date.parse(until) - Date.now() + 50)
  assert.deepEqual(await onMarket(offer), [200, true, true])
  const buyer = await market.person('buyer')
  assert.equal((await buyer.post(`/v1/offers/${offer}/trades`, TAKE)).status, 201)
  assert.equal((await person.post('/v1/offers', offerBody())).status, 201)
  assert.equal((await bansOf(person))[0].status, 'over')
})

test('the history says who banned and lifted, why and until when; a new ban takes the place of the last', async () => {
  const person = await market.person()
  await ban(desk.compliance, person, '2998-01-01T00:00:00Z', 'first')
  await ban(desk.second, person, FOREVER, 'worse than we thought')
  await ban(desk.admin, person, null, 'appeal heard')
  await asEngine(market.database.ownerUrl, (client) =>
    client.query('select fairlock.ban_person($1, $2, $3)', [person.id, FOREVER, 'by the operator']),
  )
  const told = (await bansOf(person)).map((one: Record<string, unknown>) => [
    one.status,
    one.reason,
    one.bannedBy,
    one.liftedBy,
    one.liftReason,
  ])
  assert.deepEqual(told, [
    ['live', 'by the operator', null, null, null],
    ['lifted', 'worse than we thought', desk.second.id, desk.admin.id, 'appeal heard'],
    ['lifted', 'first', desk.compliance.id, desk.second.id, 'worse than we thought'],
  ])
  const live = (await desk.admin.get('/v1/admin/bans?live=true&limit=100')).body.items
  assert.ok(live.some((one: { userId: string }) => one.userId === person.id))
  assert.ok(live.every((one: { status: string }) => one.status === 'live'))
  const seen = []
  for (let cursor = ''; ; ) {
    const { body } = await desk.admin.get(`/v1/admin/bans?userId=${person.id}&limit=1${cursor}`)
    seen.push(...body.items)
    if (body.nextCursor === null) break
    cursor = `&cursor=${body.nextCursor}`
  }
  assert.equal(seen.length, 3)
  const { id } = seen[0]
  for (const change of [
    `reason = 'nicer'`,
    "until = until + interval '1 day'",
    'banned_by = null, user_id = lifted_by',
  ])
    await assert.rejects(desk.superuser.query(`update fairlock.bans set ${change} where id = $1`, [id]))
  await assert.rejects(desk.superuser.query('delete from fairlock.bans where id = $1', [id]), /append-only/)
})

test('compliance and administrators ban, nobody themselves, and no banned administrator anybody', async () => {
  const [person, trader] = [await market.person(), await market.person()]
  for (const who of [trader, desk.support, desk.arbitrator]) {
    const { status, body } = await ban(who, person, FOREVER)
    assert.deepEqual([status, body.code], [403, 'admin_only'])
    assert.deepEqual((await who.get('/v1/admin/bans')).body.items, [])
  }
  assert.equal((await ban(desk.admin, desk.admin, FOREVER)).body.code, 'own_request')
  assert.equal((await ban(desk.admin, person, '2020-01-01T00:00:00Z')).body.code, 'invalid_expiry')
  assert.equal((await ban(desk.admin, person, FOREVER, '  ')).status, 400)
  const nobody = { ...person, id: '01890000-0000-7000-8000-00000000dead' } as Person
  assert.equal((await ban(desk.admin, nobody, FOREVER)).status, 404)
  assert.deepEqual(await bansOf(person), [])

  await ban(desk.compliance, desk.admin, FOREVER, 'left in anger')
  try {
    assert.equal((await ban(desk.admin, person, FOREVER)).status, 403)
    assert.equal((await ban(desk.admin, desk.admin, null)).status, 403)
    assert.equal((await desk.admin.get('/v1/admin/desk')).status, 403)
    const kyc = await desk.admin.put(`/v1/admin/users/${person.id}/kyc`, { level: 'full', reason: 'x' })
    assert.equal(kyc.status, 403)
  } finally {
    await ban(desk.compliance, desk.admin, null, 'calm again')
  }
})

test('the tables themselves take no offer and no trade of somebody banned (I12)', async () => {
  const { person, offer } = await seller()
  const buyer = await market.person('buyer')
  const { body: trade } = await buyer.post(`/v1/offers/${offer}/trades`, TAKE)
  await person.patch(`/v1/offers/${offer}`, { status: 'paused' })
  const copy = async (table: string, id: string) =>
    desk.superuser
      .query(
        `with columns as (
         select string_agg(quote_ident(attname), ', ') filter (where attname <> 'id') as names from pg_attribute
         where attrelid = '${table}'::regclass and attnum > 0 and not attisdropped and attgenerated = '')
       select format('insert into ${table} (id, %1$s) select gen_random_uuid(), %1$s from ${table} where id = %2$L',
         names, '${id}') as statement from columns`,
      )
      .then(({ rows }) => desk.superuser.query(rows[0].statement))
  await desk.superuser.query(
    `update crypto_profiles set banned_until = now() + interval '1 day' where user_id = $1`,
    [person.id],
  )
  await assert.rejects(copy('fairlock.offers', offer), { code: 'FL012' })
  await assert.rejects(copy('public.crypto_trades', trade.id), { code: 'FL012' })
  await assert.rejects(
    desk.superuser.query(`update fairlock.offers set status = 'open' where id = $1`, [offer]),
    { code: 'FL012' },
  )
  const { rows } = await desk.superuser.query(
    'select hidden_until > now() as hidden from fairlock.offers where id = $1',
    [offer],
  )
  assert.ok(rows[0].hidden, 'however the ban came about')
})

test('once a ban is answered, nothing that was begun at the same moment begins any more', async () => {
  const [other, taker] = [await seller(), await market.person('taker')]
  for (let round = 0; round < 3; round++) {
    const { person, offer } = await seller()
    const count = async () =>
      (
        await desk.superuser.query(
          `select (select count(*) from crypto_trades where $1 in (user_id, buyer_id))
             + (select count(*) from fairlock.offers where maker_id = $1) as n`,
          [person.id],
        )
      ).rows[0].n
    const small = { ...TAKE, amount: '0.001' }
    const begun = Array.from({ length: 4 }, () => [
      person.post(`/v1/offers/${other.offer}/trades`, small),
      taker.post(`/v1/offers/${offer}/trades`, small),
      person.post('/v1/offers', offerBody()),
    ]).flat()
    assert.equal((await ban(desk.admin, person, FOREVER)).status, 200)
    const then = await count()
    const answers = await Promise.all(begun)
    assert.equal(await count(), then)
    for (const { status, body } of answers)
      assert.ok(status === 201 || ['banned', 'offer_not_open'].includes(body.code), JSON.stringify(body))
  }
})

test('the desk says what waits, to each role its part', async () => {
  const person = await market.person()
  const { body: request } = await person.post('/v1/me/kyc-requests', { level: 'basic' })
  await desk.support.post('/v1/admin/access-grants', { scope: 'person', userId: person.id, reason: REASON })
  const glass = await desk.support.post('/v1/admin/break-glass', {
    scope: 'money',
    userId: person.id,
    reason: REASON,
  })
  const { body: seen } = await desk.compliance.get('/v1/admin/desk')
  assert.deepEqual(
    { ...seen.kycRequests, longestSince: null },
    { waiting: 1, longestSince: null, claimed: 0, claimedByYou: 0 },
  )
  assert.equal(seen.kycRequests.longestSince, request.askedAt)
  assert.equal(seen.breakGlass.longestSince, glass.body.askedAt)
  assert.deepEqual([seen.breakGlass.waiting, seen.accessRequests.waiting, seen.disputes], [1, 1, null])
  await desk.compliance.post(`/v1/admin/kyc-requests/${request.id}/claim`, {})
  const { body: admins } = await desk.admin.get('/v1/admin/desk')
  assert.deepEqual([admins.kycRequests.claimed, admins.kycRequests.claimedByYou], [1, 0])
  assert.deepEqual([admins.disputes.waiting, admins.paymentMethods.waiting], [0, 0])
  const { body: arbitrators } = await desk.arbitrator.get('/v1/admin/desk')
  assert.deepEqual(arbitrators, {
    kycRequests: null,
    paymentMethods: null,
    disputes: { waiting: 0, longestSince: null },
    breakGlass: null,
    accessRequests: null,
  })
  const supports = await desk.support.get('/v1/admin/desk')
  assert.ok(Object.values(supports.body).every((part) => part === null))
  assert.deepEqual([(await person.get('/v1/admin/desk')).body.code], ['staff_only'])
})

test('a search says which grants the searcher holds about who was found', async () => {
  const person = await market.person('sought')
  const search = async (who: Person) =>
    (await who.post('/v1/admin/users/search', { email: person.email })).body
  assert.deepEqual((await search(desk.support)).items[0].grants, [])
  const { id } = await grant(desk.support, desk.compliance, { scope: 'money', userId: person.id })
  const [found] = (await search(desk.support)).items
  assert.deepEqual(
    found.grants.map((one: { id: string; scope: string; status: string }) => [one.id, one.scope, one.status]),
    [[id, 'money', 'live']],
  )
  assert.deepEqual((await search(desk.compliance)).items[0].grants, [], 'each their own')
  assert.ok(!('email' in found))
})
