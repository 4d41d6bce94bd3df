import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import pg from 'pg'
import {
  hasOldTables,
  type Mapping,
  MappingError,
  parseMapping,
  type Recognition,
  readShapes,
  recognise,
  recordMapping,
  viewsSql,
} from '../../src/adoption/index.ts'
import { type Legacy, makeLegacy } from '../../src/adoption/legacy/index.ts'
import { withSession } from '../../src/platform/migrator/index.ts'
import { emptyDatabase, type TestDatabase, testDatabase } from '../support/server.ts'

type Answer = { code: unknown; out: string; err: string }

function adopt(database: TestDatabase, ...args: string[]): Promise<Answer> {
  const env = { ...process.env, DATABASE_URL: database.ownerUrl }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['src/main.ts', 'db', 'adopt', ...args],
      { env, maxBuffer: 1 << 24 },
      (error, out, err) => resolve({ code: error?.code ?? 0, out, err }),
    )
  })
}

async function sql<T extends object>(database: TestDatabase, text: string): Promise<T[]> {
  const client = new pg.Client(database.ownerUrl)
  await client.connect()
  try {
    return (await client.query<T>(text)).rows
  } finally {
    await client.end()
  }
}

function record(database: TestDatabase, { mapping, shapes }: Recognition, confirmed: boolean): Promise<void> {
  return withSession(database.ownerUrl, (session) =>
    recordMapping(session, { mapping: mapping!, shapes, confirmed }),
  )
}

/** Every row of the catalog and of the tables outside of fairlock_adoption, with the transaction that wrote it. */
async function picture(database: TestDatabase): Promise<string> {
  const ours = `(select oid from pg_namespace where nspname ~ '^(pg_|information_schema|fairlock_adoption)')`
  const catalogs = {
    pg_namespace: `oid not in ${ours}`,
    pg_class: `relnamespace not in ${ours}`,
    pg_attribute: `attrelid in (select oid from pg_class where relnamespace not in ${ours})`,
    pg_constraint: `connamespace not in ${ours}`,
    pg_trigger: `tgrelid in (select oid from pg_class where relnamespace not in ${ours})`,
    pg_proc: `pronamespace not in ${ours}`,
    pg_type: `typnamespace not in ${ours}`,
  }
  const volatile = `'{relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid}'::text[]`
  const rows = Object.entries(catalogs).map(
    ([name, where]) =>
      `select '${name}' as what, count(*), sum(hashtextextended((to_jsonb(c) - ${volatile})::text, xmin::text::bigint)) as sum
       from ${name} c where ${where}`,
  )
  const tables = await sql<{ name: string }>(
    database,
    `select oid::regclass::text as name from pg_class where relkind = 'r' and relnamespace not in ${ours}`,
  )
  const data = tables.map(
    ({ name }) =>
      `select '${name}', count(*), sum(hashtextextended(t::text, xmin::text::bigint)) from ${name} t`,
  )
  return JSON.stringify(await sql(database, `${[...rows, ...data].join(' union all ')} order by 1`))
}

