import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { Mailer } from '../../src/notifications/index.ts'
import { call, type Market, type Person, startMarket } from '../support/market.ts'
import { mailerTo, mailServer, passwordOfPerson, signIn, tend, tokenIn } from './support.ts'

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
const confirm = (token: string) => post('/v1/auth/email-change/confirmation', { token })
const cancel = (token: string) => post('/v1/auth/email-change/cancellation', { token })
const mailTo = (email: string, subject: RegExp) =>
  server.received.findLast((mail) => mail.to === email && subject.test(mail.subject))

function ask(person: Person, email: string) {
  return person.post('/v1/me/email', { email, currentPassword: passwordOfPerson(person) })
}

async function asked(person: Person, email: string) {
  assert.equal((await ask(person, email)).status, 202)
  await tend(market, mailer)
  return {
    yes: tokenIn(mailTo(email, /Confirm/), 'email-confirmation'),
    no: tokenIn(mailTo(person.email, /Another e-mail/), 'email-cancellation'),
  }
}

/** Lets the delay pass, and nothing but that: no job runs. */
async function delayPasses(person: Person): Promise<void> {
  await superuser.query(
    `update fairlock.email_changes set created_at = created_at - interval '25 hours',
       takes_effect_at = takes_effect_at - interval '25 hours' where user_id = $1 and ended_at is null`,
    [person.id],
  )
}

const loginStatus = async (email: string, person: Person) =>
  (await post('/v1/auth/login', { email, password: passwordOfPerson(person) })).status

test('an address changes after it was confirmed and a delay is over, whether or not a job has run', async () => {
  const person = await market.person()
  const other = await signIn(market, person)
  const { yes } = await asked(person, 'new-one@example.org')
  const confirmed = await confirm(yes)
  assert.equal(confirmed.status, 200)
  assert.ok(Date.parse(confirmed.body.takesEffectAt) > Date.now() + 23 * 3_600_000)
  assert.deepEqual((await confirm(yes)).body, confirmed.body, 'a second click')
  assert.equal(await loginStatus('new-one@example.org', person), 401)
  assert.equal(await loginStatus(person.email, person), 200)
  assert.equal((await person.get('/v1/me')).body.email, person.email)

  await delayPasses(person)
  assert.equal(await loginStatus('New-One@example.org', person), 200)
  assert.equal(await loginStatus(person.email, person), 401)
  assert.equal((await person.get('/v1/me')).body.email, 'new-one@example.org')
  assert.equal((await other.get('/v1/me')).status, 401, 'sessions other than the one that asked are over')
  assert.ok((await person.get('/v1/me/security')).body.withdrawalsPausedUntil)
  await tend(market, mailer)
  for (const address of [person.email, 'new-one@example.org']) {
    assert.ok(mailTo(address, /address was changed/), address)
  }
})

test('the background work applies what is due', async () => {
  const person = await market.person()
  await confirm((await asked(person, 'by-job@example.org')).yes)
  await delayPasses(person)
  await tend(market, mailer)
  assert.equal((await person.get('/v1/me')).body.email, 'by-job@example.org')
})

test('the old address says no until the change takes effect, and not after', async () => {
  const person = await market.person()
  const first = await asked(person, 'thief@example.org')
  assert.equal((await confirm(first.yes)).status, 200)
  assert.equal((await cancel(first.yes)).body.code, 'invalid_token', 'a confirmation is no cancellation')
  await tend(market, mailer)
  const later = tokenIn(mailTo(person.email, /about to change/), 'email-cancellation')
  assert.equal((await cancel(later)).status, 204)
  assert.equal((await cancel(first.no)).body.code, 'invalid_token')
  await delayPasses(person)
  assert.equal(await loginStatus('thief@example.org', person), 401)

  const second = await asked(person, 'thief@example.org')
  await confirm(second.yes)
  await delayPasses(person)
  assert.equal((await cancel(second.no)).body.code, 'invalid_token')
})

test('a new password ends a change of address that waits, and its owner can withdraw it', async () => {
  const person = await market.person()
  const { yes } = await asked(person, 'waiting@example.org')
  assert.equal((await person.delete('/v1/me/email')).status, 204)
  assert.equal((await person.delete('/v1/me/email')).status, 404)
  assert.equal((await confirm(yes)).body.code, 'invalid_token')
  const again = await asked(person, 'waiting@example.org')
  await confirm(again.yes)
  const changed = { currentPassword: passwordOfPerson(person), newPassword: 'seven green lamps on a hill' }
  assert.equal((await person.post('/v1/me/password', changed)).status, 204)
  assert.equal((await person.get('/v1/me/security')).body.emailChange, null)
})

test('that an address is taken is told to its owner alone', async () => {
  const [person, owner] = [await market.person(), await market.person()]
  const free = await ask(person, 'free-one@example.org')
  const taken = await ask(person, owner.email.toUpperCase())
  assert.deepEqual([taken.status, Object.keys(taken.body)], [free.status, Object.keys(free.body)])
  await tend(market, mailer)
  assert.ok(mailTo(owner.email, /another account/))
  assert.equal(mailTo(owner.email.toUpperCase(), /Confirm/), undefined)
  assert.equal((await ask(person, person.email.toUpperCase())).body.code, 'same_email')
  const wrong = await person.post('/v1/me/email', { email: 'x@example.org', currentPassword: 'wrong one' })
  assert.deepEqual([wrong.status, wrong.body.code], [403, 'wrong_password'])
})

test('of two people who confirm one address at once, one waits for it, and nobody can register it meanwhile', async () => {
  for (let round = 0; round < 5; round++) {
    const email = `wanted${round}@example.org`
    const people = [await market.person(), await market.person()]
    const tokens = []
    for (const one of people) tokens.push((await asked(one, email)).yes)
    const answers = await Promise.all(tokens.map(confirm))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409])
    assert.equal(answers.find(({ status }) => status === 409)?.body.code, 'email_taken')
    const body = { email, password: 'four quiet words and a lamp', displayName: `wanted ${round}` }
    assert.equal((await post('/v1/auth/register', body)).body.code, 'email_taken')
  }
})
