import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setRole } from '../access/staff.ts'
import { download, upload } from '../files/support.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'
import { type Desk, log, notices, openDesk } from './support.ts'

let market: Market
let desk: Desk
before(async () => {
  market = await startMarket({ connections: 20 })
  desk = await openDesk(market)
})
after(async () => {
  await desk?.superuser.end()
  await market?.stop()
})

const QUEUE = '/v1/admin/kyc-requests'
const MINE = '/v1/me/kyc-requests'
const ask = async (person: Person, more = {}): Promise<string> => {
  const { status, body } = await person.post(MINE, { level: 'full', ...more })
  assert.equal(status, 201, JSON.stringify(body))
  return body.id
}
const step = (who: Person, id: string, name: string, body = {}) => who.post(`${QUEUE}/${id}/${name}`, body)
const decide = (who: Person, id: string, approve = true) =>
  step(who, id, 'decision', { approve, reason: 'the passport is sharp' })
const levelOf = async (person: Person) => (await person.get('/v1/me')).body.kycLevel
const document = async (person: Person, purpose = 'kyc') =>
  (await upload(market.url, person, 'a page of a passport, in words', { purpose, name: 'passport.txt' })).body
    .id

test('a request goes from its person to who claims it, who sees the documents, and back with the reason', async () => {
  const { compliance, superuser } = desk
  const marta = await market.person('marta')
  const file = await document(marta)
  const id = await ask(marta, { statement: 'I moved in May, the bill is newer', fileIds: [file] })

  const claimed = await step(compliance, id, 'claim')
  assert.deepEqual([claimed.status, claimed.body.claimedBy], [200, compliance.id])
  const { body } = await compliance.get(`${QUEUE}/${id}`)
  assert.equal(body.statement, 'I moved in May, the bill is newer')
  assert.deepEqual([body.userId, body.level, body.kycLevel], [marta.id, 'full', 'none'])
  assert.deepEqual(
    body.files.map((one: { id: string; name: string }) => [one.id, one.name]),
    [[file, 'passport.txt']],
  )
  const shown = await download(market.url, compliance, `/v1/files/${file}`)
  assert.equal(shown.bytes.toString(), 'a page of a passport, in words')

  const decided = await decide(compliance, id)
  assert.deepEqual([decided.status, decided.body.status, decided.body.kycLevel], [200, 'approved', 'full'])
  assert.equal(await levelOf(marta), 'full')
  const [told] = await notices(marta)
  assert.equal(told?.kind, 'kyc.approved')
  assert.match(told?.text ?? '', /“full” was approved: the passport is sharp/)
  const mine = (await marta.get(MINE)).body.items
  assert.deepEqual([mine.length, mine[0].status, mine[0].reason], [1, 'approved', 'the passport is sharp'])
  assert.ok(!('claimedBy' in mine[0]) && !('decidedBy' in mine[0]), 'who decided is not told')

  // Once it is decided nobody of staff sees the documents any more; every look before is in the log.
  assert.equal((await download(market.url, compliance, `/v1/files/${file}`)).status, 404)
  assert.equal((await compliance.get(`${QUEUE}/${id}`)).status, 404)
  assert.equal((await download(market.url, marta, `/v1/files/${file}`)).status, 200)
  assert.deepEqual(
    (await log(superuser, id)).map(({ actor, action }) => [actor === marta.id ? 'marta' : 'staff', action]),
    [
      ['marta', 'kyc.asked'],
      ['staff', 'kyc.claimed'],
      ['staff', 'secret.opened'],
      ['staff', 'kyc.approved'],
    ],
  )
  assert.ok(
    (await log(superuser, file)).some((one) => one.action === 'secret.opened' && one.actor === compliance.id),
  )
  assert.ok(
    (await log(superuser, marta.id)).some((one) => one.action === 'person.kyc' && one.reason !== null),
  )
})

test('what a person says is sealed, and is not in the log', async () => {
  const person = await market.person()
  const id = await ask(person, { statement: 'Zanzibar-4711 is where I was born' })
  const { rows } = await desk.superuser.query(
    `select r::text as row, (select string_agg(e::text, ' ') from audit.events e) as log
     from fairlock.kyc_requests r where id = $1`,
    [id],
  )
  assert.doesNotMatch(`${rows[0].row} ${rows[0].log}`, /Zanzibar/)
  await person.post(`${MINE}/${id}/withdrawal`, {})
})

