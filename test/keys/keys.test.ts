import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import {
  type Answer,
  call,
  type Json,
  type Market,
  offerBody,
  type Person,
  startMarket,
} from '../support/market.ts'
import { keyHolder, makeKey } from './support.ts'

let market: Market
let person: Person
let superuser: pg.Client
before(async () => {
  market = await startMarket()
  person = await market.person('owner')
  await market.credit(person, 'BTC', '1')
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

const change = (id: string, what: string) =>
  superuser.query(`update fairlock.api_keys set ${what} where id = $1`, [id])

test('a key acts for its owner, is shown once, and is kept as a hash', async () => {
  const made = await person.post('/v1/api-keys', { name: 'bot', scopes: ['trade'], requestsPerMinute: 30 })
  assert.equal(made.status, 201)
  assert.match(made.body.key, /^flk_[0-9a-f-]{36}\.[A-Za-z0-9_-]{43}$/)
  assert.deepEqual(made.body.scopes, ['read', 'trade'], 'whoever trades also reads')
  const bot = keyHolder(market.url, made.body.id, made.body.key)
  assert.equal((await bot.get('/v1/me')).body.id, person.id)
  assert.equal((await bot.post('/v1/offers', offerBody())).status, 201)

  const listed = (await person.get('/v1/api-keys')).body.items.find((one: Json) => one.id === bot.id)
  assert.deepEqual(
    Object.keys(listed).sort(),
    Object.keys({ ...made.body })
      .filter((n) => n !== 'key')
      .sort(),
  )
  assert.ok(listed.lastUsedAt !== null)
  const { rows } = await superuser.query('select k::text as row from fairlock.api_keys k')
  const secret = made.body.key.split('.')[1]
  assert.ok(!JSON.stringify(rows).includes(Buffer.from(secret, 'base64url').toString('hex')))
  assert.ok(!JSON.stringify(rows).includes(secret))
})

test('what is not a key of somebody is refused, and one that is over or ended says no more than that', async () => {
  const bot = await makeKey(person, market.url)
  const [id, secret] = bot.key.split('.') as [string, string]
  const wrong = [
    `${id}.${'A'.repeat(43)}`,
    `flk_01890000-0000-7000-8000-00000000dead.${secret}`,
    bot.key.slice(4),
    `${bot.key}A`,
    person.token.replace(/^/, 'flk_'),
  ]
  for (const key of wrong) {
    const { status, body } = await keyHolder(market.url, '', key).get('/v1/me')
    assert.deepEqual([status, body.code], [401, 'not_signed_in'], key)
  }
  assert.equal((await bot.get('/v1/me')).status, 200)
  await change(bot.id, `created_at = now() - interval '2 hours', expires_at = now() - interval '1 second'`)
  assert.equal((await bot.get('/v1/me')).body.code, 'not_signed_in')
  await change(bot.id, 'expires_at = null')
  assert.equal((await bot.get('/v1/me')).status, 200)
  assert.equal((await person.delete(`/v1/api-keys/${bot.id}`)).status, 204)
  assert.equal((await bot.get('/v1/me')).body.code, 'not_signed_in')
  assert.equal((await person.delete(`/v1/api-keys/${bot.id}`)).body.code, 'not_found')
})

test('nobody ends or sees the key of somebody else', async () => {
  const bot = await makeKey(person, market.url)
  const other = await market.person('other')
  assert.equal((await other.delete(`/v1/api-keys/${bot.id}`)).status, 404)
  assert.deepEqual((await other.get('/v1/api-keys')).body.items, [])
  assert.equal((await bot.get('/v1/me')).status, 200)
})

test('a key of somebody banned is dead until the ban is over', async () => {
  const banned = await market.person('banned')
  const bot = await makeKey(banned, market.url)
  await superuser.query(
    `update crypto_profiles set banned_until = now() + interval '1 hour' where user_id = $1`,
    [banned.id],
  )
  assert.equal((await bot.get('/v1/me')).body.code, 'not_signed_in')
  assert.equal((await banned.get('/v1/me')).status, 200)
  await superuser.query('update crypto_profiles set banned_until = now() where user_id = $1', [banned.id])
  assert.equal((await bot.get('/v1/me')).status, 200)
})

test('addresses are normalised, and a key works from them alone', async () => {
  const asked = ['127.9.8.7/8', '::ffff:192.0.2.77/120', '2001:DB8:0::1/32', '::ffff:c633:6401', '10.1.2.3']
  const made = await person.post('/v1/api-keys', { name: 'home', scopes: ['withdraw'], addresses: asked })
  assert.equal(made.status, 201)
  assert.deepEqual([...made.body.addresses].sort(), [
    '10.1.2.3/32',
    '127.0.0.0/8',
    '192.0.2.0/24',
    '198.51.100.1/32',
    '2001:db8::/32',
  ])
  const bot = keyHolder(market.url, made.body.id, made.body.key)
  assert.equal((await bot.get('/v1/me')).status, 200)
  const away = await makeKey(person, market.url, { addresses: ['198.51.100.0/24', '2001:db8::/32'] })
  assert.deepEqual(
    [(await away.get('/v1/me')).status, (await away.get('/v1/me')).body.code],
    [403, 'address_not_allowed'],
  )
  const from = async (remoteAddress: string) =>
    (
      await market.app.inject({
        url: '/v1/me',
        remoteAddress,
        headers: { authorization: `Bearer ${away.key}` },
      })
    ).statusCode
  assert.equal(await from('198.51.100.200'), 200)
  assert.equal(await from('::ffff:198.51.100.200'), 200)
  assert.equal(await from('::ffff:c633:6405'), 200)
  assert.equal(await from('2001:db8:ffff::1'), 200)
  assert.equal(await from('198.51.101.1'), 403)
  assert.equal(await from('2001:db9::1'), 403)
  const guessed = keyHolder(market.url, '', `${away.key.split('.')[0]}.${'A'.repeat(43)}`)
  assert.equal((await guessed.get('/v1/me')).body.code, 'not_signed_in', 'a guess does not hear of the list')
})

test('what cannot be asked for is refused with its field', async () => {
  const later = new Date(Date.now() + 60_000).toISOString()
  const cases: [Json, string, string][] = [
    [{ scopes: ['withdraw'] }, 'addresses_needed', 'addresses'],
    [{ scopes: [] }, 'invalid_request', 'scopes'],
    [{ scopes: ['admin'] }, 'invalid_request', 'scopes.0'],
    [{ addresses: ['192.0.2.0/33'] }, 'invalid_request', 'addresses.0'],
    [{ addresses: ['192.0.2.1', 'example.org'] }, 'invalid_request', 'addresses.1'],
    [{ addresses: ['fe80::1%eth0'] }, 'invalid_request', 'addresses.0'],
    [{ addresses: ['0.0.0.0/0'] }, 'invalid_request', 'addresses.0'],
    [{ addresses: ['::ffff:0.0.0.0/96'] }, 'invalid_request', 'addresses.0'],
    [{ addresses: ['::/0'] }, 'invalid_request', 'addresses.0'],
    [{ expiresAt: '2020-01-01T00:00:00Z' }, 'invalid_expiry', 'expiresAt'],
    [{ requestsPerMinute: 0 }, 'invalid_request', 'requestsPerMinute'],
    [{ name: '' }, 'invalid_request', 'name'],
  ]
  for (const [body, code, field] of cases) {
    const answer = await person.post('/v1/api-keys', {
      name: 'x',
      scopes: ['read'],
      expiresAt: later,
      ...body,
    })
    assert.equal(answer.body.code, code, JSON.stringify(body))
    assert.equal(answer.body.errors[0].field, field, JSON.stringify(body))
  }
})

test('twenty keys a person, also when they are asked for at once', async () => {
  const eager = await market.person('eager')
  const answers = await Promise.all(
    Array.from({ length: 24 }, (_, i) => eager.post('/v1/api-keys', { name: `${i}`, scopes: ['read'] })),
  )
  assert.equal(answers.filter(({ status }) => status === 201).length, 20)
  assert.equal(answers.filter(({ body }) => body.code === 'too_many_api_keys').length, 4)
  const ended = answers.find(({ status }) => status === 201)
  await eager.delete(`/v1/api-keys/${ended?.body.id}`)
  assert.equal((await eager.post('/v1/api-keys', { name: 'one more', scopes: ['read'] })).status, 201)
})

test('a repeat with the same idempotency key makes no second key and does not show the first again', async () => {
  const body = { name: 'once', scopes: ['read'] }
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => person.post('/v1/api-keys', body, 'the same')),
  )
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
  assert.equal(new Set(answers.map((one) => one.body.id)).size, 1)
  const shown = answers.filter((one) => one.body.key !== null)
  assert.equal(shown.length, 1)
  const [first] = shown as [Answer]
  assert.equal((await keyHolder(market.url, '', first.body.key).get('/v1/me')).status, 200)
  const other = await person.post('/v1/api-keys', { ...body, name: 'another' }, 'the same')
  assert.equal(other.body.code, 'idempotency_key_reused')
  const { rows } = await superuser.query('select answer::text from fairlock.idempotency_keys')
  assert.ok(!JSON.stringify(rows).includes(first.body.key.split('.')[1]))
})

