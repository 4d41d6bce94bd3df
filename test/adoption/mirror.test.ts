import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { install, readAdoption } from '../../src/adoption/index.ts'
import { withSession } from '../../src/platform/migrator/index.ts'
import { besideDatabase, oldTablesSql } from '../support/beside.ts'
import { type Market, offerBody, type Person, startMarket } from '../support/market.ts'

// Both at once: Fairlock serves from the new tables, the old application from the old ones. What Fairlock does has to be
// in the old tables, and no coin may be spent on both sides.

const OLD_WORDS = `
  insert into users (id, email) values ('00000000-0000-4000-8000-000000000001', 'old@example.org');
  insert into crypto_trades (user_id, pair, side, price, amount, status)
  select '00000000-0000-4000-8000-000000000001', 'BTC-EUR', 'SELL', 1, 1, word
  from unnest(array['COMPLETED', 'DONE', 'DONE']) word;`

let market: Market
let old: pg.Client

before(async () => {
  const database = await besideDatabase((await oldTablesSql()) + OLD_WORDS)
  market = await startMarket({ database })
  old = new pg.Client(database.ownerUrl)
  await old.connect()
})
after(async () => {
  await old.end()
  await market.stop()
})

const all = async (text: string, values: unknown[] = []) => (await old.query(text, values)).rows
const one = async (text: string, values: unknown[] = []) => (await all(text, values))[0]

/** What the old rows of a person's wallet hold, what no old row holds, and what the books say. */
async function coins(person: Person, currency = 'BTC') {
  return await withSession(market.database.ownerUrl, async (session) => {
    await session.query('set role fairlock_engine')
    const { rows } = await session.query(
      `select w.id, w.balance as "new", a.balance as books, coalesce(u.amount, 0) as unheld,
         coalesce((select sum(trunc(o.balance::numeric, 8)) from fairlock_adoption.carried c
           cross join lateral fairlock_adoption.read_crypto_wallets(array[c.key]) o
           where c.target_id = w.id and c.table_name = 'crypto_wallets'), 0) as old
       from fairlock_next.crypto_wallets w join ledger.accounts a using (id)
       left join fairlock_adoption.unheld u on u.wallet_id = w.id
       where w.user_id = $1 and w.currency = $2`,
      [person.id, currency],
    )
    return rows[0]
  })
}

async function requireAgreement(person: Person): Promise<void> {
  const { new: shown, books, old: held, unheld } = await coins(person)
  assert.equal(shown, books)
  assert.equal(Number(held) + Number(unheld), Number(books))
}

/** The old application takes coins, by its own SQL. */
const spendOld = (person: Person, amount: string) =>
  all(
    `update public.crypto_wallets set balance = balance - $2 where user_id = $1 and currency = 'BTC' and balance >= $2
     returning balance`,
    [person.id, amount],
  )

/** Carries a person's old wallets, as the drain does. */
async function carry(person: Person): Promise<void> {
  await withSession(market.database.ownerUrl, async (session) => {
    await session.query(`set role fairlock_engine; set fairlock.carrying = 'on'`)
    await session.query(
      `select fairlock_adoption.carry_crypto_wallets(array(
         select key from fairlock_adoption.old_crypto_wallets where user_id = $1::text))`,
      [person.id],
    )
  })
}

const adjust = async (person: Person, amount: string) =>
  (await market.admin()).post('/v1/admin/adjustments', {
    userId: person.id,
    currency: 'BTC',
    amount,
    reason: 'test',
  })

