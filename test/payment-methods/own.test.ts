import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { idempotency } from '../../src/platform/database.ts'
import type { JsonObject } from '../../src/platform/index.ts'
import { Rewrap } from '../../src/platform/sealing/index.ts'
import { codeOf, guarded } from '../factors/support.ts'
import { makeKey } from '../keys/support.ts'
import { call, type Market, type Person, startMarket } from '../support/market.ts'
import { addMethod, newIban, said, sepa } from './support.ts'

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

const listOf = async (person: Person) => (await person.get(PATH)).body.items

/** Of the living methods of a person: how many are primary, and what the profile says. */
async function standing(person: Person) {
  const { rows } = await superuser.query(
    `select count(*)::int as living, count(*) filter (where is_primary)::int as primaries,
       (select preferred_payment_methods from crypto_profiles where user_id = $1) as preferred
     from crypto_payment_methods where user_id = $1 and deleted_at is null`,
    [person.id],
  )
  return rows[0]
}

test('a method is checked, normalised and sealed; its owner reads it, a list shows its end alone', async () => {
  const person = await market.person()
  const iban = newIban()
  const spaced = iban.toLowerCase().replaceAll(/(.{4})/g, '$1 ')
  const made = await addMethod(person, sepa(spaced, { label: 'Savings' }))
  assert.deepEqual(
    [made.type, made.provider, made.label, made.hint, made.isPrimary, made.isVerified],
    ['sepa', 'Commerzbank', 'Savings', `…${iban.slice(-4)}`, true, false],
  )
  assert.equal(made.verificationStatus, 'pending')
  assert.ok(!JSON.stringify(made).includes(iban))

  const opened = await person.get(`${PATH}/${made.id}`)
  assert.deepEqual(opened.body.details, { holderName: 'Ada Lovelace', iban })
  assert.equal(opened.headers.get('cache-control'), 'no-store')
  const listed = await person.get(PATH)
  assert.deepEqual(listed.body, { items: [made], nextCursor: null })
  const looks = await superuser.query(
    `select actor_id from audit.events where action = 'secret.opened' and subject_id = $1`,
    [made.id],
  )
  assert.deepEqual(
    looks.rows,
    [{ actor_id: person.id }],
    'the look at the details is in the log, the list is none',
  )
  const { rows } = await superuser.query(
    `select account_details_encrypted as sealed, length(account_index) as bytes from crypto_payment_methods where id = $1`,
    [made.id],
  )
  assert.match(rows[0].sealed, /^RkwBA/)
  assert.equal(rows[0].bytes, 32)
  assert.equal((await market.person().then((other) => other.get(`${PATH}/${made.id}`))).status, 404)
  const notices = await person.get('/v1/me/notices')
  assert.match(JSON.stringify(notices.body), /payment_method\.added/)
  assert.ok(!JSON.stringify(notices.body).includes(iban.slice(-6)))
})

test('what the catalogue does not take is named by its field; nothing of an account is kept in clear', async () => {
  const person = await market.person()
  const iban = newIban()
  const wrong = iban.slice(0, -1) + ((Number(iban.at(-1)) + 1) % 10)
  const fields = async (body: unknown) => {
    const answer = await person.post(PATH, body)
    assert.equal(answer.status, 400, JSON.stringify(answer.body))
    assert.ok(!JSON.stringify(answer.body).includes(wrong.slice(4)), 'the answer does not repeat it')
    return answer.body.errors.map((one: { field: string }) => one.field)
  }
  assert.deepEqual(await fields(sepa(wrong)), ['details.iban'])
  assert.deepEqual(await fields({ ...sepa(iban), details: { iban, colour: 'red' } }), [
    'details.colour',
    'details.holderName',
  ])
  assert.deepEqual(await fields({ ...sepa(iban), type: 'pigeon_post' }), ['type'])
  assert.deepEqual(await fields(sepa(iban, { provider: `Bank ${iban}` })), ['provider'])
  const lettered = iban.slice(0, 10) + iban.slice(10).replaceAll(/(.{3})/g, '$1-')
  assert.deepEqual(await fields(sepa(iban, { label: `my ${lettered}` })), ['label'])
  const made = await addMethod(person, sepa(iban))
  const change = await person.patch(`${PATH}/${made.id}`, { label: iban })
  assert.deepEqual([change.status, change.body.errors[0].field], [400, 'label'])
  const half = await person.patch(`${PATH}/${made.id}`, { provider: 'Another' })
  assert.deepEqual([half.status, half.body.errors[0].field], [400, 'details'])
})

