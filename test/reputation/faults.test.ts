import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { grant, REASON } from '../access/staff.ts'
import { type Actor, expire } from '../support/actors.ts'
import { assertCleanBooks } from '../support/books.ts'
import { type Market, offerBody, startMarket } from '../support/market.ts'
import { Square } from './support.ts'

let market: Market
let square: Square
before(async () => {
  market = await startMarket({ connections: 20 })
  square = await Square.open(market)
})
after(async () => {
  await square?.close()
  await market?.stop()
})

const HOUR = 3_600_000

async function cooldown(person: Actor): Promise<number | null> {
  const { rows } = await square.superuser.query<{ until: Date | null }>(
    'select fairlock.cooldown_until($1) as until',
    [person.id],
  )
  const until = rows[0]!.until
  return until === null ? null : Math.round((until.getTime() - Date.now()) / HOUR)
}

async function faults(person: Actor): Promise<string[]> {
  const { rows } = await square.superuser.query<{ kind: string }>(
    'select kind from fairlock.faults where user_id = $1 order by at, id',
    [person.id],
  )
  return rows.map(({ kind }) => kind)
}

test('a seller who does not fund and a buyer who does not pay: each is blamed for their own duty', async () => {
  const [rich, buyer, poor] = await square.traders(3, 1)
  await square.lapse(await square.take(poor!, buyer!))
  assert.deepEqual([await faults(poor!), await faults(buyer!)], [['not_funded'], []])
  await square.lapse(await square.take(rich!, buyer!))
  assert.deepEqual([await faults(rich!), await faults(buyer!)], [[], ['not_paid']])
  await square.sell(rich!, buyer!)
  const profile = await square.profile(buyer!.id)
  assert.deepEqual([profile.completionRate, profile.unfinishedTrades], ['50.0', 1])
  assert.equal((await square.profile(rich!.id)).completionRate, '100.0')
  assert.equal((await square.profile(poor!.id)).completionRate, '0.0')
  assert.equal(await cooldown(buyer!), null, 'once is no habit')
})

test('a buyer whom nobody told where to pay to is not blamed; once they are told, their time begins', async () => {
  const [untold, told, buyer] = await square.traders(3)
  await square.asIntruder('update crypto_payment_methods set deleted_at = now() where user_id = any ($1)', [
    [untold!.id, told!.id],
  ])
  await square.lapse(await square.take(untold!, buyer!))
  const left = await square.take(untold!, buyer!)
  assert.equal((await buyer!.do('cancel_trade', { tradeId: left })).code, null)
  assert.deepEqual([await faults(untold!), await faults(buyer!)], [[], []])

  const tradeId = await square.take(told!, buyer!)
  const in5 = `update crypto_trades set deadline = clock_timestamp() + interval '5 seconds' where id = $1`
  await square.asIntruder(in5, [tradeId])
  await square.asIntruder('update crypto_payment_methods set deleted_at = null where user_id = $1', [
    told!.id,
  ])
  const { rows } = await square.superuser.query('select id from crypto_payment_methods where user_id = $1', [
    told!.id,
  ])
  const bound = await told!.do('bind_payment_method', { tradeId, paymentMethodId: rows[0].id })
  assert.equal(bound.code, null, JSON.stringify(bound.body))
  const minutes = (Date.parse(bound.body.deadline) - Date.now()) / 60_000
  assert.ok(minutes > 29 && minutes <= 30, 'a full window from then on')
  await square.lapse(tradeId)
  assert.deepEqual([await faults(told!), await faults(buyer!)], [[], ['not_paid']])
})

test('a move that waited for another one comes after it, also by the clock', async () => {
  const [seller, buyer] = await square.traders(2)
  const tradeId = await square.take(seller!, buyer!)
  const holder = new pg.Client(market.database.superuserUrl)
  await holder.connect()
  await holder.query('begin')
  await holder.query('select from fairlock.offers where maker_id = $1 for update', [seller!.id])
  const cancelled = buyer!.do('cancel_trade', { tradeId })
  const isWaiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
  for (let tries = 0; (await square.superuser.query(isWaiting)).rowCount === 0; tries++)
    assert.ok(tries < 1000, 'nobody waits')
  assert.equal((await buyer!.do('pay_trade', { tradeId })).code, null)
  await holder.query('commit')
  await holder.end()
  assert.equal((await cancelled).code, null)
  const { rows } = await square.superuser.query(
    'select cancelled_at > paid_at as "isLater" from crypto_trades where id = $1',
    [tradeId],
  )
  assert.equal(rows[0].isLater, true)
})

