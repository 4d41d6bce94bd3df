import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { type Market, startMarket } from '../support/market.ts'
import { EXPECTED, type Expectation } from './expectations.ts'
import { ACTORS, type Actor, seed } from './seed.ts'

const SCHEMAS = ['public', 'fairlock', 'ledger', 'audit', 'graphile_worker']
const NOT_ALLOWED = '42501'
// Besides: a view, or a column of one, that cannot be written to.
const DENIED = [NOT_ALLOWED, '55000', '0A000']

let market: Market
let ids: Record<Actor, string>
let superuser: pg.Client
let app: pg.Client
let tables: { name: string; columns: string[]; rows: number }[]

before(async () => {
  market = await startMarket()
  ids = await seed(market)
  superuser = await connected(market.database.superuserUrl)
  app = await connected(market.database.appUrl)
  tables = await readCatalog()
})
after(async () => {
  await app?.end()
  await superuser?.end()
  await market?.stop()
})

test('every table and view has an expectation, and rows to be seen', () => {
  const unknown = tables.filter(({ name }) => !Object.hasOwn(EXPECTED, name)).map(({ name }) => name)
  assert.deepEqual(
    unknown,
    [],
    'Say in test/policies/expectations.ts who sees how many rows of these tables, and fill them in seed.ts.',
  )
  assert.deepEqual(
    Object.keys(EXPECTED).filter((name) => !tables.some((table) => table.name === name)),
    [],
    'These tables are gone: take them out of test/policies/expectations.ts.',
  )
  const empty = tables.filter(({ rows }) => rows === 0).map(({ name }) => name)
  assert.deepEqual(
    empty,
    [],
    'Nobody sees rows where there are none: fill these tables in test/policies/seed.ts.',
  )
})

for (const actor of ACTORS) {
  test(`${actor}: sees the rows that are named, and writes none`, async () => {
    const wrong: string[] = []
    for (const table of tables) {
      const expectation = EXPECTED[table.name] ?? {}
      const rows = rowsFor(expectation, actor, table.rows)
      const writes = new Set<string>(expectation.writes ?? [])
      const expected = {
        select: rows,
        insert: writes.has('insert') ? 'allowed' : 'denied',
        update: writes.has('update') ? rows : 'denied',
        delete: writes.has('delete') ? rows : 'denied',
      }
      const seen = await tryEverything(table, ids[actor])
      for (const verb of ['select', 'insert', 'update', 'delete'] as const) {
        if (seen[verb] === expected[verb]) continue
        wrong.push(`${verb} on ${table.name}: ${seen[verb]}, expected ${expected[verb]}`)
      }
    }
    assert.deepEqual(wrong, [])
  })
}

test('a setting that names nobody shows what the anonymous see, and one that is no id is an error', async () => {
  assert.equal(await attempt(app, 'select * from crypto_trades', ids.other), 0)
  assert.equal(await attempt(app, 'select * from crypto_trades', '00000000-0000-4000-8000-000000000000'), 0)
  assert.equal(await attempt(app, 'select * from crypto_trades', `${ids.owner}' or true --`), '22P02')
})

test('the application can become nobody else', async () => {
  for (const role of [
    'fairlock_engine',
    'fairlock_ledger',
    'fairlock_owner',
    'postgres',
    'pg_read_all_data',
  ]) {
    assert.equal(await attempt(app, `set role ${role}`, ids.admin), NOT_ALLOWED, role)
    assert.equal(await attempt(app, `set session authorization ${role}`, ids.admin), NOT_ALLOWED, role)
  }
  assert.equal(
    await attempt(app, 'set row_security = off; select * from crypto_trades', ids.owner),
    NOT_ALLOWED,
  )
})

test('the owner of the schema sees no rows either, because the policies are forced', async () => {
  const owner = await connected(market.database.ownerUrl)
  try {
    for (const { name, rows } of tables) {
      const { schemaOwner = 0 } = EXPECTED[name] ?? {}
      const seen = await attempt(owner, `select * from ${name}`, ids.owner)
      // A view of another role is closed even to the owner of its schema.
      if (seen === NOT_ALLOWED && schemaOwner === 0) continue
      assert.equal(seen, schemaOwner === 'all' ? rows : schemaOwner, name)
    }
  } finally {
    await owner.end()
  }
})

function rowsFor({ reads }: Expectation, actor: Actor, all: number): number | 'denied' {
  if (reads === undefined) return 'denied'
  const rows = Array.isArray(reads) ? reads[ACTORS.indexOf(actor)] : reads
  return rows === 'all' ? all : (rows ?? 0)
}

async function tryEverything({ name, columns }: (typeof tables)[number], actor: string) {
  const refused = (outcome: number | string) =>
    typeof outcome === 'string' && DENIED.includes(outcome) ? 'denied' : outcome
  const inserted = refused(await attempt(app, `insert into ${name} default values`, actor))
  let updated: number | string = 'denied'
  for (const column of columns) {
    const outcome = refused(await attempt(app, `update ${name} set ${column} = ${column}`, actor))
    if (outcome !== 'denied') updated = outcome
  }
  return {
    select: refused(await attempt(app, `select from ${name}`, actor)),
    // A law of the table that refuses the row speaks after the privilege has let it in.
    insert: inserted === 'denied' ? 'denied' : 'allowed',
    update: updated,
    delete: refused(await attempt(app, `delete from ${name}`, actor)),
  }
}

/** Runs a statement for a person and takes it back; gives the count of rows, or the code of the error. */
async function attempt(client: pg.Client, sql: string, actor: string): Promise<number | string> {
  await client.query('begin')
  try {
    await client.query(`select set_config('fairlock.user_id', $1, true)`, [actor])
    const result = await client.query(sql)
    return result.rowCount ?? 0
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    return error.code ?? 'unknown'
  } finally {
    await client.query('rollback')
  }
}

async function readCatalog() {
  const { rows } = await superuser.query<{ name: string; columns: string[] }>(
    `select format('%I.%I', nspname, relname) as name,
       (select array_agg(quote_ident(attname) order by attnum) from pg_attribute
        where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '' and attidentity <> 'a') as columns
     from pg_class c join pg_namespace n on n.oid = relnamespace
     where nspname = any ($1) and relkind in ('r', 'p', 'v', 'm', 'f')
       and not relispartition order by 1`,
    [SCHEMAS],
  )
  return Promise.all(
    rows.map(async (table) => {
      const counted = await superuser.query<{ rows: number }>(
        `select count(*)::int as rows from ${table.name}`,
      )
      return { ...table, rows: counted.rows[0]?.rows ?? 0 }
    }),
  )
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  await client.connect()
  return client
}
