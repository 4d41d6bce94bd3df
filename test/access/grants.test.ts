import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Person } from '../support/market.ts'
import { startMarket } from '../support/market.ts'
import { endNow, events, grant, type Office, openOffice, REASON, setRole } from './staff.ts'

// Staff see somebody's rows under a live grant, and not a moment longer.

let office: Office
before(async () => {
  office = await openOffice(await startMarket())
})
after(async () => {
  await office?.superuser.end()
  await office?.market.stop()
})
beforeEach(async () => {
  await office.superuser.query(
    `begin; set local session_replication_role = replica; delete from fairlock.access_grants; commit`,
  )
})

const pages = (id: string) => ({
  person: [`/v1/admin/users/${id}`, `/v1/admin/users/${id}/sessions`],
  money: [`/v1/admin/users/${id}/wallets`, `/v1/admin/users/${id}/transactions`],
  trades: [`/v1/admin/users/${id}/trades`],
  payment_methods: [`/v1/admin/users/${id}/payment-methods`],
})

async function statuses(person: Person, paths: string[]): Promise<number[]> {
  return Promise.all(paths.map(async (path) => (await person.get(path)).status))
}

test('each scope opens its own pages, of that person, for that member of staff', async () => {
  const { support, compliance, admin, seller, buyer } = office
  const all = pages(seller.id)
  for (const scope of Object.keys(all) as (keyof typeof all)[]) {
    await grant(support, admin, { scope, userId: seller.id })
    for (const [other, paths] of Object.entries(all)) {
      const expected = paths.map(() => (other === scope ? 200 : 404))
      assert.deepEqual(await statuses(support, paths), expected, `${other} under ${scope}`)
    }
    const everything = Object.values(all).flat()
    for (const person of [compliance, admin, buyer, seller]) {
      assert.ok((await statuses(person, everything)).every((status) => status === 404))
    }
    assert.ok((await statuses(support, Object.values(pages(buyer.id)).flat())).every((one) => one === 404))
    await office.superuser.query(`update fairlock.access_grants set status = 'revoked', revoked_at = now()
      where status = 'granted'`)
  }
})

test('the pages show the person, their money, their trades and no account details', async () => {
  const { support, admin, seller, buyer, tradeId } = office
  for (const scope of Object.keys(pages(''))) await grant(support, admin, { scope, userId: seller.id })
  const at = `/v1/admin/users/${seller.id}`
  assert.equal((await support.get(at)).body.email, seller.email)
  assert.equal((await support.get(`${at}/sessions`)).body.items[0].address, '127.0.0.1')
  assert.equal((await support.get(`${at}/wallets`)).body.items[0].available, '0.89990000')
  const types = (await support.get(`${at}/transactions`)).body.items.map((one: { type: string }) => one.type)
  assert.deepEqual(types, ['hold', 'adjustment'])
  const { body: trades } = await support.get(`${at}/trades`)
  assert.equal(trades.items[0].id, tradeId)
  assert.equal(trades.items[0].buyer.id, buyer.id)
  const { body: methods } = await support.get(`${at}/payment-methods`)
  assert.equal(methods.items[0].provider, 'a bank')
  assert.doesNotMatch(JSON.stringify(methods), /RkwB|DE89/)
})

test('lists under a grant are paged', async () => {
  const { support, admin, seller } = office
  await grant(support, admin, { scope: 'money', userId: seller.id })
  const path = `/v1/admin/users/${seller.id}/transactions?limit=1`
  const first = (await support.get(path)).body
  const second = (await support.get(`${path}&cursor=${first.nextCursor}`)).body
  assert.notEqual(first.items[0].id, second.items[0].id)
  assert.equal(second.nextCursor, null)
})

test('changing a level or a ban shows nothing that a grant is for', async () => {
  const { admin, seller } = office
  for (const [what, body] of [
    ['kyc', { level: 'full', reason: REASON }],
    ['ban', { until: null, reason: REASON }],
  ] as const) {
    const { body: told } = await admin.put(`/v1/admin/users/${seller.id}/${what}`, body)
    assert.deepEqual(
      Object.keys(told).sort(),
      ['bannedUntil', 'displayName', 'id', 'isVerifiedTrader', 'kycLevel', 'totalTrades'],
      what,
    )
  }
})