test('one request is open at a time, for a level above one’s own, and can be taken back', async () => {
  const person = await market.person()
  const both = await Promise.all([1, 2, 3].map(() => person.post(MINE, { level: 'basic' })))
  assert.deepEqual(both.map(({ status }) => status).sort(), [201, 409, 409])
  assert.equal((await person.post(MINE, { level: 'full' })).body.code, 'kyc_request_open')
  const { id } = both.find(({ status }) => status === 201)!.body
  const stranger = await market.person()
  assert.equal((await stranger.post(`${MINE}/${id}/withdrawal`, {})).status, 404)
  assert.equal((await person.post(`${MINE}/${id}/withdrawal`, {})).body.status, 'withdrawn')
  assert.equal((await person.post(`${MINE}/${id}/withdrawal`, {})).body.code, 'kyc_request_decided')
  assert.equal((await step(desk.compliance, id, 'claim')).body.code, 'kyc_request_decided')
  await desk.admin.put(`/v1/admin/users/${person.id}/kyc`, { level: 'full', reason: 'by hand' })
  for (const level of ['basic', 'full'])
    assert.equal((await person.post(MINE, { level })).body.code, 'kyc_level_reached')
  assert.equal((await person.post(MINE, { level: 'none' })).status, 400)
  await desk.admin.put(`/v1/admin/users/${person.id}/ban`, { until: '2999-01-01T00:00:00Z', reason: 'x' })
  assert.equal((await person.post(MINE, { level: 'institution' })).body.code, 'banned')
  const pages = await person.get(`${MINE}?limit=1`)
  assert.deepEqual([pages.body.items.length, pages.body.nextCursor], [1, null])
  assert.deepEqual((await stranger.get(MINE)).body.items, [])
})

test('only one’s own unused files for this purpose can be given, all of them or none', async () => {
  const [person, thief] = [await market.person(), await market.person()]
  const [mine, evidence, theirs] = [
    await document(person),
    await document(person, 'evidence'),
    await document(thief),
  ]
  for (const bad of [evidence, theirs, '01890000-0000-7000-8000-00000000dead']) {
    const { status, body } = await person.post(MINE, { level: 'basic', fileIds: [mine, bad] })
    assert.deepEqual([status, body.code, body.errors[0].field], [422, 'unknown_file', 'fileIds'])
  }
  const id = await ask(person, { fileIds: [mine] })
  await person.post(`${MINE}/${id}/withdrawal`, {})
  assert.equal((await person.post(MINE, { level: 'basic', fileIds: [mine] })).body.code, 'unknown_file')
})

