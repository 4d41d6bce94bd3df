import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { type Market, startMarket } from '../support/market.ts'
import { EXPECTED, type Expectation, LOOKS } from './expectations.ts'
import { ACTORS, type Actor, seed } from './seed.ts'

const SCHEMAS = ['public', 'fairlock', 'ledger', 'audit', 'graphile_worker']
const NOT_ALLOWED = '42501'
// Besides: a view, or a column of one, that cannot be written to.
const DENIED = [NOT_ALLOWED, '55000', '0A000']

let market: Market
let ids: Record<Actor, string>
let superuser: pg.Client
let app: pg.Client
type Table = { name: string; columns: string[]; rows: number }
let tables: Table[]

before(async () => {
  market = await startMarket()
  ids = await seed(market)
  superuser = await connected(market.database.superuserUrl)
  app = await connected(market.database.appUrl)
  tables = await readCatalog()
  await superuser.query(TRYING)
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
    await assertMatrix(app, ids[actor], (table) => rowsFor(EXPECTED[table.name] ?? {}, actor, table.rows))
  })
}

test('the background work, for which nobody acts: what the anonymous see', async () => {
  // A connection of its own, in which nobody was ever named.
  const worker = await connected(market.database.appUrl)
  try {
    const seen = (table: Table) => rowsFor(EXPECTED[table.name] ?? {}, 'anonymous', table.rows)
    await assertMatrix(worker, null, seen)
  } finally {
    await worker.end()
  }
})

for (const [scope, shown] of Object.entries(LOOKS)) {
  const staff = scope === 'case' ? 'arbitrator' : 'support'
  test(`${staff} with a look of the scope ${scope}: that beside their own, and writes none`, async () => {
    const { rows } = await superuser.query<{ id: string; about: string }>(
      `select id, coalesce(person_id, trade_id) as about from fairlock.access_grants
       where scope = $1 and status = 'granted'`,
      [scope],
    )
    const [grant] = rows
    assert.ok(grant)
    const seen = (table: Table) => {
      const own = rowsFor(EXPECTED[table.name] ?? {}, staff, table.rows)
      return own === 'denied' ? own : own + (shown[table.name] ?? 0)
    }
    const lookAt = (id: string) =>
      `select from fairlock.look(${pg.escapeLiteral(scope)}, ${pg.escapeLiteral(id)}, 'the matrix')`
    await assertMatrix(app, ids[staff], seen, lookAt(grant.about))
    await assertMatrix(
      app,
      ids[staff],
      (table) => rowsFor(EXPECTED[table.name] ?? {}, staff, table.rows),
      lookAt(ids.other),
    )
  })
}

test('the assigned arbitrator looking at the dispute: that beside their own; everybody else sees no more', async () => {
  const { rows } = await superuser.query<{ id: string }>('select id from crypto_disputes')
  const look = `select from fairlock.look_at_dispute(${pg.escapeLiteral(rows[0]!.id)})`
  for (const actor of ACTORS) {
    const shown = actor === 'arbitrator' ? LOOKS.case : undefined
    await assertMatrix(
      app,
      ids[actor],
      (table) => {
        const own = rowsFor(EXPECTED[table.name] ?? {}, actor, table.rows)
        return own === 'denied' ? own : own + (shown?.[table.name] ?? 0)
      },
      look,
    )
  }
  // The setting that the look leaves proves nothing.
  const pretend = `select set_config('fairlock.case_id', trade_id::text, true) from crypto_disputes`
  const forged = `select set_config('fairlock.case_id', ${pg.escapeLiteral(await tradeOf(rows[0]?.id))}, true)`
  for (const setting of [pretend, forged])
    await assertMatrix(
      app,
      ids.other,
      (table) => rowsFor(EXPECTED[table.name] ?? {}, 'other', table.rows),
      setting,
    )
})

