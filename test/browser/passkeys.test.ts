import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { BrowserContext, CDPSession, Page } from 'playwright-core'
import { type Answer, type Market, type Person, passwordOf, startMarket } from '../support/market.ts'
import { openBrowser } from './chromium.ts'

// A real browser with a virtual authenticator: passkeys as a page of the program makes and uses them.

type Reply = Pick<Answer, 'status' | 'body'>

let market: Market
let person: Person
let superuser: pg.Client
let chromium: Awaited<ReturnType<typeof openBrowser>>
let context: BrowserContext
let page: Page
let device: Awaited<ReturnType<typeof plugIn>>
let foreign: Server
before(async () => {
  ;[market, chromium] = await Promise.all([startMarket(), openBrowser()])
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  person = await market.person('holder')
  foreign = createServer((_request, response) =>
    response.setHeader('content-type', 'text/html').end('<p>x</p>'),
  )
  await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve))
  context = await chromium.browser.newContext({ bypassCSP: true })
  page = await context.newPage()
  await page.goto(`${market.url.replace('127.0.0.1', 'localhost')}/docs`)
  device = await plugIn(page)
})
after(async () => {
  await chromium?.close()
  foreign?.close()
  await superuser?.end()
  await market?.stop()
})

/** Gives a page an authenticator of its own. */
async function plugIn(to: Page, isVerifying = true): Promise<{ cdp: CDPSession; authenticatorId: string }> {
  const session = await context.newCDPSession(to)
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: isVerifying,
      isUserVerified: isVerifying,
      automaticPresenceSimulation: true,
    },
  })
  return { cdp: session, authenticatorId }
}

/** Another page with a copy of the authenticator, at the count that it has now. */
async function clone(address: string): Promise<Page> {
  const { credentials } = await device.cdp.send('WebAuthn.getCredentials', {
    authenticatorId: device.authenticatorId,
  })
  const other = await context.newPage()
  await other.goto(address)
  const copy = await plugIn(other)
  await copy.cdp.send('WebAuthn.addCredential', {
    authenticatorId: copy.authenticatorId,
    credential: credentials[0]!,
  })
  return other
}

/** A request as a page of the program makes it, with its cookie. */
function ask(path: string, body: object = {}, method = 'POST', on = page): Promise<Reply> {
  const init = {
    method,
    headers: { 'content-type': 'application/json' },
    ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
  }
  return on.evaluate(`fetch(${JSON.stringify(path)}, ${JSON.stringify(init)}).then(async (r) => {
    const text = await r.text()
    return { status: r.status, body: text === '' ? null : JSON.parse(text) }
  })`)
}

/** What the browser gives for options: a new passkey, or a signature; the name of the error where it refuses. */
function credential(kind: 'create' | 'get', options: object, on = page): Promise<unknown> {
  const parse = kind === 'create' ? 'parseCreationOptionsFromJSON' : 'parseRequestOptionsFromJSON'
  return on.evaluate(`navigator.credentials.${kind}({
    publicKey: PublicKeyCredential.${parse}(${JSON.stringify(options)})
  }).then((made) => made.toJSON(), (error) => error.name)`)
}

const register = async (name: string) => {
  const options = await ask('/v1/me/passkeys/options')
  assert.equal(options.status, 200, JSON.stringify(options.body))
  return ask('/v1/me/passkeys', { name, response: await credential('create', options.body) })
}
const passkeySignIn = async (session = 'token', on = page) => {
  const options = await ask('/v1/auth/passkey/options', {}, 'POST', on)
  const response = await credential('get', options.body, on)
  return { response, answer: await ask('/v1/auth/passkey', { response, session }, 'POST', on) }
}
const stepUp = async () => {
  const options = await ask('/v1/me/step-up/options')
  const passkey = await credential('get', options.body)
  return { passkey, answer: await ask('/v1/me/step-up', { passkey }) }
}
const stale = () =>
  superuser.query(`update fairlock.sessions set factor_at = factor_at - interval '6 minutes'`)
const said = ({ status, body }: Reply) => [status, body?.code]
const password = () => passwordOf(person.email.replace('@example.org', ''))

