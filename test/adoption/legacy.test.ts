import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import pg from 'pg'
import {
  DIRT,
  type Dirt,
  dirtOf,
  type Legacy,
  makeLegacy,
  type Variant,
} from '../../src/adoption/legacy/index.ts'
import { startOldApplication } from '../support/legacy/load.ts'
import { emptyDatabase, type TestDatabase } from '../support/server.ts'

const ROWS = 1500
type Old = { database: TestDatabase; made: Legacy; client: pg.Client }
const olds = new Map<string, Old>()
before(async () => {
  await Promise.all(
    (['plain', 'odd'] as const).flatMap((variant) =>
      [false, true].map(async (dirty) => {
        const database = await emptyDatabase()
        const made = await makeLegacy(database.ownerUrl, { rows: ROWS, variant, dirty })
        const client = new pg.Client(database.ownerUrl)
        await client.connect()
        olds.set(`${variant} ${dirty ? 'dirty' : 'clean'}`, { database, made, client })
      }),
    ),
  )
})
after(async () => {
  for (const { client } of olds.values()) await client.end()
})

const old = (variant: Variant, state: 'clean' | 'dirty') => olds.get(`${variant} ${state}`)!

/** Those of the keys that are in the table. */
async function present({ client }: Old, table: string, keys: string[]): Promise<string[]> {
  const { rows } = await client.query<{ key: string }>(
    `select k as key from unnest($1::text[]) k join public.${table} t on t.id::text = k`,
    [keys],
  )
  return rows.map(({ key }) => key)
}

test('an old database has about as many rows as were asked for, and the dirty one its dirt besides', async () => {
  for (const variant of ['plain', 'odd'] as const) {
    const { made } = old(variant, 'clean')
    const rows = Object.values(made.rows).reduce((sum, count) => sum + count, 0)
    assert.equal(rows, ROWS)
    assert.deepEqual(made.dirt, [])
    assert.ok(dirtOf(variant).length >= 28)
    const dirty = old(variant, 'dirty')
    assert.deepEqual(
      dirty.made.dirt.map(({ code }) => code),
      dirtOf(variant).map(({ code }) => code),
    )
    const tables = Object.groupBy(dirty.made.dirt, ({ table }) => table)
    for (const [table, kinds] of Object.entries(tables)) {
      const keys = kinds.flatMap((kind) => kind.keys)
      assert.ok(kinds.every((kind) => kind.keys.length >= 2))
      assert.deepEqual((await present(dirty, table, keys)).sort(), keys.sort(), table)
    }
  }
})

test('nothing but the old platform is in it, and the odd one has what surrounds its tables', async () => {
  const relations = async ({ client }: Old) =>
    (
      await client.query<{ name: string }>(
        `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relkind in ('r', 'v') order by 1`,
      )
    ).rows.map(({ name }) => name)
  const six = [
    'crypto_prices',
    'crypto_profiles',
    'crypto_trades',
    'crypto_transactions',
    'crypto_wallets',
    'users',
  ]
  const around = ['recent_trades', 'reporting.balances', 'reporting.daily_activity', 'support_tickets']
  for (const state of ['clean', 'dirty'] as const) {
    assert.deepEqual(await relations(old('plain', state)), six)
    assert.deepEqual(await relations(old('odd', state)), [...six, ...around].sort())
  }
})

test('the same seed makes the same database', async () => {
  const sums = ({ client }: Old) =>
    client
      .query(`select sum(hashtextextended(t::text, 0)) from public.crypto_trades t`)
      .then(({ rows }) => rows)
  const again = await emptyDatabase()
  const client = new pg.Client(again.ownerUrl)
  await makeLegacy(again.ownerUrl, { rows: ROWS, dirty: true })
  await client.connect()
  try {
    assert.deepEqual(await sums({ ...old('plain', 'dirty'), client }), await sums(old('plain', 'dirty')))
  } finally {
    await client.end()
  }
})

