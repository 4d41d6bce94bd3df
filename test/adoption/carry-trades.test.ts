import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { readState, scrubSecrets, sealSecrets } from '../../src/adoption/index.ts'
import { DIRT } from '../../src/adoption/legacy/dirt.ts'
import { Database, loadConfig, marketUrls } from '../../src/platform/index.ts'
import { withSession } from '../../src/platform/migrator/index.ts'
import { keyringInForce, Sealer } from '../../src/platform/sealing/index.ts'
import { TEST_KEYS } from '../support/market.ts'
import { type Carrying, startCarrying } from './carrying.ts'

let old: Carrying
const MINE = ['crypto_transactions', 'crypto_trades'] as const

before(async () => {
  old = await startCarrying({ rows: 600, dirty: true })
  for (const table of ['users', 'crypto_prices', 'crypto_profiles', 'crypto_wallets', ...MINE] as const)
    await old.carry(table)
  await old.drain()
  await recount()
})

after(() => old.end())

async function recount(): Promise<void> {
  for (;;) {
    const [row] = await ask<{ n: number }>('select fairlock_adoption.recount_waiting(500) as n')
    if (row!.n === 0) return
  }
}

async function ask<T extends object>(sql: string, values: unknown[] = []): Promise<T[]> {
  return (await old.engine.query<T>(sql, values)).rows
}

test('every kind of dirt in transactions and trades comes out as its table says', async () => {
  const wrong: string[] = []
  for (const { code, table, keys } of old.legacy.dirt) {
    const dirt = DIRT.find((one) => one.code === code)!
    if (!MINE.some((mine) => mine === table)) continue
    for (const found of await outcomes(table, keys)) {
      const expected = {
        carried: dirt.outcome === 'quarantined' ? 0 : 1,
        reasons: dirt.outcome === 'quarantined' ? [dirt.reason] : [],
        aside: dirt.outcome === 'set_aside' ? [`${dirt.column} ${dirt.reason}`] : [],
      }
      if (JSON.stringify(found) !== JSON.stringify(expected)) wrong.push(`${code}: ${JSON.stringify(found)}`)
    }
  }
  assert.deepEqual(wrong, [])
})

async function outcomes(table: string, keys: string[]) {
  return await ask(
    `select (select count(*)::integer from fairlock_adoption.carried where table_name = $1 and key = k) as carried,
       array(select r ->> 'code' from fairlock_adoption.quarantine, jsonb_array_elements(reasons) r
         where table_name = $1 and key = k) as reasons,
       array(select column_name || ' ' || code from fairlock_adoption.set_aside
         where table_name = $1 and key = k) as aside
     from unnest($2::text[]) k`,
    [table, keys],
  )
}

test('the books agree with the records, and carrying once more changes nothing', async () => {
  assert.deepEqual(await old.ledgerProblems(), [])
  const before = await checksums()
  for (const table of MINE) {
    const again = await old.carry(table)
    assert.equal(again.carried, 0)
    assert.ok(again.unchanged > 100 && again.quarantined > 20)
  }
  await recount()
  assert.deepEqual(await checksums(), before)
  // And with every hash forgotten, as after a way down and up.
  await ask(`update fairlock_adoption.carried set hash = 0 where table_name = any ($1)`, [MINE])
  for (const table of MINE) await old.carry(table)
  await recount()
  assert.deepEqual(await checksums(), before)
})

const checksums = () =>
  ask(`select (select sum(hash_record_extended(x, 0)::numeric) from fairlock_next.crypto_transactions x) as transactions,
    (select sum(hash_record_extended(t, 0)::numeric) from fairlock_next.crypto_trades t) as trades,
    (select sum(hash_record_extended((o.id, o.status, o.version, o.price, o.total_amount), 0)::numeric)
      from fairlock.offers o) as offers,
    (select sum(hash_record_extended((p.user_id, p.total_trades, p.trading_volume, p.volumes, p.counterparties), 0)::numeric)
      from fairlock_next.crypto_profiles p) as people,
    (select sum(hash_record_extended((s.key, s.code, s.value), 0)::numeric) from fairlock_adoption.set_aside s) as aside`)

