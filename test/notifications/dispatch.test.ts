import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { Dispatcher } from '../../src/notifications/index.ts'
import { Stream } from '../../src/notifications/live/stream.ts'
import { sentenceOf, subjectOf } from '../../src/notifications/words.ts'
import { dispatch } from '../support/dispatch.ts'
import { type Market, offerBody, type Person, startMarket } from '../support/market.ts'

// News: written with its cause, told once, in order, whatever goes wrong.

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

type Scene = { seller: Person; buyer: Person; trade: string }

async function paidTrade(): Promise<Scene> {
  const [seller, buyer] = [await market.person('seller'), await market.person('buyer')]
  await market.credit(seller, 'BTC', '1')
  const offer = await seller.post('/v1/offers', offerBody())
  const take = { amount: '0.1', paymentMethodType: 'sepa' }
  const { body: trade } = await buyer.post(`/v1/offers/${offer.body.id}/trades`, take)
  assert.equal((await buyer.post(`/v1/trades/${trade.id}/payment`)).status, 200)
  return { seller, buyer, trade: trade.id }
}

async function kindsOf(person: Person): Promise<string[]> {
  const { rows } = await superuser.query(
    'select kind from fairlock.live_events where user_id = $1 order by position',
    [person.id],
  )
  return rows.map(({ kind }) => kind)
}

const noticesOf = async (person: Person) => (await person.get('/v1/me/notices')).body.items
const publish = (kind: string, people: (string | null)[], data: object = {}, trade: string | null = null) =>
  superuser.query('select fairlock.publish($1, $2, $3, $4)', [kind, people, trade, JSON.stringify(data)])

test('each side finds what the other did in the list, and both as live events', async () => {
  const { seller, buyer, trade } = await paidTrade()
  assert.equal((await seller.post(`/v1/trades/${trade}/release`)).status, 200)
  await dispatch(market)
  const told = (notices: { kind: string; data: { tradeId: string; role: string } }[]) =>
    notices.map(({ kind, data }) => [kind, data.tradeId, data.role])
  assert.deepEqual(told(await noticesOf(buyer)), [['trade.completed', trade, 'buyer']])
  assert.deepEqual(told(await noticesOf(seller)), [
    ['trade.paid', trade, 'seller'],
    ['trade.taken', trade, 'seller'],
  ])
  for (const person of [seller, buyer])
    assert.deepEqual(await kindsOf(person), ['trade.taken', 'trade.paid', 'trade.completed'])
  assert.deepEqual((await superuser.query('select * from fairlock.outbox')).rows, [])
})

test('many write at once, two dispatch: nobody who looks ever finds a position below one that they saw', async () => {
  const people = await Promise.all(Array.from({ length: 4 }, () => market.person('writer')))
  await dispatch(market)
  const start = Number((await superuser.query('select fairlock.live_position() as at')).rows[0].at)
  const total = 400
  let isWriting = true
  const writers = people.map(async ({ id }, n) => {
    const client = new pg.Client(market.database.superuserUrl)
    await client.connect()
    for (let i = 0; i < total / 4; i++) {
      await client.query('begin')
      await client.query('select fairlock.publish($1, $2, null, $3)', [
        'trade.probe',
        [id],
        JSON.stringify({ n, i }),
      ])
      // Numbers are drawn now and become visible later, out of order.
      if (i % 3 === n % 3) await client.query('select pg_sleep(random() * 0.01)')
      await client.query('commit')
    }
    await client.end()
  })
  const dispatchers = [0, 1].map(async () => {
    while (isWriting) await dispatch(market)
  })
  const seen = new Set<number>()
  const reader = (async () => {
    let highest = start
    while (isWriting || seen.size < total) {
      const { rows } = await superuser.query(
        `select position from fairlock.live_events where kind = 'trade.probe' order by position`,
      )
      const fresh = rows.map(({ position }) => Number(position)).filter((position) => !seen.has(position))
      for (const position of fresh) {
        assert.ok(position > highest, `${position} came after ${highest}`)
        seen.add(position)
      }
      highest = Math.max(highest, ...fresh)
    }
  })()
  await Promise.all(writers)
  isWriting = false
  await Promise.all(dispatchers)
  await dispatch(market)
  await reader
  const { rows } = await superuser.query(
    `select user_id, array_agg((data ->> 'i')::integer order by position) as order
     from fairlock.live_events where kind = 'trade.probe' group by user_id`,
  )
  for (const row of rows)
    assert.deepEqual(
      row.order,
      Array.from({ length: total / 4 }, (_, i) => i),
    )
  assert.equal(seen.size, total)
})

