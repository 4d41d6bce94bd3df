import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { Webhooks } from '../../src/notifications/index.ts'
import { codeOf, forget, guarded } from '../factors/support.ts'
import { call, offerBody, type Person } from '../support/market.ts'
import { type Received, receiver } from './receiver.ts'
import { deliveriesOf, type Hook, happen, hookMarket, hookOf, hurry, noticesOf, tell } from './support.ts'

let scene: Awaited<ReturnType<typeof hookMarket>>
before(async () => {
  scene = await hookMarket()
})
after(() => scene?.stop())

/** What the reference library makes of a message: its content, or an error. */
const verify = (secret: string, { body, headers }: Received) =>
  new Webhook(secret).verify(body.toString(), headers as Record<string, string>) as {
    type: string
    timestamp: string
    data: Record<string, unknown>
  }
const said = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code]
const idsOf = (received: Received[]) => received.map(({ headers }) => headers['webhook-id'])

test('a trade is told to both sides’ programs, signed so that the reference library takes it', async () => {
  const { market, superuser, webhooks } = scene
  const [seller, buyer] = [await market.person('seller'), await market.person('buyer')]
  const [mine, theirs] = [await receiver(), await receiver()]
  const hooks = [
    await hookOf(seller, mine.port, ['trade.*'], '/a?token=1'),
    await hookOf(buyer, theirs.port, ['trade.paid']),
  ]
  await market.credit(seller, 'BTC', '1')
  const { id: offer } = (await seller.post('/v1/offers', offerBody())).body
  const { id: trade } = (
    await buyer.post(`/v1/offers/${offer}/trades`, { amount: '0.1', paymentMethodType: 'sepa' })
  ).body
  await buyer.post(`/v1/trades/${trade}/payment`)
  await seller.post(`/v1/trades/${trade}/release`)
  await tell(superuser)
  await webhooks.settled()

  const messages = mine.received.map((one) => verify(hooks[0]!.secret, one))
  const kinds = messages.map(({ type }) => type).sort()
  assert.deepEqual(kinds, ['trade.completed', 'trade.paid', 'trade.taken'])
  for (const { data, timestamp } of messages) {
    assert.equal(data.tradeId, trade)
    assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000)
  }
  assert.equal(new Set(idsOf(mine.received)).size, 3)
  assert.equal(mine.received[0]?.path, '/a?token=1')
  assert.equal(mine.received[0]?.headers['content-type'], 'application/json')
  assert.equal(theirs.received.length, 1)
  const paid = verify(hooks[1]!.secret, theirs.received[0]!)
  assert.deepEqual([paid.type, paid.data.status, paid.data.actor], ['trade.paid', 'paid', 'buyer'])
  assert.ok(idsOf(mine.received).includes(idsOf(theirs.received)[0]), 'one event has one id')
  assert.throws(() => verify(hooks[0]!.secret, theirs.received[0]!), /signature/)
  const forged = { ...theirs.received[0]!, body: Buffer.from('{"type":"trade.completed"}') }
  assert.throws(() => verify(hooks[1]!.secret, forged), /signature/)
  const items = await deliveriesOf(seller, hooks[0]!)
  assert.deepEqual(
    items.map((one: Record<string, unknown>) => [one.state, one.attempts, one.lastStatus, one.lastError]),
    Array(3).fill(['delivered', 1, 204, null]),
  )
  await mine.stop()
  await theirs.stop()
})