test('a case is one trade: an arbitrator sees it and nothing else of the two', async () => {
  const { arbitrator, admin, seller, tradeId } = office
  assert.equal((await arbitrator.get(`/v1/admin/cases/${tradeId}`)).status, 404)
  await grant(arbitrator, admin, { scope: 'case', tradeId })
  const { status, body } = await arbitrator.get(`/v1/admin/cases/${tradeId}`)
  assert.equal(status, 200)
  assert.equal(body.trade.escrow.status, 'disputed')
  assert.equal(body.disputes[0].reason, 'payment_not_received')
  assert.ok((await statuses(arbitrator, Object.values(pages(seller.id)).flat())).every((one) => one === 404))
  const refused = await arbitrator.post('/v1/admin/access-grants', {
    scope: 'person',
    userId: seller.id,
    reason: REASON,
  })
  assert.deepEqual([refused.status, refused.body.code], [403, 'staff_only'])
})

test('a grant opens nothing on the pages that everybody has', async () => {
  const { support, admin, seller, tradeId } = office
  for (const scope of Object.keys(pages(''))) await grant(support, admin, { scope, userId: seller.id })
  await grant(support, admin, { scope: 'case', tradeId })
  assert.equal((await support.get(`/v1/trades/${tradeId}`)).status, 404)
  assert.deepEqual((await support.get('/v1/trades')).body.items, [])
  assert.deepEqual((await support.get('/v1/transactions')).body.items, [])
  assert.equal((await support.get('/v1/me/sessions')).body.items.length, 1)
})

test('every look is in the log with the grant and its reason, and a look that shows nothing is not', async () => {
  const { support, compliance, admin, seller } = office
  const { id } = await grant(support, admin, { scope: 'money', userId: seller.id })
  const before = (await events(office, 'person.viewed', seller.id)).length
  await support.get(`/v1/admin/users/${seller.id}/wallets`)
  await compliance.get(`/v1/admin/users/${seller.id}/wallets`)
  const seen = (await events(office, 'person.viewed', seller.id)).slice(before)
  const details = { grant: id, scope: 'money', what: 'wallets', breakGlass: false }
  assert.deepEqual(seen, [{ actor_id: support.id, reason: REASON, details }])
})

test('the end of its time, revoking, losing the role, a ban and the end of duty each end it at once', async () => {
  const { superuser, support, admin, seller } = office
  const path = `/v1/admin/users/${seller.id}`
  const seen = async () => (await support.get(path)).status
  const fresh = () => grant(support, admin, { scope: 'person', userId: seller.id })

  await endNow(office, (await fresh()).id)
  assert.equal(await seen(), 404, 'over')

  const revoked = await fresh()
  assert.equal(await seen(), 200)
  assert.equal((await admin.post(`/v1/admin/access-grants/${revoked.id}/revocation`, {})).status, 200)
  assert.equal(await seen(), 404, 'revoked')

  await fresh()
  await setRole(superuser, support, 'support', false)
  assert.equal(await seen(), 404, 'without the role')
  await setRole(superuser, support, 'support', true)
  assert.equal(await seen(), 200)

  await superuser.query(
    `update crypto_profiles set banned_until = now() + interval '1 second' where user_id = $1`,
    [support.id],
  )
  assert.equal(await seen(), 404, 'banned')
  await new Promise((resolve) => setTimeout(resolve, 1050))
  assert.equal(await seen(), 200, 'a ban ends by itself')

  await superuser.query(`insert into fairlock.duty_hours (id, role, weekdays, from_minute, to_minute, time_zone)
    select gen_random_uuid(), 'support', array[extract(isodow from now() at time zone 'UTC' + interval '1 day')], 0, 1440, 'UTC'`)
  assert.equal(await seen(), 404, 'off duty')
  await superuser.query('delete from fairlock.duty_hours')
  assert.equal(await seen(), 200)
})