test('a piece that cannot be told is set aside, keeps nobody waiting, and is told later', async () => {
  const person = await market.person('waiting')
  await dispatch(market)
  await superuser.query(`
    create function fairlock.break() returns trigger language plpgsql as $$
    begin raise check_violation using message = 'a broken law'; end $$;
    create trigger break before insert on fairlock.live_events for each row
      when (new.kind = 'trade.poison') execute function fairlock.break()`)
  await publish('trade.before', [person.id])
  await publish('trade.poison', [person.id])
  await publish('trade.after', [person.id])
  let aside = 0
  const dispatcher = new Dispatcher({
    db: market.db,
    onError: (error) => assert.ifError(error),
    onSetAside: (count) => {
      aside += count
    },
  })
  await dispatcher.run()
  assert.deepEqual(await kindsOf(person), ['trade.before', 'trade.after'])
  assert.equal(aside, 1)
  const { rows } = await superuser.query('select kind, error from fairlock.news_set_aside')
  assert.deepEqual(rows, [{ kind: 'trade.poison', error: '23514: a broken law' }])
  assert.equal((await state()).setAside, 1)

  await superuser.query('drop trigger break on fairlock.live_events; drop function fairlock.break()')
  assert.equal((await superuser.query('select fairlock.take_up_news(null) as count')).rows[0].count, 1)
  await dispatch(market)
  assert.deepEqual(await kindsOf(person), ['trade.before', 'trade.after', 'trade.poison'])
  assert.equal((await state()).setAside, 0)
})

const state = async () => (await superuser.query('select fairlock.news_state() as state')).rows[0].state

test('a dispatcher that dies before its commit has told nothing, and the next tells everything once', async () => {
  const person = await market.person('left')
  await dispatch(market)
  await publish('rating.given', [person.id], { actor: 'clock' })
  const dying = new pg.Client(market.database.appUrl)
  dying.on('error', () => undefined)
  await dying.connect()
  await dying.query('begin')
  assert.equal((await dying.query('select fairlock.dispatch(10) as told')).rows[0].told.taken, 1)
  const { rows } = await superuser.query(`select fairlock.dispatch(10) as told`)
  assert.deepEqual(rows[0].told, { busy: true })
  await superuser.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction' and datname = current_database()`,
  )
  assert.deepEqual(await kindsOf(person), [])
  assert.equal((await state()).waiting, 1)
  await dispatch(market)
  await dispatch(market)
  assert.deepEqual(await kindsOf(person), ['rating.given'])
  assert.equal((await noticesOf(person)).length, 1)
})

test('who is told: not who did it, not the arbitrator of a ruling by the trade, nobody twice', async () => {
  const { seller, buyer, trade } = await paidTrade()
  const arbitrator = await market.person('arbitrator')
  await dispatch(market)
  const everybody = [seller.id, buyer.id, arbitrator.id, seller.id, null]
  await publish('message.posted', everybody, { actor: 'buyer' }, trade)
  await publish('message.posted', everybody, { actor: 'buyer' }, trade)
  await publish('dispute.opened', everybody, { actor: 'clock' }, trade)
  await publish('dispute.ruled', everybody, { actor: arbitrator.id }, trade)
  await publish('trade.completed', [seller.id, buyer.id], { actor: 'arbitrator' }, trade)
  await publish('something.new', everybody, {}, trade)
  await dispatch(market)
  const kinds = async (person: Person) =>
    (await noticesOf(person))
      .map(({ kind }: { kind: string }) => kind)
      .filter((kind: string) => !/^trade/.test(kind))
  assert.deepEqual((await kinds(seller)).sort(), ['dispute.opened', 'dispute.ruled', 'message.posted'])
  assert.deepEqual((await kinds(buyer)).sort(), ['dispute.opened', 'dispute.ruled'])
  assert.deepEqual((await kinds(arbitrator)).sort(), ['dispute.opened', 'message.posted'])
  assert.deepEqual((await kindsOf(arbitrator)).sort(), [
    'dispute.opened',
    'dispute.ruled',
    'message.posted',
    'message.posted',
    'something.new',
  ])
})