test('another account is another row, verified anew; name and rank change in place', async () => {
  const person = await market.person()
  const first = await addMethod(person, sepa(newIban(), { label: 'old name' }))
  const second = await addMethod(person, sepa(newIban(), { type: 'sepa_instant' }))
  assert.deepEqual([first.isPrimary, second.isPrimary], [true, false])
  await superuser.query(
    `update crypto_payment_methods set is_verified = true, verified_at = now(), verification_status = 'verified' where id = $1`,
    [first.id],
  )
  const named = await person.patch(`${PATH}/${first.id}`, { label: 'new name' })
  assert.deepEqual([named.body.id, named.body.label, named.body.isVerified], [first.id, 'new name', true])

  const iban = newIban()
  const replaced = await person.patch(`${PATH}/${first.id}`, { details: { holderName: 'Ada King', iban } })
  assert.equal(replaced.status, 200, JSON.stringify(replaced.body))
  assert.notEqual(replaced.body.id, first.id)
  assert.deepEqual(
    [
      replaced.body.label,
      replaced.body.isPrimary,
      replaced.body.isVerified,
      replaced.body.verificationStatus,
    ],
    ['new name', true, false, 'pending'],
  )
  assert.equal((await person.get(`${PATH}/${first.id}`)).status, 404)
  assert.equal((await person.patch(`${PATH}/${first.id}`, { label: 'x' })).status, 404)
  const { rows } = await superuser.query(
    'select superseded_by, deleted_at is not null as deleted from crypto_payment_methods where id = $1',
    [first.id],
  )
  assert.deepEqual(rows, [{ superseded_by: replaced.body.id, deleted: true }])
  await assert.rejects(
    superuser.query(`update crypto_payment_methods set provider = 'x' where id = $1`, [first.id]),
    { code: 'FL094' },
  )
  await assert.rejects(
    superuser.query(
      'update crypto_payment_methods set deleted_at = null, superseded_by = null where id = $1',
      [first.id],
    ),
    { code: 'FL094' },
  )

  await person.patch(`${PATH}/${second.id}`, { isPrimary: true })
  assert.deepEqual(await standing(person), {
    living: 2,
    primaries: 1,
    preferred: ['sepa_instant', 'sepa'],
  })
  assert.equal((await person.delete(`${PATH}/${second.id}`)).status, 204)
  assert.equal((await person.delete(`${PATH}/${second.id}`)).status, 404)
  const [left] = await listOf(person)
  assert.deepEqual([left.id, left.isPrimary], [replaced.body.id, true], 'the newest other is promoted')
  await person.delete(`${PATH}/${left.id}`)
  assert.deepEqual(await standing(person), { living: 0, primaries: 0, preferred: null })
})

test('one primary, exactly, whatever is done at once', async () => {
  const person = await market.person()
  const first = await addMethod(person)
  for (let round = 0; round < 3; round++) {
    const methods = (await listOf(person)).map((one: { id: string }) => one.id)
    const primary = (await listOf(person)).find((one: { isPrimary: boolean }) => one.isPrimary)
    const work = [
      ...Array.from(
        { length: 4 },
        (_, n) => () => person.post(PATH, sepa(newIban(), { isPrimary: n % 2 === 0 })),
      ),
      ...methods.map((id: string) => () => person.patch(`${PATH}/${id}`, { isPrimary: true })),
      () => person.delete(`${PATH}/${primary?.id ?? first.id}`),
      () => person.patch(`${PATH}/${methods[0]}`, { details: { holderName: 'Ada', iban: newIban() } }),
    ]
    const statuses = (await Promise.all(work.map((one) => one()))).map(({ status }) => status)
    assert.ok(
      statuses.every((status) => [200, 201, 204, 404].includes(status)),
      String(statuses),
    )
    const { primaries } = await standing(person)
    assert.equal(primaries, 1)
  }
})

test('no more than the operator allows, however many are added at once; nobody who is banned adds any', async () => {
  const person = await market.person()
  await superuser.query('update fairlock.settings set payment_methods_per_user = 3')
  try {
    const answers = await Promise.all(Array.from({ length: 8 }, () => person.post(PATH, sepa(newIban()))))
    assert.equal(answers.filter(({ status }) => status === 201).length, 3)
    assert.deepEqual(said(answers.find(({ status }) => status !== 201)!), [409, 'too_many_payment_methods'])
  } finally {
    await superuser.query('update fairlock.settings set payment_methods_per_user = 20')
  }
  const [one] = await listOf(person)
  await superuser.query(
    `update crypto_profiles set banned_until = now() + interval '1 day' where user_id = $1`,
    [person.id],
  )
  assert.deepEqual(said(await person.post(PATH, sepa(newIban()))), [403, 'banned'])
  const details = { holderName: 'Ada', iban: newIban() }
  assert.deepEqual(said(await person.patch(`${PATH}/${one.id}`, { details })), [403, 'banned'])
  assert.equal((await person.delete(`${PATH}/${one.id}`)).status, 204)
})