test('people, wallets and trades of Fairlock are in the old tables, in the old words', async () => {
  const [seller, buyer] = [await market.person('seller'), await market.person('buyer')]
  await market.credit(seller, 'BTC', '2')
  const offer = await seller.post('/v1/offers', offerBody())
  const taken = await buyer.post(`/v1/offers/${offer.body.id}/trades`, {
    amount: '0.5',
    paymentMethodType: 'sepa',
  })
  const trade = `/v1/trades/${taken.body.id}`
  assert.equal(await one('select from public.crypto_trades where id = $1', [taken.body.id]), undefined)
  await buyer.post(`${trade}/payment`)
  assert.equal((await seller.post(`${trade}/release`)).body.status, 'completed')

  assert.equal((await one('select email from public.users where id = $1', [seller.id])).email, seller.email)
  const row = await one('select * from public.crypto_trades where id = $1', [taken.body.id])
  assert.equal(row.user_id, seller.id)
  assert.deepEqual(row.metadata, { counterparty_id: buyer.id })
  assert.deepEqual([row.pair, row.side, row.status], ['BTC-EUR', 'SELL', 'DONE'])
  assert.deepEqual([row.amount, row.fee, row.buyer_id], ['0.50000000', taken.body.fee, buyer.id])
  const movements = await all(
    'select transaction_type, status, wallet_id, trade_id from public.crypto_transactions where user_id = $1 order by id',
    [seller.id],
  )
  const { id } = await coins(seller)
  assert.deepEqual(movements[0], {
    transaction_type: 'ADJUST',
    status: 'CONFIRMED',
    wallet_id: id,
    trade_id: null,
  })
  assert.equal(movements[1].transaction_type, 'TRADE_OUT')
  assert.equal(movements[1].trade_id, taken.body.id)
  for (const person of [seller, buyer]) await requireAgreement(person)
  assert.deepEqual(await all('select * from fairlock_adoption.mirror_failures'), [])
  // They are accounted for, and need not be carried.
  const unknown = await all(
    `select t from (select 'crypto_trades' as t, id from public.crypto_trades
       union all select 'crypto_transactions', id from public.crypto_transactions
       union all select 'crypto_wallets', id from public.crypto_wallets) o
     where not exists (select from fairlock_adoption.carried c where c.table_name = t and c.key = o.id::text)`,
  )
  assert.deepEqual(
    unknown.map((row) => row.t),
    ['crypto_trades', 'crypto_trades', 'crypto_trades'],
  )
  assert.deepEqual(await all('select * from fairlock_adoption.marks'), [])
})

test('a level that staff give and an address that somebody changes are told to the old platform', async () => {
  const person = await market.person('levelled')
  const admin = await market.admin()
  const given = await admin.put(`/v1/admin/users/${person.id}/kyc`, { level: 'basic', reason: 'papers' })
  assert.equal(given.status, 200, JSON.stringify(given.body))
  const row = await one('select kyc_status, kyc_verified_at from public.crypto_profiles where user_id = $1', [
    person.id,
  ])
  assert.equal(row.kyc_status, 'tier1')
  assert.notEqual(row.kyc_verified_at, null)
})

test('coins that the old application has spent are insufficient funds, and nothing else happens', async () => {
  const [seller, buyer] = [await market.person('spender'), await market.person('buyer')]
  await market.credit(seller, 'BTC', '1')
  const offer = await seller.post('/v1/offers', offerBody())
  assert.equal((await spendOld(seller, '0.7')).length, 1)
  const take = () =>
    buyer.post(`/v1/offers/${offer.body.id}/trades`, { amount: '0.5', paymentMethodType: 'sepa' })
  const refused = await take()
  assert.equal(refused.status, 409, JSON.stringify(refused.body))
  assert.equal(refused.body.code, 'insufficient_funds')
  assert.equal((await seller.get('/v1/trades')).body.items.length, 0)
  assert.equal((await coins(seller)).books, '1.00000000')
  assert.equal((await adjust(seller, '-0.4')).body.code, 'insufficient_funds')
  assert.equal((await adjust(seller, '-0.3')).status, 201)
  await carry(seller)
  assert.equal((await coins(seller)).books, '0.00000000')
  await requireAgreement(seller)
  // Now the books know, and the trade waits for its seller, as always.
  assert.equal((await take()).body.status, 'pending')
})

