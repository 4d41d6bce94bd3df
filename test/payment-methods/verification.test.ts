import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { erasePerson } from '../../src/operations/index.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'
import { addMethod, newIban, ofRole, said, sepa } from './support.ts'

const PATH = '/v1/payment-methods'
const QUEUE = '/v1/admin/payment-methods'

let market: Market
let superuser: pg.Client
let compliance: Person
let support: Person
let admin: Person
before(async () => {
  market = await startMarket({ connections: 20 })
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  compliance = await ofRole(superuser, await market.person('compliance'), 'compliance')
  support = await ofRole(superuser, await market.person('support'), 'support')
  admin = await market.admin()
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

const decide = (who: Person, id: string, verified = true, reason = 'The names agree.') =>
  who.post(`${QUEUE}/${id}/verification-decision`, { verified, reason })

test('the owner asks, compliance decides with a reason, the owner is told and may ask again', async () => {
  const person = await market.person()
  const made = await addMethod(person)
  const ask = (statement?: string) =>
    person.post(`${PATH}/${made.id}/verification`, statement === undefined ? {} : { statement })
  assert.deepEqual(said(await decide(compliance, made.id)), [409, 'verification_decided'], 'nobody asked')
  const asked = await ask('my own account, see the photograph')
  assert.deepEqual(
    [asked.status, asked.body.verificationStatus],
    [200, 'pending'],
    JSON.stringify(asked.body),
  )
  assert.deepEqual(said(await ask()), [409, 'verification_asked'])
  assert.equal((await (await market.person()).post(`${PATH}/${made.id}/verification`, {})).status, 404)

  const refused = await decide(compliance, made.id, false, 'The photograph is blurred.')
  assert.deepEqual([refused.status, refused.body.verificationStatus], [200, 'rejected'])
  const { body } = await person.get(PATH)
  assert.deepEqual(
    [body.items[0].verificationStatus, body.items[0].verificationReason],
    ['rejected', 'The photograph is blurred.'],
  )
  assert.equal((await ask('a sharper one')).body.verificationReason, null)
  assert.equal((await decide(admin, made.id)).status, 200)
  const [verified] = (await person.get(PATH)).body.items
  assert.ok(verified.isVerified && verified.verifiedAt)
  assert.deepEqual(said(await ask()), [409, 'verification_asked'])
  const notices = JSON.stringify((await person.get('/v1/me/notices')).body)
  assert.match(notices, /not verified: The photograph is blurred\./)
  assert.match(notices, /looked at and verified/)
  const { rows } = await superuser.query(
    `select action, actor_id, reason from audit.events where subject_id = $1 and action ~ 'verified|rejected' order by id`,
    [made.id],
  )
  assert.deepEqual(rows, [
    { action: 'payment_method.rejected', actor_id: compliance.id, reason: 'The photograph is blurred.' },
    { action: 'payment_method.verified', actor_id: admin.id, reason: 'The names agree.' },
  ])
})

test('the queue has those who wait longest first and nothing of an account; only who verifies sees it', async () => {
  const person = await market.person()
  const ids: string[] = []
  for (let i = 0; i < 3; i++) ids.push((await addMethod(person)).id)
  const notAsked = await addMethod(person)
  for (const id of ids.toReversed()) await person.post(`${PATH}/${id}/verification`, {})
  const seen: { id: string }[] = []
  for (let cursor = ''; ; ) {
    const { body } = await compliance.get(`${QUEUE}?status=pending&limit=2${cursor}`)
    seen.push(...body.items)
    if (body.nextCursor === null) break
    cursor = `&cursor=${body.nextCursor}`
  }
  assert.deepEqual(
    seen.map(({ id }) => id),
    ids.toReversed(),
  )
  assert.ok(!JSON.stringify(seen).includes('Ada') && !seen.some(({ id }) => id === notAsked.id))
  for (const path of [QUEUE, `${QUEUE}/duplicates`])
    for (const who of [support, person]) assert.deepEqual(said(await who.get(path)), [404, 'not_found'])
  for (const who of [support, person]) assert.deepEqual(said(await decide(who, ids[0]!)), [404, 'not_found'])
})

test('nobody decides about a method of their own; of two who decide at once one does', async () => {
  const own = await addMethod(compliance)
  await compliance.post(`${PATH}/${own.id}/verification`, {})
  assert.deepEqual(said(await decide(compliance, own.id)), [403, 'own_request'])
  const person = await market.person()
  const made = await addMethod(person)
  await person.post(`${PATH}/${made.id}/verification`, {})
  const answers = await Promise.all([
    decide(compliance, made.id, true),
    decide(admin, made.id, false),
    decide(compliance, made.id, false),
  ])
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409])
  const [winner] = answers.filter(({ status }) => status === 200)
  assert.equal((await person.get(PATH)).body.items[0].verificationStatus, winner?.body.verificationStatus)
})

