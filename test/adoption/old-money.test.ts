import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { install } from '../../src/adoption/index.ts'
import { withSession } from '../../src/platform/migrator/index.ts'
import { besideDatabase, oldTablesSql } from '../support/beside.ts'
import { type Market, type Person, startMarket } from '../support/market.ts'

// What an old platform's own triggers, laws and habits do to coins that both applications hold.

let market: Market
let old: pg.Client

before(async () => {
  market = await startMarket({ database: await besideDatabase(await oldTablesSql()) })
  old = new pg.Client(market.database.ownerUrl)
  await old.connect()
})
after(async () => {
  await old.end()
  await market.stop()
})

const all = async (text: string, values: unknown[] = []) => (await old.query(text, values)).rows
const adjust = async (person: Person, amount: string) =>
  (await market.admin()).post('/v1/admin/adjustments', {
    userId: person.id,
    currency: 'BTC',
    amount,
    reason: 'test',
  })

/** Works off what waits for being carried, as the drain does. */
async function drain(): Promise<void> {
  await withSession(market.database.ownerUrl, async (session) => {
    await session.query(
      `set role fairlock_engine; set fairlock.carrying = 'on'; set fairlock.operation = 'adoption'`,
    )
    for (const table of [
      'users',
      'crypto_profiles',
      'crypto_wallets',
      'crypto_transactions',
      'crypto_trades',
    ])
      await session.query(
        `with taken as (delete from fairlock_adoption.marks where table_name = '${table}' returning key)
         select fairlock_adoption.carry_${table}(array(select distinct key from taken))`,
      )
    await session.query('select fairlock_adoption.recount_waiting(100)')
  })
}

async function engine<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<Row[]> {
  return await withSession(market.database.ownerUrl, async (session) => {
    await session.query('set role fairlock_engine')
    return (await session.query<Row>(text, values)).rows
  })
}

/** A person's coins as both sides show them, and what no old row holds. */
async function coins(person: Person) {
  const rows = await engine<{ books: number; old: number; unheld: number }>(
    `select a.balance::float8 as books, coalesce((select sum(balance::numeric) from fairlock_adoption.old_crypto_wallets
       where user_id = w.user_id::text and currency = 'BTC' and wallet_provider = 'house'), 0)::float8 as old,
       coalesce((select amount from fairlock_adoption.unheld where wallet_id = w.id), 0)::float8 as unheld
     from fairlock_next.crypto_wallets w join ledger.accounts a using (id)
     where w.user_id = $1 and w.currency = 'BTC'`,
    [person.id],
  )
  return rows[0]!
}

async function owner(amount: string): Promise<Person> {
  const person = await market.person('holder')
  await market.credit(person, 'BTC', amount)
  return person
}

/** With a trigger of the old platform's own. */
async function withTrigger(table: string, when: string, body: string, work: () => Promise<void>) {
  await all(`create function public.habit() returns trigger language plpgsql as $$ begin ${body} end $$;
    create trigger habit ${when} on public.${table} for each row execute function public.habit()`)
  try {
    await work()
  } finally {
    await all('drop function public.habit cascade')
  }
}

for (const [what, body] of [
  ['skips the update', 'return null;'],
  ['keeps the balance', 'new.balance := old.balance; return new;'],
] as const)
  test(`nobody spends where a trigger of the old wallets ${what}`, async () => {
    const person = await owner('10')
    await withTrigger('crypto_wallets', 'before update', body, async () => {
      assert.notEqual((await adjust(person, '-3')).status, 201)
      await drain()
      assert.deepEqual(await coins(person), { books: 10, old: 10, unheld: 0 })
    })
  })

test('a balance that Fairlock and the old application changed by the same is carried', async () => {
  const person = await owner('10')
  await all(`update public.crypto_wallets set updated_at = '2020-01-01' where user_id = $1`, [person.id])
  await drain()
  assert.equal((await adjust(person, '-3')).status, 201)
  await all(
    `update public.crypto_wallets set balance = balance + 3, updated_at = '2020-01-01' where user_id = $1`,
    [person.id],
  )
  await drain()
  assert.deepEqual(await coins(person), { books: 10, old: 10, unheld: 0 })
})