test('a start in the future is kept, and the lowest limit wins', async () => {
  const { support, admin, seller, superuser } = office
  const startsAt = new Date(Date.now() + 3_600_000).toISOString()
  const later = await grant(support, admin, { scope: 'person', userId: seller.id, startsAt })
  assert.deepEqual([later.status, later.startsAt], ['granted', startsAt])
  assert.equal((await support.get(`/v1/admin/users/${seller.id}`)).status, 404)

  const length = (one: { startsAt: string; endsAt: string }) =>
    (Date.parse(one.endsAt) - Date.parse(one.startsAt)) / 60_000
  assert.equal(
    length(await grant(support, admin, { scope: 'money', userId: seller.id, minutes: 10_000 })),
    480,
  )
  assert.equal(length(await grant(support, admin, { scope: 'money', userId: seller.id, minutes: 20 })), 20)
  const ask = { scope: 'money', userId: seller.id, reason: REASON, minutes: 400 }
  const shorter = (await support.post('/v1/admin/access-grants', ask)).body
  await superuser.query('update fairlock.settings set grant_hours = 2')
  const path = `/v1/admin/access-grants/${shorter.id}/approval`
  assert.equal(length((await admin.post(path, { minutes: 300 })).body), 120)
  await superuser.query('update fairlock.settings set grant_hours = 8')
  const far = { ...ask, startsAt: '2999-01-01T00:00:00Z' }
  assert.equal((await support.post('/v1/admin/access-grants', far)).body.code, 'invalid_period')
})

test('nobody approves what they asked for or what is about them, and only those who may do', async () => {
  const { support, compliance, admin, arbitrator, seller, buyer, tradeId, superuser } = office
  const approve = async (who: Person, id: string) =>
    (await who.post(`/v1/admin/access-grants/${id}/approval`, {})).body.code
  const ask = async (who: Person, request: object) =>
    (await who.post('/v1/admin/access-grants', { reason: REASON, ...request })).body

  const own = await ask(admin, { scope: 'person', userId: seller.id })
  assert.equal(await approve(admin, own.id), 'own_request')
  for (const person of [support, arbitrator, seller])
    assert.equal(await approve(person, own.id), 'admin_only')
  const about = await ask(support, { scope: 'person', userId: compliance.id })
  assert.equal(await approve(compliance, about.id), 'own_request')
  assert.equal((await ask(support, { scope: 'person', userId: support.id })).code, 'own_request')
  await setRole(superuser, buyer, 'compliance', true)
  const theirs = await ask(support, { scope: 'case', tradeId })
  assert.equal(await approve(buyer, theirs.id), 'own_request')
  assert.equal((await ask(buyer, { scope: 'case', tradeId })).code, 'own_request')
  await setRole(superuser, buyer, 'compliance', false)
  assert.equal(await approve(compliance, own.id), undefined)
  assert.equal(await approve(compliance, own.id), 'access_decided')
})

test('requests are asked for by staff, about one thing that is there, with a reason', async () => {
  const { support, seller, tradeId } = office
  const refusal = async (who: Person, request: object) => {
    const { status, body } = await who.post('/v1/admin/access-grants', { reason: REASON, ...request })
    return [status, body.code]
  }
  const unknown = '01890000-0000-7000-8000-00000000dead'
  assert.deepEqual(await refusal(seller, { scope: 'person', userId: support.id }), [403, 'staff_only'])
  assert.deepEqual(await refusal(support, { scope: 'person' }), [422, 'invalid_subject'])
  assert.deepEqual(await refusal(support, { scope: 'person', tradeId }), [422, 'invalid_subject'])
  assert.deepEqual(await refusal(support, { scope: 'case', tradeId, userId: seller.id }), [
    422,
    'invalid_subject',
  ])
  assert.deepEqual(await refusal(support, { scope: 'person', userId: unknown }), [422, 'unknown_user'])
  assert.deepEqual(await refusal(support, { scope: 'case', tradeId: unknown }), [404, 'not_found'])
  for (const reason of ['', 'why', '          ', `${' '.repeat(20)}a`]) {
    assert.equal(
      (await refusal(support, { scope: 'person', userId: seller.id, reason }))[1],
      'invalid_request',
    )
  }
})