test('the first passkey brings recovery codes, and makes a second factor', async () => {
  const signedIn = await ask('/v1/auth/login', {
    email: person.email,
    password: password(),
    session: 'cookie',
  })
  assert.equal(signedIn.status, 200)
  const first = await register('my telephone')
  assert.equal(first.status, 201, JSON.stringify(first.body))
  assert.equal(first.body.passkey.name, 'my telephone')
  assert.equal(first.body.recoveryCodes.length, 10)
  const security = (await ask('/v1/me/security', {}, 'GET')).body
  assert.deepEqual([security.secondFactor, security.twoFactor, security.passkeys], [true, false, 1])
  assert.ok(security.withdrawalsPausedUntil)
  assert.equal((await ask('/v1/me/passkeys', {}, 'GET')).body.items.length, 1)
  const again = await ask('/v1/me/passkeys/options')
  assert.equal(
    await credential('create', again.body),
    'InvalidStateError',
    'the authenticator has one already',
  )
})

test('the password alone signs in no more, the passkey alone does', async () => {
  const byPassword = await ask('/v1/auth/login', { email: person.email, password: password() })
  assert.deepEqual(said(byPassword), [401, 'totp_required'])
  assert.deepEqual(byPassword.body.methods, ['passkey', 'recovery_code'])
  const { response, answer } = await passkeySignIn()
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  assert.equal(answer.body.user.id, person.id)
  const { rows } = await superuser.query(
    `select signed_in_with, factor_method from fairlock.sessions order by created_at desc limit 1`,
  )
  assert.deepEqual(rows[0], { signed_in_with: 'passkey', factor_method: 'passkey' })
  const replayed = await ask('/v1/auth/passkey', { response })
  assert.deepEqual(said(replayed), [403, 'passkey_refused'], 'a challenge is good once')
})

test('a step-up by passkey makes the session fresh, once per signature, with a new cookie', async () => {
  assert.equal((await passkeySignIn('cookie')).answer.status, 200)
  await stale()
  assert.deepEqual(said(await ask('/v1/me/recovery-codes')), [403, 'second_factor_required'])
  const [before] = await context.cookies()
  const { passkey, answer } = await stepUp()
  assert.deepEqual([answer.status, answer.body.method], [200, 'passkey'])
  assert.notEqual((await context.cookies())[0]?.value, before?.value)
  assert.equal((await ask('/v1/me/recovery-codes')).status, 200)
  await stale()
  assert.deepEqual(said(await ask('/v1/me/step-up', { passkey })), [403, 'passkey_refused'])
  const { body } = await ask('/v1/me/step-up/options')
  const response = await credential('get', body)
  assert.deepEqual(
    said(await ask('/v1/auth/passkey', { response })),
    [403, 'passkey_refused'],
    'made for something else',
  )
})

test('a challenge that is over, of another session, or changed, and a signature that is changed, are refused', async () => {
  const fresh = async () =>
    (await credential('get', (await ask('/v1/auth/passkey/options')).body)) as SignedJson
  const over = await fresh()
  await superuser.query(`update fairlock.passkey_challenges set expires_at = now() - interval '1 second'`)
  assert.deepEqual(said(await ask('/v1/auth/passkey', { response: over })), [403, 'passkey_refused'])
  for (const [field, value] of [
    ['signature', (text: string) => flipped(text)],
    ['authenticatorData', (text: string) => flipped(text)],
    ['clientDataJSON', (text: string) => changedOrigin(text)],
  ] as const) {
    const signed = await fresh()
    signed.response[field] = value(signed.response[field]!)
    assert.deepEqual(
      said(await ask('/v1/auth/passkey', { response: signed })),
      [403, 'passkey_refused'],
      field,
    )
  }
  const mine = await ask('/v1/me/step-up/options')
  const passkey = await credential('get', mine.body)
  const other = await market.person('other')
  const theirs = await fetch(`${market.url.replace('127.0.0.1', 'localhost')}/v1/me/step-up`, {
    method: 'POST',
    headers: { ...other.headers(), 'content-type': 'application/json' },
    body: JSON.stringify({ passkey }),
  })
  assert.equal(theirs.status, 403)
})

test('a page of another origin gets no signature that counts', async () => {
  const other = await clone(`http://localhost:${(foreign.address() as AddressInfo).port}/`)
  const options = (await ask('/v1/auth/passkey/options')).body
  const response = (await credential('get', options, other)) as SignedJson
  assert.equal(typeof response, 'object', 'the same name, another port: the browser signs')
  const answer = await ask('/v1/auth/passkey', { response })
  assert.deepEqual(said(answer), [403, 'passkey_refused'], 'the program does not')
  await other.close()
})

