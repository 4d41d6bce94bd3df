import assert from 'node:assert/strict'
import { test } from 'node:test'
import type pg from 'pg'
import { expand, installState, removeExpansion } from '../../src/adoption/index.ts'
import { makeLegacy, type Variant } from '../../src/adoption/legacy/index.ts'
import { ADDED_COLUMNS, ADDED_TABLES, INDEXED } from '../../src/adoption/specified.ts'
import { ensureRoles, withSession } from '../../src/platform/migrator/index.ts'
import { besideDatabase, oldTablesSql } from '../support/beside.ts'
import { emptyDatabase, type TestDatabase, withClient } from '../support/server.ts'

// What the take-over adds to the old tables, so that the specification's whole schema is seen in `public`, and that
// nothing of it stays when it is taken away.

/** Everything that the catalog says of the relations in `public`, but for numbers that only count. */
async function picture(client: pg.Client): Promise<unknown[]> {
  const { rows } = await client.query(`
    with relations as (select * from pg_class where relnamespace = 'public'::regnamespace)
    select 'relation' as what, relname::text as of, concat_ws(' ', relkind, relowner::regrole, relacl, reloptions,
        relrowsecurity, relispartition) as facts from relations
    union all select 'column', attrelid::regclass::text, concat_ws(' ', row_number() over (
        partition by attrelid order by attnum), attname, format_type(atttypid, atttypmod), attnotnull, attidentity,
        attgenerated, attacl, pg_get_expr(adbin, adrelid))
      from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
      where attrelid in (select oid from relations) and attnum > 0 and not attisdropped
    union all select 'constraint', conrelid::regclass::text, concat_ws(' ', conname, convalidated, pg_get_constraintdef(oid))
      from pg_constraint where conrelid in (select oid from relations)
    union all select 'index', indrelid::regclass::text, concat_ws(' ', pg_get_indexdef(indexrelid), indisvalid)
      from pg_index where indrelid in (select oid from relations)
    union all select 'trigger', tgrelid::regclass::text, pg_get_triggerdef(oid) from pg_trigger
      where tgrelid in (select oid from relations) and not tgisinternal
    union all select 'view', viewname, definition from pg_views where schemaname = 'public'
    order by 1, 2, 3`)
  return rows
}

async function requireSpecified(client: pg.Client): Promise<void> {
  const { rows } = await client.query(
    `select table_name || '.' || column_name as name from information_schema.columns where table_schema = 'public'`,
  )
  const there = new Set(rows.map((row) => row.name))
  for (const [table, columns] of Object.entries(ADDED_COLUMNS))
    for (const column of Object.keys(columns))
      assert.ok(there.has(`${table}.${column}`), `${table}.${column}`)
  for (const [table, columns] of Object.entries(ADDED_TABLES))
    for (const column of columns.split(', ')) assert.ok(there.has(`${table}.${column}`), `${table}.${column}`)
}

async function requireIndexes(client: pg.Client): Promise<void> {
  const { rows } = await client.query(
    `select indrelid::regclass || '.' || attname as name from pg_index
     join pg_attribute on attrelid = indrelid and attnum = indkey[0] where indisvalid and indpred is null`,
  )
  const there = new Set(rows.map((row) => row.name))
  for (const [table, columns] of Object.entries(INDEXED))
    for (const column of columns)
      assert.ok(there.has(`${table}.${column}`), `an index for ${table}.${column}`)
}

/** The new schema's part that views look at, and the notes of a take-over; nothing else is needed to expand. */
async function oldPlatform(variant: Variant): Promise<TestDatabase> {
  const database = await emptyDatabase()
  await makeLegacy(database.ownerUrl, { rows: 200, variant })
  await withClient(database.ownerUrl, async (client) => {
    await client.query('create schema fairlock_next')
    for (const [table, columns] of Object.entries(ADDED_TABLES))
      await client.query(`create table fairlock_next.${table} (${columns.split(', ').join(' text, ')} text)`)
  })
  await ensureRoles(database)
  await withSession(database.ownerUrl, installState)
  return database
}

