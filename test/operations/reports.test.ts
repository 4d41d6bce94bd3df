import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parse } from 'csv-parse/sync'
import pg from 'pg'
import { BadPeriod, countDays, periodOf, REPORT_NAMES } from '../../src/operations/index.ts'
import { tradeForADay } from '../ledger/support.ts'
import { countAllDays } from '../support/days.ts'
import { call, type Market, offerBody, type Person, startMarket } from '../support/market.ts'
import { fairlock } from './program.ts'

let market: Market
let admin: Person
let superuser: pg.Client
const today = new Date().toISOString().slice(0, 10)
const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
before(async () => {
  market = await startMarket()
  await tradeForADay(market)
  admin = await market.admin()
  superuser = new pg.Client({
    connectionString: market.database.superuserUrl,
    options: '-c timezone=UTC',
  })
  await superuser.connect()
})
after(async () => {
  await superuser?.end()
  await market?.stop()
})

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely, the assertions say what they must be
const rowsOf = async (report: string, query = ''): Promise<any[]> => {
  const { status, body } = await admin.get(`/v1/admin/reports/${report}${query}`)
  assert.equal(status, 200, JSON.stringify(body))
  return body.rows
}
const figures = async (sql: string) => (await superuser.query(sql)).rows

/** What the fee accounts' own entries say, day by day: another way to the same figures. */
const FEES = `
  select to_char(t.created_at, 'YYYY-MM-DD') as day, a.currency, sum(e.amount)::text as amount
  from ledger.accounts a join ledger.entries e on e.account_id = a.id join ledger.transfers t on t.id = e.transfer_id
  where a.kind = 'fees' group by 1, 2 order by 1, 2`
/** By what reached the buyers: of a trade that was split that is less than its whole. */
const VOLUME = `
  select to_char(c.completed_at, 'YYYY-MM-DD') as day, c.pair, count(*)::integer as trades,
    sum(round(c.amount * e.amount / (c.amount - c.buyer_fee), 8))::text as amount,
    sum(round(c.total_value * e.amount / (c.amount - c.buyer_fee), 8))::text as "totalValue",
    sum(round(c.reference_value * e.amount / (c.amount - c.buyer_fee), 8))::text as "referenceValue",
    count(c.reference_value)::integer as "valuedTrades"
  from public.crypto_trades c join ledger.transfers t on t.trade_id = c.id and t.kind in ('release', 'split')
  join ledger.entries e on e.transfer_id = t.id join ledger.accounts a on a.id = e.account_id and a.user_id = c.buyer_id
  where c.status = 'completed' group by 1, 2 order by 1, 2`

const pick = (rows: Record<string, unknown>[], ...names: string[]) =>
  rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name]])))

/** A day's trades, moved into the past as if they had been done then. */
async function trade(amount: string, daysAgo = 0): Promise<void> {
  const [maker, taker] = [await market.person('maker'), await market.person('taker')]
  await market.credit(maker, 'BTC', '1')
  const { body: offer } = await maker.post('/v1/offers', offerBody())
  const { body } = await taker.post(`/v1/offers/${offer.id}/trades`, { amount, paymentMethodType: 'sepa' })
  await taker.post(`/v1/trades/${body.id}/payment`)
  assert.equal((await maker.post(`/v1/trades/${body.id}/release`)).status, 200)
  await superuser.query(`set session_replication_role = replica`)
  await superuser.query(
    `update ledger.transfers set created_at = created_at - make_interval(days => $2) where trade_id = $1`,
    [body.id, daysAgo],
  )
  await superuser.query(
    `update public.crypto_trades set completed_at = completed_at - make_interval(days => $2) where id = $1`,
    [body.id, daysAgo],
  )
  await superuser.query(`reset session_replication_role`)
}

test('fees are the entries of the fee accounts and volume the completed trades, added up before or not', async () => {
  await trade('0.02345671', 3)
  const agree = async () => {
    assert.deepEqual(pick(await rowsOf('fees'), 'day', 'currency', 'amount'), await figures(FEES))
    const volume = await rowsOf('volume')
    assert.ok(volume.some(({ valuedTrades }) => valuedTrades > 0))
    assert.deepEqual(volume, await figures(VOLUME))
  }
  await agree()
  for (let round = 0; round < 2; round++) {
    await countAllDays(market.db)
    assert.equal(await countDays(market.db), 0)
    const [mark] = await figures(
      'select entry_id = (select max(id) from ledger.entries) as whole from fairlock.daily_mark',
    )
    assert.equal(mark?.whole, true)
    await agree()
    // What comes now is not added up yet.
    await trade('0.01', round)
    await trade('0.3', 0)
    await agree()
  }
  const whole = await rowsOf('fees')
  assert.deepEqual(
    await rowsOf('fees', `?from=${today}&to=${tomorrow}`),
    whole.filter(({ day }) => day === today),
  )
  assert.deepEqual(await rowsOf('fees', '?from=2020-01-01&to=2020-02-01'), [])
})

