import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { makeKey } from '../keys/support.ts'
import { type Market, type Person, passwordOf, startMarket } from '../support/market.ts'
import { codeOf, paidTrade, signIn } from './support.ts'

// What somebody can do with a session that they found open, and cannot.

let market: Market
let superuser: pg.Client
before(async () => {
  market = await startMarket()
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

/** As if the person had signed in six minutes ago. */
const signedInBefore = (person: Person) =>
  superuser.query(
    `update fairlock.sessions set created_at = created_at - interval '6 minutes' where user_id = $1`,
    [person.id],
  )

async function switchOn(person: Person): Promise<string> {
  const { secret } = (await person.post('/v1/me/two-factor')).body
  assert.equal((await person.post('/v1/me/two-factor/confirmation', { totp: codeOf(secret) })).status, 200)
  return secret
}

test('a found session makes no factor and no key without the password, which just after signing in is not asked for', async () => {
  const person = await market.person()
  const asked = { name: 'a program', scopes: ['trade'] }
  const calls = [
    ['/v1/me/two-factor', {}],
    ['/v1/me/passkeys/options', {}],
    ['/v1/api-keys', asked],
  ] as const
  assert.equal((await person.post('/v1/api-keys', asked)).status, 201)
  await signedInBefore(person)
  for (const [path, body] of calls) {
    const refused = await person.post(path, body)
    assert.deepEqual([refused.status, refused.body.code], [403, 'password_required'], path)
    const wrong = await person.post(path, { ...body, currentPassword: 'a guess' })
    assert.deepEqual([wrong.status, wrong.body.code], [403, 'wrong_password'], path)
  }
  assert.equal((await signIn(market, person)).status, 200, 'its owner is not kept out')
  const currentPassword = passwordOf(person.email.split('@')[0]!)
  assert.equal((await person.post('/v1/me/two-factor', { currentPassword })).status, 200)
  assert.equal((await person.post('/v1/api-keys', { ...asked, currentPassword })).status, 201)
})

test('a found session leads no webhook of its owner elsewhere, nor reads a new secret, without the password', async () => {
  const person = await market.person()
  const hook = await person.post('/v1/webhooks', { url: 'https://bot.example.net/', events: ['*'] })
  assert.equal(hook.status, 201, JSON.stringify(hook.body))
  await signedInBefore(person)
  const path = `/v1/webhooks/${hook.body.id}`
  const url = 'https://thief.example.net/'
  const calls = [
    () => person.patch(path, { url }),
    () => person.post(`${path}/secret`, {}),
    () => person.post('/v1/webhooks', { url, events: ['*'] }),
  ]
  for (const ask of calls) assert.deepEqual((await ask()).body.code, 'password_required')
  const currentPassword = passwordOf(person.email.split('@')[0]!)
  assert.equal((await person.patch(path, { url, currentPassword: 'a guess' })).body.code, 'wrong_password')
  assert.equal((await person.patch(path, { url, currentPassword })).status, 200)
  assert.equal(
    (await person.patch(path, { paused: true })).status,
    200,
    'what gives nothing away asks for nothing',
  )
  assert.match((await person.post(`${path}/secret`, { currentPassword })).body.secret, /^whsec_/)
})

test('a key that was made before there was a factor does no more than read from then on', async () => {
  const seller = await market.person('seller')
  const [trader, reader] = [
    await makeKey(seller, market.url),
    await makeKey(seller, market.url, { scopes: ['read'] }),
  ]
  const trade = await paidTrade(market, seller)
  await switchOn(seller)
  assert.equal((await trader.post(`/v1/trades/${trade}/release`, {})).status, 401)
  assert.equal((await reader.get('/v1/me')).status, 200)
  const { items } = (await seller.get('/v1/me/notices')).body
  assert.match(items[0].text, /API keys that could do more than read have ended/)
  const later = await makeKey(seller, market.url)
  assert.equal((await later.post(`/v1/trades/${trade}/release`, {})).status, 200)
})
