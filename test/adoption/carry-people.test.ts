import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import type { OldTable } from '../../src/adoption/tables.ts'
import { wrongOutcomes } from '../support/legacy/outcomes.ts'
import { type Carrying, startCarrying } from './carrying.ts'

const TABLES = ['users', 'crypto_prices', 'crypto_profiles', 'crypto_wallets'] as const

for (const variant of ['plain', 'odd'] as const) {
  test(`every kind of dirt comes to its end, the books are in order, and carrying twice is carrying once (${variant})`, async () => {
    const old = await startCarrying({ rows: 600, dirty: true, variant })
    try {
      for (const table of TABLES) {
        const { carried, quarantined } = await old.carry(table)
        assert.equal(carried + quarantined, old.legacy.rows[table], table)
      }
      await old.drain()
      const dirt = old.legacy.dirt.filter(({ table }) => (TABLES as readonly OldTable[]).includes(table))
      // Statistics are counted again when all is carried.
      const wrong = (await wrongOutcomes(old.engine, dirt)).filter((one) => !one.startsWith('statistics_'))
      assert.deepEqual(wrong, [])
      assert.deepEqual(await old.ledgerProblems(), [])
      assert.deepEqual(await rows(old, LOST_COINS), [])
      assert.deepEqual(await rows(old, 'select user_id from crypto_profiles where daily_limit is null'), [])
      const before = await rows(old, STATE)
      for (const table of TABLES) assert.equal((await old.carry(table)).carried, 0, table)
      assert.deepEqual(await rows(old, STATE), before)
    } finally {
      await old.end()
    }
  })
}