/** Two people of the old platform whom nothing else of these tests is about. */
async function twoPeople(): Promise<[string, string]> {
  const { rows } = await old.owner.query<{ id: string }>(
    `insert into public.users (id, email) select g, g || '@example.org' from (
       select gen_random_uuid() as g from generate_series(1, 2)) made returning id`,
  )
  const ids = rows.map(({ id }) => id)
  await old.owner.query(
    `insert into public.crypto_profiles (id, user_id, total_trades, trading_volume) select gen_random_uuid(), id, 7, 70
     from unnest($1::uuid[]) id`,
    [ids],
  )
  await old.carry('users', ids)
  await old.drain()
  await old.carry('crypto_profiles')
  return [ids[0]!, ids[1]!]
}

type OldTrade = {
  user_id: string
  side?: string
  status?: string
  pair?: string
  metadata?: object | null
  transaction_id?: string | null
}

/** Writes a trade as the old application does, and carries it. */
async function oldTrade(trade: OldTrade): Promise<string> {
  const { user_id, side = 'sell', status = 'completed', pair = 'BTC/USD', metadata = null } = trade
  const { rows } = await old.owner.query<{ id: string }>(
    `insert into public.crypto_trades (id, user_id, transaction_id, pair, side, price, amount, total_value, status,
       metadata, timestamp, created_at, updated_at)
     values (gen_random_uuid(), $1, $2, $3, $4, 40000, 0.5, 20000, $5, $6, '2024-05-01', '2024-05-01', '2024-05-02')
     returning id`,
    [user_id, trade.transaction_id ?? null, pair, side, status, metadata],
  )
  await old.carry('crypto_trades', [rows[0]!.id])
  return rows[0]!.id
}

async function oldTransaction(user: string, columns: Record<string, unknown>): Promise<string> {
  const row: Record<string, unknown> = {
    amount: '2',
    currency: 'BTC',
    status: 'completed',
    transaction_type: 'deposit',
  }
  Object.assign(row, { timestamp: '2024-05-01', created_at: '2024-05-01' }, columns)
  const names = Object.keys(row)
  const { rows } = await old.owner.query<{ id: string }>(
    `insert into public.crypto_transactions (id, user_id, ${names.join(', ')})
     values (gen_random_uuid(), $1, ${names.map((_, at) => `$${at + 2}`).join(', ')}) returning id`,
    [user, ...Object.values(row)],
  )
  await old.carry('crypto_transactions', [rows[0]!.id])
  return rows[0]!.id
}

test('who sold and who bought follows from the side and the other party, and both are counted', async () => {
  const [ann, ben] = await twoPeople()
  const sale = await oldTrade({ user_id: ann, metadata: { buyer_id: ben } })
  const purchase = await oldTrade({ user_id: ann, side: 'buy', metadata: { counterparty_id: ben } })
  const alone = await oldTrade({ user_id: ann, side: 'buy' })
  const off = await oldTrade({ user_id: ann, status: 'cancelled', metadata: { buyer_id: ben } })
  const found = await ask<{ id: string }>(
    `select id, user_id as seller, buyer_id as buyer, side, status, offer_id, escrow_id from fairlock_next.crypto_trades
     where id = any ($1)`,
    [[sale, purchase, alone, off]],
  )
  const record = { offer_id: null, escrow_id: null }
  assert.deepEqual(
    new Map(found.map((one) => [one.id, one])),
    new Map(
      [
        [sale, { id: sale, seller: ann, buyer: ben, side: 'sell', status: 'completed', ...record }],
        [purchase, { id: purchase, seller: ben, buyer: ann, side: 'buy', status: 'completed', ...record }],
        [alone, { id: alone, seller: ann, buyer: null, side: 'buy', status: 'completed', ...record }],
        [off, { id: off, seller: ann, buyer: ben, side: 'sell', status: 'cancelled', ...record }],
      ].map(([id, one]) => [id, one] as const) as [string, (typeof found)[number]][],
    ),
  )
  await recount()
  assert.deepEqual(await counts(ann), {
    trades: 3,
    volume: '60000.00000000',
    with: 1,
    volumes: { BTC: '1.50000000' },
  })
  assert.deepEqual(await counts(ben), {
    trades: 2,
    volume: '40000.00000000',
    with: 1,
    volumes: { BTC: '1.00000000' },
  })
  assert.deepEqual(
    await ask(
      `select column_name, old, new from fairlock_adoption.differences d
       join fairlock_adoption.carried c using (table_name, key) join fairlock_next.crypto_profiles p on p.id = c.target_id
       where p.user_id = $1 order by 1`,
      [ann],
    ),
    [
      { column_name: 'total_trades', old: '7', new: '3' },
      { column_name: 'trading_volume', old: '70.00000000', new: '60000.00000000' },
    ],
  )
  // The old application deletes one: it is no record any more, and not counted.
  await old.owner.query('delete from public.crypto_trades where id = $1', [purchase])
  assert.equal((await old.carry('crypto_trades', [purchase])).removed, 1)
  await recount()
  assert.equal((await counts(ben))?.trades, 1)
  assert.deepEqual(await old.ledgerProblems(), [])
})

