import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { down, lineDifference, status, up, verify } from '../../src/platform/migrator/index.ts'
import { schemaSnapshot } from '../../src/platform/schema-snapshot.ts'
import { freshDatabase, scratchDirectory, smallDatabase } from './support.ts'

const first = {
  'platform/platform.sql': `
    grant usage on schema public to fairlock_app, fairlock_engine;
    create or replace function public.double(n int) returns int language sql as 'select 2 * n';`,
  'platform/platform.more.sql': `create view public.doubled as select public.double(1) as two;`,
  'trades/trades.sql': `
    create function public.touch() returns trigger language plpgsql
      as 'begin new.updated_at := now(); return new; end';
    create trigger touch before update on public.crypto_trades for each row execute function public.touch();
    grant select on public.users to fairlock_app, fairlock_engine;
    grant update (email) on public.users to fairlock_engine;
    alter table public.users enable row level security;
    alter table public.users force row level security;
    create policy "the engine sees everybody" on public.users to fairlock_engine using (true);
    create policy "nobody is seen" on public.users to fairlock_app using (false);
    set local role fairlock_engine;
    create function public.mine() returns name language sql security definer set search_path = ''
      return current_user;`,
}

async function codeDirectory(t: TestContext, files: Record<string, string>): Promise<string> {
  const directory = await scratchDirectory(t)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(directory, path, '..'), { recursive: true })
    await writeFile(join(directory, path), text)
  }
  return directory
}

test('the database has what the text says and nothing else', async (t) => {
  const { database, owner } = await smallDatabase(t)
  const bare = await scratchDirectory(t)
  await up({ ...database, code: bare })
  const before = await schemaSnapshot(owner)

  const code = await codeDirectory(t, first)
  assert.equal((await up({ ...database, code })).codeApplied, true)
  assert.equal((await up({ ...database, code })).codeApplied, false)
  const found = await owner.query('select two, public.mine() as mine from public.doubled')
  assert.deepEqual(found.rows, [{ two: 2, mine: 'fairlock_engine' }])
  const full = await schemaSnapshot(owner)

  // Another result type, one file less: nothing of the old text is in the way, and nothing of it stays.
  const second = await codeDirectory(t, {
    'platform/platform.sql': `create function public.double(m bigint) returns bigint language sql
      as 'select 2 * m';`,
  })
  assert.equal((await status({ ...database, code: second })).code, 'outdated')
  await up({ ...database, code: second })
  const names = await owner.query<{ name: string }>(
    `select proname::text as name from pg_proc where pronamespace = 'public'::regnamespace
     union all select relname from pg_class where relname = 'doubled'
     union all select tgname from pg_trigger where tgname = 'touch'
     union all select polname from pg_policy`,
  )
  assert.deepEqual(names.rows, [{ name: 'double' }])

  await up({ ...database, code: bare })
  assert.deepEqual(lineDifference(before, await schemaSnapshot(owner)), [])
  await up({ ...database, code })
  assert.deepEqual(lineDifference(full, await schemaSnapshot(owner)), [])
})

test('the way down takes the code out first, and the way up puts it back at the end', async (t) => {
  const { database, owner } = await smallDatabase(t)
  const code = await codeDirectory(t, first)
  await up({ ...database, code })
  await owner.query('set role fairlock_engine')
  await owner.query('reset role')
  const full = await schemaSnapshot(owner)
  await down({ ...database, to: '3' })
  const left = await owner.query(`select from pg_proc where pronamespace = 'public'::regnamespace`)
  assert.equal(left.rowCount, 0)
  const security = await owner.query('select from pg_class where relrowsecurity and relnamespace = 2200')
  assert.equal(security.rowCount, 0)
  assert.equal((await up({ ...database, code, to: '5' })).codeApplied, false)
  assert.equal((await status({ ...database, code })).code, 'absent')
  assert.equal((await up({ ...database, code })).codeApplied, true)
  assert.deepEqual(lineDifference(full, await schemaSnapshot(owner)), [])
})

test('facts and verify see the rows that row-level security hides from the owner', async (t) => {
  const { database, owner } = await freshDatabase(t)
  const bare = await scratchDirectory(t)
  await up({ ...database, code: bare })
  await owner.query(`insert into public.users (email) values ('a@example.org')`)
  const grants = `grant usage on schema public, ledger, fairlock, audit to fairlock_engine;
    grant select on all tables in schema public, ledger, fairlock, audit to fairlock_engine;`
  const code = await codeDirectory(t, { ...first, 'operations/operations.sql': grants })
  await up({ ...database, code })
  // On PostgreSQL 15 a member of the engine's role inherits its policies; from 16 on the owner does not.
  const version = await owner.query<{ number: number }>(
    `select current_setting('server_version_num')::int as number`,
  )
  const seen = version.rows[0]!.number < 160_000 ? 1 : 0
  assert.equal((await owner.query('select from public.users')).rowCount, seen)

  const migrations = await scratchDirectory(t, new URL('../../db/migrations/', import.meta.url).pathname)
  const trial = join(migrations, '9000-trial')
  await mkdir(trial)
  await writeFile(
    join(trial, 'up.sql'),
    `-- changes public.users (email)\nupdate public.users set email = upper(email)`,
  )
  await writeFile(join(trial, 'down.sql'), 'select 1')
  await writeFile(join(trial, 'verify.sql'), `select email as problem from public.users`)
  assert.deepEqual((await up({ ...database, code, migrations })).problems, [])
  assert.deepEqual(await verify({ ...database, migrations }), [
    { source: '9000-trial', problem: 'A@EXAMPLE.ORG' },
  ])
  const forced = await owner.query(
    `select relforcerowsecurity as forced from pg_class where oid = 'users'::regclass`,
  )
  assert.deepEqual(forced.rows, [{ forced: true }])

  const blind = await codeDirectory(t, first)
  await up({ ...database, code: blind, migrations })
  await rm(trial, { recursive: true })
  await mkdir(trial)
  await assert.rejects(verify({ ...database }), /newer version|needs USAGE on every schema/)
})

test('code may not make tables, and tables may not hang on code', async (t) => {
  const { database, owner } = await smallDatabase(t)
  const bare = await scratchDirectory(t)
  await up({ ...database, code: bare })
  const table = await codeDirectory(t, { 'platform/platform.sql': 'create table public.one (id int)' })
  await assert.rejects(up({ ...database, code: table }), /Code in src\/ may not make.*table (public\.)?one/)

  const code = await codeDirectory(t, first)
  await up({ ...database, code })
  await owner.query(
    'alter table public.crypto_prices alter column market_cap_rank set default public.double(1)',
  )
  await assert.rejects(
    up({ ...database, code: bare }),
    /these come and go with it: default of (public\.)?crypto_prices/,
  )
  await assert.rejects(down({ ...database, to: '1' }), /default of (public\.)?crypto_prices/)
})

test('an error in the code names its file and line and leaves the old code in place', async (t) => {
  const { database, owner } = await smallDatabase(t)
  const code = await codeDirectory(t, first)
  await up({ ...database, code })
  const broken = await codeDirectory(t, {
    ...first,
    'trades/trades.sql': 'create view public.one as select 1;\n\ncreate view public.two as select nothing;',
  })
  await assert.rejects(
    up({ ...database, code: broken }),
    /src\/trades\/trades.sql:3: column "nothing" does not exist/,
  )
  assert.equal((await owner.query('select from public.doubled')).rowCount, 1)
  assert.equal((await status({ ...database, code })).code, 'current')
})