test('news for very many people are told piece by piece, each run within its time limit', async () => {
  await dispatch(market)
  const [person] = await Promise.all([market.person('last'), dispatch(market)])
  await superuser.query(`
    insert into fairlock.outbox (kind, people, data)
    select 'announcement.published', (select array_agg(gen_random_uuid()) from generate_series(1, 1000) where n > 0), '{}'
    from generate_series(1, 40) n`)
  await publish('rating.given', [person.id], { actor: 'clock' })
  const limited = new pg.Client(market.database.appUrl)
  await limited.connect()
  const runs = []
  for (let isMore = true; isMore; ) {
    const { rows } = await limited.query('select fairlock.dispatch(1000) as told')
    runs.push(rows[0].told.taken)
    isMore = rows[0].told.isMore
  }
  await limited.end()
  assert.ok(
    runs.every((taken) => taken <= 6),
    `${runs}: 5000 people a run`,
  )
  assert.equal(
    runs.reduce((sum, taken) => sum + taken, 0),
    41,
  )
  assert.deepEqual(await kindsOf(person), ['rating.given'])
})

test('a stream that nobody reads is cut off after its end, and gives its place back', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const caller = { sessionId: null, tokenHash: null, requestId: 'test' }
  const stream = new Stream('id', caller, 'person', null, 0)
  stream.caughtUp()
  stream.send({ position: 1, kind: 'trade.paid', json: JSON.stringify({ text: 'x'.repeat(100_000) }) })
  stream.end()
  assert.equal(stream.body.destroyed, false, 'its reader has some seconds')
  t.mock.timers.tick(5000)
  assert.equal(stream.body.destroyed, true)
})

test('nobody is mailed more than sixty times an hour of one kind, and the list has everything', async () => {
  const person = await market.person('flooded')
  await superuser.query(
    `select fairlock.notify($1, 'payment_method.primary_changed', '{}') from generate_series(1, 70)`,
    [person.id],
  )
  for (let i = 0; i < 65; i++) await publish('fault.forgiven', [person.id])
  for (let i = 0; i < 65; i++) await superuser.query('select fairlock.dispatch(1)')
  await dispatch(market)
  await superuser.query(`select fairlock.notify($1, 'password.changed', '{}')`, [person.id])
  const { rows } = await superuser.query(
    `select kind, count(*)::integer as told, count(mail_due_at)::integer as mailed from fairlock.notices
     where user_id = $1 group by 1 order by 1`,
    [person.id],
  )
  assert.deepEqual(rows, [
    { kind: 'fault.forgiven', told: 65, mailed: 60 },
    { kind: 'password.changed', told: 1, mailed: 1 },
    { kind: 'payment_method.primary_changed', told: 70, mailed: 60 },
  ])
})

test('every kind of notice has words of its own', async () => {
  const { rows } = await superuser.query('select kind from fairlock.told_of()')
  const files = globSync('../../src/*/*.sql', { cwd: import.meta.dirname })
  const code = files.map((file) => readFileSync(`${import.meta.dirname}/${file}`, 'utf8')).join('\n')
  const direct = [...code.matchAll(/fairlock\.notify\([^,;]+,\s*'([a-z_.]+)'(?! \|\|)/g)].map(
    ([, kind]) => kind!,
  )
  const kinds = [...rows.map(({ kind }) => kind as string), ...direct]
  assert.ok(kinds.length >= 40)
  for (const kind of kinds) {
    const plain = kind.replaceAll(/[._]/g, ' ')
    assert.notEqual(subjectOf(kind).toLowerCase(), plain, kind)
    assert.notEqual(sentenceOf(kind, {}), `${subjectOf(kind)}.`, kind)
  }
})
