import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { deviceName } from '../../src/identity/accounts/device.ts'
import { PasswordRules } from '../../src/identity/index.ts'
import type { Mailer } from '../../src/notifications/index.ts'
import { codeOf, forget, guarded, wrongCode } from '../factors/support.ts'
import { call, type Market, type Person, startMarket } from '../support/market.ts'
import { mailerTo, mailServer, passwordOfPerson, signIn, tend, tokenIn } from './support.ts'

const NEW = 'seven green lamps on a hill'
let market: Market
let superuser: pg.Client
let server: Awaited<ReturnType<typeof mailServer>>
let mailer: Mailer
before(async () => {
  market = await startMarket()
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  server = await mailServer()
  mailer = mailerTo(market, server.url)
})
after(async () => {
  mailer?.close()
  await server?.stop()
  await superuser?.end()
  await market?.stop()
})

const post = (path: string, body: unknown) => call(market.url, 'POST', path, body)
const mailTo = (email: string, subject: RegExp) =>
  server.received.findLast((mail) => mail.to === email && subject.test(mail.subject))

async function resetToken(email: string): Promise<string> {
  assert.equal((await post('/v1/auth/password-reset', { email })).status, 202)
  await tend(market, mailer)
  return tokenIn(mailTo(email, /Set a new password/), 'password-reset')
}

test('weak passwords are refused with the field and advice, offline', async () => {
  const person = { email: 'weak@example.org', displayName: 'rosamunde' }
  for (const password of [
    'Password1!',
    '12345678',
    'qwertyuiop',
    'aaaaaaaaaaaa',
    'rosamunde1',
    'weak@example.org',
    'fairlock1',
  ]) {
    const { status, body } = await post('/v1/auth/register', { ...person, password })
    assert.deepEqual(
      [status, body.code, body.errors?.[0].field],
      [422, 'weak_password', 'password'],
      password,
    )
    assert.match(body.errors[0].problem, /four or more words/)
  }
})

test('a list of leaked passwords in a file refuses those in it, and a file of another form is an error', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlock-breached-'))
  t.after(() => rm(folder, { recursive: true }))
  const owner = { email: 'a@example.org', displayName: null }
  const leaked = Array.from({ length: 500 }, (_, i) => `leaked but long enough ${i}`)
  const hashes = leaked.map((one) => createHash('sha1').update(one).digest('hex').toUpperCase()).sort()
  for (const end of ['\n', '\r\n']) {
    const file = join(folder, 'list.txt')
    await writeFile(file, hashes.map((hash, i) => `${hash}:${i * 37}${end}`).join(''))
    const rules = new PasswordRules(file)
    for (const password of leaked.slice(0, 50)) {
      assert.match((await rules.weaknessOf(password, owner)) ?? '', /data breach/)
    }
    assert.equal(await rules.weaknessOf('not leaked and long enough', owner), null)
  }
  const other = join(folder, 'other.txt')
  await writeFile(other, 'password\n123456\n'.repeat(100))
  await assert.rejects(new PasswordRules(other).weaknessOf('not leaked and long enough', owner), /SHA-1/)
})

test('a password change ends the other sessions at once, pauses withdrawals and is told', async () => {
  const person = await market.person()
  const other = await signIn(market, person)
  const current = passwordOfPerson(person)
  const wrong = await person.post('/v1/me/password', { currentPassword: 'wrong one', newPassword: NEW })
  assert.deepEqual([wrong.status, wrong.body.code], [403, 'wrong_password'])
  const weak = await person.post('/v1/me/password', { currentPassword: current, newPassword: 'Password1!' })
  assert.deepEqual([weak.body.code, weak.body.errors[0].field], ['weak_password', 'newPassword'])
  assert.equal((await other.get('/v1/me')).status, 200, 'nothing was changed')

  const body = { currentPassword: current, newPassword: NEW }
  assert.equal((await person.post('/v1/me/password', body, 'k')).status, 204)
  assert.equal((await person.post('/v1/me/password', body, 'k')).status, 204, 'a repeat with its key')
  assert.equal((await person.get('/v1/me')).status, 200)
  assert.equal((await other.get('/v1/me')).status, 401)
  assert.equal((await post('/v1/auth/login', { email: person.email, password: current })).status, 401)
  const { body: security } = await person.get('/v1/me/security')
  assert.ok(Date.parse(security.withdrawalsPausedUntil) > Date.now() + 23 * 3_600_000)
  assert.equal(security.sessions, 1)
  const { items } = (await person.get('/v1/me/notices')).body
  assert.equal(items.filter((one: { kind: string }) => one.kind === 'password.changed').length, 1)
})