describe('beside an application that goes on writing', () => {
  let old: Carrying
  before(async () => {
    old = await startCarrying({ rows: 1 })
    await old.owner.query(FRESH)
    for (const table of TABLES) await old.carry(table)
  })
  after(() => old.end())

  test('carries in any order, late and repeated, end where one carry in the end would', async () => {
    const { next, pick } = random(7)
    const waiting = new Map<OldTable, Set<string>>(TABLES.map((table) => [table, new Set<string>()]))
    for (let step = 0; step < 250; step++) {
      const [table, statement] = pick(CHANGES)(pick)
      const { rows } = await old.owner.query<{ key: string }>(statement)
      for (const { key } of rows) waiting.get(table)!.add(key)
      if (next() % 3 !== 0) continue
      const late = pick([...TABLES])
      const keys = [...waiting.get(late)!].filter(() => next() % 2 === 0)
      if (keys.length === 0) continue
      await old.carry(late, keys)
      if (next() % 2 === 0) for (const key of keys) waiting.get(late)!.delete(key)
      if (next() % 4 === 0) await old.drain()
    }
    for (const table of TABLES) await old.carry(table, [...waiting.get(table)!])
    await old.drain()
    const found = await rows(old, STATE)
    assert.deepEqual(await old.ledgerProblems(), [])
    assert.deepEqual(await rows(old, LOST_COINS), [])
    const once = await startCarrying({ rows: 1 })
    try {
      await once.owner.query(
        'truncate crypto_trades, crypto_transactions, crypto_wallets, crypto_profiles, crypto_prices, users',
      )
      for (const table of TABLES) await copy(old.owner, once.owner, table)
      for (const table of TABLES) await once.carry(table)
      await once.drain()
      assert.deepEqual(found, await rows(once, STATE))
    } finally {
      await once.end()
    }
  })

  test('no coin is lost or made where the old application, Fairlock and the carry move one wallet at once', async () => {
    const user = await person(old, 'racer@example.org')
    const [first, second] = [await wallet(old, user, 5), await wallet(old, user, 5)]
    await old.carry('crypto_wallets', [first, second])
    const moved: number[] = [0, 0]
    const [app, fairlock] = [new pg.Client(old.database.ownerUrl), new pg.Client(old.database.ownerUrl)]
    await Promise.all([app.connect(), fairlock.connect()])
    await fairlock.query(`set search_path = fairlock_next, public; set role fairlock_engine`)
    const { next, pick } = random(11)
    const oldApplication = async () => {
      for (let round = 0; round < 60; round++) {
        const by = (next() % 7) - 3
        const changed = await app.query(
          'update public.crypto_wallets set balance = balance + $1 where id = $2 and balance + $1 >= 0',
          [by, pick([first, second])],
        )
        if (changed.rowCount === 1) moved[0]! += by
      }
    }
    const newOne = async () => {
      for (let round = 0; round < 60; round++) {
        const by = (next() % 7) - 3
        if (by !== 0 && (await adjust(fairlock, user, by))) moved[1]! += by
      }
    }
    let ended = false
    const carrier = async () => {
      while (!ended) await old.carry('crypto_wallets', [first, second])
    }
    const work = Promise.all([oldApplication(), newOne()]).finally(() => {
      ended = true
    })
    await Promise.all([work, carrier()])
    await Promise.all([app.end(), fairlock.end()])
    await old.carry('crypto_wallets', [first, second])
    const [found] = await rows(old, `select balance::text from crypto_wallets where user_id = '${user}'`)
    assert.equal(Number((found as { balance: string }).balance), 10 + moved[0]! + moved[1]!)
    assert.deepEqual(await rows(old, LOST_COINS), [])
    assert.deepEqual(await old.ledgerProblems(), [])
  })

  test('an address goes to whoever is left; who is erased here stays so', async () => {
    const [older, younger] = [await person(old, 'Both@example.org'), await person(old, 'both@example.org')]
    await old.carry('users', [younger, older])
    assert.deepEqual(await emails(old, older, younger), ['Both@example.org', null])
    await old.owner.query('delete from public.users where id = $1', [older])
    await old.carry('users', [older])
    await old.drain()
    assert.deepEqual(await emails(old, older, younger), [null, 'both@example.org'])
    await old.engine.query(`select set_config('fairlock.carrying', 'off', false);
      insert into fairlock.erasures (user_id, reason) values ('${younger}', 'asked');
      update users set email = 'erased:1@erased.invalid' where id = '${younger}';
      select set_config('fairlock.carrying', 'on', false)`)
    await old.owner.query(`update public.users set email = 'again@example.org' where id = $1`, [younger])
    await old.carry('users', [younger])
    assert.deepEqual(await emails(old, younger), ['erased:1@erased.invalid'])
  })

  test('a wallet that is connected from outside leaves the books, and comes back', async () => {
    const user = await person(old, 'outside@example.org')
    const key = await wallet(old, user, 3)
    await old.carry('crypto_wallets', [key])
    const held = () =>
      rows(
        old,
        `select w.balance::text, o.last_known_balance::text as outside from crypto_wallets w
      left join fairlock.outside_wallets o on o.user_id = w.user_id where w.user_id = '${user}'`,
      )
    await old.owner.query(
      `update public.crypto_wallets set wallet_provider = 'metamask', is_connected = true where id = $1`,
      [key],
    )
    await old.carry('crypto_wallets', [key])
    assert.deepEqual(await held(), [{ balance: '0.00000000', outside: '3.00000000' }])
    await old.owner.query(
      `update public.crypto_wallets set wallet_provider = 'platform', is_connected = false where id = $1`,
      [key],
    )
    await old.carry('crypto_wallets', [key])
    assert.deepEqual(await held(), [{ balance: '3.00000000', outside: null }])
    await old.owner.query('delete from public.crypto_wallets where id = $1', [key])
    assert.equal((await old.carry('crypto_wallets', [key])).removed, 1)
    assert.deepEqual(await held(), [{ balance: '0.00000000', outside: null }])
    assert.deepEqual(await old.ledgerProblems(), [])
  })

  test('a row that a law refuses is quarantined alone, and says which law', async () => {
    await old.owner.query(`insert into fairlock_next.crypto_prices (symbol, price_usd) select 'NONE', 1 where false;
      alter table fairlock_next.crypto_prices add constraint no_thirteen check (price_usd <> 13)`)
    const { rows: made } = await old.owner.query<{ id: string }>(
      `insert into public.crypto_prices (id, symbol, price_usd) select gen_random_uuid(), 'L' || n, n
       from generate_series(11, 15) n returning id::text`,
    )
    assert.deepEqual(
      await old.carry(
        'crypto_prices',
        made.map(({ id }) => id),
      ),
      {
        carried: 4,
        unchanged: 0,
        quarantined: 1,
        removed: 0,
      },
    )
    const [reason] = (await rows(
      old,
      `select reasons -> 0 ->> 'message' as message from fairlock_adoption.quarantine
      where reasons -> 0 ->> 'code' = 'refused'`,
    )) as { message: string }[]
    assert.match(reason!.message, /^23514 no_thirteen /)
    await old.owner.query('alter table fairlock_next.crypto_prices drop constraint no_thirteen')
  })
})