for (const variant of ['plain', 'odd'] as const) {
  test(`the ${variant} old database shows the whole specification, and afterwards is what it was`, async () => {
    const database = await oldPlatform(variant)
    await withSession(database.ownerUrl, async (session) => {
      const before = await picture(session)
      const first = await expand(session)
      assert.ok(first.columns > 40, String(first.columns))
      assert.deepEqual(first.skipped, [])
      await requireSpecified(session)
      await requireIndexes(session)
      const expanded = await picture(session)
      assert.deepEqual(await expand(session), { columns: 0, indexes: 0, views: 0, skipped: [] })
      assert.deepEqual(await picture(session), expanded)
      await removeExpansion(session)
      assert.deepEqual(await picture(session), before)
      const left = await session.query('select * from fairlock_adoption.expansion')
      assert.deepEqual(left.rows, [])
    })
  })
}

test('an index that a killed run left half built is built again, one of the old platform is not touched', async () => {
  const database = await oldPlatform('plain')
  await withSession(database.ownerUrl, async (session) => {
    await session.query(`
      insert into fairlock_adoption.expansion (kind, table_name, name, definition)
      values ('index', 'crypto_trades', 'idx_crypto_trades_buyer_id', '')`)
    await session.query('alter table public.crypto_trades add column buyer_id uuid')
    await session.query(`update public.crypto_trades set buyer_id = '00000000-0000-4000-8000-000000000000'`)
    await assert.rejects(
      session.query(
        'create unique index concurrently idx_crypto_trades_buyer_id on public.crypto_trades (buyer_id)',
      ),
    )
    await expand(session)
    await requireIndexes(session)
    await removeExpansion(session)
    // The column was the old platform's own.
    const { rowCount } = await session.query(
      `select from pg_attribute where attrelid = 'public.crypto_trades'::regclass and attname = 'buyer_id'`,
    )
    assert.equal(rowCount, 1)
  })
})

test('old rows get the new values and nothing else; what a trigger of theirs would change is left alone', async () => {
  const user = '00000000-0000-4000-8000-00000000000a'
  const database = await besideDatabase(`${await oldTablesSql()}
    insert into public.users (id, email) values ('${user}', 'old@example.org');
    insert into public.crypto_profiles (id, user_id, kyc_status) values ('${user}', '${user}', 'tier1')`)
  await withClient(database.superuserUrl, async (client) => {
    const engine = async (sql: string) => {
      await client.query(`set role fairlock_engine; set fairlock.carrying = 'on'`)
      const { rows } = await client.query(sql)
      await client.query('reset role; reset fairlock.carrying')
      return rows[0]
    }
    const profile = async () => (await client.query('select *, xmin from public.crypto_profiles')).rows[0]
    const fill = async () =>
      (await engine(`select fairlock_adoption.fill_crypto_profiles(array['${user}']) as filled`)).filled
    await engine(`select fairlock_adoption.carry_users(array['${user}'])`)
    await engine(`select fairlock_adoption.carry_crypto_profiles(array['${user}'])`)
    const before = await profile()
    assert.equal(await fill(), 1)
    const filled = await profile()
    assert.equal(before.daily_limit, null)
    assert.equal(Number(filled.daily_limit), 1e11)
    assert.equal(filled.two_factor_secret, null)
    assert.deepEqual(filled.updated_at, before.updated_at)
    assert.equal(await fill(), 0)
    assert.equal((await profile()).xmin, filled.xmin)
    assert.deepEqual((await client.query('select * from fairlock_adoption.marks')).rows, [])
    // And what was filled is no change of the old row.
    const again = await engine(`select * from fairlock_adoption.carry_crypto_profiles(array['${user}'])`)
    assert.equal(again.unchanged, 1)

    await client.query(`update public.crypto_profiles set daily_limit = 1`)
    await withClient(database.ownerUrl, async (busy) => {
      await busy.query('begin; select from public.crypto_profiles for update')
      await client.query('delete from fairlock_adoption.marks')
      assert.equal(await fill(), 0)
      const marks = await client.query('select table_name, key from fairlock_adoption.marks')
      assert.deepEqual(marks.rows, [{ table_name: 'crypto_profiles', key: user }])
    })
    await client.query(`create function public.touch() returns trigger language plpgsql as
      'begin new.updated_at := now(); return new; end'`)
    await client.query(`create trigger touch before update on public.crypto_profiles
      for each row execute function public.touch()`)
    assert.equal(await fill(), 0)
    const obstacles = await client.query('select * from fairlock_adoption.fill_obstacles')
    assert.deepEqual(obstacles.rows, [{ table_name: 'crypto_profiles', name: 'touch' }])
  })
})