test('the days are added up once, by however many workers at once', async () => {
  await trade('0.1')
  await countAllDays(market.db, 3)
  assert.deepEqual(pick(await rowsOf('fees'), 'day', 'currency', 'amount'), await figures(FEES))
})

test('liabilities are the books and add up to zero; open escrow is what the live trades hold', async () => {
  const liabilities = await rowsOf('liabilities')
  assert.ok(liabilities.length >= 2)
  for (const { difference } of liabilities) assert.equal(difference, '0.00000000')
  const books = await figures(`
    select currency, sum(balance) filter (where kind = 'trader')::text as available,
      coalesce(sum(balance) filter (where kind = 'escrow'), 0)::numeric(38, 8)::text as held,
      sum(balance) filter (where kind = 'custody')::text as custody
    from ledger.balances group by currency order by currency`)
  assert.deepEqual(pick(liabilities, 'currency', 'available', 'held', 'custody'), books)

  const escrows = await rowsOf('escrows')
  const open = await figures(`
    select currency, status, count(*)::integer as escrows, sum(amount)::text as amount from public.crypto_escrows
    where status in ('funded', 'disputed') or status = 'pending' and closed_at is null group by 1, 2 order by 1, 2`)
  assert.deepEqual(pick(escrows, 'currency', 'status', 'escrows', 'amount'), open)
  for (const { oldestSeconds } of escrows) assert.ok(oldestSeconds >= 0 && oldestSeconds < 600)
})

test('disputes by day and week: opened, ended and how, and how long they took', async () => {
  await superuser.query('begin')
  await superuser.query('set local session_replication_role = replica')
  // Five disputes opened on Wednesday 2026-01-07; three ruled, one ended by the sides a week later, one goes on.
  await superuser.query(`
    with made as (
      insert into public.crypto_disputes (id, trade_id, raised_by, against_user_id, reason, created_at, status, resolved_at,
        resolved_by, resolution, stage)
      select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'payment_not_received',
        '2026-01-07T10:00:00Z', status, resolved_at::timestamptz, case status when 'resolved' then gen_random_uuid() end,
        outcome, case status when 'pending' then 'open' else 'over' end
      from (values ('resolved', '2026-01-07T11:00:00Z', 'release'), ('resolved', '2026-01-08T10:00:00Z', 'release'),
        ('resolved', '2026-01-09T10:00:00Z', 'split'), ('closed', '2026-01-14T09:00:00Z', null), ('pending', null, null))
        one (status, resolved_at, outcome)
      returning id, resolution, resolved_at)
    insert into fairlock.dispute_rulings (id, dispute_id, arbitrator_id, outcome, buyer_amount, fault_of, is_final, state, ruled_at)
    select gen_random_uuid(), id, gen_random_uuid(), resolution, case resolution when 'split' then 0.1 end, 'nobody', false,
      'settled', resolved_at
    from made where resolution is not null`)
  await superuser.query(
    `insert into fairlock.daily_trades values ('2026-01-08', 'BTC/EUR', 40, 1, 1, 0, 0, 0), ('2026-01-09', 'ETH/EUR', 10, 1, 1, 0, 0, 0)`,
  )
  await superuser.query('commit')
  const row = (period: string, changes: Record<string, unknown>) => ({
    period,
    opened: 0,
    ruled: 0,
    ruledRelease: 0,
    ruledRefund: 0,
    ruledSplit: 0,
    endedBySides: 0,
    completedTrades: 0,
    openedPerHundred: null,
    medianHours: null,
    ...changes,
  })
  const period = 'from=2026-01-01&to=2026-02-01'
  assert.deepEqual(await rowsOf('disputes', `?${period}&by=week`), [
    row('2026-01-05', {
      opened: 5,
      ruled: 3,
      ruledRelease: 2,
      ruledSplit: 1,
      completedTrades: 50,
      openedPerHundred: '10.00',
      medianHours: '24.00',
    }),
    row('2026-01-12', { endedBySides: 1 }),
  ])
  assert.deepEqual(await rowsOf('disputes', `?${period}`), [
    row('2026-01-07', { opened: 5, ruled: 1, ruledRelease: 1, medianHours: '1.00' }),
    row('2026-01-08', {
      ruled: 1,
      ruledRelease: 1,
      medianHours: '24.00',
      completedTrades: 40,
      openedPerHundred: '0.00',
    }),
    row('2026-01-09', {
      ruled: 1,
      ruledSplit: 1,
      medianHours: '48.00',
      completedTrades: 10,
      openedPerHundred: '0.00',
    }),
    row('2026-01-14', { endedBySides: 1 }),
  ])
})

test('fairlock report prints the same as a table, and knows a bad day', async () => {
  const [table, bad] = await Promise.all([
    fairlock(market, '.', 'report', 'fees'),
    fairlock(market, '.', 'report', 'fees', '--from', '2026-02-30'),
  ])
  assert.equal(table.code, 0, table.err)
  const lines = table.out.trim().split('\n')
  assert.deepEqual(
    lines.map((line) => line.split(/ +/)),
    parse((await admin.get('/v1/admin/reports/fees.csv')).body),
  )
  assert.equal(bad.code, 2)
  assert.match(bad.err, /--from is not a day like/)
})