test('a wallet of several old rows gives from the primary one first, and decimals that do not fit stay beside it', async () => {
  const person = await market.person('collector')
  await market.credit(person, 'BTC', '1')
  const { id } = await coins(person)
  const more = await all(
    `insert into public.crypto_wallets (user_id, wallet_address, wallet_provider, balance, currency, is_primary, created_at)
     values ($1, 'b', 'house', 0, 'BTC', true, '2020-01-02'), ($1, 'c', 'house', 0, 'BTC', false, '2020-01-01'),
       ($1, 'd', 'metamask', 5, 'BTC', true, '2019-01-01') returning id`,
    [person.id],
  )
  await all(
    `insert into fairlock_adoption.carried (table_name, key, hash, target, target_id)
     select 'crypto_wallets', unnest($1::text[]), 0, 'crypto_wallets', $2`,
    [more.slice(0, 2).map((row) => row.id), id],
  )
  await market.credit(person, 'BTC', '0.5')
  const balances = async () =>
    (
      await all(
        `select balance::text from public.crypto_wallets where user_id = $1 order by wallet_address, balance`,
        [person.id],
      )
    ).map((row) => row.balance)
  assert.deepEqual(await balances(), ['0.50000000', '0.00000000', '5.00000000', '1.00000000'])
  assert.equal((await adjust(person, '-0.75')).status, 201)
  assert.deepEqual(await balances(), ['0.00000000', '0.00000000', '5.00000000', '0.75000000'])
  assert.equal((await adjust(person, '-0.8')).body.code, 'insufficient_funds')
  await all('delete from fairlock_adoption.marks')
  for (const type of ['numeric(18, 3)', 'double precision', 'numeric', 'numeric(20, 8)']) {
    await all('drop view fairlock_adoption.old_crypto_wallets cascade')
    await all(`alter table public.crypto_wallets alter column balance type ${type}`)
    await withSession(market.database.ownerUrl, async (session) => {
      await session.query('update fairlock_adoption.state set installed = null')
      await install(session)
    })
    for (const amount of ['0.12345678', '-0.00000001', '3', '-1.1234', '-0.0004'])
      assert.equal((await adjust(person, amount)).status, 201, `${type} ${amount}`)
    await requireAgreement(person)
  }
})

test('what the old tables refuse is noted, and Fairlock goes on', async () => {
  const person = await market.person('refused')
  await all(`alter table public.crypto_wallets add column needed text not null default 'x'`)
  await all('alter table public.crypto_wallets alter column needed drop default')
  await market.credit(person, 'BTC', '1')
  assert.equal((await adjust(person, '-0.25')).status, 201)
  const { id, unheld, books } = await coins(person)
  assert.deepEqual([unheld, books], ['0.75000000', '0.75000000'])
  const failures = await all('select * from fairlock_adoption.mirror_failures where target_id = $1', [id])
  assert.equal(failures[0].code, '23502')
  const figures = (await readAdoption(market.db))!
  assert.deepEqual(
    figures.tables.filter(({ notTaken }) => notTaken > 0).map(({ table, notTaken }) => [table, notTaken]),
    [['crypto_wallets', 1]],
  )
  await all('alter table public.crypto_wallets drop column needed')
})