test('movements that Fairlock tells the old tables move no coins there', async () => {
  await withTrigger(
    'crypto_transactions',
    'after insert',
    `update public.crypto_wallets set balance = balance + new.amount where id = new.wallet_id; return null;`,
    async () => {
      const person = await owner('10')
      await drain()
      assert.deepEqual(await coins(person), { books: 10, old: 10, unheld: 0 })
    },
  )
})

test('what a trigger of the old platform writes because of Fairlock is carried', async () => {
  await withTrigger(
    'users',
    'after insert',
    `insert into public.crypto_profiles (user_id) values (new.id); return null;`,
    async () => {
      await market.person('twice')
      await drain()
      assert.deepEqual(
        await all(`select id from public.crypto_profiles p where not exists (select from fairlock_adoption.carried c
          where c.table_name = 'crypto_profiles' and c.key = p.id::text) and not exists (select from fairlock_adoption.quarantine q
          where q.table_name = 'crypto_profiles' and q.key = p.id::text)`),
        [],
      )
    },
  )
})

test('a wallet that went to somebody else, or to another currency, gives nothing to its owner of before', async () => {
  const [from, to] = [await owner('10'), await owner('1')]
  await all('update public.crypto_wallets set user_id = $2 where user_id = $1', [from.id, to.id])
  assert.equal((await adjust(from, '-4')).body.code, 'insufficient_funds')
  await drain()
  assert.deepEqual(await coins(from), { books: 0, old: 0, unheld: 0 })
  assert.deepEqual(await coins(to), { books: 11, old: 11, unheld: 0 })
  await all(`update public.crypto_wallets set currency = 'ETH' where user_id = $1`, [to.id])
  assert.equal((await adjust(to, '-4')).body.code, 'insufficient_funds')
  await drain()
})

test('coins that an old wallet has no room for stay beside it', async () => {
  const person = await owner('10')
  await all(`alter table public.crypto_wallets add constraint small check (balance <= 11) not valid`)
  try {
    assert.equal((await adjust(person, '5')).status, 201)
    assert.deepEqual(await coins(person), { books: 15, old: 10, unheld: 5 })
    assert.equal((await adjust(person, '-12')).status, 201)
    assert.deepEqual(await coins(person), { books: 3, old: 0, unheld: 3 })
    await drain()
  } finally {
    await all(`alter table public.crypto_wallets drop constraint small`)
  }
})

test('operators in the old schema are not ours', async () => {
  const person = await owner('10')
  await all(`create table public.fooled (who text);
    create function public.fool(numeric, integer) returns boolean language plpgsql as $$ begin insert into public.fooled values (current_user); return false; end $$;
    create function public.fool(varchar, varchar) returns boolean language plpgsql as $$ begin insert into public.fooled values (current_user); return false; end $$;
    create operator public.< (leftarg = numeric, rightarg = integer, function = public.fool);
    create operator public.> (leftarg = numeric, rightarg = integer, function = public.fool);
    create operator public.= (leftarg = numeric, rightarg = integer, function = public.fool);
    create operator public.<> (leftarg = numeric, rightarg = integer, function = public.fool);
    create operator public.= (leftarg = varchar, rightarg = varchar, function = public.fool);
    grant all on public.fooled to public`)
  try {
    await adjust(person, '-3')
    await market.person('another')
    await drain()
    assert.deepEqual(await all('select distinct who from public.fooled'), [])
  } finally {
    await all(
      'drop function public.fool(numeric, integer) cascade; drop function public.fool(varchar, varchar) cascade; drop table public.fooled',
    )
  }
})

test('nothing moves coins while the old application is alone', async () => {
  const person = await owner('10')
  await all(`update fairlock_adoption.state set phase = 'parked'`)
  try {
    assert.notEqual((await adjust(person, '-4')).status, 201)
  } finally {
    await all(`update fairlock_adoption.state set phase = 'beside'`)
  }
  assert.deepEqual(await coins(person), { books: 10, old: 10, unheld: 0 })
})

