import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { Mailer } from '../../src/notifications/index.ts'
import { mailerTo, mailServer } from '../accounts/support.ts'
import { dispatch } from '../support/dispatch.ts'
import { call, type Market, offerBody, type Person, startMarket } from '../support/market.ts'
import { Reader } from './reader.ts'

// What people find in the list and in their mail, by what they chose, and what the operator announces.

let market: Market
let superuser: pg.Client
let smtp: Awaited<ReturnType<typeof mailServer>>
let mailer: Mailer
before(async () => {
  market = await startMarket({ streams: { longestMs: 60_000 } })
  superuser = new pg.Client(market.database.superuserUrl)
  await superuser.connect()
  smtp = await mailServer()
  mailer = mailerTo(market, smtp.url)
})
after(async () => {
  mailer?.close()
  await smtp?.stop()
  await superuser?.end()
  await market?.stop()
})

const publish = (kind: string, people: string[], data: object = {}, trade: string | null = null) =>
  superuser.query('select fairlock.publish($1, $2, $3, $4)', [kind, people, trade, JSON.stringify(data)])
const kindsOf = async (person: Person) =>
  (await person.get('/v1/me/notices')).body.items.map(({ kind }: { kind: string }) => kind)
const mailsTo = (person: Person) => smtp.received.filter(({ to }) => to === person.email)
/** As if so many minutes had gone by for everything that people were told. */
const later = (minutes: number) =>
  superuser.query(
    `update fairlock.notices set created_at = created_at - $1 * interval '1 minute',
       mail_due_at = mail_due_at - $1 * interval '1 minute', mail_sent_at = mail_sent_at - $1 * interval '1 minute'`,
    [minutes],
  )

async function aTrade(): Promise<{ seller: Person; buyer: Person; trade: string }> {
  const [seller, buyer] = [await market.person('seller'), await market.person('buyer')]
  await market.credit(seller, 'BTC', '1')
  const offer = await seller.post('/v1/offers', offerBody())
  const take = { amount: '0.1', paymentMethodType: 'sepa' }
  const { body } = await buyer.post(`/v1/offers/${offer.body.id}/trades`, take)
  await dispatch(market)
  await mailer.deliver()
  return { seller, buyer, trade: body.id }
}

test('what holds is shown and changed bit by bit; security has no switch, and nonsense is refused', async () => {
  const person = await market.person('chooser')
  const path = '/v1/me/notification-preferences'
  const usual = (await person.get(path)).body
  assert.deepEqual(Object.keys(usual).sort(), [
    'announcements',
    'disputes',
    'messages',
    'payments',
    'ratings',
    'security',
    'trades',
  ])
  const changed = await person.patch(path, { trades: { email: false }, messages: { push: false } })
  assert.deepEqual(changed.body, {
    ...usual,
    trades: { ...usual.trades, email: false },
    messages: { ...usual.messages, push: false },
  })
  assert.equal((await person.patch(path, { messages: { push: true } })).body.trades.email, false)
  for (const wrong of [
    { security: { email: false } },
    { trades: { fax: true } },
    { trades: { email: 'no' } },
    { x: {} },
  ])
    assert.equal((await person.patch(path, wrong)).status, 400, JSON.stringify(wrong))
  // Past the API the database says the same.
  for (const wrong of ['{"security": {"email": false}}', '{"trades": 1}', '[]', '{"fax": {}}']) {
    await assert.rejects(
      superuser.query('update crypto_profiles set notification_preferences = $1 where user_id = $2', [
        wrong,
        person.id,
      ]),
      { code: '23514' },
    )
  }
})

test('news comes by the ways that somebody chose, in the list and by mail', async () => {
  const { seller, buyer, trade } = await aTrade()
  assert.equal(mailsTo(seller).length, 1)
  assert.match(mailsTo(seller)[0]!.text, /took your offer\. The coins are in escrow/)
  const path = '/v1/me/notification-preferences'
  await seller.patch(path, { trades: { email: false } })
  await buyer.patch(path, { trades: { inApp: false } })
  await buyer.post(`/v1/trades/${trade}/payment`)
  await dispatch(market)
  await seller.post(`/v1/trades/${trade}/release`)
  await dispatch(market)
  await mailer.deliver()
  assert.deepEqual(await kindsOf(seller), ['trade.paid', 'trade.taken'])
  assert.deepEqual(await kindsOf(buyer), [])
  assert.equal(mailsTo(seller).length, 1)
  assert.match(mailsTo(buyer)[0]!.text, /released the coins/)
  assert.deepEqual((await buyer.get('/v1/me/notices/unread')).body, { unread: 0 })
})

test('who switches mail off does not get what was still to be sent; security is always mailed', async () => {
  const { seller, buyer, trade } = await aTrade()
  await buyer.post(`/v1/trades/${trade}/payment`)
  await dispatch(market)
  const all = { inApp: false, email: false, push: false, webhook: false }
  await seller.patch('/v1/me/notification-preferences', { trades: all, messages: all })
  await superuser.query(`select fairlock.notify($1, 'password.changed')`, [seller.id])
  const before = mailsTo(seller).length
  await mailer.deliver()
  assert.deepEqual(
    mailsTo(seller)
      .slice(before)
      .map(({ subject }) => subject),
    ['Fairlock: Your password was changed'],
  )
  assert.ok((await kindsOf(seller)).includes('password.changed'))
})