test('trades of the old platform are a list of their own, for their people and for reading only', async () => {
  const [seller, buyer, stranger] = await Promise.all(
    ['veteran', 'veteran', 'stranger'].map((name) => market.person(name)),
  )
  const made = await all(
    `insert into public.crypto_trades (user_id, pair, side, price, amount, status, metadata, timestamp, created_at)
     values ($1, 'BTC-EUR', 'SELL', 20000, 0.5, 'DONE', jsonb_build_object('counterparty_id', $2::text), $3, $3),
       ($1, 'BTC-EUR', 'BUY', 30000, 0.25, 'CANCELED', null, $4, $4) returning id`,
    [seller!.id, buyer!.id, '2021-05-01 12:00', '2022-05-01 12:00'],
  )
  const [known, half] = made.map((row) => row.id)
  await withSession(market.database.ownerUrl, async (session) => {
    await session.query(`set role fairlock_engine; set fairlock.carrying = 'on'`)
    const { rows } = await session.query('select * from fairlock_adoption.carry_crypto_trades($1)', [
      [known, half],
    ])
    assert.equal(rows[0].carried, 2)
  })
  const { body: first } = await seller!.get('/v1/past-trades?limit=1')
  assert.partialDeepStrictEqual(first.items, [
    { id: half, pair: 'BTC/EUR', side: 'buy', status: 'cancelled', at: '2022-05-01T10:00:00.000Z' },
  ])
  const { body: second } = await seller!.get(`/v1/past-trades?limit=1&cursor=${first.nextCursor}`)
  assert.partialDeepStrictEqual(second, {
    items: [{ id: known, side: 'sell', price: '20000.00000000', amount: '0.50000000', status: 'completed' }],
    nextCursor: null,
  })
  assert.equal((await buyer!.get('/v1/past-trades')).body.items[0].side, 'buy')
  assert.deepEqual((await stranger!.get('/v1/past-trades')).body.items, [])
  for (const person of [seller!, buyer!, stranger!]) {
    assert.deepEqual((await person.get('/v1/trades')).body.items, [])
    for (const id of [known, half]) {
      assert.equal((await person.get(`/v1/trades/${id}`)).status, 404)
      const bodies = {
        payment: {},
        release: {},
        cancellation: {},
        funding: {},
        rating: { rating: '5' },
        'rating/answer': { text: 'thanks' },
        dispute: { reason: 'other', description: 'where is it' },
        messages: { text: 'hello' },
      }
      for (const [call, body] of Object.entries(bodies))
        assert.equal((await person.post(`/v1/trades/${id}/${call}`, body)).status, 404, call)
    }
  }
})

test('whatever is spent at once on both sides is spent once, and the old application never loses a transaction', async () => {
  const people = await Promise.all([1, 2, 3].map(() => market.person('racer')))
  const money = new Map(people.map((person) => [person.id, 10]))
  for (const person of people) await market.credit(person, 'BTC', '10')
  let rest = 60
  const failed: string[] = []
  const spent = (person: Person, amount: number) => money.set(person.id, money.get(person.id)! - amount)
  const any = () => people[Math.floor(Math.random() * people.length)]!
  const fairlock = async () => {
    while (rest-- > 0) {
      const [person, amount] = [any(), Math.random() < 0.3 ? 2 : -3]
      const done = await adjust(person, String(amount))
      if (done.status === 201) spent(person, -amount)
      else if (done.body.code !== 'insufficient_funds') failed.push(JSON.stringify(done.body))
    }
  }
  // A transfer of the old application: two wallets in one transaction, in any order.
  const oldOne = async () => {
    const client = new pg.Client(market.database.ownerUrl)
    await client.connect()
    while (rest > 0) {
      const [from, to] = [any(), any()]
      await client.query('begin')
      const taken = await client.query(
        `update public.crypto_wallets set balance = balance - 1 where user_id = $1 and currency = 'BTC' and balance >= 1`,
        [from.id],
      )
      if (taken.rowCount === 1) {
        await client.query(
          `update public.crypto_wallets set balance = balance + 1 where user_id = $1 and currency = 'BTC'`,
          [to.id],
        )
        spent(from, 1)
        spent(to, -1)
      }
      await client.query('commit')
    }
    await client.end()
  }
  const carrier = async () => {
    while (rest > 0) await carry(any())
  }
  await Promise.all([fairlock(), fairlock(), fairlock(), fairlock(), oldOne(), carrier()])
  for (const person of people) {
    await carry(person)
    const { books, old: held } = await coins(person)
    assert.equal(Number(books), money.get(person.id), person.email)
    assert.equal(Number(held), Number(books))
    assert.ok(Number(books) >= 0)
  }
  assert.deepEqual(failed, [])
})
