import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import pino from 'pino'
import { buildApp } from '../../src/http/index.ts'
import { hashPassword, SignInLimits } from '../../src/identity/index.ts'
import { Database } from '../../src/platform/index.ts'
import { type Answer, call, type Market, offerBody, type Person, startMarket } from '../support/market.ts'
import {
  codeOf,
  forget,
  type Guarded,
  guarded,
  inSession,
  makeStale,
  paidTrade,
  signIn,
  wrongCode,
} from './support.ts'

let market: Market
let superuser: pg.Client
/** Another API on the same database, with connections of its own, as another process would be. */
let second: { url: string; stop(): Promise<void> }
before(async () => {
  market = await startMarket({ connections: 20 })
  second = await secondApi()
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
})
after(async () => {
  await second?.stop()
  await superuser?.end()
  await market?.stop()
})

const codes = (answers: Answer[]) =>
  answers.map(({ status, body }) => (status < 300 ? 'ok' : body.code)).sort()
const count = (all: string[], what: string) => all.filter((one) => one === what).length
const times = <T>(n: number, work: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: n }, (_, i) => work(i)))
/** The sign-in limit of one account from one address would answer first. */
const unlimited = () => superuser.query('delete from fairlock.rate_limits')
async function secondApi() {
  const db = new Database(market.database.appUrl, { connections: 10 })
  const { sealer } = market
  const app = await buildApp({
    db,
    sealer,
    limits: new SignInLimits(db.pool),
    log: pino({ level: 'silent' }),
    trustProxy: false,
    metricsToken: null,
    jobs: () => null,
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const stop = async () => {
    await app.close()
    await db.close()
  }
  return { url, stop }
}

const someone = (name?: string) => guarded(market, superuser, name)

/** More sessions of a person, none of them with a fresh factor. */
async function sessionsOf({ person, secret }: Guarded, many: number): Promise<Person[]> {
  const sessions = []
  for (let i = 0; i < many; i++) {
    await forget(superuser, person)
    await unlimited()
    const { status, body } = await signIn(market, person, { totp: codeOf(secret) })
    assert.equal(status, 200, JSON.stringify(body))
    sessions.push(inSession(market, person, body.token))
  }
  await forget(superuser, person)
  await makeStale(superuser, person)
  return sessions
}

test('twenty sign-ins at once with one code: one session', async () => {
  const { person, secret } = await someone()
  await unlimited()
  const totp = codeOf(secret)
  const answers: Answer[] = []
  // Eight at a time are as many as the limit of sign-ins lets through.
  for (let round = 0; round < 4; round++) {
    await unlimited()
    answers.push(...(await times(5, () => signIn(market, person, { totp }))))
  }
  assert.equal(count(codes(answers), 'ok'), 1)
})

test('twenty step-ups at once with one code in twenty sessions at two APIs: one wins', async () => {
  const one = await someone()
  const sessions = await sessionsOf(one, 20)
  const totp = codeOf(one.secret)
  const answers = await Promise.all(
    sessions.map((session, i) =>
      call(i % 2 ? market.url : second.url, 'POST', '/v1/me/step-up', { totp }, session.headers()),
    ),
  )
  assert.deepEqual([count(codes(answers), 'ok'), count(codes(answers), 'wrong_second_factor')], [1, 19])
})

test('twenty releases at once with one code and one key in one session: one release, one answer', async () => {
  const { person, secret } = await someone('seller')
  const trade = await paidTrade(market, person)
  const totp = codeOf(secret)
  const answers = await times(20, () => person.post(`/v1/trades/${trade}/release`, { totp }, 'once'))
  for (const { status, body } of answers) assert.deepEqual([status, body.status], [200, 'completed'])
})

test('fifty wrong codes at once in a session at two APIs: five count, the rest wait, and other sessions go on', async () => {
  const one = await someone()
  const [stolen, own] = await sessionsOf(one, 2)
  const wrong = wrongCode(one.secret)
  const answers = codes(
    await times(50, (i) => {
      const url = i % 2 ? market.url : second.url
      return call(url, 'POST', '/v1/me/step-up', { totp: wrong }, stolen!.headers())
    }),
  )
  assert.deepEqual([count(answers, 'wrong_second_factor'), count(answers, 'too_many_requests')], [5, 45])
  const paused = await stolen!.post('/v1/me/step-up', { totp: codeOf(one.secret) })
  assert.equal(paused.body.code, 'too_many_requests', 'also the right one')
  const wait = Number(paused.headers.get('retry-after'))
  assert.ok(wait > 200 && wait <= 300, `${wait}`)
  assert.equal((await own!.post('/v1/me/step-up', { totp: codeOf(one.secret) })).status, 200)
  const recoveryCode = one.recoveryCodes[0]
  assert.equal(
    (await stolen!.post('/v1/me/step-up', { recoveryCode })).status,
    200,
    'a recovery code is no guess',
  )
})

test('twenty wrong codes end the session, and its person is told', async () => {
  const one = await someone()
  const [stolen, own] = await sessionsOf(one, 2)
  const wrong = wrongCode(one.secret)
  for (let i = 0; i < 20; i++) {
    await superuser.query('update fairlock.sessions set factor_blocked_until = null where user_id = $1', [
      one.person.id,
    ])
    assert.equal((await stolen!.post('/v1/me/step-up', { totp: wrong })).body.code, 'wrong_second_factor')
  }
  assert.equal((await stolen!.get('/v1/me')).status, 401)
  const [notice] = (await own!.get('/v1/me/notices')).body.items
  assert.equal(notice.kind, 'session.ended_for_guessing')
})

test('who knows the password guesses five times, then waits ever longer; the person signs in by recovery code', async () => {
  const { person, secret, recoveryCodes } = await someone()
  const waits: number[] = []
  for (let round = 0; round < 3; round++) {
    await unlimited()
    const answers = codes(await times(8, () => signIn(market, person, { totp: wrongCode(secret) })))
    assert.deepEqual([count(answers, 'wrong_second_factor'), count(answers, 'too_many_requests')], [5, 3])
    await unlimited()
    const paused = await signIn(market, person, { totp: codeOf(secret) })
    assert.equal(paused.body.code, 'too_many_requests')
    waits.push(Math.round(Number(paused.headers.get('retry-after')) / 300))
    await superuser.query('update fairlock.credentials set factor_blocked_until = null where user_id = $1', [
      person.id,
    ])
  }
  assert.deepEqual(waits, [1, 2, 4])
  const notices = (await person.get('/v1/me/notices')).body.items
  assert.equal(notices.filter((one: { kind: string }) => one.kind === 'factor.guessed').length, 3)
  assert.equal((await signIn(market, person, { recoveryCode: recoveryCodes[0] })).status, 200)
  assert.equal((await signIn(market, person, { totp: codeOf(secret) })).status, 200)
  const { rows } = await superuser.query(
    'select factor_failures from fairlock.credentials where user_id = $1',
    [person.id],
  )
  assert.equal(rows[0].factor_failures, 0)
})

test('one recovery code at once in ten places: one sign-in', async () => {
  const { person, recoveryCodes } = await someone()
  const answers: Answer[] = []
  for (let round = 0; round < 2; round++) {
    await unlimited()
    answers.push(...(await times(5, () => signIn(market, person, { recoveryCode: recoveryCodes[0] }))))
  }
  assert.equal(count(codes(answers), 'ok'), 1)
})

test('confirming twice at once switches on once, with one set of recovery codes that works', async () => {
  const person = await market.person()
  const { secret } = (await person.post('/v1/me/two-factor')).body
  const totp = codeOf(secret)
  const answers = await times(6, () => person.post('/v1/me/two-factor/confirmation', { totp }))
  assert.deepEqual([count(codes(answers), 'ok'), count(codes(answers), 'two_factor_on')], [1, 5])
  const { recoveryCodes } = answers.find((one) => one.status === 200)!.body
  assert.equal((await signIn(market, person, { recoveryCode: recoveryCodes[9] })).status, 200)
})

test('a secret that is replaced while another is confirmed is not switched on unseen', async () => {
  for (let i = 0; i < 5; i++) {
    const person = await market.person()
    const { secret } = (await person.post('/v1/me/two-factor')).body
    const [confirmed, replaced] = await Promise.all([
      person.post('/v1/me/two-factor/confirmation', { totp: codeOf(secret) }),
      person.post('/v1/me/two-factor'),
    ])
    await forget(superuser, person)
    await unlimited()
    if (confirmed.status === 200) {
      assert.equal(replaced.body.code ?? 'before', replaced.status === 200 ? 'before' : 'two_factor_on')
      const working = replaced.status === 200 ? null : secret
      if (working) assert.equal((await signIn(market, person, { totp: codeOf(working) })).status, 200)
    } else {
      assert.equal(replaced.status, 200)
      assert.equal((await signIn(market, person)).status, 200, 'it is still off')
    }
  }
})

test('switching off while releasing: the release had its proof, or is refused', async () => {
  for (let i = 0; i < 3; i++) {
    const { person, secret } = await someone('seller')
    const trade = await paidTrade(market, person)
    const [off, released] = await Promise.all([
      call(market.url, 'DELETE', '/v1/me/two-factor', { totp: codeOf(secret) }, person.headers()),
      person.post(`/v1/trades/${trade}/release`, {}),
    ])
    assert.equal(off.status, 204)
    assert.ok(released.status === 200 || released.body.code === 'second_factor_required')
  }
})

test('somebody banned proves factors and releases what is in escrow; somebody signed out proves nothing', async () => {
  const { person, secret } = await someone('seller')
  const trade = await paidTrade(market, person)
  await superuser.query(
    `update crypto_profiles set banned_until = now() + interval '1 day' where user_id = $1`,
    [person.id],
  )
  assert.equal((await person.post('/v1/offers', offerBody())).body.code, 'banned')
  const released = await person.post(`/v1/trades/${trade}/release`, { totp: codeOf(secret) })
  assert.equal(released.status, 200)
  await person.post('/v1/auth/logout')
  assert.equal((await person.post('/v1/me/step-up', { totp: codeOf(secret, 1) })).status, 401)
})

test('a wrong password is answered the same, with or without a factor, with or without a code', async () => {
  const { person, secret } = await someone()
  const plain = await market.person()
  // With the program's own parameters, which the tests' people are spared.
  await superuser.query('update fairlock.credentials set password_hash = $1 where user_id = any ($2)', [
    await hashPassword('another password'),
    [person.id, plain.id],
  ])
  const bodies = [
    { email: person.email },
    { email: person.email, totp: codeOf(secret) },
    { email: plain.email, totp: '123456' },
    { email: 'nobody@example.org' },
  ]
  const took: number[][] = bodies.map(() => [])
  for (let round = 0; round < 6; round++) {
    await unlimited()
    for (const [i, body] of bodies.entries()) {
      const start = performance.now()
      const answer = await call(market.url, 'POST', '/v1/auth/login', {
        ...body,
        password: 'not the password',
      })
      took[i]!.push(performance.now() - start)
      assert.deepEqual([answer.status, answer.body.code], [401, 'wrong_credentials'])
    }
  }
  // Argon2 takes most of the time of each; without it an answer comes in a few milliseconds.
  const fastest = took.map((all) => Math.min(...all))
  assert.ok(Math.max(...fastest) < 3 * Math.min(...fastest), JSON.stringify(fastest))
})
