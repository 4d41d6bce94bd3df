import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Actor } from '../support/actors.ts'
import { assertCleanBooks } from '../support/books.ts'
import { call, type Market, startMarket } from '../support/market.ts'
import { Counter, tally } from './support.ts'

let market: Market
let counter: Counter
before(async () => {
  market = await startMarket({ connections: 24 })
  counter = await Counter.open(market)
})
after(async () => {
  await counter.close()
  await market.stop()
})

const of64 = <T>(make: (n: number) => T) => Array.from({ length: 64 }, (_, n) => make(n))
const ZEROS = ['0.00000000', '0.00000000']
const spent = (all: string) => ({ daily: all, monthly: all })

test('of 64 takers at the edge of one maker’s limit exactly as many succeed as fit', async () => {
  const [maker] = await counter.people(1, 'basic')
  const takers = await counter.people(64, 'none')
  // Several offers, so that it is not the offer that they wait for.
  const offers = await Promise.all(of64((n) => (n < 8 ? counter.offer(maker!) : null)).slice(0, 8))
  const replies = await Promise.all(takers.map((taker, n) => counter.take(taker, offers[n % 8]!, '0.0015')))
  assert.deepEqual(tally(replies), { done: 13, counterparty_limit: 51 })
  assert.deepEqual(await counter.used(maker!.id), spent('1950.00'))
  const refused = replies.filter(({ code }) => code !== null)
  for (const { body } of refused) {
    const { errors, ...rest } = body
    assert.equal(errors[0].field, 'amount')
    assert.ok(JSON.stringify(rest) === '{"smallerMayWork":true}', 'nothing else is told of the maker')
  }
  const counted = await counter.superuser.query(
    'select count(*)::int as people from crypto_profiles where user_id = any ($1) and current_daily_volume = 150',
    [takers.map(({ id }) => id)],
  )
  assert.equal(counted.rows[0].people, 13)
})

test('of one person’s 64 takes, and takes of their own offer meanwhile, exactly as many succeed as fit', async () => {
  const [person] = await counter.people(1, 'basic')
  const others = await counter.people(8, 'full')
  const own = await counter.offer(person!)
  const offers = await Promise.all(others.map((other) => counter.offer(other)))
  const replies = await Promise.all(
    of64((n) =>
      n % 3 === 0
        ? counter.take(others[n % 8]!, own, '0.0016')
        : counter.take(person!, offers[n % 8]!, '0.0016'),
    ),
  )
  const { done, limit_exceeded, counterparty_limit, ...rest } = tally(replies)
  assert.deepEqual([done, rest], [12, {}])
  assert.equal(limit_exceeded! + counterparty_limit!, 52)
  assert.deepEqual(await counter.used(person!.id), spent('1920.00'))
})

test('two who take each other’s offers at once wait for each other in one order', async () => {
  const [one, two] = (await counter.people(2, 'full')) as [Actor, Actor]
  const [ofOne, ofTwo] = await Promise.all([counter.offer(one), counter.offer(two)])
  const replies = await Promise.all(
    of64((n) => (n % 2 === 0 ? counter.take(one, ofTwo, '0.004') : counter.take(two, ofOne, '0.004'))),
  )
  const { done, ...refused } = tally(replies)
  assert.equal(done, 50)
  // Both are used up at once, and one's own limit is looked at first.
  assert.deepEqual(refused, { limit_exceeded: 14 })
  assert.deepEqual(await counter.used(one.id), spent('20000.00'))
})

test('who is refused is told the largest amount that they could take, to the last decimal', async () => {
  const [maker] = await counter.people(1, 'full')
  const [taker, other] = await counter.people(2, 'none')
  const offer = await counter.offer(maker!, {
    pair: 'BTC/EUR',
    pricing: { type: 'fixed', price: '61240.57' },
  })
  const first = await counter.take(taker!, offer, '0.001')
  assert.equal(first.code, null)
  const refused = await counter.take(taker!, offer, '0.002')
  assert.deepEqual([refused.status, refused.code], [409, 'limit_exceeded'])
  // 61.24 and 122.48 EUR at 1.16.
  const { leftInCurrency, resetsAt, errors, ...rest } = refused.body
  assert.deepEqual(rest, {
    kycLevel: 'none',
    window: 'daily',
    currency: 'USD',
    needed: '142.07680000',
    limit: '200.00000000',
    used: '71.03840000',
    left: '128.96160000',
  })
  assert.equal(resetsAt, new Date(Math.ceil(Date.now() / 86_400_000) * 86_400_000).toISOString())
  const more = (Number(leftInCurrency) + 0.00000001).toFixed(8)
  assert.equal((await counter.take(taker!, offer, more)).code, 'limit_exceeded')
  assert.equal((await counter.take(taker!, offer, leftInCurrency)).code, null)
  const { rows } = await counter.superuser.query(
    `select count(*)::int as trades, sum(reference_value)::text as value from crypto_trades where taker_id = $1`,
    [taker!.id],
  )
  assert.deepEqual(rows[0], { trades: 2, value: '199.99560000' }, 'a refusal leaves nothing')
  // A month's limit is told where it is the nearer one.
  await counter.asIntruder(`update crypto_profiles set volume_day = current_date, current_monthly_volume = 950
    where user_id = '${other!.id}'`)
  const monthly = (await counter.take(other!, offer, '0.002')).body
  assert.deepEqual([monthly.window, monthly.left], ['monthly', '50.00000000'])
  await counter.asIntruder(
    `update crypto_profiles set volume_day = null, current_monthly_volume = 0 where user_id = '${other!.id}'`,
  )
})

