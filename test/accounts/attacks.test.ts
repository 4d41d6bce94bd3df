import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import pg from 'pg'
import pino from 'pino'
import { buildApp } from '../../src/http/index.ts'
import { SignInLimits } from '../../src/identity/index.ts'
import type { Mailer } from '../../src/notifications/index.ts'
import type { App } from '../../src/platform/index.ts'
import { call, type Market, type Person, startMarket } from '../support/market.ts'
import { mailerTo, mailServer, passwordOfPerson, tend, tokenIn } from './support.ts'

const NEW = 'seven green lamps on a hill'
let market: Market
let superuser: pg.Client
let server: Awaited<ReturnType<typeof mailServer>>
let mailer: Mailer
/** The same API behind a proxy that says where a request comes from. */
let proxied: App
before(async () => {
  market = await startMarket()
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  server = await mailServer()
  mailer = mailerTo(market, server.url)
  proxied = await buildApp({
    db: market.db,
    sealer: market.sealer,
    limits: new SignInLimits(market.db.pool),
    log: pino({ level: 'silent' }),
    trustProxy: true,
    metricsToken: null,
    jobs: () => null,
  })
})
after(async () => {
  mailer?.close()
  await proxied?.close()
  await server?.stop()
  await superuser?.end()
  await market?.stop()
})
beforeEach(() => superuser.query('delete from fairlock.rate_limits'))

const post = (path: string, body: unknown) => call(market.url, 'POST', path, body)
const mailTo = (email: string, subject: RegExp) =>
  server.received.findLast((mail) => mail.to === email && subject.test(mail.subject))
const ask = (person: Person, email: string) =>
  person.post('/v1/me/email', { email, currentPassword: passwordOfPerson(person) })
const from = async (address: string, path: string, payload: object) => {
  const headers = { 'x-forwarded-for': address }
  const answer = await proxied.inject({ method: 'POST', url: path, headers, payload })
  return { status: answer.statusCode, code: answer.json().code }
}

async function resetToken(email: string): Promise<string> {
  assert.equal((await post('/v1/auth/password-reset', { email })).status, 202)
  await tend(market, mailer)
  return tokenIn(mailTo(email, /Set a new password/), 'password-reset')
}

test('registration says of twenty addresses an hour whether they are taken, and then nothing of either kind', async () => {
  const victim = await market.person('victim')
  const taken = { email: victim.email, password: NEW, displayName: 'curious' }
  // A name that is taken makes the answer for a free address, and no account.
  const free = { email: 'free@example.org', password: NEW, displayName: victim.email.split('@')[0] }
  const codes = []
  for (let i = 0; i < 20; i++)
    codes.push((await from('198.51.100.7', '/v1/auth/register', i % 2 ? taken : free)).code)
  assert.deepEqual(new Set(codes), new Set(['email_taken', 'display_name_taken']))
  for (const body of [taken, free, { ...free, displayName: 'nobody yet' }]) {
    assert.equal((await from('198.51.100.7', '/v1/auth/register', body)).code, 'too_many_requests')
  }
  assert.equal((await from('198.51.100.8', '/v1/auth/register', taken)).code, 'email_taken', 'others go on')
})

test('whoever has a network of IPv6 addresses guesses as often as whoever has one address', async () => {
  const person = await market.person('guessed')
  const body = { email: person.email, password: 'a guess' }
  const codes = []
  for (let i = 1; i <= 10; i++) codes.push((await from(`2001:db8:5:6::${i}`, '/v1/auth/login', body)).code)
  assert.deepEqual(codes, [...Array(8).fill('wrong_credentials'), ...Array(2).fill('too_many_requests')])
  const resets = []
  for (let i = 1; i <= 21; i++) {
    resets.push((await from(`2001:db8:5:7::${i}`, '/v1/auth/password-reset', { email: person.email })).status)
  }
  assert.deepEqual(resets, [...Array(20).fill(202), 429])
})

test('many accounts that want one address send five mails there an hour, and nothing that they wrote', async () => {
  const victim = await market.person('bombed')
  const answers = []
  for (let i = 0; i < 4; i++) {
    const bomber = await market.person('bomber')
    for (let j = 0; j < 2; j++) answers.push(await ask(bomber, victim.email))
  }
  assert.deepEqual(
    answers.map(({ status }) => status),
    [...Array(5).fill(202), ...Array(3).fill(429)],
  )

  const stranger = 'stranger@example.com'
  const spammer = await market.person('win.at.evil.example')
  assert.equal((await ask(spammer, stranger)).status, 202)
  await tend(market, mailer)
  const mail = mailTo(stranger, /Confirm/)
  assert.match(mail?.text ?? '', /^Hello,/)
  assert.doesNotMatch(mail?.text ?? '', /evil/)
})

test('the link of a reset is worth nothing once the address that it was mailed to has changed', async () => {
  const person = await market.person('mover')
  assert.equal((await ask(person, 'moved@example.org')).status, 202)
  await tend(market, mailer)
  const token = tokenIn(mailTo('moved@example.org', /Confirm/), 'email-confirmation')
  assert.equal((await post('/v1/auth/email-change/confirmation', { token })).status, 200)
  const old = await resetToken(person.email)
  await superuser.query(
    `update fairlock.email_changes set created_at = created_at - interval '25 hours',
       takes_effect_at = takes_effect_at - interval '25 hours' where user_id = $1`,
    [person.id],
  )
  assert.equal((await person.get('/v1/me')).status, 200)
  await tend(market, mailer)
  assert.equal((await person.get('/v1/me')).body.email, 'moved@example.org')
  const late = await post('/v1/auth/password-reset/confirmation', { token: old, newPassword: NEW })
  assert.deepEqual([late.status, late.body.code], [422, 'invalid_token'])
  const fresh = await resetToken('moved@example.org')
  assert.equal(
    (await post('/v1/auth/password-reset/confirmation', { token: fresh, newPassword: NEW })).status,
    204,
  )
})