for (const variant of ['plain', 'odd'] as const) {
  describe(`an old database, ${variant}`, () => {
    let database: TestDatabase
    let made: Legacy
    let found: Recognition & { confirmed: boolean; recordedAt: string | null }
    let text: string
    let [pictureBefore, pictureAfter] = ['', '']

    before(async () => {
      database = await emptyDatabase()
      made = await makeLegacy(database.ownerUrl, { rows: 300, dirty: true, variant })
      pictureBefore = await picture(database)
      if (variant === 'plain') {
        const answer = await adopt(database, '--json')
        assert.equal(answer.code, 0, answer.err)
        text = answer.out
      } else {
        const here = await recognise(database.ownerUrl)
        await record(database, here, false)
        text = JSON.stringify({ ...here, confirmed: false })
      }
      found = JSON.parse(text)
      pictureAfter = await picture(database)
    })

    test('is left as it is: no row of its tables, catalog or other schemas is written', () => {
      assert.equal(pictureAfter, pictureBefore)
    })

    test('is recorded, and confirmed by nobody', async () => {
      assert.deepEqual(found.blockers, [])
      assert.equal(found.confirmed, false)
      const [state] = await sql<{ phase: string; confirmed_at: null; mapping: Mapping }>(
        database,
        'select phase, confirmed_at, mapping from fairlock_adoption.state',
      )
      assert.equal(state!.phase, 'adopted')
      assert.equal(state!.confirmed_at, null)
      assert.deepEqual(state!.mapping, found.mapping)
      assert.ok(await withSession(database.ownerUrl, hasOldTables))
    })

    test('what needs care is counted to the row, by the reason that its quarantine will have', () => {
      const expected = new Map<string, string[]>()
      const debts = made.dirt.find(({ code }) => code === 'wallet_quarantined')!.keys.length
      for (const { table, code, reason, keys } of made.dirt) {
        const name = SAID.get(code) ?? reason
        if (name === null || NOT_FORESEEN.has(name)) continue
        expected.set(`${table} ${name}`, [...(expected.get(`${table} ${name}`) ?? []), ...keys])
      }
      for (const [name, keys] of expected) {
        const care = found.care.filter((one) => `${one.table} ${one.code}` === name)
        const counted = care.reduce((sum, one) => sum + one.rows, 0)
        // A price with two impossible figures is counted for each; live trades and wallets from outside are no dirt.
        const factor = name === 'crypto_prices number_impossible' ? 2 : 1
        if (/live_trade|wallet_outside/.test(name)) assert.ok(counted >= keys.length, name)
        else if (name === 'crypto_wallets balance_negative') assert.equal(counted, keys.length + debts)
        else assert.equal(counted, keys.length * factor, name)
        if (!/live_trade|wallet_outside|balance_negative|(address|hash)_repeated/.test(name)) {
          for (const { samples } of care) {
            assert.ok(samples.length > 0 && samples.length <= 5, name)
            for (const key of samples) assert.ok(keys.includes(key), `${name}: ${key}`)
          }
        }
      }
      const told = found.care.map(({ table, code }) => `${table} ${code}`)
      const alsoClean = [
        'users profile_missing',
        'crypto_trades counterparty_none',
        'crypto_wallets wallet_repeated',
      ]
      assert.deepEqual(
        [...new Set(told.filter((name) => !expected.has(name)))].sort(),
        alsoClean.sort(),
        'and nothing else',
      )
    })

    test('no secret is in the report or in what is recorded', async () => {
      const secrets = await sql<{ value: string }>(
        database,
        `select distinct leaf #>> '{}' as value
         from (select security_settings::text as t from crypto_profiles union all select metadata::text from crypto_transactions
               union all select metadata::text from crypto_trades) d,
           jsonb_path_query(case when t ~ '^[{]' then t::jsonb end, '$.** ? (@.type() == "string")') leaf
         where t ~ '(totp|password|api_|private_key|mnemonic|abandon)' and length(leaf #>> '{}') >= 12`,
      )
      assert.ok(secrets.length >= 10)
      const [state] = await sql<{ all: string }>(
        database,
        'select s::text as all from fairlock_adoption.state s',
      )
      for (const { value } of secrets.filter((one) => !/^[0-9a-f]{8}-/.test(one.value))) {
        assert.ok(!text.includes(value), value)
        assert.ok(!state!.all.includes(value), value)
      }
    })

    test('its words are known by their meaning, whatever their case; what is unknown is null', () => {
      const { statuses, sides, wallets } = found.mapping!
      assert.equal(statuses.trades.schroedinger, null)
      assert.equal(statuses.trades.filled, 'completed')
      assert.equal(sides.hodl, null)
      const becomes = (kind: string, word: string) =>
        found.words.find((one) => one.kind === kind && one.word === word)?.becomes
      assert.equal(becomes('trade_status', 'OPEN '), 'open')
      assert.equal(becomes('side', ' Ask '), 'sell')
      assert.equal(becomes('pair', 'BTCEUR'), 'BTC/EUR')
      assert.equal(becomes('pair', 'FOO/BAR'), null)
      assert.ok(wallets.filter(({ connected }) => connected).every(({ custody }) => !custody))
      const unclear = wallets.filter(({ certain }) => !certain)
      assert.deepEqual(
        unclear.map(({ provider }) => provider),
        ['exodus'],
      )
    })

    test('its tables and what is around them are told in their own terms', () => {
      const trades = found.tables.find(({ table }) => table === 'crypto_trades')!
      assert.equal(trades.keyType, variant === 'odd' ? 'character varying(36)' : 'uuid')
      if (variant === 'plain') return
      assert.deepEqual(trades.extra, ['source'])
      assert.deepEqual(found.around.views.sort(), ['public.recent_trades', 'reporting.balances'])
      for (const table of ['public.support_tickets', 'reporting.daily_activity'])
        assert.ok(found.around.tables.includes(table), table)
      assert.ok(found.around.foreignKeys.some(({ name }) => name === 'ticket_of_customer'))
      assert.deepEqual(found.around.triggers, [{ name: 'touch', table: 'crypto_wallets' }])
    })

    test('rows are read by the index of their key', async () => {
      await withSession(database.ownerUrl, async (session) => {
        await session.query('begin')
        await session.query(readFileSync('src/adoption/sql/parse.sql', 'utf8'))
        await session.query(viewsSql(found.mapping!, await readShapes(session), ['BTC']))
        await session.query('set local enable_seqscan = off')
        for (const { table } of found.tables) {
          const { rows: keys } = await session.query<{ key: string }>(
            `select fairlock_adoption.next_${table}(null, 3) as key`,
          )
          const plan = await session.query(`explain select * from fairlock_adoption.read_${table}($1)`, [
            keys.map(({ key }) => key),
          ])
          assert.match(JSON.stringify(plan.rows), /Index Cond|Recheck Cond/, table)
          const next = await session.query<{ key: string }>(
            `select fairlock_adoption.next_${table}($1, 2) as key`,
            [keys[0]!.key],
          )
          assert.deepEqual(next.rows, keys.slice(1))
        }
        await session.query('rollback')
      })
    })

    if (variant === 'plain') return

    test('an edited mapping replaces the recorded one, and its words count', async () => {
      const file = join(tmpdir(), `fairlock-mapping-${process.pid}-${variant}.json`)
      const edited = structuredClone(found.mapping!)
      edited.statuses.trades.schroedinger = 'cancelled'
      for (const group of edited.wallets) group.certain = true
      writeFileSync(file, JSON.stringify(edited))
      const answer = await adopt(database, '--mapping', file, '--yes', '--json')
      assert.equal(answer.code, 0, answer.err)
      const again = JSON.parse(answer.out) as typeof found & { inForce: { confirmedAt: null } }
      assert.equal(again.confirmed, true)
      assert.equal(again.inForce.confirmedAt, null)
      const rows = (report: Recognition, code: string) =>
        report.care
          .filter((one) => one.table === 'crypto_trades' && one.code === code)
          .reduce((sum, one) => sum + one.rows, 0)
      assert.ok(rows(again, 'status_unknown') < rows(found, 'status_unknown'))
      assert.ok(!again.care.some(({ code }) => code === 'custody_unclear'))
      const third = await recognise(database.ownerUrl, { mapping: again.mapping! })
      assert.deepEqual(third.mapping, again.mapping, 'what people decided stays when it is looked at again')
    })
  })
}

