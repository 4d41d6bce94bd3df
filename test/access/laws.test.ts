import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { startMarket } from '../support/market.ts'
import { grant, type Office, openOffice, REASON } from './staff.ts'

// What the table itself refuses, even to the role that may write it.

let office: Office
let engine: pg.Client
before(async () => {
  office = await openOffice(await startMarket())
  engine = new pg.Client(office.market.database.ownerUrl)
  await engine.connect()
  await engine.query('set role fairlock_engine')
})
after(async () => {
  await engine?.end()
  await office?.superuser.end()
  await office?.market.stop()
})

async function outcome(client: pg.Client, sql: string): Promise<string> {
  await client.query('begin')
  try {
    await client.query(sql)
    return 'done'
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    return error.constraint ?? error.code ?? 'unknown'
  } finally {
    await client.query('rollback')
  }
}

test('a grant is inserted with its reason, its subject and two people', async () => {
  const { support, admin, seller, tradeId } = office
  const sound: Record<string, string> = {
    id: 'gen_random_uuid()',
    staff_id: `'${support.id}'`,
    scope: `'person'`,
    person_id: `'${seller.id}'`,
    reason: `'${REASON}'`,
    status: `'asked'`,
    starts_at: 'now()',
    minutes: '60',
  }
  const insert = (changes: Record<string, string>) => {
    const row = { ...sound, ...changes }
    return outcome(
      engine,
      `insert into fairlock.access_grants (${Object.keys(row)}) values (${Object.values(row)})`,
    )
  }
  assert.equal(await insert({}), 'done')
  const glass = {
    break_glass: 'true',
    status: `'granted'`,
    decided_at: 'now()',
    ends_at: `now() + interval '1 hour'`,
  }
  assert.equal(await insert(glass), 'done')
  const wrong: [string, Record<string, string>][] = [
    ['access_grants_reason', { reason: `'too short'` }],
    ['access_grants_subject', { trade_id: `'${tradeId}'` }],
    ['access_grants_subject', { person_id: 'null' }],
    ['access_grants_subject', { scope: `'case'` }],
    ['access_grants_two_people', { person_id: `'${support.id}'` }],
    ['access_grants_period', { minutes: '0' }],
    ['access_grants_period', { ...glass, ends_at: `now() + interval '61 minutes'` }],
    ['access_grants_ends', { ...glass, ends_at: 'null' }],
    ['access_grants_ends', { ends_at: "now() + interval '1 minute'" }],
    ['access_grants_decided', { decided_at: 'now()' }],
    ['access_grants_decided', { approver_id: `'${admin.id}'` }],
    ['access_grants_decided', { ...glass, approver_id: `'${admin.id}'` }],
    ['access_grants_revoked', { revoked_at: 'now()' }],
    ['access_grants_revoked', { revoked_by: `'${admin.id}'` }],
    ['access_grants_reviewed', { reviewed_at: 'now()' }],
    ['FL097', { ...glass, break_glass: 'false', approver_id: `'${admin.id}'` }],
    ['FL097', { status: `'refused'`, approver_id: `'${admin.id}'`, decided_at: 'now()' }],
  ]
  for (const [law, changes] of wrong) assert.equal(await insert(changes), law, JSON.stringify(changes))
})

test('what was asked for never changes, the end never moves away, and nothing is deleted', async () => {
  const { support, admin, compliance, seller, superuser } = office
  const { id } = await grant(support, admin, { scope: 'person', userId: seller.id })
  // Tried as superuser: the engine may not even name most of these columns.
  const set = (changes: string) =>
    outcome(superuser, `update fairlock.access_grants set ${changes} where id = '${id}'`)
  for (const changes of [
    `staff_id = '${compliance.id}'`,
    `scope = 'money'`,
    `person_id = '${compliance.id}'`,
    'break_glass = true',
    `reason = 'another reason altogether'`,
    `asked_at = now()`,
    'minutes = 480',
    `approver_id = '${compliance.id}'`,
    'decided_at = now()',
    `starts_at = starts_at - interval '1 minute'`,
    `starts_at = starts_at + interval '1 minute'`,
    `ends_at = ends_at + interval '1 second'`,
    `status = 'asked'`,
    `status = 'refused'`,
    'revoked_at = now()',
  ])
    assert.equal(await set(changes), 'FL097', changes)
  assert.equal(await set(`status = 'revoked'`), 'access_grants_revoked')
  assert.equal(await set(`ends_at = ends_at - interval '1 minute'`), 'done')
  for (const statement of ['delete from fairlock.access_grants', 'truncate fairlock.access_grants']) {
    assert.equal(await outcome(superuser, statement), 'FL090')
    assert.equal(await outcome(engine, statement), '42501')
  }
  await admin.post(`/v1/admin/access-grants/${id}/revocation`, {})
  assert.equal(await set(`status = 'granted', revoked_at = null, revoked_by = null`), 'FL097')
  assert.equal(await set('revoked_at = now()'), 'FL097')
})

test('approvers and reviewers are somebody else, whoever writes the row', async () => {
  const { support, admin, seller, superuser } = office
  const ask = { scope: 'money', userId: seller.id, reason: REASON }
  const { id } = (await support.post('/v1/admin/access-grants', ask)).body
  const approvedBy = (who: string) =>
    outcome(
      engine,
      `update fairlock.access_grants set status = 'granted', approver_id = '${who}', decided_at = now(),
         ends_at = starts_at + interval '1 minute' where id = '${id}'`,
    )
  assert.equal(await approvedBy(admin.id), 'done')
  for (const who of [support.id, seller.id]) assert.equal(await approvedBy(who), 'access_grants_two_people')
  const glass = (await support.post('/v1/admin/break-glass', ask)).body.id
  const reviewedBy = (who: string) =>
    outcome(
      superuser,
      `update fairlock.access_grants set reviewed_at = now(), reviewed_by = '${who}', justified = true,
         review = 'fine' where id = '${glass}'`,
    )
  assert.equal(await reviewedBy(admin.id), 'done')
  for (const who of [support.id, seller.id]) assert.equal(await reviewedBy(who), 'access_grants_two_people')
})