/** Wallets whose balance is not what the old rows that lead to them hold. */
const LOST_COINS = `
  select w.id, w.balance::text, coalesce(sum(trunc(fairlock_adoption.money(o.balance), 8)), 0)::text as old
  from crypto_wallets w
  left join fairlock_adoption.carried c on c.target_id = w.id and c.target = 'crypto_wallets'
  left join fairlock_adoption.old_crypto_wallets o on o.key = c.key
  group by w.id having w.balance <> coalesce(sum(trunc(fairlock_adoption.money(o.balance), 8)), 0)`

/** All that a carry decides, without what differs from run to run: ids of merged wallets, times, tries. */
const STATE = `
  select 'user' as what, to_jsonb(u) as row from users u
  union all
  select 'profile', case when c.key is not null then to_jsonb(p) - 'volume_before' - 'total_trades' - 'trading_volume'
    else jsonb_build_object('user_id', p.user_id) end
  from crypto_profiles p left join fairlock_adoption.carried c on c.target_id = p.id and c.table_name = 'crypto_profiles'
  union all
  select 'wallet', jsonb_build_object('user', user_id, 'currency', currency, 'balance', balance)
  from crypto_wallets where balance <> 0
  union all select 'outside', to_jsonb(o) from fairlock.outside_wallets o
  union all select 'price', to_jsonb(p) from crypto_prices p
  union all select 'carried', jsonb_build_object('table', table_name, 'key', key, 'target', target) from fairlock_adoption.carried
  union all select 'quarantined', jsonb_build_object('table', table_name, 'key', key, 'reasons', reasons, 'row', old_row)
  from fairlock_adoption.quarantine
  union all select 'aside', to_jsonb(s) - 'at' from fairlock_adoption.set_aside s
  order by 1, 2`

async function rows(on: Carrying, statement: string): Promise<unknown[]> {
  return (await on.engine.query(statement)).rows
}

/** Twelve people without any dirt; the rows of the generator go. */
const FRESH = `
  truncate crypto_trades, crypto_transactions, crypto_wallets, crypto_profiles, crypto_prices, users;
  insert into users (id, email, created_at)
  select md5('u' || n)::uuid, 'p' || n || '@example.org', timestamp '2024-01-01' + n * interval '1 day'
  from generate_series(1, 12) n`

type Pick = <T>(from: readonly T[]) => T
const USER = (pick: Pick) => `md5('u${pick([1, 2, 3, 4, 5])}')::uuid`
const ID = (kind: string, pick: Pick) => `md5('${kind}${pick([1, 2, 3, 4, 5, 6, 7, 8])}')::uuid`
const DAY = (pick: Pick) => `timestamp '2024-03-0${pick([1, 2, 3, 4])}'`

