import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { type Market, startMarket } from '../support/market.ts'
import { mailerTo, mailServer } from './support.ts'

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

async function notices(count: number): Promise<string[]> {
  const person = await market.person('reader')
  await superuser.query('update fairlock.notices set mail_due_at = null')
  const ids: string[] = []
  for (let i = 0; i < count; i++) {
    const made = await superuser.query(
      `select fairlock.notify($1, 'password.changed', '{"device": "curl"}') as id`,
      [person.id],
    )
    ids.push(made.rows[0].id)
  }
  return ids
}

async function stateOf(id: string) {
  const { rows } = await superuser.query(
    `select mail_attempts, mail_sent_at is not null as sent, mail_error,
       round(extract(epoch from mail_due_at - clock_timestamp()))::int as due_in from fairlock.notices where id = $1`,
    [id],
  )
  return rows[0]
}

test('a notice is read in the API, marked as read, and nobody else sees it', async () => {
  const [id] = await notices(1)
  const { rows } = await superuser.query('select user_id from fairlock.notices where id = $1', [id])
  const stranger = await market.person('stranger')
  assert.equal((await stranger.post(`/v1/me/notices/${id}/read`, {})).status, 404)
  assert.deepEqual((await stranger.get('/v1/me/notices')).body.items, [])
  assert.notEqual(rows[0].user_id, stranger.id)
})

test('each mail is sent once by two workers at once, in plain text under the id of its notice', async () => {
  const ids = await notices(12)
  const server = await mailServer(() => new Promise((resolve) => setTimeout(resolve, 20)))
  const workers = [mailerTo(market, server.url), mailerTo(market, server.url)]
  try {
    const sent = await Promise.all(workers.map((one) => one.deliver()))
    assert.equal(sent[0]! + sent[1]!, 12)
    assert.ok(Math.min(...sent) > 0, 'both had some')
    assert.deepEqual(
      server.received.map((mail) => mail.id).sort(),
      ids.map((id) => `<${id}@market.example.org>`).sort(),
    )
    assert.match(server.received[0]!.text, /Your password was changed with curl\./)
    assert.equal(server.received[0]!.subject, 'Fairlock: Your password was changed')
    assert.equal(await workers[0]!.deliver(), 0)
  } finally {
    for (const one of workers) one.close()
    await server.stop()
  }
})

test('a server that is not there costs one attempt of one mail, which is tried again later', async () => {
  const [first, second] = await notices(2)
  const server = await mailServer()
  await server.stop()
  const mailer = mailerTo(market, server.url)
  await assert.rejects(mailer.deliver(), /mail could not be sent: ES?(OCKET|CONNECTION|CONNREFUSED)/)
  mailer.close()
  const failed = await stateOf(first!)
  assert.equal(failed.mail_attempts, 1)
  assert.ok(failed.due_in > 20 && failed.due_in < 40, `due in ${failed.due_in} s`)
  assert.equal((await stateOf(second!)).mail_attempts, 0)
})

test('no transaction is open and no connection is held while a server hangs, and the end of the program cuts it short', async () => {
  const [id] = await notices(1)
  const sockets: Socket[] = []
  const silent = createServer((socket) => {
    socket.on('error', () => undefined)
    sockets.push(socket)
  })
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const mailer = mailerTo(market, `smtp://127.0.0.1:${port}`)
  const delivering = mailer.deliver().catch((error: unknown) => error)
  while (sockets.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  const { rows } = await superuser.query(
    `select count(*)::int as busy from pg_stat_activity where datname = current_database()
       and pid <> pg_backend_pid() and state <> 'idle'`,
  )
  assert.equal(rows[0].busy, 0)
  assert.equal(market.db.pool.idleCount, market.db.pool.totalCount)
  assert.ok((await stateOf(id!)).due_in > 60, 'another worker leaves it alone')
  mailer.close()
  assert.match(String(await delivering), /EABORT/)
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => silent.close(resolve))
})

test('a recipient that is refused for good is not tried again, one refused for now is, and the others get theirs', async () => {
  const [forGood, forNow, fine] = await notices(3)
  const server = await mailServer((mail) => {
    if (mail.id.includes(forGood!)) throw Object.assign(new Error('no such mailbox'), { responseCode: 550 })
    if (mail.id.includes(forNow!)) throw Object.assign(new Error('come back later'), { responseCode: 451 })
  })
  const mailer = mailerTo(market, server.url)
  await assert.rejects(mailer.deliver(), /EMESSAGE 550/)
  mailer.close()
  await server.stop()
  const refused = await stateOf(forGood!)
  assert.deepEqual([refused.due_in, refused.sent], [null, false])
  assert.match(refused.mail_error, /no such mailbox/)
  assert.ok((await stateOf(forNow!)).due_in > 0)
  assert.equal((await stateOf(fine!)).sent, true)
})

test('a worker that dies after the server has taken the mail is followed by another, under the same Message-ID', async () => {
  const [id] = await notices(1)
  const taken = await superuser.query(`select fairlock.take_mail('2 minutes') -> 'mail' ->> 'id' as id`)
  assert.equal(taken.rows[0].id, id, 'this worker sends it and dies before it writes so')
  const server = await mailServer()
  const mailer = mailerTo(market, server.url)
  assert.equal(await mailer.deliver(), 0, 'nobody else takes it while the lease lasts')
  await superuser.query('update fairlock.notices set mail_due_at = clock_timestamp() where id = $1', [id])
  assert.equal(await mailer.deliver(), 1)
  assert.deepEqual(
    server.received.map((mail) => mail.id),
    [`<${id}@market.example.org>`],
  )
  mailer.close()
  await server.stop()
})

test('mail that is three days late is no news', async () => {
  const [id] = await notices(1)
  await superuser.query(
    `update fairlock.notices set created_at = now() - interval '73 hours', mail_due_at = now() where id = $1`,
    [id],
  )
  const server = await mailServer()
  const mailer = mailerTo(market, server.url)
  assert.equal(await mailer.deliver(), 0)
  await superuser.query('select fairlock.drop_old_mail(10)')
  assert.deepEqual((await stateOf(id!)).due_in, null)
  mailer.close()
  await server.stop()
})

test('a server on another machine is told nothing before it speaks TLS', async () => {
  await notices(1)
  const server = await mailServer()
  // The same server under a name that is not known to be this machine; it hides STARTTLS.
  const mailer = mailerTo(market, server.url.replace('127.0.0.1', '0.0.0.0'))
  try {
    await assert.rejects(mailer.deliver(), /mail could not be sent: ETLS/)
    assert.equal(server.received.length, 0)
  } finally {
    mailer.close()
    await server.stop()
  }
})