test('the details are opened for who verifies and has a live grant, on the record', async () => {
  const person = await market.person()
  const iban = newIban()
  const made = await addMethod(person, sepa(iban))
  await person.post(`${PATH}/${made.id}/verification`, { statement: `it is ${iban}` })
  const path = `${QUEUE}/${made.id}/details`
  for (const who of [compliance, admin, support, person])
    assert.deepEqual(said(await who.get(path)), [404, 'not_found'])
  const grantTo = async (asker: Person, approver: Person) => {
    const request = { scope: 'payment_methods', userId: person.id, reason: 'to verify an account' }
    const asked = await asker.post('/v1/admin/access-grants', request)
    const { body } = await approver.post(`/v1/admin/access-grants/${asked.body.id}/approval`, {})
    return body.id
  }
  const grant = await grantTo(compliance, admin)
  await grantTo(support, admin)
  assert.deepEqual(said(await support.get(path)), [404, 'not_found'], 'support verifies nothing')
  const opened = await compliance.get(path)
  assert.equal(opened.status, 200, JSON.stringify(opened.body))
  assert.deepEqual([opened.body.fields.at(-1).value, opened.body.statement], [iban, `it is ${iban}`])
  const { rows } = await superuser.query(
    `select actor_id, reason, details ->> 'grant' as "grant" from audit.events
     where action = 'secret.opened' and subject_id = $1`,
    [made.id],
  )
  assert.deepEqual(rows, [{ actor_id: compliance.id, reason: 'to verify an account', grant }])
  await admin.post(`/v1/admin/access-grants/${grant}/revocation`, {})
  assert.equal((await compliance.get(path)).status, 404)
  const shown = await compliance.get(`/v1/admin/users/${person.id}/payment-methods`)
  assert.equal(shown.status, 404, 'the grant is over')
})

test('one account at two people is found, also when both add it at once, and compliance is told', async () => {
  const iban = newIban()
  const [one, two, three] = await Promise.all(['one', 'two', 'three'].map(market.person))
  assert.ok(one && two && three)
  // As SEPA and as SEPA Instant: it is the account that counts.
  const made = await Promise.all([
    addMethod(one, sepa(iban)),
    addMethod(two, sepa(iban, { type: 'sepa_instant' })),
    addMethod(one, sepa(iban)),
  ])
  await addMethod(three, sepa(newIban()))
  const { body } = await compliance.get(`${QUEUE}/duplicates`)
  assert.equal(body.items.length, 1)
  const [group] = body.items
  assert.deepEqual(
    group.methods.map((method: { id: string }) => method.id).sort(),
    made.map(({ id }) => id).sort(),
  )
  assert.ok(group.methods.every((method: { isDuplicate: boolean }) => method.isDuplicate))
  assert.ok(!JSON.stringify(body).includes(iban.slice(-6)))
  assert.equal(made[1].verificationStatus, 'pending')
  for (const who of [compliance, admin])
    assert.match(JSON.stringify((await who.get('/v1/me/notices')).body), /payment_method\.duplicate/)
  assert.doesNotMatch(JSON.stringify((await two.get('/v1/me/notices')).body), /duplicate/)

  // Another pair, for the pages.
  const second = newIban()
  for (const person of [one, three]) await addMethod(person, sepa(second))
  const page = await compliance.get(`${QUEUE}/duplicates?limit=1`)
  const next = await compliance.get(`${QUEUE}/duplicates?limit=1&cursor=${page.body.nextCursor}`)
  assert.deepEqual([next.body.items[0].id, next.body.nextCursor], [group.id, null])

  const done = await erasePerson({
    ownerUrl: market.database.ownerUrl,
    appUrl: market.database.appUrl,
    userId: two.id,
    reason: 'asked for it',
    withBalance: false,
    dryRun: false,
  })
  assert.deepEqual(done.refused, [])
  const left = await superuser.query('select from crypto_payment_methods where user_id = $1', [two.id])
  assert.equal(left.rowCount, 0, 'details and index are gone')
  assert.equal((await compliance.get(`${QUEUE}/duplicates`)).body.items.length, 1)
})

test('the key of the index is made once, sealed, whoever needs it first', async () => {
  const { rows } = await superuser.query('select sealed_key, sealed_for from fairlock.blind_index_keys')
  assert.equal(rows.length, 1)
  assert.match(rows[0].sealed_key, /^RkwBA/)
  assert.equal(rows[0].sealed_for, null)
})

test('nobody decides about an account that is their own as well', async () => {
  const iban = newIban()
  await addMethod(admin, sepa(iban))
  const friend = await market.person('friend')
  const same = await addMethod(friend, sepa(iban))
  await friend.post(`${PATH}/${same.id}/verification`, {})
  assert.deepEqual(
    said(await decide(admin, same.id)),
    [403, 'own_request'],
    'their own account at a friend’s',
  )
  assert.equal((await decide(compliance, same.id)).status, 200)
})