async function counts(person: string) {
  const [found] = await ask<{ trades: number }>(
    `select total_trades as trades, trading_volume::text as volume, counterparties as "with", volumes
     from fairlock_next.crypto_profiles where user_id = $1`,
    [person],
  )
  return found
}

test('a sale that both sides recorded is two rows and counts once', async () => {
  const [ann, ben] = await twoPeople()
  const transaction = await oldTransaction(ann, { transaction_type: 'sell', amount: '0.5' })
  const first = await oldTrade({ user_id: ann, metadata: { buyer_id: ben }, transaction_id: transaction })
  const second = await oldTrade({
    user_id: ben,
    side: 'buy',
    metadata: { counterparty_id: ann },
    transaction_id: transaction,
  })
  const [told] = await ask(`select same_as from fairlock_next.crypto_trades where id = $1`, [second])
  assert.deepEqual(told, { same_as: first })
  const [line] = await ask(
    `select trade_id, exchange_rate::text as rate, fiat_value::text as worth, fiat_currency as money, category
     from fairlock_next.crypto_transactions where id = $1`,
    [transaction],
  )
  assert.deepEqual(line, {
    trade_id: first,
    rate: '40000.00000000',
    worth: '20000.00000000',
    money: 'USD',
    category: null,
  })
  await recount()
  assert.deepEqual([(await counts(ann))?.trades, (await counts(ben))?.trades], [1, 1])
  assert.deepEqual(await old.ledgerProblems(), [])
  // Without the first the second is the only one.
  await old.owner.query('delete from public.crypto_trades where id = $1', [first])
  await old.carry('crypto_trades', [first])
  await recount()
  assert.deepEqual([(await counts(ann))?.trades, (await counts(ben))?.trades], [1, 1])
  assert.deepEqual(await old.ledgerProblems(), [])
})

test('a fee is the network’s, the platform’s or both, and stays the sum', async () => {
  const [ann] = await twoPeople()
  const fees = async (columns: Record<string, unknown>) => {
    const id = await oldTransaction(ann, columns)
    const [row] = await ask<{ network: string; platform: string }>(
      `select trim_scale(network_fee)::text as network, trim_scale(platform_fee)::text as platform
       from fairlock_next.crypto_transactions where id = $1`,
      [id],
    )
    return [row!.network, row!.platform]
  }
  const gas = { gas_used: 21000, gas_price: '20' }
  assert.deepEqual(await fees({ transaction_type: 'withdrawal', transaction_fee: '0.001' }), ['0.001', '0'])
  assert.deepEqual(await fees({ transaction_type: 'buy', transaction_fee: '0.001' }), ['0', '0.001'])
  // 21,000 × 20 gwei = 0.00042
  assert.deepEqual(await fees({ transaction_type: 'withdrawal', transaction_fee: '0.001', ...gas }), [
    '0.00042',
    '0.00058',
  ])
  assert.deepEqual(await fees({ transaction_type: 'sell', transaction_fee: '0.00042', ...gas }), [
    '0.00042',
    '0',
  ])
  // Gas that costs more than was paid tells nothing.
  assert.deepEqual(await fees({ transaction_type: 'sell', transaction_fee: '0.0001', ...gas }), [
    '0',
    '0.0001',
  ])
  assert.deepEqual(await fees({ transaction_type: 'deposit' }), [null, null])
})