test('at a number there are no passkeys, and the answer says where to go', async () => {
  const answer = await fetch(`${market.url}/v1/auth/passkey/options`, { method: 'POST' })
  const body = (await answer.json()) as { code: string; open: string }
  assert.deepEqual([answer.status, body.code], [409, 'passkeys_need_name'])
  assert.equal(body.open, market.url.replace('127.0.0.1', 'localhost'))
})

test('a passkey whose counter goes back is disabled, and its person is told', async () => {
  assert.equal((await passkeySignIn('cookie')).answer.status, 200)
  const other = await clone(page.url())
  assert.equal((await passkeySignIn()).answer.status, 200)
  const { answer } = await passkeySignIn('token', other)
  assert.deepEqual(said(answer), [403, 'passkey_cloned'])
  await other.close()
  assert.deepEqual(said((await passkeySignIn()).answer), [403, 'passkey_refused'], 'from then on')
  const [kept] = (await ask('/v1/me/passkeys', {}, 'GET')).body.items
  assert.ok(kept.disabledAt)
  const kinds = (await ask('/v1/me/notices', {}, 'GET')).body.items.map((one: { kind: string }) => one.kind)
  assert.ok(kinds.includes('passkey.cloned'))
  const { rows } = await superuser.query(
    `select count(*)::int from audit.events where action = 'passkey.cloned'`,
  )
  assert.equal(rows[0].count, 1)
  const byPassword = await ask('/v1/auth/login', { email: person.email, password: password() })
  assert.deepEqual(byPassword.body.methods, ['recovery_code'], 'it still protects the account')
})

test('passkeys are renamed and removed; a removed one signs in nobody', async () => {
  await superuser.query('update fairlock.passkeys set cloned_at = null')
  assert.equal((await passkeySignIn('cookie')).answer.status, 200)
  const [{ id }] = (await ask('/v1/me/passkeys', {}, 'GET')).body.items
  const renamed = await ask(`/v1/me/passkeys/${id}`, { name: 'old telephone' }, 'PATCH')
  assert.equal(renamed.body.name, 'old telephone')
  await stale()
  assert.deepEqual(said(await ask(`/v1/me/passkeys/${id}`, {}, 'DELETE')), [403, 'second_factor_required'])
  assert.equal((await stepUp()).answer.status, 200)
  const other = await market.person('other')
  assert.equal((await other.delete(`/v1/me/passkeys/${id}`)).status, 404)
  assert.equal((await ask(`/v1/me/passkeys/${id}`, {}, 'DELETE')).status, 204)
  assert.deepEqual(said((await passkeySignIn()).answer), [403, 'passkey_refused'])
  const security = (await ask('/v1/me/security', {}, 'GET')).body
  assert.deepEqual([security.secondFactor, security.recoveryCodesLeft], [false, 0])
  assert.equal((await ask('/v1/auth/login', { email: person.email, password: password() })).status, 200)
})

test('an authenticator that does not verify the person adds nothing, and a passkey is added once', async () => {
  await device.cdp.send('WebAuthn.clearCredentials', { authenticatorId: device.authenticatorId })
  const other = await context.newPage()
  await other.goto(page.url())
  await plugIn(other, false)
  const options = (await ask('/v1/me/passkeys/options')).body
  const lax = { ...options, authenticatorSelection: { userVerification: 'discouraged' } }
  const response = await credential('create', lax, other)
  assert.deepEqual(said(await ask('/v1/me/passkeys', { name: 'lax', response })), [403, 'passkey_refused'])
  await other.close()
  const made = await credential('create', (await ask('/v1/me/passkeys/options')).body)
  const twice = await Promise.all([1, 2].map(() => ask('/v1/me/passkeys', { name: 'twice', response: made })))
  assert.deepEqual(twice.map(({ status }) => status).sort(), [201, 403])
})

type SignedJson = { response: Record<'signature' | 'authenticatorData' | 'clientDataJSON', string> }

function flipped(text: string): string {
  const bytes = Buffer.from(text, 'base64url')
  bytes[bytes.length - 1]! ^= 1
  return bytes.toString('base64url')
}

function changedOrigin(text: string): string {
  const said_ = Buffer.from(text, 'base64url').toString()
  return Buffer.from(said_.replace('http://localhost', 'http://evil.host')).toString('base64url')
}