/** What is carried as it is, and told all the same. */
const SAID = new Map([
  ['email_missing', 'email_missing'],
  ['email_blank', 'email_missing'],
  ['statistics_negative', 'statistics_negative'],
  ['address_repeated', 'address_repeated'],
  ['hash_repeated', 'hash_repeated'],
])
/** What only the carry can tell: it depends on what has become of another row, or on the words of a free text. */
const NOT_FORESEEN = new Set(['wallet_quarantined', 'payment_method_unknown'])

describe('a mapping file', () => {
  let mapping: Mapping
  before(async () => {
    const database = await emptyDatabase()
    await makeLegacy(database.ownerUrl, { rows: 100 })
    mapping = (await recognise(database.ownerUrl)).mapping!
  })

  const refused: [string, (edited: Record<string, never> & Mapping) => void, RegExp][] = [
    ['a key that is none', (m) => Object.assign(m, { colour: 1 }), /the mapping: unknown key "colour"/],
    [
      'a status that is none',
      (m) => Object.assign(m.statuses.trades, { open: 'opened' }),
      /statuses\.trades\.open: "opened" is none of open, live, completed, cancelled, expired or null/,
    ],
    [
      'custody that is no yes or no',
      (m) => Object.assign(m.wallets[0]!, { custody: 'yes' }),
      /wallets\.0\.custody: .*"yes"/,
    ],
    [
      'a column of no table',
      (m) => Object.assign(m.tables.users, { age: 'age' }),
      /tables\.users: unknown key "age"/,
    ],
    ['a zone that is none', (m) => Object.assign(m, { zone: 'Mars/Phobos' }), /zone: "Mars\/Phobos"/],
    [
      'two meanings of one word',
      (m) => Object.assign(m.sides, { Bid: 'buy', 'bid ': 'sell' }),
      /sides: .* in two spellings/,
    ],
    ['the same wallets twice', (m) => m.wallets.push(m.wallets[0]!), /wallets\.\d+: the same wallets/],
    ['a part left out', (m) => Reflect.deleteProperty(m, 'sides'), /sides/],
  ]
  for (const [what, edit, message] of refused) {
    test(`is refused with ${what}`, () => {
      const edited = structuredClone(mapping) as Record<string, never> & Mapping
      edit(edited)
      assert.throws(
        () => parseMapping(JSON.stringify(edited)),
        (error) => error instanceof MappingError && message.test(error.message),
      )
    })
  }

  test('that is wrong ends the command as wrong usage, and names the file and the place', async () => {
    const database = await emptyDatabase()
    const file = join(tmpdir(), `fairlock-mapping-${process.pid}.json`)
    writeFileSync(file, JSON.stringify({ ...mapping, zone: 'Nowhere' }))
    const { code, err } = await adopt(database, '--mapping', file)
    assert.equal(code, 2)
    assert.match(err, /fairlock-mapping-\d+\.json: zone: "Nowhere"/)
  })
})

