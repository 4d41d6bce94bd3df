import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { grantToEngine, type Mapping, readShapes, viewsSql } from '../../src/adoption/index.ts'
import { COLUMNS, type OldTable } from '../../src/adoption/tables.ts'
import { asEngine } from '../../src/platform/index.ts'
import { type TestDatabase, testDatabase } from '../support/server.ts'

/** A take-over made by hand, so that what judges it is tried apart from what carries. */
export type HandMade = TestDatabase & {
  /** As the superuser, past every guard and trigger: what an intruder with the keys to the database can do. */
  tamper(sql: string): Promise<void>
}

const sql = (name: string) => readFile(new URL(`../../src/adoption/sql/${name}`, import.meta.url), 'utf8')

/** An id by the kind of row and its number: 1 users, 2 profiles, 3 wallets, 4 transactions, 5 trades, 6 prices. */
export const id = (kind: number, number: number) =>
  `00000000-0000-4000-8000-${kind}${String(number).padStart(11, '0')}`

const has = (table: OldTable, columns: string) =>
  Object.fromEntries(
    Object.keys(COLUMNS[table]).map((name) => [name, columns.split(' ').includes(name) ? name : null]),
  )
const group = { wallets: 1, balance: {}, certain: true }
const MAPPING: Mapping = {
  version: 1,
  tables: {
    users: has('users', 'email created_at'),
    crypto_profiles: has(
      'crypto_profiles',
      'user_id kyc_status kyc_verified_at wallet_address security_settings created_at',
    ),
    crypto_wallets: has(
      'crypto_wallets',
      'user_id wallet_provider chain_type balance currency is_connected created_at',
    ),
    crypto_transactions: has(
      'crypto_transactions',
      'user_id transaction_hash amount currency transaction_fee status transaction_type timestamp metadata created_at',
    ),
    crypto_trades: has(
      'crypto_trades',
      'user_id pair side price amount total_value status timestamp metadata created_at',
    ),
    crypto_prices: has('crypto_prices', 'symbol price_usd'),
  },
  zone: 'Europe/Vienna',
  statuses: {
    trades: { open: 'open', done: 'cancelled' },
    transactions: { ok: 'completed', wait: 'pending' },
    kyc: { verified: 'basic', none: 'pending' },
  },
  sides: { BUY: 'buy', SELL: 'sell' },
  types: { in: 'deposit', out: 'withdrawal' },
  currencies: { XBT: 'BTC' },
  wallets: [
    { ...group, provider: 'house', chain: 'bitcoin', connected: false, custody: true },
    { ...group, provider: 'metamask', chain: 'ethereum', connected: true, custody: false },
  ],
  counterpartyKeys: ['buyer_id'],
  secrets: [],
}

/** Made-up words of a recovery phrase; the old application kept it in clear. */
export const SECRET = 'glove amount rival velvet onion panic thrive civil ozone basket lamp quarter'

