import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { makeKey } from '../keys/support.ts'
import { type Answer, call, type Market, passwordOf, startMarket } from '../support/market.ts'
import { codeOf, forget, guarded, inSession, makeStale, paidTrade, signIn, wrongCode } from './support.ts'

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

const said = ({ status, body }: Answer) => [status, body.code]
const profileOf = async (id: string) =>
  (await superuser.query('select * from crypto_profiles where user_id = $1', [id])).rows[0]

test('switching on: a sealed secret that waits, a first code, ten recovery codes; and off again with a code', async () => {
  const person = await market.person()
  const { secret, otpauthUrl } = (await person.post('/v1/me/two-factor')).body
  assert.equal(new URL(otpauthUrl).searchParams.get('secret'), secret)
  const waiting = await profileOf(person.id)
  assert.equal(waiting.two_factor_enabled, false)
  assert.match(waiting.two_factor_secret, /^RkwB/)
  assert.equal((await signIn(market, person)).status, 200, 'what waits is asked for by nobody')

  const confirm = (totp: string) => person.post('/v1/me/two-factor/confirmation', { totp })
  assert.deepEqual(said(await confirm(wrongCode(secret))), [403, 'wrong_second_factor'])
  assert.equal((await profileOf(person.id)).two_factor_enabled, false)
  const confirmed = await confirm(codeOf(secret))
  assert.equal(confirmed.status, 200)
  assert.equal(new Set(confirmed.body.recoveryCodes).size, 10)
  assert.equal((await profileOf(person.id)).two_factor_enabled, true)
  assert.deepEqual(said(await confirm(codeOf(secret, 1))), [409, 'two_factor_on'])
  assert.deepEqual(said(await person.post('/v1/me/two-factor')), [409, 'two_factor_on'])
  const security = (await person.get('/v1/me/security')).body
  assert.deepEqual([security.twoFactor, security.recoveryCodesLeft, security.secondFactor], [true, 10, true])
  assert.ok(Date.parse(security.withdrawalsPausedUntil) > Date.now(), 'withdrawals are paused')
  assert.ok(Date.parse(security.factorFreshUntil) > Date.now())

  await forget(superuser, person)
  const off = (body: object) => call(market.url, 'DELETE', '/v1/me/two-factor', body, person.headers())
  assert.equal((await off({})).status, 400)
  assert.deepEqual(said(await off({ totp: wrongCode(secret) })), [403, 'wrong_second_factor'])
  assert.equal((await off({ totp: codeOf(secret) })).status, 204)
  const after = await profileOf(person.id)
  assert.deepEqual([after.two_factor_enabled, after.two_factor_secret], [false, null])
  assert.deepEqual(said(await off({ totp: codeOf(secret, 1) })), [409, 'two_factor_off'])
  assert.equal((await signIn(market, person)).status, 200)
  const notices = (await person.get('/v1/me/notices')).body.items.map((one: { kind: string }) => one.kind)
  assert.deepEqual(notices.slice(0, 2), ['factor.switched_off', 'factor.switched_on'])
  const { rows } = await superuser.query(
    `select count(*)::int from fairlock.recovery_codes where user_id = $1`,
    [person.id],
  )
  assert.equal(rows[0].count, 0, 'recovery codes go with the last factor')
})

test('signing in: the password first, then the code, a step early or late, and each once', async () => {
  const { person, secret } = await guarded(market, superuser)
  const asked = await signIn(market, person)
  assert.deepEqual(said(asked), [401, 'totp_required'])
  assert.deepEqual(asked.body.methods, ['totp', 'recovery_code'])
  const stranger = { email: person.email, password: 'not the password', totp: codeOf(secret) }
  assert.deepEqual(said(await call(market.url, 'POST', '/v1/auth/login', stranger)), [
    401,
    'wrong_credentials',
  ])
  assert.deepEqual(said(await signIn(market, person, { totp: wrongCode(secret) })), [
    403,
    'wrong_second_factor',
  ])
  for (const steps of [-2, 2]) {
    const answer = await signIn(market, person, { totp: codeOf(secret, steps) })
    assert.deepEqual(said(answer), [403, 'wrong_second_factor'], `${steps}`)
  }
  for (const steps of [-1, 0, 1]) {
    const answer = await signIn(market, person, { totp: codeOf(secret, steps) })
    assert.equal(answer.status, 200, `${steps}`)
    const again = await signIn(market, person, { totp: codeOf(secret, steps) })
    assert.deepEqual(said(again), [403, 'wrong_second_factor'], 'used already')
  }
  const older = await signIn(market, person, { totp: codeOf(secret, 0) })
  assert.deepEqual(said(older), [403, 'wrong_second_factor'], 'older than one that was used')
  const { rows } = await superuser.query(
    `select signed_in_with, factor_method from fairlock.sessions where user_id = $1 order by created_at desc limit 1`,
    [person.id],
  )
  assert.deepEqual(rows[0], { signed_in_with: 'second_factor', factor_method: 'totp' })
})