test('of a sign-in and a password change at once, no session lives on with the old password', async () => {
  for (let round = 0; round < 8; round++) {
    const person = await market.person('racer')
    const password = passwordOfPerson(person)
    const [changed, ...logins] = await Promise.all([
      person.post('/v1/me/password', { currentPassword: password, newPassword: NEW }),
      ...Array.from({ length: 4 }, () => post('/v1/auth/login', { email: person.email, password })),
    ])
    assert.equal(changed.status, 204)
    for (const { status, body } of logins) {
      if (status !== 200) continue
      const me = await call(market.url, 'GET', '/v1/me', undefined, { authorization: `Bearer ${body.token}` })
      assert.equal(me.status, 401, 'a session of the old password')
    }
  }
})

test('of two password changes at once one is made', async () => {
  const person = await market.person()
  const currentPassword = passwordOfPerson(person)
  const answers = await Promise.all(
    ['one quiet green river', 'two quiet green rivers'].map((newPassword) =>
      person.post('/v1/me/password', { currentPassword, newPassword }),
    ),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [204, 403])
})

test('a reset answers the same for everybody, and its token sets one password, once, of ten at the same time', async () => {
  const person = await market.person()
  const known = await post('/v1/auth/password-reset', { email: person.email.toUpperCase() })
  const unknown = await post('/v1/auth/password-reset', { email: 'nobody@example.org' })
  assert.deepEqual([known.status, known.body], [unknown.status, unknown.body])
  await tend(market, mailer)
  assert.equal(mailTo('nobody@example.org', /./), undefined)
  const first = tokenIn(mailTo(person.email, /Set a new password/), 'password-reset')
  const token = await resetToken(person.email)
  const old = await post('/v1/auth/password-reset/confirmation', { token: first, newPassword: NEW })
  assert.deepEqual([old.status, old.body.code], [422, 'invalid_token'], 'the older one is dead')

  const weak = await post('/v1/auth/password-reset/confirmation', { token, newPassword: 'Password1!' })
  assert.equal(weak.body.code, 'weak_password', 'and the token stays good')
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      post('/v1/auth/password-reset/confirmation', { token, newPassword: `${NEW} number ${i}` }),
    ),
  )
  const done = answers.findIndex(({ status }) => status === 204)
  assert.deepEqual(
    answers.filter((_, i) => i !== done).map(({ body }) => body.code),
    Array(9).fill('invalid_token'),
  )
  assert.equal((await person.get('/v1/me')).status, 401, 'all sessions are over')
  await signIn(market, person, `${NEW} number ${done}`)
  await tend(market, mailer)
  assert.match(mailTo(person.email, /set anew/)?.text ?? '', /withdrawals are paused/)
})

test('a reset is over after an hour, and three an hour are made', async () => {
  const person = await market.person()
  const token = await resetToken(person.email)
  await superuser.query(
    `update fairlock.password_resets set created_at = now() - interval '2 hours', expires_at = now() - interval '1 second'
     where user_id = $1`,
    [person.id],
  )
  const late = await post('/v1/auth/password-reset/confirmation', { token, newPassword: NEW })
  assert.equal(late.body.code, 'invalid_token')
  for (let i = 0; i < 5; i++) await post('/v1/auth/password-reset', { email: person.email })
  await tend(market, mailer)
  const { rows } = await superuser.query(
    `select count(*)::int from fairlock.password_resets where user_id = $1 and created_at > now() - interval '1 hour'`,
    [person.id],
  )
  assert.equal(rows[0].count, 3)
})

