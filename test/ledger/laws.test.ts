import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { assertCleanBooks } from '../support/books.ts'
import { type Market, startMarket } from '../support/market.ts'
import { withClient } from '../support/server.ts'
import { tradeForADay } from './support.ts'

// What is held by the database itself: everything here is SQL by somebody who has got hold of a role's connection.
let market: Market
before(async () => {
  market = await startMarket()
  await tradeForADay(market)
})
after(() => market.stop())

const ROLES = ['fairlock_app', 'fairlock_engine', 'fairlock_ledger'] as const
type Role = (typeof ROLES)[number]

const DENIED = '42501'
const APPEND_ONLY = 'FL090'
const NOT_ZERO = 'FL091'
const UNKNOWN_ACCOUNT = 'FL092'
const CHECK = '23514'

const trader = `(select id from ledger.accounts where kind = 'trader' and balance > 0 order by id limit 1)`
const other = `(select id from ledger.accounts where kind = 'trader' and currency = 'BTC' order by id desc limit 1)`
const bitcoin = `(select id from ledger.accounts where kind = 'trader' and currency = 'BTC' and balance > 0 order by id limit 1)`
const ether = `(select id from ledger.accounts where kind = 'trader' and currency = 'ETH' order by id limit 1)`
const custody = `ledger.system_account('custody', 'BTC')`

/** A statement and the SQLSTATE that each role gets; "*" are the roles that are not named. */
const ATTEMPTS: [string, Partial<Record<Role | '*', string>>][] = [
  [`update ledger.entries set amount = amount * 2`, { '*': DENIED }],
  [`update ledger.entries set transfer_id = transfer_id + 1`, { '*': DENIED }],
  [`delete from ledger.entries`, { '*': DENIED }],
  [`truncate ledger.entries`, { '*': DENIED }],
  [`update ledger.transfers set kind = 'refund'`, { '*': DENIED }],
  [`delete from ledger.transfers`, { '*': DENIED }],
  [`delete from ledger.accounts`, { '*': DENIED }],
  [
    `insert into ledger.transfers (kind, reason) values ('adjustment', 'mine')`,
    { fairlock_app: DENIED, fairlock_engine: DENIED },
  ],
  [
    `insert into ledger.entries (transfer_id, account_id, currency, amount) select 1, id, currency, 1 from ledger.accounts
     where kind = 'custody' limit 1`,
    { fairlock_app: DENIED, fairlock_engine: DENIED, fairlock_ledger: NOT_ZERO },
  ],
  [
    `insert into ledger.entries (transfer_id, account_id, currency, amount)
     values (1, gen_random_uuid(), 'BTC', 1), (1, gen_random_uuid(), 'ETH', -1)`,
    { fairlock_app: DENIED, fairlock_engine: DENIED, fairlock_ledger: NOT_ZERO },
  ],
  [
    `insert into ledger.entries (transfer_id, account_id, currency, amount)
     values (1, gen_random_uuid(), 'BTC', 'NaN'), (1, gen_random_uuid(), 'BTC', 'NaN')`,
    { fairlock_app: DENIED, fairlock_engine: DENIED, fairlock_ledger: CHECK },
  ],
  [`update ledger.accounts set balance = balance + 1`, { fairlock_app: DENIED, fairlock_engine: DENIED }],
  [
    `update ledger.accounts set balance = -1 where kind = 'trader'`,
    { fairlock_app: DENIED, fairlock_engine: DENIED, fairlock_ledger: CHECK },
  ],
  [`update ledger.accounts set kind = 'custody'`, { '*': DENIED }],
  [`update ledger.accounts set user_id = null`, { '*': DENIED }],
  [`update crypto_wallets set balance = balance + 1`, { fairlock_app: DENIED, fairlock_engine: DENIED }],
  [`update ledger.roll_up_mark set entry_id = 0`, { fairlock_app: DENIED, fairlock_engine: DENIED }],
  [`alter table ledger.entries disable trigger all`, { '*': DENIED }],
  [`set session_replication_role = replica`, { '*': DENIED }],
  [
    `select ledger.post('adjustment', array[]::uuid[], array[]::numeric[], null, null, 'x')`,
    { fairlock_app: DENIED },
  ],
  [post(`array[${trader}]`, `array[1]`, 'null'), { fairlock_engine: NOT_ZERO }],
  [post(`array[${bitcoin}, ${other}]`, `array[-0.1, 0.2]`, 'null'), { fairlock_engine: NOT_ZERO }],
  [post(`array[${bitcoin}, ${ether}]`, `array[-0.1, 0.1]`, 'null'), { fairlock_engine: NOT_ZERO }],
  [post(`array[${ether}]`, `array[-0.1]`, custody), { fairlock_engine: NOT_ZERO }],
  [post(`array[${bitcoin}]`, `array[-1000000]`, custody), { fairlock_engine: CHECK }],
  [post(`array[gen_random_uuid()]`, `array[1]`, custody), { fairlock_engine: UNKNOWN_ACCOUNT }],
  [post(`array[${custody}]`, `array[1]`, custody), { fairlock_engine: UNKNOWN_ACCOUNT }],
  [post(`array[${bitcoin}]`, `array['NaN'::numeric]`, custody), { fairlock_engine: CHECK }],
  [post(`array[${bitcoin}]`, `array[0]`, custody), { fairlock_engine: CHECK }],
  [postEach(`array[${bitcoin}]`, `array[1]`), { fairlock_app: DENIED }],
  [postEach(`array[${bitcoin}, ${ether}]`, `array[1, -1000000]`), { fairlock_engine: CHECK }],
  [postEach(`array[${bitcoin}]`, `array['NaN'::numeric]`), { fairlock_engine: CHECK }],
  [postEach(`array[${bitcoin}, ${bitcoin}]`, `array[1, 1]`), { fairlock_engine: UNKNOWN_ACCOUNT }],
  [postEach(`array[${custody}]`, `array[1]`), { fairlock_engine: UNKNOWN_ACCOUNT }],
  ...ROLES.map((role): [string, Partial<Record<Role | '*', string>>] => [
    `set role ${role}`,
    { fairlock_app: DENIED },
  ]),
]