test('without a source trades count by the rates that were shipped; nothing is traded that nobody can value', async () => {
  const [maker, taker] = (await counter.people(2, 'full')) as [Actor, Actor]
  const zloty = await counter.offer(maker, { pair: 'BTC/PLN', pricing: { type: 'fixed', price: '260000' } })
  const age = (days: number) =>
    counter.superuser.query(
      `update fairlock.market_quotes set as_of = now() - make_interval(days => $1) where pair = 'PLN/USD'`,
      [days],
    )
  await counter.trade(taker, zloty, '0.001')
  // 260 PLN at the 0.2729 of the tests' market, and at the 0.2717 of 2026-06-11.
  assert.equal((await counter.used(taker.id)).daily, '70.95')
  await age(30)
  await counter.trade(taker, zloty, '0.001')
  assert.equal((await counter.used(taker.id)).daily, '141.60')
  await age(0)

  const bolivar = { pair: 'BTC/VES', pricing: { type: 'fixed', price: '40000000' } }
  const { status, code, body } = await counter.take(taker, await counter.offer(maker, bolivar), '0.001')
  assert.deepEqual([status, code, body], [409, 'no_reference_rate', { currency: 'VES' }])
})

test('a day ends at midnight and a month at its end, without anybody’s doing', async () => {
  const [maker] = await counter.people(1, 'full')
  const [taker] = await counter.people(1, 'none')
  const offer = await counter.offer(maker!)
  await counter.trade(taker!, offer, '0.002')
  await counter.asIntruder(
    `update crypto_profiles set volume_day = '2030-01-30' where user_id = '${taker!.id}'`,
  )
  const at = (time: string) => counter.used(taker!.id, new Date(time))
  assert.deepEqual(await at('2030-01-30T23:59:59.999Z'), spent('200.00'))
  assert.deepEqual(await at('2030-01-31T00:00:00.000Z'), { daily: '0.00', monthly: '200.00' })
  assert.deepEqual(await at('2030-01-31T23:59:59.999Z'), { daily: '0.00', monthly: '200.00' })
  assert.deepEqual(await at('2030-02-01T00:00:00.000Z'), spent('0.00'))
  // The day is still to come here: the clock was ahead, and what it counted goes on counting.
  assert.deepEqual(await counter.used(taker!.id), spent('200.00'))
  assert.equal((await counter.take(taker!, offer, '0.00001')).code, 'limit_exceeded')
  await counter.asIntruder(
    `update crypto_profiles set volume_day = (now() at time zone 'UTC')::date - 40
     where user_id in ('${taker!.id}', '${maker!.id}');
     update crypto_trades set counted_on = (now() at time zone 'UTC')::date - 40 where taker_id = '${taker!.id}'`,
  )
  await counter.trade(taker!, offer, '0.002')
  assert.deepEqual(await counter.used(taker!.id), spent('200.00'))
})

test('what ends without a sale is given back, as long as it still counts', async () => {
  const [maker] = await counter.people(1, 'full')
  const [taker] = await counter.people(1, 'none')
  const offer = await counter.offer(maker!)
  const today = await counter.trade(taker!, offer, '0.002')
  assert.equal((await taker!.do('cancel_trade', { tradeId: today })).code, null)
  assert.deepEqual(await counter.used(taker!.id), spent('0.00'))
  assert.deepEqual(await counter.used(maker!.id), spent('0.00'))
  const before = await counter.trade(taker!, offer, '0.002')
  await counter.daysPass(40)
  const now = await counter.trade(taker!, offer, '0.0015')
  assert.equal((await taker!.do('cancel_trade', { tradeId: before })).code, null)
  assert.deepEqual(await counter.used(taker!.id), spent('150.00'), 'another month’s')
  assert.equal((await taker!.do('cancel_trade', { tradeId: now })).code, null)
  assert.deepEqual(await counter.used(taker!.id), spent('0.00'))
})