test('what was carried and is refused later is no more in the new tables', async () => {
  const person = await owner('10')
  const [more] = await all(
    `insert into public.crypto_wallets (user_id, wallet_address, wallet_provider, balance, currency)
     values ($1, 'b', 'house', 1, 'BTC') returning id`,
    [person.id],
  )
  await drain()
  assert.deepEqual(await coins(person), { books: 11, old: 11, unheld: 0 })
  await all(`update public.crypto_wallets set balance = 999999999999 where id = $1`, [more.id])
  await drain()
  const after = await coins(person)
  assert.equal(after.books, 10, JSON.stringify(after))
  await all(`update public.crypto_wallets set balance = 2 where id = $1`, [more.id])
  await drain()
  assert.equal((await coins(person)).books, 12)
  // A law that nobody foresaw.
  const [moved] = await all(
    `insert into public.crypto_transactions (user_id, amount, currency, status, transaction_type)
     values ($1, 1, 'BTC', 'CONFIRMED', 'ADJUST') returning id`,
    [person.id],
  )
  await drain()
  await all(
    `alter table fairlock_next.crypto_transactions add constraint short check (length(transaction_hash) < 9) not valid`,
  )
  await all(`update public.crypto_transactions set transaction_hash = repeat('x', 10) where id = $1`, [
    moved.id,
  ])
  await drain()
  await all('alter table fairlock_next.crypto_transactions drop constraint short')
  const kept = await all(
    `select reasons #>> '{0,code}' as code from fairlock_adoption.quarantine where key = $1`,
    [moved.id],
  )
  assert.deepEqual(kept, [{ code: 'refused' }])
  assert.deepEqual(
    await engine('select id from fairlock_next.crypto_transactions where id = $1', [moved.id]),
    [],
  )
})

test('a balance in binary fractions', async () => {
  const person = await owner('10')
  await all('drop view fairlock_adoption.old_crypto_wallets cascade')
  await all(`alter table public.crypto_wallets alter column balance type double precision`)
  await withSession(market.database.ownerUrl, async (session) => {
    await session.query('update fairlock_adoption.state set installed = null')
    await install(session)
  })
  for (const amount of ['123456789012.12345678', '-0.12345679', '0.3', '-0.1', '98765432.98765439']) {
    assert.equal((await adjust(person, amount)).status, 201)
    const { unheld } = await coins(person)
    assert.ok(unheld >= 0, `${amount} ${unheld}`)
  }
  await all(`update public.crypto_wallets set balance = 0 where user_id = $1`, [person.id])
  await drain()
  const { books, unheld } = await coins(person)
  assert.equal(books, unheld)
})

test('an order that was filled and is open again is an offer and no record, and given to another it is neither', async () => {
  const [seller, buyer] = [await market.person('seller'), await market.person('buyer')]
  const [{ id }] = (await all(
    `insert into public.crypto_trades (user_id, pair, side, price, amount, status, metadata)
     values ($1, 'BTC-EUR', 'SELL', 20000, 0.5, 'DONE', jsonb_build_object('counterparty_id', $2::text)) returning id`,
    [seller.id, buyer.id],
  )) as [{ id: string }]
  const found = () =>
    engine(
      `select (select count(*)::int from fairlock_next.crypto_trades where id = $1) as records,
         (select status from fairlock.offers where id = $1) as offer,
         (select counterparties from fairlock_next.crypto_profiles where user_id = $2) as known,
         (select reasons #>> '{0,code}' from fairlock_adoption.quarantine where key = $1::text) as refused`,
      [id, buyer.id],
    )
  await drain()
  assert.deepEqual(await found(), [{ records: 1, offer: null, known: 1, refused: null }])
  await all(`update public.crypto_trades set status = 'OPEN' where id = $1`, [id])
  await drain()
  assert.deepEqual(await found(), [{ records: 0, offer: 'paused', known: 0, refused: null }])
  await all(`update public.crypto_trades set user_id = $2 where id = $1`, [id, buyer.id])
  await drain()
  assert.deepEqual(await found(), [{ records: 0, offer: 'closed', known: 0, refused: null }])
})
