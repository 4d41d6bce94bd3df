import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { type Person, startMarket } from '../support/market.ts'
import { grant, type Office, openOffice, REASON, setRole } from './staff.ts'

// Two at once, and the end of access in the middle of something.

let office: Office
let app: pg.Client
before(async () => {
  office = await openOffice(await startMarket())
  // More than one batch of rows, so that a cursor has something left to show.
  for (let i = 0; i < 6; i++) await office.market.credit(office.seller, 'BTC', '0.1')
  app = new pg.Client(office.market.database.appUrl)
  await app.connect()
})
after(async () => {
  await app?.end()
  await office?.superuser.end()
  await office?.market.stop()
})

const ROUNDS = 20

test('two who approve at once: one does, the other is told that it is decided', async () => {
  const { support, admin, compliance, seller } = office
  for (let i = 0; i < ROUNDS; i++) {
    const ask = { scope: 'person', userId: seller.id, reason: REASON }
    const { id } = (await support.post('/v1/admin/access-grants', ask)).body
    const verbs = i % 2 === 0 ? ['approval', 'approval'] : ['approval', 'refusal']
    const answers = await Promise.all(
      [admin, compliance].map((who, n) => who.post(`/v1/admin/access-grants/${id}/${verbs[n]}`, {})),
    )
    assert.deepEqual(answers.map((one) => one.status).sort(), [200, 409])
    assert.equal(answers.find((one) => one.status === 409)?.body.code, 'access_decided')
  }
})

test('two break-glasses for the same person at once: one is broken', async () => {
  const { support, seller, superuser } = office
  for (let i = 0; i < ROUNDS; i++) {
    const glass = { scope: 'trades', userId: seller.id, reason: REASON }
    const answers = await Promise.all([1, 2, 3].map(() => support.post('/v1/admin/break-glass', glass)))
    assert.deepEqual(answers.map((one) => one.status).sort(), [201, 409, 409])
    await superuser.query(`begin; set local session_replication_role = replica;
      delete from fairlock.access_grants where break_glass; commit`)
  }
})

test('revoking against looking: no look begins after the revocation was answered', async () => {
  const { support, admin, seller } = office
  const look = () => support.get(`/v1/admin/users/${seller.id}/wallets`)
  for (let i = 0; i < ROUNDS; i++) {
    const { id } = await grant(support, admin, { scope: 'money', userId: seller.id })
    const looks: Promise<{ status: number; began: number }>[] = []
    const watch = async () => {
      const began = performance.now()
      return { began, status: (await look()).status }
    }
    for (let n = 0; n < 3; n++) looks.push(watch())
    const revoked = await admin.post(`/v1/admin/access-grants/${id}/revocation`, {})
    const answered = performance.now()
    for (let n = 0; n < 3; n++) looks.push(watch())
    assert.equal(revoked.status, 200)
    for (const { began, status } of await Promise.all(looks)) {
      assert.ok(status === 200 || status === 404)
      if (began > answered) assert.equal(status, 404)
    }
  }
})

/** Opens a look in a transaction of the application, as a request of the person does. */
async function begin(person: Person, id: string): Promise<void> {
  await app.query('begin')
  await app.query(`select set_config('fairlock.user_id', $1, true)`, [person.id])
  const { rowCount } = await app.query(`select from fairlock.look('money', $1, 'a test')`, [id])
  assert.equal(rowCount, 1)
}

const SEEN = 'select id from crypto_transactions where user_id = $1'
const rows = async (sql: string, values: string[] = []) => (await app.query(sql, values)).rowCount

test('the clock ends a grant in the middle of a transaction and of an open cursor', async () => {
  const { support, admin, seller, superuser } = office
  const { id } = await grant(support, admin, { scope: 'money', userId: seller.id })
  await superuser.query(
    `update fairlock.access_grants set ends_at = clock_timestamp() + interval '500 ms' where id = $1`,
    [id],
  )
  await begin(support, seller.id)
  try {
    await app.query(
      `declare c no scroll cursor for select id from crypto_transactions where user_id = '${seller.id}'`,
    )
    assert.equal(await rows('fetch 2 from c'), 2)
    assert.ok(((await rows(SEEN, [seller.id])) ?? 0) > 2)
    await app.query('select pg_sleep(0.55)')
    assert.equal(await rows('fetch all from c'), 0, 'the cursor goes on')
    assert.equal(await rows(SEEN, [seller.id]), 0, 'the next statement still sees')
  } finally {
    await app.query('rollback')
  }
})

for (const [what, end, undo] of [
  ['revoking', (o: Office, id: string) => o.admin.post(`/v1/admin/access-grants/${id}/revocation`, {}), null],
  [
    'losing the role',
    (o: Office) => setRole(o.superuser, o.support, 'support', false),
    (o: Office) => setRole(o.superuser, o.support, 'support', true),
  ],
] as const) {
  test(`${what} ends it in the middle of a transaction and of an open cursor`, async () => {
    const { support, admin, seller } = office
    const { id } = await grant(support, admin, { scope: 'money', userId: seller.id })
    await begin(support, seller.id)
    try {
      await app.query(
        `declare c no scroll cursor for select id from crypto_transactions where user_id = '${seller.id}'`,
      )
      assert.equal(await rows('fetch 2 from c'), 2)
      await end(office, id)
      assert.equal(await rows('fetch all from c'), 0, 'the cursor goes on')
      assert.equal(await rows(SEEN, [seller.id]), 0, 'the next statement still sees')
    } finally {
      await app.query('rollback')
      await undo?.(office)
    }
  })
}

test('a grant opened for one is of no use to another, and a made-up one to nobody', async () => {
  const { support, compliance, admin, seller, buyer } = office
  const { id } = await grant(support, admin, { scope: 'money', userId: seller.id })
  for (const [who, grantId] of [
    [compliance.id, id],
    [buyer.id, id],
    ['', id],
    [support.id, '01890000-0000-7000-8000-00000000dead'],
  ]) {
    await app.query('begin')
    await app.query(
      `select set_config('fairlock.user_id', $1, true), set_config('fairlock.grant_id', $2, true)`,
      [who, grantId],
    )
    assert.equal(await rows(SEEN, [seller.id]), 0)
    await app.query('rollback')
  }
  await begin(support, seller.id)
  assert.ok(((await rows(SEEN, [seller.id])) ?? 0) > 0)
  assert.equal(await rows('select from crypto_transactions where user_id <> $1', [seller.id]), 0)
  assert.equal(await rows('select from crypto_trades'), 0, 'another scope')
  await app.query('rollback')
})