test('the queue shows who waits longest first, to compliance and administrators alone', async () => {
  const people = [await market.person(), await market.person(), await market.person()]
  const ids = []
  for (const person of people) ids.push(await ask(person))
  await desk.superuser.query(`alter table fairlock.kyc_requests disable trigger guard`)
  for (const [i, id] of [ids[2], ids[0], ids[1]].entries())
    await desk.superuser.query(
      `update fairlock.kyc_requests set asked_at = '2020-01-01'::timestamptz + $2 * interval '1 day' where id = $1`,
      [id, i],
    )
  await desk.superuser.query(`alter table fairlock.kyc_requests enable trigger guard`)
  const seen: string[] = []
  let cursor = ''
  do {
    const { body } = await desk.compliance.get(`${QUEUE}?limit=2${cursor}`)
    seen.push(...body.items.map((item: { id: string }) => item.id))
    cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`
  } while (cursor !== '')
  assert.deepEqual(seen.slice(0, 3), [ids[2], ids[0], ids[1]])
  assert.equal(new Set(seen).size, seen.length)
  assert.equal((await desk.admin.get(`${QUEUE}?status=approved`)).status, 200)
  for (const who of [desk.support, desk.arbitrator, people[0]!]) {
    assert.deepEqual([(await who.get(QUEUE)).status, (await step(who, ids[1]!, 'claim')).status], [403, 403])
    assert.equal((await who.get(`${QUEUE}/${ids[1]}`)).status, 404)
    assert.equal((await decide(who, ids[1]!)).status, 403)
  }
  for (const [i, person] of people.entries()) await person.post(`${MINE}/${ids[i]}/withdrawal`, {})
})

test('who has not claimed a request sees and decides nothing; a claim is given back, ends, and falls with the role', async () => {
  const { compliance, second, admin, superuser } = desk
  const person = await market.person()
  const file = await document(person)
  const id = await ask(person, { fileIds: [file] })
  const sees = async (who: Person) => [
    (await who.get(`${QUEUE}/${id}`)).status,
    (await download(market.url, who, `/v1/files/${file}`)).status,
  ]
  assert.deepEqual(await sees(compliance), [404, 404])
  assert.equal((await decide(compliance, id)).body.code, 'kyc_request_unclaimed')
  await step(compliance, id, 'claim')
  for (const other of [second, admin]) {
    assert.deepEqual(await sees(other), [404, 404])
    assert.equal((await decide(other, id)).body.code, 'kyc_request_unclaimed')
    assert.equal((await step(other, id, 'claim')).body.code, 'kyc_request_claimed')
    assert.equal((await step(other, id, 'return')).body.code, 'kyc_request_claimed')
  }
  assert.deepEqual(await sees(compliance), [200, 200])
  assert.equal((await step(compliance, id, 'return')).body.claimedBy, null)
  assert.deepEqual(await sees(compliance), [404, 404])

  await step(second, id, 'claim')
  await superuser.query(
    `update fairlock.kyc_requests set claimed_at = claimed_at - interval '4 hours' where id = $1`,
    [id],
  )
  assert.deepEqual(await sees(second), [404, 404])
  assert.equal((await decide(second, id)).body.code, 'kyc_request_unclaimed')
  await step(compliance, id, 'claim')
  await setRole(superuser, compliance, 'compliance', false)
  assert.deepEqual(await sees(compliance), [404, 404])
  assert.equal((await step(second, id, 'claim')).status, 200)
  await setRole(superuser, compliance, 'compliance', true)
  await admin.put(`/v1/admin/users/${second.id}/ban`, { until: '2999-01-01T00:00:00Z', reason: 'theft' })
  assert.deepEqual(await sees(second), [404, 404])
  assert.equal((await decide(second, id)).status, 403)
  assert.equal((await step(compliance, id, 'claim')).status, 200)
  await admin.put(`/v1/admin/users/${second.id}/ban`, { until: null, reason: 'a mistake' })
  assert.equal((await decide(compliance, id, false)).body.status, 'refused')
  assert.equal(await levelOf(person), 'none')
  assert.match((await notices(person))[0]?.text ?? '', /refused: the passport is sharp/)
})

test('nobody decides about themselves, by request or by hand, and the table itself holds to it', async () => {
  const { admin, compliance, superuser } = desk
  for (const who of [admin, compliance]) {
    const id = await ask(who)
    assert.equal((await step(who, id, 'claim')).body.code, 'own_request')
    assert.equal((await decide(who, id)).body.code, 'own_request')
    const byHand = await who.put(`/v1/admin/users/${who.id}/kyc`, { level: 'full', reason: 'why not' })
    assert.deepEqual([byHand.status, byHand.body.code], [403, 'own_request'])
    await assert.rejects(
      superuser.query(
        `update fairlock.kyc_requests set claimed_by = user_id, claimed_at = now() where id = $1`,
        [id],
      ),
      /kyc_requests_two_people/,
    )
    assert.equal(await levelOf(who), 'none')
    const gift = { userId: who.id, currency: 'BTC', amount: '1', reason: 'why not' }
    const credit = await who.post('/v1/admin/adjustments', gift)
    assert.deepEqual([credit.status, credit.body.code], [403, who === admin ? 'own_request' : 'admin_only'])
    await who.post(`${MINE}/${id}/withdrawal`, {})
  }
})

test('of two who claim, and of many who decide at once, one does; what is decided stays', async () => {
  const { compliance, second, superuser } = desk
  const person = await market.person()
  const id = await ask(person)
  const claims = await Promise.all([compliance, second].map((who) => step(who, id, 'claim')))
  assert.deepEqual(claims.map(({ status }) => status).sort(), [200, 409])
  const claimer = claims[0]?.status === 200 ? compliance : second
  const decisions = await Promise.all(
    Array.from({ length: 6 }, (_, i) => decide(i === 5 ? desk.admin : claimer, id, i % 2 === 0)),
  )
  assert.equal(decisions.filter(({ status }) => status === 200).length, 1)
  const won = decisions.find(({ status }) => status === 200)!.body.status
  assert.equal(await levelOf(person), won === 'approved' ? 'full' : 'none')
  assert.equal((await notices(person)).filter(({ kind }) => kind.startsWith('kyc.')).length, 1)
  for (const change of [`status = 'asked', ended_at = null`, `reason = 'another'`, `level = 'institution'`]) {
    await assert.rejects(superuser.query(`update fairlock.kyc_requests set ${change} where id = $1`, [id]))
  }
  await assert.rejects(
    superuser.query('delete from fairlock.kyc_requests where id = $1', [id]),
    /append-only/,
  )
})