test('the last use is written every five minutes at most', async () => {
  const bot = await makeKey(person, market.url)
  const lastUse = async () =>
    (await superuser.query('select last_used_at from fairlock.api_keys where id = $1', [bot.id])).rows[0]
      .last_used_at
  await bot.get('/v1/me')
  const first = await lastUse()
  await bot.get('/v1/me')
  assert.deepEqual(await lastUse(), first)
  await change(bot.id, `last_used_at = now() - interval '6 minutes'`)
  await bot.get('/v1/me')
  assert.ok((await lastUse()) >= first)
})

test('keys long over are swept away, the others stay', async () => {
  const [old, fresh] = [await makeKey(person, market.url), await makeKey(person, market.url)]
  await change(old.id, `created_at = now() - interval '1 year', ended_at = now() - interval '91 days'`)
  await person.delete(`/v1/api-keys/${fresh.id}`)
  await market.db.pool.query('select fairlock.sweep(1000)')
  const { rows } = await superuser.query('select id from fairlock.api_keys where id = any ($1)', [
    [old.id, fresh.id],
  ])
  assert.deepEqual(rows, [{ id: fresh.id }])
})

test('keys and what happens to them is on the record, without the secret', async () => {
  const bot = await makeKey(person, market.url, { name: 'recorded' })
  await person.delete(`/v1/api-keys/${bot.id}`)
  const { rows } = await superuser.query(
    `select action, details::text from audit.events where subject_id = $1 and action like 'api_key.%' order by id`,
    [bot.id],
  )
  assert.deepEqual(
    rows.map((row) => row.action),
    ['api_key.created', 'api_key.ended'],
  )
  const [notice] = (await person.get('/v1/me/notices')).body.items
  assert.match(notice.text, /API key “recorded” was made .* read, trade/)
  assert.ok(!JSON.stringify([rows, notice]).includes(bot.key.split('.')[1]!))
})