describe('what cannot be taken over', () => {
  let database: TestDatabase
  before(async () => {
    database = await emptyDatabase()
    await makeLegacy(database.ownerUrl, { rows: 100 })
  })

  const blocked: [string, string, string, string[]][] = [
    [
      'a table is missing',
      'alter table crypto_prices rename to prices',
      'alter table prices rename to crypto_prices',
      ['table-missing'],
    ],
    [
      'a table is a view',
      'alter table crypto_prices rename to prices; create view crypto_prices as select * from prices',
      'drop view crypto_prices; alter table prices rename to crypto_prices',
      ['not-a-table'],
    ],
    [
      'a primary key is missing',
      'alter table crypto_prices drop constraint crypto_prices_pkey',
      'alter table crypto_prices add primary key (id)',
      ['no-key'],
    ],
    [
      'a primary key has two columns',
      'alter table crypto_prices drop constraint crypto_prices_pkey, add primary key (id, symbol)',
      'alter table crypto_prices drop constraint crypto_prices_pkey, add primary key (id)',
      ['no-key'],
    ],
    [
      'ids are numbers',
      'alter table crypto_prices rename to prices; create table crypto_prices (id serial primary key, symbol text, price_usd text)',
      'drop table crypto_prices; alter table prices rename to crypto_prices',
      ['key-type'],
    ],
    [
      'a column without which a row means nothing is missing',
      'alter table crypto_wallets rename balance to how_much',
      'alter table crypto_wallets rename how_much to balance',
      ['column-missing'],
    ],
    [
      'schemas of somebody else have names that are needed',
      'create schema ledger; create schema fairlock_next',
      'drop schema ledger; drop schema fairlock_next',
      ['schema-taken'],
    ],
    [
      'rows are hidden',
      'alter table users enable row level security, force row level security',
      'alter table users disable row level security, no force row level security',
      ['rows-hidden'],
    ],
  ]
  for (const [what, damage, repair, codes] of blocked) {
    test(what, async () => {
      await sql(database, damage)
      try {
        const { blockers } = await recognise(database.ownerUrl)
        assert.deepEqual(
          blockers.map(({ code }) => code),
          codes,
        )
        for (const { message, remedy } of blockers) assert.ok(message !== '' && remedy !== '')
      } finally {
        await sql(database, repair)
      }
    })
  }

  test('tables that belong to somebody else', async () => {
    const superuser = { ...database, ownerUrl: database.superuserUrl }
    await sql(superuser, 'alter table users owner to current_user')
    const { code, out, err } = await adopt(database)
    assert.equal(code, 1)
    assert.match(out, /public\.users belongs to/)
    assert.match(err, /nothing was recorded/)
    await sql(superuser, 'alter table users owner to fairlock_owner')
  })

  test('a Fairlock database is none to take over, and its tables are no old ones', async () => {
    const fairlock = await testDatabase()
    const { blockers } = await recognise(fairlock.ownerUrl)
    assert.deepEqual(
      blockers.map(({ code }) => code),
      ['already-fairlock'],
    )
    assert.equal(await withSession(fairlock.ownerUrl, hasOldTables), false)
  })

  test('while rows are carried by a mapping, another may only say what that did not know', async () => {
    const found = await recognise(database.ownerUrl)
    const before = structuredClone(found)
    before.mapping!.statuses.trades.limbo = null
    before.mapping!.wallets[0]!.certain = false
    await record(database, before, true)
    await sql(database, `update fairlock_adoption.state set phase = 'expanding'`)
    const more = structuredClone(before)
    more.mapping!.statuses.trades.limbo = 'cancelled'
    more.mapping!.wallets[0]!.certain = true
    await record(database, more, true)
    const other = structuredClone(more)
    other.mapping!.statuses.trades.limbo = 'expired'
    other.mapping!.wallets[0]!.custody = !other.mapping!.wallets[0]!.custody
    await assert.rejects(
      record(database, other, true),
      /something else of statuses\.trades\.limbo, wallets\.0\..*park/i,
    )
    await sql(database, `update fairlock_adoption.state set phase = 'parked'`)
    await record(database, other, true)
  })
})