/** What the old application does; each returns the keys that it touched. */
const CHANGES: ((pick: Pick) => [OldTable, string])[] = [
  (pick) => [
    'users',
    `update users set email = v.email
     from (values (${pick([`'a@x.org'`, `'A@x.org'`, `'b@x.org'`, `'B@x.org'`, 'null', `'none'`, `' c@x.org '`])})) v (email)
     where id = ${USER(pick)} and not exists (select from users o where o.email = v.email) returning id::text as key`,
  ],
  (pick) => [
    'users',
    `update users set created_at = ${DAY(pick)} where id = ${USER(pick)} returning id::text as key`,
  ],
  (pick) => [
    'crypto_profiles',
    `insert into crypto_profiles (id, user_id, created_at, updated_at, kyc_status) values (${ID('p', pick)}, ${USER(pick)},
       ${DAY(pick)}, ${DAY(pick)}, '${pick(['verified', 'pending', 'odd'])}')
     on conflict (id) do update set user_id = excluded.user_id, kyc_status = excluded.kyc_status returning id::text as key`,
  ],
  (pick) => [
    'crypto_profiles',
    `delete from crypto_profiles where id = ${ID('p', pick)} returning id::text as key`,
  ],
  (pick) => [
    'crypto_wallets',
    `insert into crypto_wallets (id, user_id, wallet_address, wallet_provider, is_connected, balance, currency, created_at)
     select ${ID('w', pick)}, ${USER(pick)}, 'x', provider, provider = 'metamask', ${pick([0, 1, 2.5, 7])},
       '${pick(['BTC', 'eth', 'BTC', 'ZZZ'])}', ${DAY(pick)} from (values ('${pick(['platform', 'platform', 'metamask', 'who'])}')) v (provider)
     on conflict (id) do update set user_id = excluded.user_id, wallet_provider = excluded.wallet_provider,
       is_connected = excluded.is_connected, currency = excluded.currency, balance = excluded.balance
     returning id::text as key`,
  ],
  (pick) => [
    'crypto_wallets',
    `update crypto_wallets set balance = ${pick(['3', 'balance + 1', '-1', `'NaN'`, 'null'])} where id = ${ID('w', pick)}
     returning id::text as key`,
  ],
  (pick) => [
    'crypto_wallets',
    `delete from crypto_wallets where id = ${ID('w', pick)} returning id::text as key`,
  ],
  (pick) => [
    'crypto_prices',
    `insert into crypto_prices (id, symbol, price_usd, last_updated, created_at) values (${ID('r', pick)},
       '${pick(['X', 'x', 'Y', ''])}', ${pick([0, 1, 2])}, ${DAY(pick)}, ${DAY(pick)})
     on conflict (id) do update set symbol = excluded.symbol, price_usd = excluded.price_usd,
       last_updated = excluded.last_updated returning id::text as key`,
  ],
  (pick) => [
    'crypto_prices',
    `delete from crypto_prices where id = ${ID('r', pick)} returning id::text as key`,
  ],
]

/** A small generator of numbers, the same in each run. */
function random(seed: number): { next: () => number; pick: Pick } {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 8
  }
  return { next, pick: (from) => from[next() % from.length]! }
}

async function copy(from: pg.Client, to: pg.Client, table: string): Promise<void> {
  const { rows } = await from.query<{ text: string }>(`select t::text as text from public.${table} t`)
  for (const { text } of rows)
    await to.query(`insert into public.${table} select ($1::public.${table}).*`, [text])
}

async function person(old: Carrying, email: string): Promise<string> {
  const { rows } = await old.owner.query<{ id: string }>(
    'insert into public.users (id, email) values (gen_random_uuid(), $1) returning id::text',
    [email],
  )
  await old.carry('users', [rows[0]!.id])
  return rows[0]!.id
}

async function wallet(old: Carrying, user: string, balance: number): Promise<string> {
  const { rows } = await old.owner.query<{ id: string }>(
    `insert into public.crypto_wallets (id, user_id, wallet_address, wallet_provider, balance, currency)
     values (gen_random_uuid(), $1, 'x', 'platform', $2, 'BTC') returning id::text`,
    [user, balance],
  )
  return rows[0]!.id
}

async function emails(old: Carrying, ...people: string[]): Promise<(string | null)[]> {
  const { rows } = await old.engine.query<{ email: string | null }>(
    'select u.email from unnest($1::uuid[]) with ordinality p (id, place) join users u using (id) order by place',
    [people],
  )
  return rows.map(({ email }) => email)
}

/** What Fairlock's own adjustment does to a wallet in Bitcoin; false where the coins are not there. */
async function adjust(fairlock: pg.Client, user: string, by: number): Promise<boolean> {
  try {
    await fairlock.query(
      `with w as (select id from fairlock_next.crypto_wallets where user_id = '${user}' and currency = 'BTC'), posted as (
         select w.id, ledger.post('adjustment', array[w.id], array[${by}::numeric], ledger.system_account('custody', 'BTC'), null,
           'moved here') as transfer from w
       )
       insert into fairlock_next.crypto_transactions (user_id, wallet_id, amount, currency, status, transaction_type, category,
         metadata) select '${user}', id, ${by}, 'BTC', 'completed', 'adjustment', 'adjustment', jsonb_build_object('transfer', transfer)
       from posted`,
    )
    return true
  } catch (error) {
    if (['23514', '40001', '40P01'].includes((error as pg.DatabaseError).code ?? '')) return false
    throw error
  }
}