test('messages are mailed late, once for all, not to who was there, and an hour apart', async () => {
  const { seller, buyer, trade } = await aTrade()
  const away = () => superuser.query(`update fairlock.sessions set last_seen_at = now() - interval '1 day'`)
  const mails = () => mailsTo(seller).filter(({ subject }) => /messages/.test(subject)).length
  const write = async () => {
    await publish('message.posted', [seller.id, buyer.id], { actor: 'buyer' }, trade)
    await dispatch(market)
  }
  await away()
  await write()
  await write()
  await mailer.deliver()
  assert.equal(mails(), 0)
  await later(11)
  await mailer.deliver()
  assert.equal(mails(), 1)
  await write()
  await later(11)
  await mailer.deliver()
  assert.equal(mails(), 1, 'the unread notice stands for later messages too')

  const { body } = await seller.post('/v1/me/notices/read', { upTo: new Date().toISOString() })
  assert.equal(body.unread, 0)
  await away()
  await write()
  await later(11)
  await mailer.deliver()
  assert.equal(mails(), 1, 'an hour has not gone by')
  await later(40)
  await mailer.deliver()
  assert.equal(mails(), 2)

  await seller.post('/v1/me/notices/read', { upTo: new Date().toISOString() })
  await later(61)
  await write()
  await later(11)
  await superuser.query('update fairlock.sessions set last_seen_at = now()')
  await mailer.deliver()
  assert.equal(mails(), 2, 'they were there')
  assert.equal(
    (await superuser.query('select fairlock.take_mail($1) as mail', ['1 minute'])).rows[0].mail.mail,
    undefined,
  )
})

test('a notice is a live event too, and reading marks what was there up to a time', async () => {
  const person = await market.person('reader')
  await dispatch(market)
  const reader = new Reader(`${market.url}/v1/events`, person.headers())
  await reader.until(() => reader.heard.length > 0, 'hello')
  await superuser.query(`select fairlock.notify($1, 'password.changed')`, [person.id])
  await dispatch(market)
  await reader.until(() => reader.kinds.length > 0, 'the notice')
  reader.close()
  const [{ id, createdAt }] = (await person.get('/v1/me/notices')).body.items
  assert.deepEqual([reader.heard[1]!.data.noticeId, reader.heard[1]!.data.notice], [id, 'password.changed'])
  assert.deepEqual((await person.post('/v1/me/notices/read', { upTo: '2020-01-01T00:00:00Z' })).body, {
    read: 0,
    unread: 1,
  })
  assert.deepEqual((await person.post('/v1/me/notices/read', { upTo: createdAt })).body, {
    read: 1,
    unread: 0,
  })
})

test('an announcement reaches who is connected at once, everybody in the list, and the mail when it is an incident', async () => {
  const [admin, one, other] = [await market.admin(), await market.person('one'), await market.person('other')]
  await other.patch('/v1/me/notification-preferences', { announcements: { email: false } })
  await dispatch(market)
  const reader = new Reader(`${market.url}/v1/events`, one.headers())
  await reader.until(() => reader.heard.length > 0, 'hello')
  const path = '/v1/admin/announcements'
  const said = {
    title: 'Deposits are late',
    text: 'The node catches up.',
    severity: 'incident',
    audience: 'everyone',
  }
  assert.equal((await one.post(path, said)).body.code, 'admin_only')
  assert.equal(
    (await admin.post(path, { ...said, until: '2020-01-01T00:00:00Z' })).body.code,
    'invalid_expiry',
  )
  const made = await admin.post(path, said)
  assert.equal(made.status, 201)
  await dispatch(market)
  await reader.until(() => reader.kinds.length > 0, 'the announcement')
  assert.deepEqual(reader.heard[1]!.data.title, said.title)
  const staff = await admin.post(path, { ...said, title: 'For staff', severity: 'info', audience: 'staff' })
  await dispatch(market)
  const everybody = await call(market.url, 'GET', '/v1/announcements')
  assert.deepEqual(
    everybody.body.items.map(({ title }: { title: string }) => title),
    [said.title],
  )
  assert.equal((await admin.get('/v1/announcements')).body.items.length, 2)

  // In small pieces, two workers at once, one of which is cut off.
  let looked = 1
  for (let i = 0; looked > 0; i++) {
    const worker = new pg.Client(market.database.appUrl)
    await worker.connect()
    await worker.query('begin')
    looked = (await worker.query('select fairlock.notice_announcements(3) as n')).rows[0].n
    await worker.query(i % 3 === 1 ? 'rollback' : 'commit')
    await worker.end()
  }
  for (const person of [one, other]) assert.deepEqual(await kindsOf(person), ['announcement.published'])
  assert.deepEqual((await kindsOf(admin)).filter((kind: string) => /^announcement/.test(kind)).length, 2)
  while ((await mailer.deliver()) > 0);
  assert.match(mailsTo(one).at(-1)!.text, /Deposits are late\s+The node catches up\./)
  assert.deepEqual(mailsTo(other), [])

  const back = await admin.post(`${path}/${made.body.id}/withdrawal`)
  assert.notEqual(back.body.withdrawnAt, null)
  assert.equal((await admin.post(`${path}/${made.body.id}/withdrawal`)).status, 404)
  await dispatch(market)
  await reader.until(() => reader.kinds.includes('announcement.withdrawn'), 'the withdrawal')
  assert.deepEqual(reader.kinds, ['announcement.published', 'announcement.withdrawn'])
  reader.close()
  assert.deepEqual((await call(market.url, 'GET', '/v1/announcements')).body.items, [])
  const { rows } = await superuser.query(
    `select action, actor_id from audit.events where subject_id = any ($1) order by action`,
    [[made.body.id, staff.body.id]],
  )
  assert.deepEqual(
    rows.map(({ action }) => action),
    ['announcement.published', 'announcement.published', 'announcement.withdrawn'],
  )
  assert.ok(rows.every(({ actor_id }) => actor_id === admin.id))
})