test('each as CSV, by its address or by Accept, with the same rows', async () => {
  for (const name of REPORT_NAMES) {
    const rows = await rowsOf(name)
    const byName = await admin.get(`/v1/admin/reports/${name}.csv`)
    assert.match(byName.headers.get('content-type') ?? '', /^text\/csv/)
    const byAccept = await call(market.url, 'GET', `/v1/admin/reports/${name}`, undefined, {
      ...admin.headers(),
      accept: 'text/csv',
    })
    assert.match(byAccept.headers.get('content-type') ?? '', /^text\/csv/)
    if (name === 'fees') {
      assert.equal(byName.body, byAccept.body)
      assert.deepEqual(
        parse(byName.body, { columns: true }),
        rows.map(({ day, currency, trades, amount }) => ({
          day,
          currency,
          trades: String(trades),
          fees: amount,
        })),
      )
    }
    assert.equal(parse(byName.body).length, rows.length + 1, name)
  }
})

test('reports are for administrators and compliance, by session, and a bad period names its field', async () => {
  const [trader, compliance, support] = [
    await market.person(),
    await market.person('compliance'),
    await market.person('support'),
  ]
  await superuser.query(
    `insert into fairlock.staff_roles (user_id, role) values ($1, 'compliance'), ($2, 'support')`,
    [compliance.id, support.id],
  )
  const key = (await admin.post('/v1/api-keys', { name: 'bot', scopes: ['read'] })).body
  for (const name of REPORT_NAMES) {
    for (const path of [`/v1/admin/reports/${name}`, `/v1/admin/reports/${name}.csv`]) {
      assert.equal((await call(market.url, 'GET', path)).status, 401)
      assert.equal((await trader.get(path)).body.code, 'admin_only')
      assert.equal((await support.get(path)).body.code, 'admin_only')
      assert.equal((await compliance.get(path)).status, 200)
      const byKey = await call(market.url, 'GET', path, undefined, {
        authorization: `Bearer ${key.token ?? key.key}`,
      })
      assert.equal(byKey.body.code, 'session_only')
    }
  }
  for (const [query, field] of [
    ['from=2026-02-30', 'from'],
    ['from=yesterday', 'from'],
    ['from=2026-02-01&to=2026-02-01', 'to'],
    ['from=2010-01-01&to=2026-01-01', 'to'],
    ['since=2026-01-01', 'since'],
  ] as const) {
    const { status, body } = await admin.get(`/v1/admin/reports/fees?${query}`)
    assert.equal(status, 400, query)
    assert.equal(body.errors[0].field.split('.').at(-1), field, query)
  }
})

test('a year of millions of trades is read from the days: the ledger is entered behind the mark only', async () => {
  await superuser.query('begin')
  await superuser.query('set local role fairlock_engine')
  // Small tables are read from end to end, so what counts is what can be read at all: the rows behind the mark.
  await superuser.query('set local enable_seqscan = off')
  const plan = JSON.stringify(
    await figures(`explain (analyze, format json)
      select * from fairlock.completed_between((select entry_id from fairlock.daily_mark), 9223372036854775807)`),
  )
  const inner = (
    await figures(`explain (format text)
      select 1 from ledger.entries own join ledger.transfers t on t.id = own.transfer_id
      join public.crypto_trades c on c.id = t.trade_id join public.crypto_escrows e on e.id = own.account_id
      where own.id > 1000 and own.id <= 2000 and own.amount < 0 and t.kind in ('release', 'split')`)
  )
    .map((row) => row['QUERY PLAN'])
    .join('\n')
  const escrows = (
    await figures(`explain (format text) select 1 from public.crypto_trades t join public.crypto_escrows e on e.trade_id = t.id
      where t.status in ('pending', 'funded', 'paid', 'disputed')`)
  )
    .map((row) => row['QUERY PLAN'])
    .join('\n')
  await superuser.query('rollback')
  assert.match(plan, /Function Scan/)
  assert.doesNotMatch(inner, /Seq Scan/)
  assert.match(inner, /entries_pkey/)
  // Either index has the live trades apart from those that have ended; which is cheaper hangs on what autovacuum has seen.
  assert.doesNotMatch(escrows, /Seq Scan/)
  assert.match(escrows, /crypto_trades_live_takes|Index Cond: \(status = ANY/)
})

test('a period is whole UTC days, thirty without one', () => {
  const now = Date.parse('2026-11-23T23:59:59Z')
  assert.deepEqual(periodOf(undefined, undefined, now), { from: '2026-10-25', to: '2026-11-24' })
  assert.deepEqual(periodOf('2024-02-29', '2024-03-01', now), { from: '2024-02-29', to: '2024-03-01' })
  for (const [from, to] of [
    ['2026-02-29'],
    ['2026-13-01'],
    ['x'],
    ['2026-11-24'],
    [undefined, '0026-01-01'],
  ]) {
    assert.throws(() => periodOf(from, to, now), BadPeriod)
  }
})