test('the secret is shown once, kept sealed, and for a day after a rotation both sign', async () => {
  const { market, superuser, webhooks, endpoint } = scene
  const person = await market.person()
  const body = {
    url: `http://127.0.0.1:${endpoint.port}/`,
    events: ['b.c', 'a.*', '*'],
    description: 'my bot',
  }
  const made = await person.post('/v1/webhooks', body, 'once')
  assert.match(made.body.secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
  assert.deepEqual(made.body.events, ['*', 'a.*', 'b.c'])
  const again = await person.post('/v1/webhooks', body, 'once')
  assert.deepEqual([again.status, again.body.id, again.body.secret], [201, made.body.id, null])
  const shown = JSON.stringify([
    (await person.get('/v1/webhooks')).body,
    (await person.get(`/v1/webhooks/${made.body.id}`)).body,
  ])
  assert.doesNotMatch(shown, /whsec_|secret"/)
  const key = made.body.secret.slice('whsec_'.length)
  for (const table of ['webhooks', 'webhook_secrets', 'idempotency_keys', 'notices']) {
    const { rows } = await superuser.query(`select string_agg(t::text, '') as text from fairlock.${table} t`)
    assert.ok(
      !rows[0].text.includes(key) && !rows[0].text.includes(Buffer.from(key, 'base64').toString('hex')),
      table,
    )
  }
  assert.deepEqual(await noticesOf(person), ['webhook.added'])

  const rotated = await person.post(`/v1/webhooks/${made.body.id}/secret`, {}, 'rotate')
  assert.equal(rotated.status, 200, JSON.stringify(rotated.body))
  assert.equal((await person.post(`/v1/webhooks/${made.body.id}/secret`, {}, 'rotate')).body.secret, null)
  assert.ok(Date.parse(rotated.body.previousSecretUntil) > Date.now() + 86_000_000)
  const messageOf = async () => {
    assert.equal((await person.post(`/v1/webhooks/${made.body.id}/test`)).status, 201)
    await webhooks.settled()
    return endpoint.received.at(-1)!
  }
  const both = await messageOf()
  for (const secret of [made.body.secret, rotated.body.secret])
    assert.equal(verify(secret, both).type, 'webhook.test')
  await superuser.query(`update fairlock.webhook_secrets set expires_at = now() where expires_at is not null`)
  const one = await messageOf()
  assert.equal(verify(rotated.body.secret, one).type, 'webhook.test')
  assert.throws(() => verify(made.body.secret, one), /signature/)
  await superuser.query('select fairlock.sweep(1000)')
  const left = await superuser.query('select from fairlock.webhook_secrets where webhook_id = $1', [
    made.body.id,
  ])
  assert.equal(left.rowCount, 1)
})

test('webhooks are their owner’s alone, never an API key’s, and ask for a fresh second factor', async () => {
  const { market, superuser, endpoint } = scene
  const [person, stranger] = [await market.person(), await market.person()]
  const hook = await hookOf(person, endpoint.port)
  const body = { url: `http://127.0.0.1:${endpoint.port}/`, events: ['*'] }
  const { key } = (await person.post('/v1/api-keys', { name: 'bot', scopes: ['trade'] })).body
  const headers = { authorization: `Bearer ${key}` }
  for (const [method, path, sent] of [
    ['GET', '/v1/webhooks'],
    ['POST', '/v1/webhooks', body],
    ['GET', `/v1/webhooks/${hook.id}/deliveries`],
    ['DELETE', `/v1/webhooks/${hook.id}`],
  ] as const) {
    assert.deepEqual(said(await call(market.url, method, path, sent, headers)), [403, 'session_only'])
  }
  await happen(superuser, [person], 'kyc.asked')
  const [delivery] = await deliveriesOf(person, hook)
  for (const answer of await Promise.all([
    stranger.get(`/v1/webhooks/${hook.id}`),
    stranger.patch(`/v1/webhooks/${hook.id}`, { paused: true }),
    stranger.delete(`/v1/webhooks/${hook.id}`),
    stranger.post(`/v1/webhooks/${hook.id}/secret`, {}),
    stranger.post(`/v1/webhooks/${hook.id}/test`),
    stranger.get(`/v1/webhooks/${hook.id}/deliveries`),
    stranger.post(`/v1/webhooks/${hook.id}/deliveries/${delivery.id}/resend`),
    stranger.post(
      `/v1/webhooks/${(await hookOf(stranger, endpoint.port)).id}/deliveries/${delivery.id}/resend`,
    ),
    stranger.post(`/v1/webhooks/${hook.id}/deliveries/resend`, { since: '2020-01-01T00:00:00Z' }),
  ])) {
    assert.deepEqual(said(answer), [404, 'not_found'])
  }

  const { person: careful, secret } = await guarded(market, superuser)
  assert.deepEqual(said(await careful.post('/v1/webhooks', body)), [403, 'second_factor_required'])
  const made = await careful.post('/v1/webhooks', { ...body, totp: codeOf(secret) })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  await forget(superuser, careful)
  await superuser.query(
    `update fairlock.sessions set factor_at = factor_at - interval '6 minutes' where user_id = $1`,
    [careful.id],
  )
  for (const answer of await Promise.all([
    careful.patch(`/v1/webhooks/${made.body.id}`, { url: `${body.url}elsewhere` }),
    careful.post(`/v1/webhooks/${made.body.id}/secret`, {}),
    careful.delete(`/v1/webhooks/${made.body.id}`),
  ])) {
    assert.deepEqual(said(answer), [403, 'second_factor_required'])
  }
  const moved = await careful.patch(`/v1/webhooks/${made.body.id}`, {
    url: `${body.url}elsewhere`,
    totp: codeOf(secret),
  })
  assert.equal(moved.body.url, `${body.url}elsewhere`)
  assert.ok((await noticesOf(careful)).includes('webhook.changed'))
})

test('bad targets and events are refused by field, and so is an eleventh webhook', async () => {
  const { market, endpoint } = scene
  const person = await market.person()
  const url = `http://127.0.0.1:${endpoint.port}/`
  for (const wrong of [
    'https://169.254.169.254/',
    'http://example.com/',
    'https://a@127.0.0.1/',
    'nonsense',
    'https://localhost/',
  ]) {
    const answer = await person.post('/v1/webhooks', { url: wrong, events: ['*'] })
    assert.deepEqual([...said(answer), answer.body.errors[0].field], [422, 'target_refused', 'url'], wrong)
  }
  for (const events of [[], ['trade'], ['Trade.*'], ['trade.*.x'], ['*.paid'], ['a.b', 'a.b'], ['trade.']]) {
    assert.deepEqual(
      said(await person.post('/v1/webhooks', { url, events })),
      [400, 'invalid_request'],
      events.join(),
    )
  }
  const made = await Promise.all(
    Array.from({ length: 12 }, () => person.post('/v1/webhooks', { url, events: ['*'] })),
  )
  assert.equal(made.filter(({ status }) => status === 201).length, 10)
  assert.deepEqual(said(made.find(({ status }) => status !== 201)!), [409, 'too_many_webhooks'])
  const hook = made.find(({ status }) => status === 201)!.body
  assert.deepEqual(said(await person.patch(`/v1/webhooks/${hook.id}`, { url: 'https://10.0.0.1/' })), [
    422,
    'target_refused',
  ])
  assert.equal((await person.delete(`/v1/webhooks/${hook.id}`)).status, 204)
  assert.equal((await person.post('/v1/webhooks', { url, events: ['*'] })).status, 201)
})

test('what fails is tried again with longer and longer pauses under one id, then it is dead, and can be sent again', async () => {
  const { market, superuser, webhooks } = scene
  const person = await market.person()
  const failing = await receiver()
  failing.answer((response) => response.writeHead(503).end('no'))
  const hook = await hookOf(person, failing.port)
  await happen(superuser, [person], 'kyc.asked', { level: 'full' })
  const pauses: number[] = []
  for (let attempt = 1; attempt <= 9; attempt++) {
    await webhooks.settled()
    const [one] = await deliveriesOf(person, hook)
    assert.deepEqual([one.attempts, one.lastStatus, one.lastError], [attempt, 503, 'status'])
    if (one.nextAttemptAt !== null) pauses.push((Date.parse(one.nextAttemptAt) - Date.now()) / 1000)
    await hurry(superuser)
  }
  const wanted = [5, 30, 120, 600, 3600, 10_800, 28_800, 86_400]
  assert.equal(pauses.length, wanted.length)
  for (const [i, pause] of pauses.entries())
    assert.ok(pause > wanted[i]! * 0.75 - 2 && pause <= wanted[i]! * 1.2, `${pause} s after attempt ${i + 1}`)
  assert.deepEqual(await noticesOf(person), ['webhook.added', 'webhook.failing'])
  const [dead] = await deliveriesOf(person, hook, '?state=dead')
  assert.equal(dead.state, 'dead')

  failing.answer((response) => response.writeHead(200).end())
  const path = `/v1/webhooks/${hook.id}/deliveries/${dead.id}/resend`
  assert.equal((await person.post(path)).body.state, 'pending')
  await webhooks.settled()
  const [done] = await deliveriesOf(person, hook, '?state=delivered')
  assert.deepEqual([done.id, done.attempts, done.lastStatus], [dead.id, 10, 200])
  assert.equal((await person.post(path)).status, 200, 'what was delivered can be sent again too')
  await webhooks.settled()
  assert.deepEqual([...new Set(idsOf(failing.received))], [dead.eventId])
  assert.equal(failing.received.length, 11)
  assert.equal(new Set(failing.received.map(({ body }) => body.toString())).size, 1)
  await failing.stop()
})

test('five dead messages in a row disable a webhook, 410 does at once; set going again, all dead ones go out', async () => {
  const { market, superuser, webhooks } = scene
  const person = await market.person()
  const endpoint = await receiver()
  endpoint.answer((response) => response.writeHead(500).end())
  const hook = await hookOf(person, endpoint.port)
  for (let i = 0; i < 7; i++) await happen(superuser, [person], 'kyc.asked', { i })
  await superuser.query(`update fairlock.webhook_deliveries set tries = 8 where webhook_id = $1`, [hook.id])
  await webhooks.settled()
  const { body: disabled } = await person.get(`/v1/webhooks/${hook.id}`)
  assert.deepEqual([disabled.status, disabled.disabledReason], ['disabled', 'failing'])
  assert.equal((await deliveriesOf(person, hook, '?state=dead')).length, 7)
  assert.equal(endpoint.received.length, 5)
  assert.deepEqual(await noticesOf(person), ['webhook.added', 'webhook.failing', 'webhook.disabled'])
  await happen(superuser, [person], 'kyc.asked', { i: 'while it was disabled' })
  assert.deepEqual(said(await person.post(`/v1/webhooks/${hook.id}/test`)), [409, 'webhook_not_live'])

  endpoint.answer((response) => response.writeHead(204).end())
  assert.equal((await person.patch(`/v1/webhooks/${hook.id}`, { paused: false })).body.status, 'live')
  const since = (at: number) =>
    person.post(`/v1/webhooks/${hook.id}/deliveries/resend`, { since: new Date(at).toISOString() })
  assert.equal((await since(Date.now() + 1000)).body.count, 0)
  assert.equal((await since(Date.now() - 60_000)).body.count, 7)
  await webhooks.settled()
  assert.equal((await deliveriesOf(person, hook, '?state=delivered')).length, 7)
  assert.equal(endpoint.received.length, 12)

  endpoint.answer((response) => response.writeHead(410).end())
  await happen(superuser, [person], 'kyc.asked', { i: 'gone' })
  await webhooks.settled()
  const { body: gone } = await person.get(`/v1/webhooks/${hook.id}`)
  assert.deepEqual([gone.status, gone.disabledReason], ['disabled', 'gone'])
  assert.equal((await noticesOf(person)).at(-1), 'webhook.disabled')
  const { rows } = await superuser.query(
    `select count(*)::integer as n from audit.events where subject_id = $1 and changes -> 'status' is not null`,
    [hook.id],
  )
  assert.equal(rows[0].n, 4, 'made, disabled, resumed, disabled')
  await endpoint.stop()
})

test('Retry-After is honoured within bounds, redirects fail, and a paused webhook waits', async () => {
  const { market, superuser, webhooks } = scene
  const person = await market.person()
  const endpoint = await receiver()
  const hook = await hookOf(person, endpoint.port)
  const waits = async () => {
    await happen(superuser, [person], 'kyc.asked')
    await webhooks.settled()
    const [one] = await deliveriesOf(person, hook)
    return [one.lastError, Math.round((Date.parse(one.nextAttemptAt) - Date.now()) / 1000)]
  }
  for (const [status, retryAfter, error, seconds] of [
    [429, '100', 'status', 100],
    [503, '9999999', 'status', 86_400],
    [302, '200', 'redirect', 200],
  ] as const) {
    endpoint.answer((response) =>
      response.writeHead(status, { 'retry-after': retryAfter, location: '/x' }).end(),
    )
    const [word, pause] = await waits()
    assert.equal(word, error)
    assert.ok(Math.abs(Number(pause) - seconds) <= 2, `${pause} instead of ${seconds}`)
  }
  assert.equal(endpoint.received.length, 3)
  endpoint.answer((response) => response.writeHead(204).end())
  await person.patch(`/v1/webhooks/${hook.id}`, { paused: true })
  await hurry(superuser)
  await happen(superuser, [person], 'kyc.asked')
  await webhooks.settled()
  assert.equal(endpoint.received.length, 3)
  await person.patch(`/v1/webhooks/${hook.id}`, { paused: false })
  await webhooks.settled()
  await person.patch('/v1/me/notification-preferences', { trades: { webhook: false } })
  await happen(superuser, [person], 'trade.paid')
  await webhooks.settled()
  assert.equal(
    endpoint.received.length,
    6,
    'what waited before goes out; of what happened meanwhile nothing was kept',
  )
  await endpoint.stop()
})

test('endpoints that hang hold up nobody else, whoever has many', async () => {
  const { market, superuser, webhooks } = scene
  const [attacker, person] = [await market.person(), await market.person()]
  const [silent, quick] = [await receiver(), await receiver()]
  silent.answer(() => undefined)
  for (let i = 0; i < 10; i++) await hookOf(attacker, silent.port)
  const hook = await hookOf(person, quick.port)
  for (let i = 0; i < 10; i++) await happen(superuser, [attacker], 'kyc.asked', { i })
  await webhooks.deliver()
  for (let i = 0; i < 20; i++) await happen(superuser, [person], 'kyc.asked', { i })
  const began = performance.now()
  await webhooks.deliver()
  while (quick.received.length < 20) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.ok(
    performance.now() - began < 800,
    `${performance.now() - began} ms beside endpoints that take all their time`,
  )
  assert.ok(silent.received.length <= 8, 'a person has eight attempts under way at most')
  assert.equal(new Set(idsOf(quick.received)).size, 20)
  const metrics = String((await call(market.url, 'GET', '/metrics')).body)
  assert.match(metrics, /fairlock_webhook_deliveries\{state="pending"\} 1\d\d\n/)
  assert.match(metrics, /fairlock_webhook_oldest_pending_seconds \d/)
  await superuser.query('delete from fairlock.webhooks where user_id = $1', [attacker.id])
  await silent.stop()
  await webhooks.settled()
  assert.equal((await deliveriesOf(person, hook, '?limit=100&state=delivered')).length, 20)
  await quick.stop()
})

test('three workers deliver each message once; one that dies after the yes is followed by another, with the same id', async () => {
  const { market, superuser, outside } = scene
  const person = await market.person()
  const endpoint = await receiver()
  const hook = await hookOf(person, endpoint.port)
  for (let i = 0; i < 60; i++) await happen(superuser, [person], 'kyc.asked', { i })
  const workers = Array.from({ length: 3 }, () => new Webhooks(market.db, market.sealer, outside))
  await Promise.all(workers.map((one) => one.settled()))
  while ((await deliveriesOf(person, hook, '?limit=1&state=pending')).length > 0) await workers[0]!.settled()
  assert.deepEqual([endpoint.received.length, new Set(idsOf(endpoint.received)).size], [60, 60])

  // It has sent, and dies before it writes that down: the lease runs out.
  await happen(superuser, [person], 'kyc.asked', { i: 'crash' })
  const dying = new Webhooks(market.db, market.sealer, outside)
  endpoint.answer((response) => {
    response.writeHead(204).end()
    void dying.close()
  })
  await superuser.query(`create function fairlock_fault() returns trigger language plpgsql as
    $$ begin raise exception 'the worker is dead'; end $$`)
  await superuser.query(`create trigger fault before update of state on fairlock.webhook_deliveries
    for each row execute function fairlock_fault()`)
  await assert.rejects(dying.settled(), /dead/)
  await superuser.query('drop trigger fault on fairlock.webhook_deliveries')
  await workers[0]!.settled()
  assert.equal(endpoint.received.length, 61, 'not while the lease lasts')
  await hurry(superuser)
  await workers[0]!.settled()
  assert.equal(endpoint.received.length, 62)
  assert.equal(idsOf(endpoint.received).at(-1), idsOf(endpoint.received).at(-2))
  const [last] = await deliveriesOf(person, hook)
  assert.deepEqual([last.state, last.attempts], ['delivered', 2])
  await endpoint.stop()
})

test('the list pages through every state, and after 30 days deliveries are forgotten', async () => {
  const { market, superuser, webhooks, endpoint } = scene
  const person = await market.person()
  const hook: Hook = await hookOf(person, endpoint.port)
  for (let i = 0; i < 7; i++) await happen(superuser, [person], 'kyc.asked', { i })
  await webhooks.settled()
  await superuser.query(
    `update fairlock.webhook_deliveries set created_at = date_trunc('hour', created_at) where webhook_id = $1`,
    [hook.id],
  )
  const seen: number[] = []
  let cursor = ''
  do {
    const { body } = await person.get(
      `/v1/webhooks/${hook.id}/deliveries?limit=3${cursor && `&cursor=${cursor}`}`,
    )
    seen.push(...body.items.map(({ data }: { data: { i: number } }) => data.i))
    cursor = body.nextCursor
  } while (cursor !== null)
  assert.deepEqual(seen.toSorted(), [0, 1, 2, 3, 4, 5, 6])
  await superuser.query(
    `update fairlock.webhook_deliveries set created_at = now() - interval '31 days'
    where webhook_id = $1 and (data ->> 'i')::integer < 4`,
    [hook.id],
  )
  await superuser.query('select fairlock.sweep(1000)')
  assert.equal((await deliveriesOf(person, hook)).length, 3)
  const tests = await Promise.all(
    Array.from({ length: 11 }, () => person.post(`/v1/webhooks/${hook.id}/test`)),
  )
  assert.deepEqual(tests.map(({ status }) => status).sort(), [...Array(10).fill(201), 429])
})

test('a worker that ends cuts short what is under way, and another takes it up at once', async () => {
  const { market, superuser, outside } = scene
  const person: Person = await market.person()
  const endpoint = await receiver()
  endpoint.answer(() => void ending.close())
  const hook = await hookOf(person, endpoint.port)
  const ending = new Webhooks(market.db, market.sealer, outside)
  await happen(superuser, [person], 'kyc.asked')
  await ending.settled()
  const [cut] = await deliveriesOf(person, hook)
  assert.deepEqual([cut.state, cut.lastError], ['pending', 'closing'])
  endpoint.answer((response) => response.writeHead(204).end())
  await new Webhooks(market.db, market.sealer, outside).settled()
  assert.deepEqual(
    (await deliveriesOf(person, hook)).map((one: { state: string }) => one.state),
    ['delivered'],
  )
  await endpoint.stop()
})