test('a request is refused or taken back once, and is not approved a day later', async () => {
  const { support, admin, compliance, seller, superuser } = office
  const ask = async () =>
    (await support.post('/v1/admin/access-grants', { scope: 'person', userId: seller.id, reason: REASON }))
      .body
  const post = async (who: Person, id: string, verb: string) => {
    const { status, body } = await who.post(`/v1/admin/access-grants/${id}/${verb}`, {})
    return status === 200 ? body.status : body.code
  }
  const refused = await ask()
  assert.equal(await post(admin, refused.id, 'refusal'), 'refused')
  assert.equal(await post(compliance, refused.id, 'approval'), 'access_decided')
  assert.equal(await post(support, refused.id, 'revocation'), 'access_over')
  const back = await ask()
  assert.equal(await post(seller, back.id, 'revocation'), 'not_found')
  assert.equal(await post(support, back.id, 'revocation'), 'revoked')
  assert.equal(await post(admin, back.id, 'approval'), 'access_decided')
  const old = await ask()
  await superuser.query(`begin; set local session_replication_role = replica;
    update fairlock.access_grants set starts_at = now() - interval '25 hours' where id = '${old.id}'; commit`)
  assert.equal(await post(admin, old.id, 'approval'), 'access_over')
})

test('the lists show everybody theirs, and administrators and compliance all', async () => {
  const { support, admin, compliance, arbitrator, seller, tradeId } = office
  const ids = async (who: Person, list: string) =>
    (await who.get(`/v1/admin/access-grants?list=${list}`)).body.items.map((one: { id: string }) => one.id)
  const asked = (
    await support.post('/v1/admin/access-grants', { scope: 'person', userId: seller.id, reason: REASON })
  ).body.id
  const glass = (await arbitrator.post('/v1/admin/break-glass', { scope: 'case', tradeId, reason: REASON }))
    .body.id
  for (const who of [admin, compliance]) {
    assert.deepEqual(await ids(who, 'approve'), [asked])
    assert.deepEqual(await ids(who, 'review'), [glass])
    assert.deepEqual(await ids(who, 'all'), [glass, asked])
    assert.deepEqual(await ids(who, 'mine'), [])
  }
  assert.deepEqual([await ids(support, 'mine'), await ids(support, 'all')], [[asked], [asked]])
  assert.deepEqual([await ids(support, 'approve'), await ids(arbitrator, 'review')], [[], []])
  assert.deepEqual(await ids(seller, 'all'), [])
  const { body } = await admin.get('/v1/admin/access-grants?list=all&limit=1')
  const second = await admin.get(`/v1/admin/access-grants?list=all&limit=1&cursor=${body.nextCursor}`)
  assert.deepEqual([body.items[0].id, second.body.items[0].id, second.body.nextCursor], [glass, asked, null])
})

test('staff find a person by the exact address or name, on the record; nobody else does', async () => {
  const { support, arbitrator, seller, buyer } = office
  const found = await support.post('/v1/admin/users/search', { email: seller.email.toUpperCase() })
  assert.deepEqual(
    found.body.items.map((one: { id: string }) => one.id),
    [seller.id],
  )
  assert.doesNotMatch(JSON.stringify(found.body), /@/)
  const name = found.body.items[0].displayName
  assert.equal((await support.post('/v1/admin/users/search', { name })).body.items[0].id, seller.id)
  assert.deepEqual((await support.post('/v1/admin/users/search', { name: name.slice(0, 4) })).body.items, [])
  assert.equal((await events(office, 'person.searched', seller.id)).length, 2)
  for (const person of [arbitrator, buyer]) {
    assert.equal((await person.post('/v1/admin/users/search', { name })).status, 404)
  }
})