test('a key sees nothing of sessions and keys, not even below the routes', async () => {
  const bot = await makeKey(person, market.url)
  for (const path of ['/v1/me/sessions', '/v1/api-keys', '/v1/me/notices']) {
    assert.equal((await bot.get(path)).body.code, 'session_only', path)
  }
  const app = new pg.Client(market.database.appUrl)
  await app.connect()
  try {
    for (const table of ['sessions', 'api_keys']) {
      await app.query('begin')
      await app.query(
        `select set_config('fairlock.user_id', $1, true), set_config('fairlock.api_key_id', $2, true)`,
        [person.id, bot.id],
      )
      assert.equal((await app.query(`select id from fairlock.${table}`)).rowCount, 0, table)
      await app.query(`select set_config('fairlock.api_key_id', '', true)`)
      assert.ok((await app.query(`select id from fairlock.${table}`)).rowCount! > 0, table)
      await app.query('rollback')
    }
  } finally {
    await app.end()
  }
})

test('what everybody may see needs no key, and a bad one is said to be bad', async () => {
  assert.equal((await call(market.url, 'GET', '/v1/offers')).status, 200)
  const bad = await call(market.url, 'GET', '/v1/offers', undefined, { authorization: 'Bearer flk_nothing' })
  assert.equal(bad.status, 401)
})

test('who has a second factor proves it before making or ending a key', async () => {
  const careful = await market.person('careful')
  const before = await makeKey(careful, market.url)
  await superuser.query(
    `insert into fairlock.passkeys (id, user_id, credential_id, public_key, counter, transports, name, backed_up, rp_id)
     values (gen_random_uuid(), $1, sha256('x'), 'x', 0, '{}', 'a stick', false, 'localhost')`,
    [careful.id],
  )
  const asked = { name: 'later', scopes: ['read'] }
  for (const refused of [
    await careful.post('/v1/api-keys', asked),
    await careful.delete(`/v1/api-keys/${before.id}`),
  ]) {
    assert.deepEqual([refused.status, refused.body.code], [403, 'second_factor_required'])
  }
  await superuser.query(
    `update fairlock.sessions set factor_at = now(), factor_method = 'passkey' where user_id = $1`,
    [careful.id],
  )
  assert.equal((await careful.post('/v1/api-keys', asked)).status, 201)
  assert.equal((await careful.delete(`/v1/api-keys/${before.id}`)).status, 204)
})