test('a mailbox alone resets nothing where there is a second factor, and the token stays good', async () => {
  const { person, secret, recoveryCodes } = await guarded(market, superuser)
  const key = await keyOf(person, codeOf(secret))
  await forget(superuser, person)
  const body = { token: await resetToken(person.email), newPassword: NEW }
  const confirm = (more: object) => post('/v1/auth/password-reset/confirmation', { ...body, ...more })
  const said = async (more: object) => {
    const { status, body: answer } = await confirm(more)
    return [status, answer.code]
  }
  assert.deepEqual(await said({}), [401, 'totp_required'])
  assert.deepEqual(await said({ totp: wrongCode(secret) }), [403, 'wrong_second_factor'])
  assert.deepEqual(await said({ recoveryCode: 'AAAAAA-AAAAAA-AAAAAA-AAAAAA' }), [403, 'wrong_second_factor'])
  assert.equal((await call(market.url, 'GET', '/v1/me', undefined, key)).status, 200)
  const codes = Array.from({ length: 5 }, () => confirm({ totp: codeOf(secret) }))
  const statuses = (await Promise.all(codes)).map(({ status }) => status)
  assert.deepEqual(statuses.sort(), [204, 422, 422, 422, 422], 'one of five at once')
  assert.equal((await call(market.url, 'GET', '/v1/me', undefined, key)).status, 401, 'API keys have ended')
  const again = { token: await resetToken(person.email), newPassword: `${NEW} again` }
  const byCode = await post('/v1/auth/password-reset/confirmation', {
    ...again,
    recoveryCode: recoveryCodes[0],
  })
  assert.equal(byCode.status, 204)
})

test('the notice of a new password or factor says until when withdrawals are paused', async () => {
  const { person, secret } = await guarded(market, superuser)
  await forget(superuser, person)
  const body = { token: await resetToken(person.email), newPassword: NEW, totp: codeOf(secret) }
  assert.equal((await post('/v1/auth/password-reset/confirmation', body)).status, 204)
  const { rows } = await superuser.query(
    `select kind, (data ->> 'until')::timestamptz > now() + interval '23 hours' as says from fairlock.notices
     where user_id = $1 and kind in ('factor.switched_on', 'password.reset') order by kind`,
    [person.id],
  )
  assert.deepEqual(rows, [
    { kind: 'factor.switched_on', says: true },
    { kind: 'password.reset', says: true },
  ])
})

/** The header of an API key that the person has made. */
async function keyOf(person: Person, totp: string) {
  const made = await person.post('/v1/api-keys', { name: 'bot', scopes: ['read'], totp })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  return { authorization: `Bearer ${made.body.key}` }
}

test('no token of a mail is in the database, in clear, base64 or hex', async () => {
  const person = await market.person()
  const token = await resetToken(person.email)
  const secret = token.split('.')[1]!
  const { rows: tables } = await superuser.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname in ('public', 'fairlock', 'audit', 'graphile_worker')`,
  )
  for (const { name } of tables) {
    const { rows } = await superuser.query(
      `select count(*)::int from ${name} t where t::text like any (array['%' || $1 || '%', '%' || $2 || '%'])`,
      [secret, Buffer.from(secret, 'base64url').toString('hex')],
    )
    assert.equal(rows[0].count, 0, name)
  }
})

test('devices have names that people know', () => {
  const names: [string | null, string][] = [
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0',
      'Firefox on Windows',
    ],
    [
      'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36',
      'Chrome on Android',
    ],
    ['curl/8.5.0', 'curl'],
    ['<script>', 'An unknown program'],
    [null, 'An unnamed program'],
  ]
  for (const [userAgent, name] of names) assert.equal(deviceName(userAgent), name)
})