async function tradeOf(dispute: string | undefined): Promise<string> {
  const { rows } = await superuser.query<{ id: string }>(
    'select trade_id as id from crypto_disputes where id = $1',
    [dispute],
  )
  return rows[0]?.id ?? ''
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

/** Tries every verb on every table and view as a person, or as nobody; `look` is what they do first. */
async function assertMatrix(
  client: pg.Client,
  actor: string | null,
  rowsOf: (table: Table) => number | 'denied',
  look?: string,
): Promise<void> {
  const wrong: string[] = []
  const outcomes = await attemptEach(client, tables.flatMap(statementsFor), actor, look)
  for (const table of tables) {
    const rows = rowsOf(table)
    const writes = new Set<string>(EXPECTED[table.name]?.writes ?? [])
    const expected = {
      select: rows,
      insert: writes.has('insert') ? 'allowed' : 'denied',
      update: writes.has('update') ? rows : 'denied',
      delete: writes.has('delete') ? rows : 'denied',
    }
    const seen = seenIn(outcomes.splice(0, statementsFor(table).length))
    for (const verb of ['select', 'insert', 'update', 'delete'] as const) {
      if (seen[verb] === expected[verb]) continue
      wrong.push(`${verb} on ${table.name}: ${seen[verb]}, expected ${expected[verb]}`)
    }
  }
  assert.deepEqual(wrong, [])
}

function statementsFor({ name, columns }: Table): string[] {
  return [
    `select from ${name}`,
    `insert into ${name} default values`,
    `delete from ${name}`,
    ...columns.map((column) => `update ${name} set ${column} = ${column}`),
  ]
}

/** What the statements for one table came to, in their order. */
function seenIn(outcomes: (number | string)[]) {
  const [select, insert, deletion, ...updates] = outcomes.map((outcome) =>
    typeof outcome === 'string' && DENIED.includes(outcome) ? 'denied' : outcome,
  )
  return {
    select,
    // A law of the table that refuses the row speaks after the privilege has let it in.
    insert: insert === 'denied' ? 'denied' : 'allowed',
    update: updates.findLast((outcome) => outcome !== 'denied') ?? 'denied',
    delete: deletion,
  }
}

/** Runs a statement for a person and takes it back; gives the count of rows, or the code of the error. */
async function attempt(client: pg.Client, sql: string, actor: string): Promise<number | string> {
  const person = `select set_config('fairlock.user_id', ${pg.escapeLiteral(actor)}, true)`
  try {
    const results = (await client.query(['begin', person, sql].join(';'))) as unknown as pg.QueryResult[]
    return results.at(-1)?.rowCount ?? 0
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    return error.code ?? 'unknown'
  } finally {
    await client.query('rollback')
  }
}

/**
 * Runs statements for a person, or for nobody, each taken back before the next, and all of them at the end. They are sent
 * as one message, because there are some twenty thousand in this file.
 */
async function attemptEach(
  client: pg.Client,
  statements: string[],
  actor: string | null,
  look?: string,
): Promise<(number | string)[]> {
  await client.query('begin')
  try {
    if (actor !== null) await client.query(`select set_config('fairlock.user_id', $1, true)`, [actor])
    if (look !== undefined) await client.query(look)
    const { rows } = await client.query<{ outcomes: string[] }>('select trying.each($1) as outcomes', [
      statements,
    ])
    return (rows[0]?.outcomes ?? []).map((outcome) =>
      outcome.startsWith('rows ') ? Number(outcome.slice(5)) : outcome,
    )
  } finally {
    await client.query('rollback')
  }
}

/** As whoever calls it: the privileges and policies are the caller's. */
const TRYING = `
  create schema trying;
  create function trying.each(statements text[]) returns text[] language plpgsql as $$
  declare
    statement text;
    touched int;
    outcomes text[] := '{}';
  begin
    foreach statement in array statements loop
      begin
        execute statement;
        get diagnostics touched = row_count;
        raise exception using errcode = 'TRIED';
      exception when others then
        outcomes := outcomes || case when sqlstate = 'TRIED' then 'rows ' || touched else sqlstate end;
      end;
    end loop;
    return outcomes;
  end $$;
  grant usage on schema trying to public`

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
  const counted: Table[] = []
  for (const table of rows) {
    const count = await superuser.query<{ rows: number }>(`select count(*)::int as rows from ${table.name}`)
    counted.push({ ...table, rows: count.rows[0]?.rows ?? 0 })
  }
  return counted
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  await client.connect()
  return client
}