test('every change asks who has a second factor for it, and API keys change and open nothing', async () => {
  const { person, secret } = await guarded(market, superuser)
  const asked: [number, string] = [403, 'second_factor_required']
  assert.deepEqual(said(await person.post(PATH, sepa(newIban()))), asked)
  const made = await addMethod(person, sepa(newIban(), { totp: codeOf(secret) }))
  await superuser.query(
    `update fairlock.sessions set factor_at = now() - interval '1 hour' where user_id = $1`,
    [person.id],
  )
  const details = { holderName: 'Ada', iban: newIban() }
  for (const change of [{ isPrimary: true }, { label: 'x' }, { details }])
    assert.deepEqual(said(await person.patch(`${PATH}/${made.id}`, change)), asked)
  assert.deepEqual(said(await person.delete(`${PATH}/${made.id}`)), asked)

  const trader = await market.person()
  const theirs = await addMethod(trader)
  const bot = await makeKey(trader, market.url)
  assert.deepEqual(said(await bot.post(PATH, sepa(newIban()))), [403, 'session_only'])
  assert.deepEqual(said(await bot.get(`${PATH}/${theirs.id}`)), [403, 'session_only'])
  assert.deepEqual(said(await bot.ask('DELETE', `${PATH}/${theirs.id}`)), [403, 'session_only'])
  const { body } = await bot.get(PATH)
  assert.deepEqual([body.items[0].id, body.items[0].hint], [theirs.id, null])
})

test('a repeat gets the first answer; what is kept for it does not tell the account', async () => {
  const person = await market.person()
  const body = sepa(newIban())
  const answers = await Promise.all(Array.from({ length: 5 }, () => person.post(PATH, body, 'a key')))
  for (const answer of answers) assert.deepEqual(answer.body, answers[0]?.body)
  assert.equal((await listOf(person)).length, 1)
  const other = await person.post(PATH, sepa(newIban()), 'a key')
  assert.deepEqual(said(other), [422, 'idempotency_key_reused'])
  const { rows } = await superuser.query(
    'select fingerprint, answer::text from fairlock.idempotency_keys where user_id = $1',
    [person.id],
  )
  const plain = idempotency('a key', 'add_payment_method', body as JsonObject)
  assert.ok(plain !== null && !plain.fingerprint.equals(rows[0].fingerprint))
  assert.ok(!rows[0].answer.includes('hint'))
})

test('lists are paged; anonymous callers get nothing', async () => {
  const person = await market.person()
  const ids = []
  for (let i = 0; i < 5; i++) ids.unshift((await addMethod(person)).id)
  const seen: string[] = []
  for (let cursor = ''; ; ) {
    const { body } = await person.get(`${PATH}?limit=2${cursor}`)
    seen.push(...body.items.map((one: { id: string }) => one.id))
    if (body.nextCursor === null) break
    cursor = `&cursor=${body.nextCursor}`
  }
  assert.deepEqual(seen, ids)
  assert.equal((await call(market.url, 'GET', PATH)).status, 401)
})

test('details are read while every key is replaced', async () => {
  const person = await market.person()
  const iban = newIban()
  const made = await addMethod(person, sepa(iban))
  await superuser.query('update fairlock.rewrap set requested_at = clock_timestamp(), finished_at = null')
  let isDone = false
  const rewrap = new Rewrap(market.db, market.sealer).run().then(() => {
    isDone = true
  })
  let reads = 0
  do {
    const answers = await Promise.all([person.get(`${PATH}/${made.id}`), person.get(PATH)])
    assert.deepEqual(
      [answers[0].body.details?.iban, answers[1].body.items[0].hint],
      [iban, `…${iban.slice(-4)}`],
    )
    reads++
  } while (!isDone)
  await rewrap
  const after = await addMethod(person, sepa(iban))
  const { rows } = await superuser.query(
    'select count(distinct account_index)::int as indexes from crypto_payment_methods where id = any ($1)',
    [[made.id, after.id]],
  )
  assert.equal(rows[0].indexes, 1, 'the key of the blind index outlives the keys that sealed it')
  assert.ok(reads > 0)
})