/** The old tables as the old application has them, with rows of every kind. */
const OLD = `
  create schema old;
  create table old.users (id uuid primary key, email varchar(200), created_at timestamp);
  create table old.crypto_profiles (id uuid primary key, user_id uuid, kyc_status text, kyc_verified_at timestamp, wallet_address text,
    security_settings jsonb, created_at timestamp);
  create table old.crypto_wallets (id uuid primary key, user_id uuid, wallet_provider text, chain_type text,
    balance numeric, currency text, is_connected boolean, created_at timestamp);
  create table old.crypto_transactions (id uuid primary key, user_id uuid, transaction_hash text, amount numeric,
    currency text, transaction_fee double precision, status text, transaction_type text, timestamp timestamp,
    metadata jsonb, created_at timestamp);
  create table old.crypto_trades (id uuid primary key, user_id uuid, pair text, side text, price numeric, amount numeric,
    total_value numeric, status text, timestamp timestamp, metadata jsonb, created_at timestamp);
  create table old.crypto_prices (id uuid primary key, symbol text, price_usd numeric);

  create function old.id(kind int, n int) returns uuid language sql immutable
  as $$ select ('00000000-0000-4000-8000-' || kind || lpad(n::text, 11, '0'))::uuid $$;

  insert into old.users select old.id(1, n), 'Person' || n || '@Example.org', '2020-01-01 12:00' from generate_series(1, 9) n;
  -- The ninth has an address that the eighth has.
  update old.users set email = 'person8@example.org' where id = old.id(1, 9);
  insert into old.crypto_profiles
  select old.id(2, n), old.id(1, n), case when n % 2 = 0 then 'Verified' else 'none' end,
    case when n % 2 = 0 then timestamp '2020-02-01 12:00' end, 'bc1q' || n,
    case when n = 3 then jsonb_build_object('recovery_phrase', '${SECRET}') end, '2020-01-01 12:00'
  from generate_series(1, 8) n;
  -- The first has two wallets in custody.
  insert into old.crypto_wallets
  select old.id(3, n), old.id(1, greatest(n - 1, 1)), 'House', 'bitcoin', n * 1.00000001, 'xbt', false, '2020-01-01 12:00'
  from generate_series(1, 6) n;
  insert into old.crypto_transactions
  select old.id(4, n), old.id(1, 1 + n % 8), 'hash' || n, n * 0.12345678, 'BTC', 0.00000001, case n % 2 when 0 then 'OK'
    else 'wait' end, 'in', '2021-06-01 12:00', jsonb_build_object('note', 'row ' || n), '2021-06-01 12:00'
  from generate_series(1, 20) n;
  -- Nine decimals, and an amount that nobody can have meant.
  update old.crypto_transactions set amount = 1.123456789 where id = old.id(4, 7);
  update old.crypto_transactions set amount = 'NaN' where id = old.id(4, 8);
  insert into old.crypto_trades
  select old.id(5, n), old.id(1, 1), 'BTC/EUR', 'SELL', 40000, 0.5, 20000, case when n <= 3 then 'OPEN' else 'DONE' end,
    '2021-06-01 12:00', jsonb_build_object('buyer_id', old.id(1, 2)), '2021-06-01 12:00'
  from generate_series(1, 8) n;
`

/** What the mapping makes of them; the ones that it cannot take are in quarantine. */
const CARRIED = `
  insert into users (id, email, created_at)
  select id, case when id <> old.id(1, 9) then lower(email) end, created_at at time zone 'Europe/Vienna' from old.users;
  insert into crypto_profiles (id, user_id, kyc_status, kyc_verified_at, wallet_address, security_settings, created_at, updated_at)
  select id, user_id, fairlock_adoption.mapped('kyc_status', kyc_status),
    kyc_verified_at at time zone 'Europe/Vienna', wallet_address,
    fairlock_adoption.without_secrets(security_settings), created_at at time zone 'Europe/Vienna', now()
  from old.crypto_profiles;
  update crypto_profiles p set daily_limit = l.daily_limit, monthly_limit = l.monthly_limit
  from fairlock.kyc_levels l where l.level = coalesce(nullif(p.kyc_status, 'pending'), 'none');
  insert into crypto_wallets (id, user_id, currency, balance, created_at, updated_at)
  select (array_agg(id order by id))[1], user_id, 'BTC', 0, '2020-01-01 11:00Z', now()
  from old.crypto_wallets where not is_connected group by user_id;
  insert into ledger.accounts (id, kind, currency, user_id) select id, 'trader', 'BTC', user_id from crypto_wallets;
  insert into ledger.accounts (id, kind, currency)
  select ledger.system_account(kind, 'BTC'), kind, 'BTC' from unnest(array['fees', 'custody']) kind;
  insert into crypto_transactions (id, user_id, transaction_hash, amount, currency, transaction_fee, network_fee,
    platform_fee, status, transaction_type, timestamp, metadata, created_at, updated_at)
  select id, user_id, transaction_hash, trunc(amount, 8), 'BTC', 0.00000001, 0.00000001, 0,
    fairlock_adoption.mapped('transaction_status', status), 'deposit', timestamp at time zone 'Europe/Vienna', metadata,
    created_at at time zone 'Europe/Vienna', now()
  from old.crypto_transactions where amount <> 'NaN';
  insert into crypto_trades (id, user_id, buyer_id, pair, side, price, amount, total_value, status, cancelled_at, timestamp,
    metadata, created_at, updated_at)
  select id, user_id, old.id(1, 2), 'BTC/EUR', 'sell', price, amount, total_value, 'cancelled', now(),
    timestamp at time zone 'Europe/Vienna', metadata, created_at at time zone 'Europe/Vienna', now()
  from old.crypto_trades where status = 'DONE';
  insert into fairlock.offers (id, maker_id, side, base_currency, quote_currency, pricing, price, total_amount, min_amount,
    max_amount, payment_method_types, payment_window_minutes, status, created_at)
  select id, user_id, 'sell', 'BTC', 'EUR', 'fixed', price, amount, 0.1, amount, '{bank_transfer}', 60, 'paused',
    created_at at time zone 'Europe/Vienna'
  from old.crypto_trades where status = 'OPEN';
`
const JUDGED = `
  insert into fairlock_adoption.set_aside (table_name, key, column_name, code, value) values
    ('users', old.id(1, 9)::text, 'email', 'email_repeated', 'person8@example.org'),
    ('crypto_transactions', old.id(4, 7)::text, 'amount', 'decimals_cut', '0.000000009'),
    ('crypto_profiles', old.id(2, 3)::text, 'security_settings', 'secret_in_clear', null);
  insert into fairlock_adoption.quarantine (table_name, key, reasons, old_row) values
    ('crypto_transactions', old.id(4, 8)::text, '[{"code": "not_finite", "column": "amount", "message": "no number"}]', '{}');
`