test('registering again with a key does not get past the second factor', async () => {
  const { person } = await guarded(market, superuser)
  const name = person.email.replace('@example.org', '')
  const body = { email: person.email, password: passwordOf(name), displayName: name }
  const again = await call(market.url, 'POST', '/v1/auth/register', body, { 'idempotency-key': 'again' })
  assert.deepEqual(said(again), [401, 'totp_required'])
})

test('a recovery code signs in once, as it is typed, and its owner is told', async () => {
  const { person, recoveryCodes } = await guarded(market, superuser)
  const recoveryCode = recoveryCodes[3]!.toLowerCase().replaceAll('-', ' ')
  assert.equal((await signIn(market, person, { recoveryCode })).status, 200)
  assert.deepEqual(said(await signIn(market, person, { recoveryCode })), [403, 'wrong_second_factor'])
  const other = await guarded(market, superuser)
  const theirs = await signIn(market, other.person, { recoveryCode: recoveryCodes[4] })
  assert.deepEqual(said(theirs), [403, 'wrong_second_factor'], 'somebody else’s')
  const [notice] = (await person.get('/v1/me/notices')).body.items
  assert.equal(notice.kind, 'factor.recovery_code_used')
  assert.equal((await person.get('/v1/me/security')).body.recoveryCodesLeft, 9)
})

test('a release asks for a factor proven just now, takes a code, and a repeat gets the first answer', async () => {
  const { person, secret } = await guarded(market, superuser, 'seller')
  const trade = await paidTrade(market, person)
  const path = `/v1/trades/${trade}/release`
  const refused = await person.post(path, {}, 'release')
  assert.deepEqual(said(refused), [403, 'second_factor_required'])
  assert.deepEqual(refused.body.methods, ['totp', 'recovery_code'])
  assert.deepEqual(said(await person.post(path, { totp: wrongCode(secret) }, 'release')), [
    403,
    'wrong_second_factor',
  ])
  const totp = codeOf(secret)
  const released = await person.post(path, { totp }, 'release')
  assert.deepEqual([released.status, released.body.status], [200, 'completed'])
  for (const body of [{ totp }, {}, { totp: codeOf(secret, 1) }])
    assert.deepEqual((await person.post(path, body, 'release')).body, released.body)
  await superuser.query(
    `update fairlock.credentials set totp_step = totp_step + 2, totp_session = gen_random_uuid() where user_id = $1`,
    [person.id],
  )
  await makeStale(superuser, person)
  assert.deepEqual(
    (await person.post(path, { totp }, 'release')).body,
    released.body,
    'also when the code is old',
  )
  const { rows } = await superuser.query(`select * from fairlock.idempotency_keys where user_id = $1`, [
    person.id,
  ])
  assert.ok(!JSON.stringify(rows).includes(totp))
})

test('a code of another session is not taken again, one of the same session is', async () => {
  const { person, secret } = await guarded(market, superuser)
  const totp = codeOf(secret)
  const { token } = (await signIn(market, person, { totp })).body
  const second = inSession(market, person, token)
  assert.deepEqual(said(await person.post('/v1/me/step-up', { totp })), [403, 'wrong_second_factor'])
  assert.equal((await second.post('/v1/me/step-up', { totp })).status, 200)
  const next = codeOf(secret, 1)
  assert.equal((await person.post('/v1/me/step-up', { totp: next })).status, 200)
  assert.deepEqual(said(await second.post('/v1/me/step-up', { totp })), [403, 'wrong_second_factor'])
  const other = await guarded(market, superuser)
  const theirs = await other.person.post('/v1/me/step-up', { totp: codeOf(secret) })
  assert.deepEqual(said(theirs), [403, 'wrong_second_factor'], 'somebody else’s')
})