function post(accounts: string, amounts: string, system: string): string {
  return `select ledger.post('adjustment', ${accounts}, ${amounts}, ${system}, null, 'an attempt')`
}

function postEach(accounts: string, amounts: string): string {
  return `select ledger.post_each(array_fill('adjustment'::text, array[cardinality(${accounts})]), ${accounts}, ${amounts},
    'an attempt')`
}

for (const role of ROLES) {
  test(`${role} cannot get past the laws of the ledger`, async () => {
    for (const [statement, outcomes] of ATTEMPTS) {
      const expected = outcomes[role] ?? outcomes['*']
      if (expected === undefined || statement === `set role ${role}`) continue
      assert.equal(await attempt(role, statement), expected, `${role}: ${statement}`)
    }
    await assertCleanBooks(market.database.ownerUrl)
  })
}

test('even the owner of the schema is refused, short of switching the triggers off', async () => {
  for (const statement of [
    'update ledger.entries set amount = amount',
    'delete from ledger.entries',
    'truncate ledger.entries',
    'delete from ledger.transfers',
    'truncate ledger.transfers',
    'delete from ledger.accounts',
    'delete from crypto_escrows',
    'delete from crypto_trades',
  ]) {
    assert.equal(await attempt('fairlock_owner', statement), APPEND_ONLY, statement)
  }
})

test('nobody can sign in as, or become, the role that posts; only the owner, who could change the laws', async () => {
  await withClient(market.database.superuserUrl, async (client) => {
    const roles = await client.query(
      `select rolname, rolcanlogin, rolsuper, rolbypassrls from pg_roles where rolname = any ($1) order by 1`,
      [ROLES],
    )
    assert.deepEqual(
      roles.rows.map((one) => Object.values(one)),
      [
        ['fairlock_app', true, false, false],
        ['fairlock_engine', false, false, false],
        ['fairlock_ledger', false, false, false],
      ],
    )
    const members = await client.query(
      `select distinct m.member::regrole::text as member from pg_auth_members m
       where m.roleid in ('fairlock_ledger'::regrole, 'fairlock_engine'::regrole)
         and not (select rolsuper from pg_roles where oid = m.member)`,
    )
    assert.deepEqual(members.rows, [{ member: 'fairlock_owner' }])
  })
})

test('only ledger.post and ledger.post_each write entries, and only the engine may call them', async () => {
  await withClient(market.database.superuserUrl, async (client) => {
    const writers = await client.query(
      `select distinct grantee from information_schema.role_table_grants
       where table_schema = 'ledger' and table_name in ('entries', 'transfers') and privilege_type <> 'SELECT' order by 1`,
    )
    assert.deepEqual(
      writers.rows.map(({ grantee }) => grantee),
      ['fairlock_ledger', 'fairlock_owner'],
    )
    const functions = await client.query(
      `select proname from pg_proc where prosrc ~* 'insert into ledger.entries' order by 1`,
    )
    assert.deepEqual(functions.rows, [{ proname: 'post' }, { proname: 'post_each' }])
    const callers = await client.query(
      `select distinct (aclexplode(proacl)).grantee::regrole::text as role from pg_proc
       where oid in ('ledger.post'::regproc, 'ledger.post_each'::regproc) order by 1`,
    )
    assert.deepEqual(
      callers.rows.map(({ role }) => role),
      ['fairlock_engine', 'fairlock_ledger'],
    )
  })
})

/** Runs a statement as a role and gives the SQLSTATE it fails with, or "done". Nothing of it stays. */
function attempt(role: Role | 'fairlock_owner', statement: string): Promise<string> {
  const { appUrl, ownerUrl } = market.database
  return withClient(role === 'fairlock_app' ? appUrl : ownerUrl, async (client) => {
    await client.query('begin')
    if (role === 'fairlock_engine' || role === 'fairlock_ledger') await client.query(`set local role ${role}`)
    try {
      await client.query(statement)
      await client.query('set constraints all immediate')
      return 'done'
    } catch (error) {
      if (error instanceof pg.DatabaseError) return error.code!
      throw error
    }
  })
}