test('who lets a second trade lapse within a day pauses for an hour, after the third for a day', async () => {
  const [seller, other] = await square.traders(2)
  const buyer = await market.person('late')
  const take = { amount: '0.01', paymentMethodType: 'sepa' }
  const offer = await seller!.do('create_offer', offerBody() as never)
  const path = `/v1/offers/${offer.body.id}/trades`
  const own = await buyer.post('/v1/offers', offerBody({ side: 'buy' }))
  const trades: string[] = []
  for (let i = 0; i < 3; i++) trades.push((await buyer.post(path, take)).body.id)
  await square.lapse(trades[0]!, trades[1]!)
  const { cooldownUntil } = (await buyer.get('/v1/me')).body
  assert.ok(Math.abs(Date.parse(cooldownUntil) - Date.now() - HOUR) < HOUR / 10, cooldownUntil)
  for (const refused of [await buyer.post(path, take), await buyer.post('/v1/offers', offerBody())]) {
    assert.deepEqual(
      [refused.status, refused.body.code, refused.body.until],
      [403, 'cooling_down', cooldownUntil],
    )
  }
  const theirs = await other!.do('take_offer', { offerId: own.body.id, ...take })
  assert.equal(theirs.code, 'offer_not_open', 'nobody is led into a trade with somebody who pauses')
  assert.equal((await buyer.post(`/v1/trades/${trades[2]}/payment`)).status, 200, 'what is under way goes on')
  assert.equal((await other!.do('take_offer', { offerId: offer.body.id, ...take })).code, null)

  await square.asIntruder(`update fairlock.faults set at = at - interval '23 hours' where user_id = $1`, [
    buyer.id,
  ])
  const again = await buyer.post(path, take)
  assert.equal(again.status, 201, 'the pause is over by itself')
  await square.lapse(again.body.id)
  assert.equal(await cooldown(buyer as never), 24)
})

test('five within thirty days pause for a week; what is older, forgiven, or a lost dispute does not', async () => {
  const [seller, buyer] = await square.traders(2)
  const trades: string[] = []
  for (let i = 0; i < 7; i++) trades.push(await square.take(seller!, buyer!))
  const add = (days: number, index: number, kind = 'not_paid') =>
    square.asIntruder(
      `insert into fairlock.faults (id, user_id, trade_id, kind, at)
       values (gen_random_uuid(), $1, $2, $3, now() - make_interval(hours => $4))`,
      [buyer!.id, trades[index], kind, days * 24],
    )
  for (const [index, days] of [28, 20, 10, 3].entries()) await add(days, index)
  await add(34, 5)
  await add(1, 4, 'dispute_lost')
  assert.equal(await cooldown(buyer!), null)
  await add(0.5, 4)
  assert.equal(await cooldown(buyer!), 7 * 24 - 12)
  await square.asIntruder(
    `update fairlock.faults set forgiven_at = now(), forgiven_by = user_id, forgiven_for = 'a test' where trade_id = $1`,
    [trades[2]],
  )
  assert.equal(await cooldown(buyer!), null)
  await square.asIntruder('delete from fairlock.faults where user_id = $1', [buyer!.id])
})

test('three cancellations a day are free, the next two are no-shows', async () => {
  const [seller, buyer] = await square.traders(2)
  for (let i = 0; i < 5; i++) {
    assert.equal(await cooldown(buyer!), null, `after ${i}`)
    const tradeId = await square.take(seller!, buyer!)
    assert.equal((await buyer!.do('cancel_trade', { tradeId })).code, null)
  }
  assert.equal(await cooldown(buyer!), 1)
  assert.deepEqual(await faults(seller!), [])
})