test('docs/operating/migration.md says of every kind of dirt what the list says', () => {
  const page = readFileSync('docs/operating/migration.md', 'utf8')
  let table = ''
  const documented = page.split('\n').flatMap((line) => {
    if (/^##/.test(line)) table = /^### .*\(`(\w+)`\)$/.exec(line)?.[1] ?? ''
    return /^\| `\w+`/.test(line) && table !== '' ? [`${table} ${line}`] : []
  })
  assert.deepEqual(documented, DIRT.map(lineOf).sort(byTable(documented)))
  assert.equal(new Set(DIRT.map(({ code }) => code)).size, DIRT.length)
})

function lineOf(dirt: Dirt): string {
  const { code, what, outcome, column, reason, differs = [], becomes, only } = dirt
  const where = {
    carried: 'carried',
    set_aside: `carried, \`${column}\` set aside`,
    quarantined: 'quarantined',
  }
  const filed = outcome === 'carried' ? where.carried : `${where[outcome]}: \`${reason}\``
  const counted = differs.length > 0 ? ` (differences: ${differs.map((one) => `\`${one}\``).join(', ')})` : ''
  return `${dirt.table} | \`${code}\`${only ? ' *' : ''} | ${what} | ${filed}${counted} | ${becomes} |`
}

/** The page has the tables in its own order. */
const byTable = (lines: string[]) => (a: string, b: string) => lines.indexOf(a) - lines.indexOf(b)

test('requests that find a lock wait from when they were due, and a refused one is told of', async () => {
  const { database, client } = old('plain', 'clean')
  const application = await startOldApplication(database.ownerUrl, { perSecond: 50, connections: 2 })
  await client.query('begin; lock table public.crypto_trades, public.crypto_prices in access exclusive mode')
  await new Promise((resolve) => setTimeout(resolve, 400))
  await client.query('rollback; alter table public.users rename to people')
  await new Promise((resolve) => setTimeout(resolve, 400))
  await client.query('alter table public.people rename to users')
  const { longestStall, max, failures } = await application.stop()
  assert.ok(longestStall > 300 && max > 300, `${longestStall} ms, ${max} ms`)
  assert.ok(failures.length > 0)
  assert.match(failures[0]!.message, /relation "users" does not exist/)
})

describe('in a database that is used', { concurrency: true }, () => {
  test('the old application finds its way through every old database without a failure', async () => {
    const runs = [...olds.entries()].map(async ([name, { database }]) => {
      const application = await startOldApplication(database.ownerUrl, { perSecond: 100, connections: 4 })
      await new Promise((resolve) => setTimeout(resolve, 1500))
      const lap = await application.lap()
      const whole = await application.stop()
      return { name, lap, whole }
    })
    for (const { name, lap, whole } of await Promise.all(runs)) {
      assert.deepEqual(whole.failures, [], name)
      assert.ok(lap.requests >= 120 && lap.requests <= whole.requests, `${name}: ${lap.requests} requests`)
      assert.ok(Object.keys(whole.byStatement).length >= 20, name)
      assert.ok(whole.p50 > 0 && whole.p50 <= whole.p99 && whole.p99 <= whole.max)
    }
  })

  test('fairlock dev legacy prints what it made, and leaves alone what has something in it', async () => {
    const { database } = old('plain', 'clean')
    await assert.rejects(makeLegacy(database.ownerUrl, { rows: ROWS }), {
      name: 'NotEmpty',
      message: /has tables already \(public\.crypto_prices/,
    })
    const empty = await emptyDatabase()
    const words = [
      'src/main.ts',
      'dev',
      'legacy',
      '--rows',
      '300',
      '--dirty',
      '--json',
      '--url',
      empty.ownerUrl,
    ]
    const { stdout } = await promisify(execFile)(process.execPath, words)
    assert.equal((JSON.parse(stdout) as Legacy).dirt.length, dirtOf('plain').length)
  })
})