test('every change of how somebody signs in asks for it, and says how to prove it', async () => {
  const { person, secret, recoveryCodes } = await guarded(market, superuser)
  const currentPassword = passwordOf(person.email.replace('@example.org', ''))
  const changes: [string, object][] = [
    ['/v1/me/password', { currentPassword, newPassword: 'another four quiet words' }],
    ['/v1/me/email', { email: 'elsewhere@example.org', currentPassword }],
    ['/v1/api-keys', { name: 'bot', scopes: ['trade'] }],
    ['/v1/me/recovery-codes', {}],
    ['/v1/me/passkeys/options', {}],
  ]
  const local = { ...person.headers() }
  for (const [path, body] of changes) {
    const url = market.url.replace('127.0.0.1', 'localhost')
    const answer = await call(url, 'POST', path, body, local)
    assert.deepEqual(said(answer), [403, 'second_factor_required'], path)
  }
  const stepped = await person.post('/v1/me/step-up', { recoveryCode: recoveryCodes[0] })
  assert.deepEqual([stepped.status, stepped.body.method], [200, 'recovery_code'])
  assert.equal((await person.post('/v1/api-keys', { name: 'bot', scopes: ['trade'] })).status, 201)
  const renewed = await person.post('/v1/me/recovery-codes')
  assert.equal(renewed.body.recoveryCodes.length, 10)
  const old = await signIn(market, person, { recoveryCode: recoveryCodes[1] })
  assert.deepEqual(said(old), [403, 'wrong_second_factor'], 'the old set is worth nothing')
  await makeStale(superuser, person)
  const changed = { currentPassword, newPassword: 'another four quiet words', totp: codeOf(secret) }
  assert.equal((await person.post('/v1/me/password', changed)).status, 204, 'or the code comes along')
})

test('an API key releases without a code, and can change nothing about factors', async () => {
  const { person, secret } = await guarded(market, superuser, 'seller')
  const trade = await paidTrade(market, person)
  assert.equal((await person.post('/v1/me/step-up', { totp: codeOf(secret) })).status, 200)
  const bot = await makeKey(person, market.url)
  await makeStale(superuser, person)
  assert.equal((await bot.post(`/v1/trades/${trade}/release`, {})).status, 200)
  for (const path of [
    '/v1/me/two-factor',
    '/v1/me/step-up',
    '/v1/me/recovery-codes',
    '/v1/me/passkeys/options',
  ])
    assert.deepEqual(said(await bot.post(path, {})), [403, 'session_only'], path)
})

test('a person without a factor has nothing to prove', async () => {
  const person = await market.person('seller')
  const trade = await paidTrade(market, person)
  assert.deepEqual(said(await person.post('/v1/me/step-up', { totp: '123456' })), [409, 'no_second_factor'])
  assert.deepEqual(said(await person.post('/v1/me/recovery-codes')), [409, 'no_second_factor'])
  assert.equal((await person.post(`/v1/trades/${trade}/release`)).status, 200)
})

test('every look at the secret is in the log, and neither secret nor codes are in the database in clear', async () => {
  const { person, secret, recoveryCodes } = await guarded(market, superuser)
  await signIn(market, person, { totp: codeOf(secret) })
  const { rows } = await superuser.query(
    `select reason from audit.events where action = 'secret.opened' and subject_id = $1 order by id`,
    [person.id],
  )
  assert.deepEqual(
    rows.map((one) => one.reason),
    ['confirmation', 'sign-in'],
  )
  const all = await superuser.query(`
    select (select json_agg(p) from crypto_profiles p)::text || (select json_agg(e) from audit.events e)::text
      || (select json_agg(r) from fairlock.recovery_codes r)::text || (select json_agg(n) from fairlock.notices n)::text
      || (select json_agg(i) from fairlock.idempotency_keys i)::text as text`)
  const text = all.rows[0].text ?? ''
  for (const planted of [secret, ...recoveryCodes]) assert.ok(!text.includes(planted))
})

test('the database keeps no profile with the factor on and no secret, nor with a secret that is not sealed', async () => {
  const { person } = await guarded(market, superuser)
  const set = (what: string) =>
    superuser.query(`update crypto_profiles set ${what} where user_id = $1`, [person.id])
  await assert.rejects(set('two_factor_secret = null'), {
    code: '23514',
    constraint: 'crypto_profiles_two_factor',
  })
  await assert.rejects(set(`two_factor_secret = 'JBSWY3DPEHPK3PXP'`), { code: 'FL098' })
})