test('what a line was worth is filled in where a price was written down then, and left empty where none was', async () => {
  const [ann] = await twoPeople()
  const worth = async (at: string) => {
    const id = await oldTransaction(ann, { timestamp: at })
    return (
      await ask(
        `select exchange_rate::text as rate, fiat_value::text as worth, fiat_currency as money
         from fairlock_next.crypto_transactions where id = $1`,
        [id],
      )
    )[0]
  }
  await ask(`insert into fairlock.price_days (currency, is_sample, at, open, high, low, close, samples, first_at, last_at)
    values ('BTC', false, '2023-07-01 00:00Z', 30000, 31000, 29000, 30500.5, 2, '2023-07-01 01:00Z', '2023-07-01 23:00Z')`)
  assert.deepEqual(await worth('2023-07-01 12:00'), {
    rate: '30500.50000000',
    worth: '61001.00000000',
    money: 'USD',
  })
  assert.deepEqual(await worth('2023-07-02 12:00'), { rate: null, worth: null, money: null })
})

test('an open order is an offer until it ends where it was made', async () => {
  const [ann, ben] = await twoPeople()
  const metadata = { payment_methods: ['SEPA', 'Bank'], min_amount: '0.1', terms: 'quick please' }
  const order = await oldTrade({ user_id: ann, status: 'open', pair: 'btc-eur', metadata })
  const silent = await oldTrade({ user_id: ann, status: 'open', pair: 'BTC/EUR' })
  const strange = await oldTrade({
    user_id: ann,
    status: 'open',
    pair: 'BTC/EUR',
    metadata: { payment_method: 'shells' },
  })
  const swap = await oldTrade({ user_id: ann, status: 'open', pair: 'BTC/ETH', metadata })
  const offers = async (id: string) =>
    (
      await ask(
        `select side, pair, price::text, total_amount::text as total, min_amount::text as least, status,
           payment_method_types as methods, terms from fairlock.offers where id = $1`,
        [id],
      )
    )[0]
  const offer = { side: 'sell', pair: 'BTC/EUR', price: '40000.00000000', total: '0.50000000' }
  const open = { ...offer, least: '0.10000000', methods: ['bank_transfer', 'sepa'], terms: 'quick please' }
  const paused = { ...offer, least: '0.50000000', status: 'paused', methods: ['bank_transfer'], terms: null }
  assert.deepEqual(await offers(order), { ...open, status: 'open' })
  assert.deepEqual(await offers(silent), paused)
  assert.deepEqual(await offers(strange), paused)
  assert.deepEqual(await outcomes('crypto_trades', [strange, swap]), [
    { carried: 1, reasons: [], aside: ['metadata payment_method_unknown'] },
    { carried: 0, reasons: ['pair_not_traded'], aside: [] },
  ])
  await old.owner.query('update public.crypto_trades set price = 41000 where id = $1', [order])
  await old.carry('crypto_trades', [order])
  assert.deepEqual(await offers(order), { ...open, price: '41000.00000000', status: 'open' })
  await old.owner.query(`update public.crypto_trades set status = 'completed', metadata = $2 where id = $1`, [
    order,
    { buyer_id: ben },
  ])
  await old.carry('crypto_trades', [order])
  assert.equal(((await offers(order)) as { status: string }).status, 'closed')
  const [record] = await ask(
    'select user_id as seller, buyer_id as buyer from fairlock_next.crypto_trades where id = $1',
    [order],
  )
  assert.deepEqual(record, { seller: ann, buyer: ben })
})