test('of a split counts what the buyer got; a completed trade goes into the volume of both', async () => {
  const [maker, taker] = (await counter.people(2, 'full')) as [Actor, Actor]
  const offer = await counter.offer(maker)
  const [sold, split] = [await counter.trade(taker, offer, '0.01'), await counter.trade(taker, offer, '0.01')]
  for (const tradeId of [sold, split]) assert.equal((await taker.do('pay_trade', { tradeId })).code, null)
  assert.equal((await maker.do('release_trade', { tradeId: sold })).code, null)
  const description = 'The coins do not come.'
  const opened = await taker.do('open_dispute', {
    tradeId: split,
    reason: 'payment_not_released',
    description,
  })
  assert.equal(opened.code, null, JSON.stringify(opened.body))
  await counter.superuser.query('begin; set local role fairlock_engine')
  // A quarter of the amount less the buyer's fee.
  await counter.superuser.query(
    `select fairlock.end_dispute($1, 'rule_split', 'arbitrator', 'split', 'both are right', 0.002495, $2, null)`,
    [split, (await market.admin()).id],
  )
  await counter.superuser.query('commit')
  assert.deepEqual(await counter.used(taker.id), spent('1250.00'))
  const { rows } = await counter.superuser.query(
    `select trading_volume::text as dollars, volumes ->> 'BTC' as bitcoins from crypto_profiles where user_id = any ($1)`,
    [[maker.id, taker.id]],
  )
  assert.deepEqual(rows, Array(2).fill({ dollars: '1250.00000000', bitcoins: '0.01250000' }))
  await counter.asIntruder(`update crypto_profiles set trading_volume = 1, current_daily_volume = 1
    where user_id = '${taker.id}'`)
  await assert.rejects(assertCleanBooks(market.database.ownerUrl), /counts 1.00000000 on/)
  await counter.superuser.query('select fairlock.recount_person($1)', [taker.id])
})

test('who has no profile, as in an adopted database, may trade nothing, on neither side', async () => {
  const [stranger, other] = await counter.people(2, 'institution')
  const [ofStranger, ofOther] = [await counter.offer(stranger!), await counter.offer(other!)]
  await counter.asIntruder(`create temp table away as select * from crypto_profiles where user_id = '${stranger!.id}';
    delete from crypto_profiles where user_id = '${stranger!.id}'`)
  const refused = await counter.take(stranger!, ofOther, '0.001')
  assert.deepEqual([refused.code, refused.body.limit, refused.body.left], ['limit_exceeded', ...ZEROS])
  assert.equal((await counter.take(other!, ofStranger, '0.001')).code, 'counterparty_limit')
  assert.deepEqual(await counter.used(stranger!.id), spent('0.00'))
  await counter.asIntruder('insert into crypto_profiles select * from away')
})

test('a level that changes holds for the next take, whoever changes it and however', async () => {
  const [maker] = await counter.people(1, 'full')
  const [taker] = await counter.people(1, 'none')
  const offer = await counter.offer(maker!)
  await counter.trade(taker!, offer, '0.002')
  assert.equal((await counter.take(taker!, offer, '0.001')).code, 'limit_exceeded')
  const admin = await market.admin()
  const level = (name: string) =>
    admin.put(`/v1/admin/users/${taker!.id}/kyc`, { level: name, reason: 'documents' })
  assert.equal((await level('basic')).status, 200)
  await counter.trade(taker!, offer, '0.01')
  await counter.level(taker!.id, 'none')
  assert.equal((await counter.take(taker!, offer, '0.00001')).code, 'limit_exceeded')
  const { rows } = await counter.superuser.query(
    `select l.daily_limit - l.daily_used as left_over
    from fairlock.limits_of($1) l`,
    [taker!.id],
  )
  assert.equal(Number(rows[0].left_over), -1000, 'what is used stays used')
  const edited = await admin.put('/v1/admin/kyc-levels/none', {
    dailyLimit: '1300',
    monthlyLimit: '1300',
    reason: 'a busy season',
  })
  assert.deepEqual(edited.body, {
    level: 'none',
    dailyLimit: '1300.00000000',
    monthlyLimit: '1300.00000000',
  })
  await counter.trade(taker!, offer, '0.001')
  assert.equal((await counter.take(taker!, offer, '0.00001')).code, 'limit_exceeded')
  const log = await counter.superuser.query(
    `select reason, changes from audit.events where details ->> 'row' = 'none' order by at desc limit 1`,
  )
  assert.equal(log.rows[0].reason, 'a busy season')
  assert.deepEqual(log.rows[0].changes.daily_limit, [200, 1300])
  await admin.put('/v1/admin/kyc-levels/none', { dailyLimit: '200', monthlyLimit: '1000', reason: 'over' })
})