test('a buyer who leaves a trade that the seller never funded did nothing wrong, the seller who leaves it did', async () => {
  const [buyer, poor] = await square.traders(2, 1)
  for (const leaver of [buyer!, poor!]) {
    const tradeId = await square.take(poor!, buyer!)
    assert.equal((await leaver.do('cancel_trade', { tradeId })).code, null)
  }
  assert.deepEqual([await faults(buyer!), await faults(poor!)], [[], ['cancelled']])
})

test('the deadline and the person who is in time race: a fault is noted exactly when the trade expired', async () => {
  const [seller, ...buyers] = await square.traders(13)
  const trades = await Promise.all(buyers.map((buyer) => square.take(seller!, buyer)))
  const [same] = buyers
  const more = [await square.take(seller!, same!), await square.take(seller!, same!)]
  await square.asIntruder(
    `update crypto_trades set deadline = clock_timestamp() + interval '15 milliseconds' where id = any ($1)`,
    [trades],
  )
  await square.asIntruder(`update crypto_trades set deadline = clock_timestamp() where id = any ($1)`, [more])
  const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds))
  await Promise.all([
    ...trades.flatMap((tradeId, i) => [
      pause(5 * (i % 6)).then(() => buyers[i]!.do('pay_trade', { tradeId })),
      pause(5 * (i % 6)).then(() => expire(market, tradeId)),
      pause(30).then(() => expire(market, tradeId)),
    ]),
    ...more.flatMap((tradeId) => [expire(market, tradeId), expire(market, tradeId)]),
  ])
  const { rows } = await square.superuser.query<{ wrong: number; expired: number }>(
    `select count(*) filter (where (t.status = 'expired') <> (f.id is not null))::int as wrong,
       count(*) filter (where t.status = 'expired')::int as expired
     from crypto_trades t left join fairlock.faults f on f.trade_id = t.id where t.user_id = $1`,
    [seller!.id],
  )
  assert.equal(rows[0]!.wrong, 0)
  assert.ok(rows[0]!.expired >= 2)
  assert.equal(await cooldown(same!), (await faults(same!)).length > 2 ? 24 : 1)
  await assertCleanBooks(market.database.ownerUrl)
})

test('compliance looks at faults under a grant and forgives one: it counts nowhere from then on', async () => {
  const [seller] = await square.traders(1)
  const buyer = await market.person('unlucky')
  const offer = await seller!.do('create_offer', offerBody() as never)
  const take = { amount: '0.01', paymentMethodType: 'sepa' }
  const trades = [1, 2].map(() => buyer.post(`/v1/offers/${offer.body.id}/trades`, take))
  await square.lapse(...(await Promise.all(trades)).map(({ body }) => body.id))
  const compliance = await market.person('compliance')
  await square.superuser.query(`insert into fairlock.staff_roles (user_id, role) values ($1, 'compliance')`, [
    compliance.id,
  ])
  const page = `/v1/admin/users/${buyer.id}/faults`
  assert.equal((await compliance.get(page)).status, 404, 'not without a grant')
  await grant(compliance, await market.admin(), { scope: 'person', userId: buyer.id })
  const seen = await compliance.get(page)
  assert.deepEqual(
    seen.body.items.map(({ kind }: { kind: string }) => kind),
    ['not_paid', 'not_paid'],
  )
  assert.deepEqual((await buyer.get('/v1/me/faults')).body.items, seen.body.items)
  const path = `/v1/admin/faults/${seen.body.items[0].id}/forgiveness`
  assert.equal((await buyer.post(path, { reason: REASON })).body.code, 'admin_only')
  const forgiven = await compliance.post(path, { reason: REASON })
  assert.deepEqual([forgiven.status, forgiven.body.forgivenFor], [200, REASON])
  assert.equal((await compliance.post(path, { reason: 'again' })).body.forgivenFor, REASON, 'once')
  assert.equal((await buyer.get('/v1/me')).body.cooldownUntil, null)
  assert.equal((await square.profile(buyer.id)).unfinishedTrades, 1)
  const { rows } = await square.superuser.query(
    `select actor_id, reason from audit.events where action = 'fault.forgiven' and subject_id = $1`,
    [seen.body.items[0].id],
  )
  assert.deepEqual(rows, [{ actor_id: compliance.id, reason: REASON }])
})