test('records are written and changed by the take-over alone, and never by the application', async () => {
  const [ann] = await twoPeople()
  const trade = await oldTrade({ user_id: ann })
  const change = `update fairlock_next.crypto_trades set status = 'cancelled', completed_at = null, cancelled_at = now()
    where id = '${trade}'`
  await ask(`select set_config('fairlock.carrying', 'off', false)`)
  await assert.rejects(ask(change), { code: 'FL095' })
  await assert.rejects(ask(`delete from fairlock_next.crypto_trades where id = $1`, [trade]), /append-only/)
  await assert.rejects(
    ask(
      `insert into fairlock_next.crypto_trades (user_id, pair, side, price, amount, status, completed_at)
      values ($1, 'BTC/EUR', 'buy', 1, 1, 'completed', now())`,
      [ann],
    ),
    { code: 'FL095' },
  )
  // An erasure takes from it what is personal.
  await ask(`update fairlock_next.crypto_trades set metadata = null where id = $1`, [trade])
  await ask(`select set_config('fairlock.carrying', 'on', false)`)
})

const PLANTED = [
  'zebra-crossing-4711',
  'correct horse battery staple',
  'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  'zoo zoo zoo',
]

test('a secret in clear is in no new row, is sealed once, and goes from the old rows when asked', async () => {
  const [ann] = await twoPeople()
  const metadata = { note: 'kept', wallet: { private_key: PLANTED[0] } }
  const trade = await oldTrade({ user_id: ann, metadata })
  await old.owner.query(
    `update public.crypto_profiles set security_settings = '{"totp_secret": "NB2HI4DTHIXS6ZDP"}'
    where user_id = $1`,
    [ann],
  )
  await old.carry('crypto_profiles')
  assert.deepEqual(await holders(), [])
  const { appUrl, ownerUrl } = await marketUrls(old.database)
  const keyring = await keyringInForce(
    loadConfig({ FAIRLOCK_KEYRING: 'env:TEST_KEYRING' }),
    ownerUrl,
    TEST_KEYS,
  )
  const db = new Database(appUrl, { connections: 1 })
  const sealer = new Sealer(db, keyring)
  try {
    const first = await sealSecrets(ownerUrl, sealer)
    assert.ok(first.sealed >= 10 && first.known === 0)
    assert.deepEqual(await sealSecrets(ownerUrl, sealer), {
      sealed: 0,
      changed: 0,
      known: first.sealed,
      unowned: 0,
    })
    assert.deepEqual(await holders(), [])
    assert.deepEqual(await open(sealer, trade), PLANTED[0])
    const mapping = (await withSession(ownerUrl, (session) => readState(session)))!.mapping
    const scrubbed = await scrubSecrets(ownerUrl, sealer, mapping)
    assert.deepEqual([scrubbed.scrubbed, scrubbed.unsealed], [first.sealed, 0])
    const { rows } = await old.owner.query('select metadata from public.crypto_trades where id = $1', [trade])
    assert.deepEqual(rows[0].metadata, { note: 'kept', wallet: { private_key: { sealed: true } } })
    assert.deepEqual(await open(sealer, trade), PLANTED[0])
    assert.deepEqual(await sealSecrets(ownerUrl, sealer), { sealed: 0, changed: 0, known: 0, unowned: 0 })
  } finally {
    sealer.close()
    await db.close()
    await keyring.close()
  }
})

async function open(sealer: Sealer, key: string): Promise<string> {
  const [found] = await ask<{ id: string; owner: string; secret: string }>(
    'select id, user_id as owner, secret from fairlock.adopted_secrets where row_key = $1',
    [key],
  )
  const place = { table: 'fairlock.adopted_secrets', column: 'secret', row: found!.id }
  return (await sealer.open(found!.owner, place, found!.secret)).toString()
}

/** The tables of all new schemas that have a planted secret somewhere. */
async function holders(): Promise<string[]> {
  const { rows: tables } = await old.owner.query<{ name: string }>(
    `select oid::regclass::text as name from pg_class
     where relkind = 'r' and relnamespace::regnamespace::text in ('fairlock_next', 'fairlock', 'ledger', 'audit', 'fairlock_adoption')`,
  )
  const superuser = new pg.Client(old.database.superuserUrl)
  await superuser.connect()
  const found: string[] = []
  for (const { name } of tables) {
    const { rowCount } = await superuser.query(`select from ${name} t where to_jsonb(t)::text ~ $1 limit 1`, [
      PLANTED.join('|'),
    ])
    if (rowCount !== 0) found.push(name)
  }
  await superuser.end()
  return found
}