/** Makes the take-over: old rows, and the new ones as the mapping wants them. */
export async function handMade(): Promise<HandMade> {
  const database = await testDatabase()
  const owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
  try {
    await owner.query(OLD)
    await owner.query(await sql('state.sql'))
    // Of what carries and mirrors, the little that is read.
    await owner.query(`create table fairlock_adoption.unheld (wallet_id uuid primary key, amount numeric)`)
    await owner.query(
      `insert into fairlock_adoption.state (phase, mapping, recognised, market_schema, confirmed_at, confirmed_by)
       values ('beside', $1, '{}', 'public', now(), 'test')`,
      [MAPPING],
    )
    await owner.query(await sql('parse.sql'))
    const currencies = await asEngine(database.ownerUrl, (client) =>
      client.query<{ code: string }>('select code from fairlock.currencies'),
    )
    await owner.query(
      viewsSql(
        MAPPING,
        await readShapes(owner, 'old'),
        currencies.rows.map(({ code }) => code),
      ),
    )
    // The market's tables are in public here.
    await owner.query('set check_function_bodies = off')
    for (const name of ['secrets', 'quarantine', 'figures', 'trade-facts'])
      await owner.query(await sql(`${name}.sql`))
    await grantToEngine(owner)
    await owner.query(
      `grant usage on schema old to fairlock_engine; grant select on all tables in schema old to fairlock_engine`,
    )
    await owner.query(JUDGED)
  } finally {
    await owner.end()
  }
  const tamper = async (text: string) => {
    const client = new pg.Client({ connectionString: database.superuserUrl })
    await client.connect()
    try {
      await client.query(`set session_replication_role = replica`)
      await client.query(text)
    } finally {
      await client.end()
    }
  }
  await tamper(CARRIED)
  await asEngine(database.ownerUrl, (client) =>
    client.query(
      `select ledger.post('adjustment', array[w.id], array[b], ledger.system_account('custody', 'BTC'), null, 'opening')
       from (select user_id, sum(balance) as b from old.crypto_wallets group by 1) o join crypto_wallets w using (user_id)`,
    ),
  )
  await tamper(STATED)
  await tamper(NOTED)
  return { ...database, tamper }
}

/** What the ledger holds, people's statements say. */
const STATED = `
  insert into crypto_transactions (id, user_id, wallet_id, amount, currency, status, transaction_type, category, metadata)
  select gen_random_uuid(), w.user_id, w.id, e.amount, 'BTC', 'completed', 'adjustment', 'adjustment',
    jsonb_build_object('transfer', e.transfer_id)
  from ledger.entries e join crypto_wallets w on w.id = e.account_id;
`

/** Which row became which, once all are there. */
const NOTED = `
  insert into fairlock_adoption.carried (table_name, key, hash, target, target_id)
  select 'users', key, fairlock_adoption.row_hash(o), 'users', id from fairlock_adoption.old_users o
  union all
  select 'crypto_profiles', key, fairlock_adoption.row_hash(o), 'crypto_profiles', id
  from fairlock_adoption.old_crypto_profiles o
  union all
  select 'crypto_wallets', key, fairlock_adoption.row_hash(o), 'crypto_wallets', n.id
  from fairlock_adoption.old_crypto_wallets o join crypto_wallets n on n.user_id = o.user_id::uuid
  union all
  select 'crypto_transactions', key, fairlock_adoption.row_hash(o), 'crypto_transactions', id
  from fairlock_adoption.old_crypto_transactions o where o.amount <> 'NaN'
  union all
  select 'crypto_trades', key, fairlock_adoption.row_hash(o), case status when 'OPEN' then 'offers' else 'crypto_trades' end, id
  from fairlock_adoption.old_crypto_trades o;
`