test('the law holds for the engine as well: no rise above a limit, no day back', async () => {
  const [person] = await counter.people(1, 'basic')
  const set = (change: string) =>
    counter.refused(`update crypto_profiles set ${change} where user_id = $1`, [person!.id])
  const today = `volume_day = (now() at time zone 'UTC')::date`
  assert.equal(await set(`current_daily_volume = 2000.00000001, ${today}`), 'FL104')
  assert.equal(await set('current_daily_volume = 2000.00000001'), 'FL104')
  assert.equal(await set(`current_monthly_volume = 20000.00000001, ${today}`), 'FL104')
  assert.equal(await set(`current_daily_volume = 2000, current_monthly_volume = 20000, ${today}`), undefined)
  await counter.asIntruder(`update crypto_profiles set ${today}, current_daily_volume = 1500
    where user_id = '${person!.id}'`)
  assert.equal(await set('volume_day = volume_day - 1, current_daily_volume = 0'), 'FL094')
  assert.equal(await set('volume_day = null'), 'FL094')
  assert.equal(await set('daily_limit = 100'), undefined, 'a limit may fall below what is used')
  assert.equal(await set('daily_limit = 100, current_daily_volume = 1400'), undefined)
  assert.equal(await set('daily_limit = 100, current_daily_volume = 1500.00000001'), 'FL104')
  await counter.asIntruder(`update crypto_profiles set volume_day = null, current_daily_volume = 0
    where user_id = '${person!.id}'`)
  const trade = `(select id from crypto_trades limit 1)`
  for (const change of ['reference_value = 1', 'counted_on = counted_on - 1']) {
    const sql = `update crypto_trades set ${change} where id = ${trade}`
    await counter.superuser.query('begin')
    await assert.rejects(counter.superuser.query(sql), { code: 'FL094' })
    await counter.superuser.query('rollback')
  }
})

test('everybody reads the levels, each their own limits, and administrators alone change them', async () => {
  const [person, support, admin] = await Promise.all([market.person(), market.person(), market.admin()])
  await counter.superuser.query(
    `insert into fairlock.staff_roles (user_id, role) values ($1, 'support'), ($1, 'compliance')`,
    [support.id],
  )
  const levels = await call(market.url, 'GET', '/v1/kyc-levels')
  assert.deepEqual(levels.body.items[1], {
    level: 'basic',
    dailyLimit: '2000.00000000',
    monthlyLimit: '20000.00000000',
  })
  assert.equal((await call(market.url, 'GET', '/v1/me/limits')).status, 401)
  const { daily, monthly, ...rest } = (await person.get('/v1/me/limits')).body
  assert.deepEqual(rest, { kycLevel: 'none', currency: 'USD', next: levels.body.items[1] })
  assert.deepEqual([daily.limit, daily.used, daily.left], ['200.00000000', '0.00000000', '200.00000000'])
  const [y, m] = [new Date().getUTCFullYear(), new Date().getUTCMonth()]
  assert.equal(monthly.resetsAt, new Date(Date.UTC(y, m + 1, 1)).toISOString())

  const change = { dailyLimit: '200', monthlyLimit: '1000', reason: 'no reason' }
  const put = (who: { put: typeof admin.put }, level = 'none', body: object = change) =>
    who.put(`/v1/admin/kyc-levels/${level}`, body).then(({ status, body: { code } }) => [status, code])
  assert.equal((await call(market.url, 'PUT', '/v1/admin/kyc-levels/none', change)).status, 401)
  for (const one of [person, support]) assert.deepEqual(await put(one), [403, 'admin_only'])
  assert.deepEqual(await put(admin, 'best'), [400, 'invalid_request'])
  for (const dailyLimit of ['-1', '1e3', '1000000000000', '0.000000001', ''])
    assert.deepEqual(await put(admin, 'none', { ...change, dailyLimit }), [400, 'invalid_request'])
  assert.equal((await put(admin))[0], 200)

  const keyOf = async (scopes: string[]) => {
    const made = await person.post('/v1/api-keys', { name: 'bot', scopes })
    assert.equal(made.status, 201, JSON.stringify(made.body))
    return { authorization: `Bearer ${made.body.key}` }
  }
  const reader = await keyOf(['read'])
  assert.equal((await call(market.url, 'GET', '/v1/me/limits', undefined, reader)).body.kycLevel, 'none')
  const tried = await call(market.url, 'PUT', '/v1/admin/kyc-levels/none', change, await keyOf(['trade']))
  assert.equal(tried.body.code, 'session_only')
})

test('the books know all of it', () => assertCleanBooks(market.database.ownerUrl))
