import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { call, type Person, startMarket } from '../support/market.ts'
import { endNow, events, type Office, openOffice, REASON } from './staff.ts'

// Breaking the glass: at once, short, loud, and reviewed by somebody else.

let office: Office
before(async () => {
  office = await openOffice(await startMarket())
})
after(async () => {
  await office?.superuser.end()
  await office?.market.stop()
})

const breakGlass = (who: Person, subject: object) =>
  who.post('/v1/admin/break-glass', { reason: REASON, ...subject })
const review = (who: Person, id: string) =>
  who.post(`/v1/admin/access-grants/${id}/review`, {
    justified: true,
    review: 'The payment was stuck indeed',
  })

async function metric(state: 'open' | 'unreviewed'): Promise<number> {
  const { body } = await call(office.market.url, 'GET', '/metrics')
  return Number(new RegExp(`fairlock_break_glass\\{state="${state}"\\} (\\d+)`).exec(body)?.[1])
}

test('it opens at once for a short time, and stands in the log, the metric and the list until reviewed', async () => {
  const { support, admin, compliance, seller, superuser } = office
  const { status, body } = await breakGlass(support, { scope: 'person', userId: seller.id })
  assert.deepEqual([status, body.status, body.breakGlass, body.approverId], [201, 'live', true, null])
  assert.equal(Date.parse(body.endsAt) - Date.parse(body.startsAt), 30 * 60_000)
  assert.equal((await support.get(`/v1/admin/users/${seller.id}`)).status, 200)
  const [look] = await events(office, 'person.viewed', seller.id)
  assert.equal(look.details.breakGlass, true)
  const [alarm] = await events(office, 'access.break_glass', body.id)
  assert.deepEqual([alarm.actor_id, alarm.reason], [support.id, REASON])
  assert.deepEqual([await metric('open'), await metric('unreviewed')], [1, 1])
  for (const [who, notices] of [
    [admin, 1],
    [compliance, 1],
    [support, 0],
    [seller, 0],
  ] as const) {
    const { items } = (await who.get('/v1/me/notices')).body
    const alarms = items.filter((one: { kind: string }) => one.kind === 'access.break_glass')
    assert.equal(alarms.length, notices, who.email)
  }

  // A second one for the same person would make it longer.
  const again = await breakGlass(support, { scope: 'person', userId: seller.id })
  assert.deepEqual([again.status, again.body.code], [409, 'break_glass_unreviewed'])
  await endNow(office, body.id)
  assert.equal((await support.get(`/v1/admin/users/${seller.id}`)).status, 404)
  assert.equal((await breakGlass(support, { scope: 'person', userId: seller.id })).status, 409)
  assert.deepEqual([await metric('open'), await metric('unreviewed')], [0, 1])

  assert.equal((await review(support, body.id)).body.code, 'admin_only')
  const done = await review(admin, body.id)
  assert.deepEqual([done.status, done.body.reviewedBy, done.body.justified], [200, admin.id, true])
  assert.equal((await review(compliance, body.id)).body.code, 'nothing_to_review')
  assert.equal(await metric('unreviewed'), 0)
  assert.equal((await events(office, 'access.reviewed', body.id)).length, 1)
  assert.equal((await breakGlass(support, { scope: 'person', userId: seller.id })).status, 201)
  await superuser.query(`begin; set local session_replication_role = replica;
    delete from fairlock.access_grants; commit`)
})

test('a review ends what it reviews: no look comes after it', async () => {
  const { support, admin, seller, superuser } = office
  const { body } = await breakGlass(support, { scope: 'person', userId: seller.id })
  assert.equal((await support.get(`/v1/admin/users/${seller.id}`)).status, 200)
  const done = await review(admin, body.id)
  assert.deepEqual([done.status, done.body.status, done.body.justified], [200, 'revoked', true])
  assert.equal((await support.get(`/v1/admin/users/${seller.id}`)).status, 404)
  await superuser.query(`begin; set local session_replication_role = replica;
    delete from fairlock.access_grants; commit`)
})

test('nobody reviews their own, or one about themselves', async () => {
  const { admin, compliance, support, seller } = office
  const own = await breakGlass(admin, { scope: 'person', userId: seller.id })
  assert.equal((await review(admin, own.body.id)).body.code, 'own_request')
  const about = await breakGlass(support, { scope: 'person', userId: compliance.id })
  assert.equal((await review(compliance, about.body.id)).body.code, 'own_request')
  assert.equal((await review(admin, about.body.id)).status, 200)
  const asked = await support.post('/v1/admin/access-grants', {
    scope: 'money',
    userId: seller.id,
    reason: REASON,
  })
  assert.equal((await review(admin, asked.body.id)).body.code, 'nothing_to_review')
})

test('one that nobody reviewed in time bars its person from another, for anybody', async () => {
  const { support, admin, seller, buyer, superuser } = office
  const first = await breakGlass(support, { scope: 'person', userId: seller.id })
  assert.equal((await breakGlass(support, { scope: 'money', userId: seller.id })).status, 201)
  await superuser.query(`begin; set local session_replication_role = replica;
    update fairlock.access_grants set asked_at = now() - interval '73 hours' where id = '${first.body.id}'; commit`)
  const barred = await breakGlass(support, { scope: 'person', userId: buyer.id })
  assert.deepEqual([barred.status, barred.body.code], [409, 'break_glass_unreviewed'])
  await review(admin, first.body.id)
  assert.equal((await breakGlass(support, { scope: 'person', userId: buyer.id })).status, 201)
})

test('traders have no glass, and arbitrators only that of a case', async () => {
  const { arbitrator, seller, buyer, tradeId } = office
  assert.equal((await breakGlass(buyer, { scope: 'person', userId: seller.id })).body.code, 'staff_only')
  assert.equal((await breakGlass(arbitrator, { scope: 'person', userId: seller.id })).body.code, 'staff_only')
  assert.equal((await breakGlass(arbitrator, { scope: 'case', tradeId })).status, 201)
  assert.equal((await arbitrator.get(`/v1/admin/cases/${tradeId}`)).status, 200)
})
