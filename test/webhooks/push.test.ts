import assert from 'node:assert/strict'
import {
  createDecipheriv,
  createECDH,
  createPublicKey,
  type ECDH,
  hkdfSync,
  randomBytes,
  verify,
} from 'node:crypto'
import { after, before, test } from 'node:test'
import { Pushes } from '../../src/notifications/index.ts'
import { Rewrap } from '../../src/platform/sealing/index.ts'
import { signIn } from '../accounts/support.ts'
import { call, type Person } from '../support/market.ts'
import { type Received, receiver } from './receiver.ts'
import { hookMarket } from './support.ts'

const CONTACT = 'https://market.example.org'

let scene: Awaited<ReturnType<typeof hookMarket>>
let pushes: Pushes
before(async () => {
  scene = await hookMarket()
  pushes = new Pushes(scene.market.db, scene.market.sealer, scene.outside, CONTACT)
})
after(async () => {
  await pushes?.close()
  await scene?.stop()
})

/** What a browser keeps of its subscription. */
class Browser {
  readonly #pair: ECDH = createECDH('prime256v1')
  readonly #auth = randomBytes(16)
  readonly endpoint: string

  constructor(endpoint: string) {
    this.endpoint = endpoint
    this.#pair.generateKeys()
  }

  toJSON() {
    const keys = { p256dh: this.#pair.getPublicKey('base64url'), auth: this.#auth.toString('base64url') }
    return { endpoint: this.endpoint, expirationTime: null, keys }
  }

  /** RFC 8291 with the content coding of RFC 8188, by hand. */
  decrypt(body: Buffer): unknown {
    const salt = body.subarray(0, 16)
    const theirs = body.subarray(21, 21 + body[20]!)
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), this.#pair.getPublicKey(), theirs])
    const key = hkdf(this.#auth, this.#pair.computeSecret(theirs), info, 32)
    const content = Buffer.from('Content-Encoding: aes128gcm\0')
    const nonce = hkdf(salt, key, Buffer.from('Content-Encoding: nonce\0'), 12)
    const sealed = body.subarray(21 + theirs.length)
    const decipher = createDecipheriv('aes-128-gcm', hkdf(salt, key, content, 16), nonce)
    decipher.setAuthTag(sealed.subarray(-16))
    const padded = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
    assert.equal(padded.at(-1), 2, 'the last record ends in 2')
    return JSON.parse(padded.subarray(0, -1).toString())
  }
}
const hkdf = (salt: Buffer, secret: Buffer, info: Buffer, length: number) =>
  Buffer.from(hkdfSync('sha256', secret, salt, info, length))

/** The claims of the token that shows who sends (RFC 8292); throws when it is not signed with the market's key. */
function claimsOf({ headers }: Received, publicKey: string) {
  const [, token = '', key] = /^vapid t=(\S+), k=(\S+)$/.exec(headers.authorization ?? '') ?? []
  assert.equal(key, publicKey)
  const point = Buffer.from(publicKey, 'base64url')
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url'))
  const jwk = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: x!, y: y! }, format: 'jwk' })
  const [head = '', claims = '', signature = ''] = token.split('.')
  const signed = Buffer.from(`${head}.${claims}`)
  assert.ok(
    verify('sha256', signed, { key: jwk, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url')),
    'the signature',
  )
  return JSON.parse(Buffer.from(claims, 'base64url').toString())
}

const notify = (person: Person, kind: string, data: object = {}) =>
  scene.superuser.query('select fairlock.notify($1, $2, $3)', [person.id, kind, data])
const publicKeyFor = async (person: Person) =>
  (await person.get('/v1/push/public-key')).body.publicKey as string
const path = '/v1/me/push-subscriptions'

test('a browser is told what its person is told, in a message that it alone can read', async () => {
  const { market, superuser } = scene
  const service = await receiver()
  const [person, other] = [await market.person(), await market.person()]
  const keys = await Promise.all([person, other, person].map(publicKeyFor))
  assert.equal(new Set(keys).size, 1, 'one key pair, also when many ask for the first')
  const browser = new Browser(`http://127.0.0.1:${service.port}/push/abc`)
  for (let i = 0; i < 2; i++) assert.equal((await person.post(path, browser)).status, 201)
  const kept = await superuser.query('select s::text as text from fairlock.push_subscriptions s')
  assert.equal(kept.rowCount, 1, 'subscribed again, it takes its own place')
  const { p256dh, auth } = browser.toJSON().keys
  assert.ok(![p256dh, auth].some((secret) => kept.rows[0].text.includes(secret)))

  const tradeId = '01890000-0000-7000-8000-000000000001'
  await notify(other, 'trade.paid')
  await notify(person, 'webhook.failing', { host: 'bot.example.net', tradeId })
  await pushes.settled()
  assert.equal(service.received.length, 1)
  const [received] = service.received as [Received]
  assert.equal(received.headers['content-encoding'], 'aes128gcm')
  assert.equal(received.headers.ttl, '86400')
  assert.ok(received.body.length < 3000 && !received.body.includes('bot.example.net'))
  const message = browser.decrypt(received.body) as Record<string, string>
  assert.deepEqual(
    [message.kind, message.tradeId, message.title],
    ['webhook.failing', tradeId, 'A webhook is failing'],
  )
  assert.match(message.text ?? '', /bot\.example\.net could not be delivered/)
  assert.throws(() => new Browser('').decrypt(received.body))
  const { aud, sub, exp } = claimsOf(received, keys[0]!)
  assert.deepEqual([aud, sub], [`http://127.0.0.1:${service.port}`, CONTACT])
  assert.ok(exp > Date.now() / 1000 && exp < Date.now() / 1000 + 86_400)

  assert.equal(
    (await call(market.url, 'DELETE', path, { endpoint: browser.endpoint }, other.headers())).status,
    404,
  )
  assert.equal(
    (await call(market.url, 'DELETE', path, { endpoint: browser.endpoint }, person.headers())).status,
    204,
  )
  await notify(person, 'webhook.failing', {})
  await pushes.settled()
  assert.equal(service.received.length, 1)
  await service.stop()
})

test('the key pair and the subscriptions survive a rewrap: the browser goes on with the same key', async () => {
  const { market, superuser } = scene
  const service = await receiver()
  const person = await market.person()
  const publicKey = await publicKeyFor(person)
  const browser = new Browser(`http://127.0.0.1:${service.port}/`)
  await person.post(path, browser)
  const sealed = async () => {
    const { rows } = await superuser.query('select private_key from fairlock.push_keys')
    return rows[0].private_key
  }
  const before = await sealed()
  await superuser.query('update fairlock.rewrap set requested_at = clock_timestamp(), finished_at = null')
  for (let done = false; !done; ) done = (await new Rewrap(market.db, market.sealer).run()).done
  assert.notEqual(await sealed(), before)
  const destroyed = await superuser.query(
    `select count(*)::integer as n from fairlock.data_keys where owner_id is null and state = 'destroyed'`,
  )
  assert.ok(destroyed.rows[0].n > 0, 'the key that sealed it before is gone')
  await notify(person, 'webhook.added', { host: 'x' })
  await pushes.settled()
  assert.equal((browser.decrypt(service.received[0]!.body) as { kind: string }).kind, 'webhook.added')
  claimsOf(service.received[0]!, publicKey)
  await service.stop()
})

test('a browser that is gone is forgotten; what fails comes again, for a day', async () => {
  const { market, superuser } = scene
  const service = await receiver()
  const person = await market.person()
  const subscribe = () =>
    person.post(path, new Browser(`http://127.0.0.1:${service.port}/${randomBytes(4).toString('hex')}`))
  const left = async () => {
    const { rows } = await superuser.query(
      `select (select count(*) from fairlock.push_subscriptions where user_id = $1)::integer as browsers,
         (select count(*) from fairlock.push_messages m join fairlock.push_subscriptions s on s.id = subscription_id
          where user_id = $1)::integer as messages`,
      [person.id],
    )
    return [rows[0].browsers, rows[0].messages]
  }
  for (const status of [404, 410]) {
    await subscribe()
    await notify(person, 'webhook.added', { host: 'x' })
    service.answer((response) => response.writeHead(status).end())
    await pushes.settled()
    assert.deepEqual(await left(), [0, 0], String(status))
  }
  await subscribe()
  for (const [status, messages] of [
    [503, 1],
    [429, 1],
    [413, 0],
  ] as const) {
    service.answer((response) => response.writeHead(status).end())
    await notify(person, 'webhook.added', { host: 'x' })
    await pushes.settled()
    assert.deepEqual(await left(), [1, messages], String(status))
    await superuser.query('delete from fairlock.push_messages')
  }
  await notify(person, 'webhook.added', { host: 'x' })
  service.answer((response) => response.socket?.destroy())
  for (let attempt = 1; attempt <= 5; attempt++) {
    assert.deepEqual(await left(), [1, 1], `before attempt ${attempt}`)
    await superuser.query('update fairlock.push_messages set due_at = now()')
    await pushes.settled()
  }
  assert.deepEqual(await left(), [1, 0])
  await superuser.query(`update fairlock.push_subscriptions set expires_at = now() - interval '1 minute'`)
  await notify(person, 'webhook.added', { host: 'x' })
  assert.deepEqual(await left(), [1, 0], 'nothing goes to a subscription that is over')
  await superuser.query('select fairlock.sweep(1000)')
  assert.deepEqual(await left(), [0, 0])
  await service.stop()
})

test('what is no browser of the outside world is refused', async () => {
  const { market } = scene
  const person = await market.person()
  const good = new Browser('https://updates.push.example.com/x').toJSON()
  const said = async (body: object) => {
    const { status, body: answer } = await person.post(path, body)
    return [status, answer.code, answer.errors?.[0]?.field]
  }
  for (const endpoint of [
    'https://10.0.0.1/',
    'http://example.com/',
    'https://localhost/',
    'https://[::ffff:127.0.0.1]/',
  ])
    assert.deepEqual(await said({ ...good, endpoint }), [422, 'target_refused', 'endpoint'])
  const off = Buffer.from(good.keys.p256dh, 'base64url')
  off[64]! ^= 1
  assert.deepEqual(await said({ ...good, keys: { ...good.keys, p256dh: off.toString('base64url') } }), [
    400,
    'invalid_request',
    'keys.p256dh',
  ])
  assert.equal((await said({ ...good, keys: { ...good.keys, auth: 'short' } }))[0], 400)
  const made = await Promise.all(
    Array.from({ length: 12 }, (_, i) => person.post(path, new Browser(`http://127.0.0.1:9/${i}`))),
  )
  assert.deepEqual(made.map(({ status }) => status).sort(), [...Array(10).fill(201), 409, 409])
})

test('a browser is told nothing once the session that subscribed it has ended, or another person signed in there', async () => {
  const { superuser } = scene
  const service = await receiver()
  const endpoint = (name: string) => `http://127.0.0.1:${service.port}/${name}`
  const person = await scene.market.person()
  const thief = await signIn(scene.market, person)
  const [own, stolen] = [new Browser(endpoint('own')), new Browser(endpoint('stolen'))]
  assert.equal((await person.post(path, own)).status, 201)
  assert.equal((await thief.post(path, stolen)).status, 201)
  await notify(person, 'webhook.added', { host: 'x' })
  // One is on its way when the session ends.
  assert.equal((await person.delete('/v1/me/sessions')).status, 200)
  await notify(person, 'webhook.added', { host: 'y' })
  await pushes.settled()
  assert.deepEqual(new Set(service.received.map(({ path: at }) => at)), new Set(['/own']))
  await superuser.query('select fairlock.sweep(1000)')
  const left = await superuser.query('select endpoint from fairlock.push_subscriptions where user_id = $1', [
    person.id,
  ])
  assert.deepEqual(left.rows, [{ endpoint: endpoint('own') }])

  const next = await scene.market.person()
  assert.equal((await next.post(path, own)).status, 201)
  const before = service.received.length
  await notify(person, 'webhook.added', { host: 'z' })
  await pushes.settled()
  assert.equal(service.received.length, before, 'the browser is another person’s by now')
  await service.stop()
})

test('a person with browsers that answer slowly and news without end holds nobody else up', async () => {
  const { superuser } = scene
  const service = await receiver()
  const [flood, other] = [await scene.market.person(), await scene.market.person()]
  for (let i = 0; i < 10; i++)
    assert.equal(
      (await flood.post(path, new Browser(`http://127.0.0.1:${service.port}/slow${i}`))).status,
      201,
    )
  assert.equal((await other.post(path, new Browser(`http://127.0.0.1:${service.port}/quick`))).status, 201)
  for (let i = 0; i < 60; i++) await notify(flood, 'webhook.added', { host: 'x' })
  await notify(other, 'webhook.added', { host: 'x' })
  const waiting = await superuser.query(
    'select max(n)::integer as most from (select count(*) n from fairlock.push_messages group by subscription_id) m',
  )
  assert.ok(waiting.rows[0].most <= 20, 'what waits for one browser is bounded')
  service.answer((response, request) => {
    if (request.path === '/quick') response.writeHead(201).end()
    else setTimeout(() => response.writeHead(201).end(), 800)
  })
  await pushes.deliver()
  const deadline = Date.now() + 3000
  const told = () => service.received.filter(({ path: at }) => at === '/quick').length
  while (told() === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(told(), 1)
  await superuser.query('delete from fairlock.push_messages')
  await pushes.settled()
  await service.stop()
})
