import assert from 'node:assert/strict'
import { appendFile, cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import { ensureRoles, migrateToLatest, plan, status, up, verify } from '../../src/platform/migrator/index.ts'
import { schemaSnapshot } from '../../src/platform/schema-snapshot.ts'
import {
  connected,
  freshDatabase,
  lastOfSpecification,
  scratchDirectory,
  smallDatabase,
  specificationMigrations,
} from './support.ts'

/** A directory with the migrations of the specification and one more. */
async function withMigration(
  t: TestContext,
  sql: { up: string; down?: string; verify?: string },
): Promise<string> {
  const migrations = await specificationMigrations(t)
  await addMigration(migrations, '9000-trial', sql)
  return migrations
}

async function addMigration(
  migrations: string,
  name: string,
  sql: { up: string; down?: string; verify?: string },
): Promise<void> {
  await mkdir(join(migrations, name))
  await writeFile(join(migrations, name, 'up.sql'), sql.up)
  await writeFile(join(migrations, name, 'down.sql'), sql.down ?? 'select 1')
  await writeFile(join(migrations, name, 'verify.sql'), sql.verify ?? 'select null as problem where false')
}

test('two runners at once: the second waits, finds nothing to do, and both end well', async (t) => {
  const { database } = await smallDatabase(t)
  const code = await scratchDirectory(t)
  const results = await Promise.all([up({ ...database, code }), up({ ...database, code })])
  const counts = results.map((result) => result.migrations.length).sort((a, b) => a - b)
  assert.equal(counts[0], 0)
  assert.equal(counts[1], 8)
})

test('a runner that may not wait says who is at work', async (t) => {
  const { database, owner } = await smallDatabase(t)
  const code = await scratchDirectory(t)
  await up({ ...database, code, to: '1' })
  await owner.query('begin')
  await owner.query('select from fairlock_migrations.runner for update')
  const pid = (await owner.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!.pid
  await assert.rejects(up({ ...database, code, wait: false }), (error: Error) => {
    assert.match(error.message, new RegExp(`backend ${pid}, fairlock_owner.* since 20\\d\\d-.*Try again`))
    return true
  })
  assert.equal((await status({ ...database, code })).holder?.pid, pid)
  const messages: string[] = []
  const waiting = up({ ...database, code, onMessage: (message) => messages.push(message) })
  while (messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.match(messages[0]!, /Waiting for it to end/)
  await owner.query('commit')
  assert.ok((await waiting).migrations.length > 5)
})

test('a step that meets a lock gives up quickly, lets the others pass and tries again', async (t) => {
  const { database, owner } = await smallDatabase(t)
  const code = await scratchDirectory(t)
  await up({ ...database, code, to: '1' })
  await owner.query('begin')
  await owner.query('lock table public.crypto_wallets in access share mode')
  const messages: string[] = []
  const result = await up({
    ...database,
    code,
    onProgress: ({ message }) => {
      if (message !== undefined && messages.push(message) === 1) owner.query('rollback')
    },
  })
  assert.match(messages[0]!, /0002-new-columns.*lock timeout; trying again \(attempt 2\)/)
  assert.ok(result.migrations.includes('0002-new-columns'))
})

test('an invalid index that a killed CREATE INDEX CONCURRENTLY left behind is built again', async (t) => {
  const { database, owner } = await smallDatabase(t)
  const code = await scratchDirectory(t)
  await up({ ...database, code, to: '4' })
  await owner.query('create index idx_crypto_wallets_balance on public.crypto_wallets (currency)')
  const superuser = await connected(t, database.superuserUrl)
  await superuser.query(
    `update pg_index set indisvalid = false where indexrelid = 'idx_crypto_wallets_balance'::regclass`,
  )
  await up({ ...database, code })
  const found = await owner.query(
    `select pg_get_indexdef(indexrelid) as definition, indisvalid from pg_index
     where indexrelid = 'idx_crypto_wallets_balance'::regclass`,
  )
  assert.equal(found.rows[0].indisvalid, true)
  assert.match(found.rows[0].definition, /\(balance\)$/)
})

test('a changed, a missing and a late migration are reported and stop the runner', async (t) => {
  const { database } = await smallDatabase(t)
  const code = await scratchDirectory(t)
  await up({ ...database, code })

  const changed = await scratchDirectory(t, database.migrations)
  await appendFile(join(changed, '0003-new-tables', 'up.sql'), '\n-- an afterthought\n')
  const found = await status({ ...database, code, migrations: changed })
  assert.equal(found.problems.length, 1)
  assert.match(found.problems[0]!, /^0003-new-tables\/up.sql changed after it was applied/)
  await assert.rejects(up({ ...database, code, migrations: changed }), /0003-new-tables\/up.sql changed/)

  const missing = await scratchDirectory(t, database.migrations)
  await rm(join(missing, '0008-paging-indexes'), { recursive: true })
  await assert.rejects(up({ ...database, code, migrations: missing }), /newer version/)

  const late = await scratchDirectory(t, database.migrations)
  await addMigration(late, '0000-late', { up: 'select 1' })
  await assert.rejects(
    up({ ...database, code, migrations: late }),
    /0000-late is older than the newest applied/,
  )

  const twice = await scratchDirectory(t, database.migrations)
  await cp(join(twice, '0008-paging-indexes'), join(twice, '0008-other'), { recursive: true })
  await assert.rejects(up({ ...database, code, migrations: twice }), /Two migrations have the number 0008/)
})

test('verify finds what is missing and what a migration planted', async (t) => {
  const { database, owner } = await freshDatabase(t)
  const code = await scratchDirectory(t)
  await up({ ...database, code, to: lastOfSpecification })
  assert.deepEqual(await verify(database), [])
  await owner.query('drop index public.idx_crypto_trades_pair')
  await owner.query('alter table public.crypto_prices drop column macd')
  await owner.query('alter table public.crypto_escrows drop constraint crypto_escrows_settled')
  assert.deepEqual(await verify(database), [
    {
      source: '0002-new-columns',
      problem: 'public.crypto_prices.macd should be numeric(20,8) and is missing',
    },
    {
      source: '0005-performance-indexes',
      problem: 'index public.idx_crypto_trades_pair is missing or invalid',
    },
    { source: '0007-laws', problem: 'constraint crypto_escrows_settled is missing or not validated' },
    { source: '0007-laws', problem: 'constraint crypto_prices_indicators is missing or not validated' },
  ])
})

test('a migration that changes what it did not declare is found by the facts', async (t) => {
  const { database, owner } = await smallDatabase(t)
  const code = await scratchDirectory(t)
  await up({ ...database, code })
  await owner.query(`insert into public.users (email) values ('a@example.org'), ('b@example.org')`)
  const update = `update public.users set email = upper(email) where email like 'a%'`
  const silent = await withMigration(t, { up: update })
  await assert.rejects(
    migrateToLatest({ ...database, code, migrations: silent }),
    /not what it was before the migration:\npublic.users: values changed in email\n/,
  )
  assert.deepEqual(await verify({ ...database, migrations: silent }), [
    { source: 'run 2 (up)', problem: 'public.users: values changed in email' },
  ])

  const lossy = await scratchDirectory(t, silent)
  await addMigration(lossy, '9001-lossy', { up: `delete from public.users where email like 'b%'` })
  const lost = await up({ ...database, code, migrations: lossy })
  assert.deepEqual(lost.problems, ['public.users: 2 rows became 1'])

  const declared = await scratchDirectory(t, lossy)
  await addMigration(declared, '9002-declared', {
    up: `-- changes public.users (email)\nupdate public.users set email = lower(email)`,
  })
  assert.deepEqual((await up({ ...database, code, migrations: declared })).problems, [])
})

test('what other sessions write meanwhile is noted and not blamed on the migration', async (t) => {
  const { database, owner } = await smallDatabase(t)
  const code = await scratchDirectory(t)
  await up({ ...database, code })
  const migrations = await withMigration(t, { up: 'select 1' })
  let written: Promise<unknown> | undefined
  const result = await up({
    ...database,
    code,
    migrations,
    onProgress: () => {
      written ??= owner.query(`insert into public.users (email) values ('new@example.org')`)
    },
    extra: [async () => void (await written)],
  })
  const seen = [...result.notes, ...result.problems]
  assert.deepEqual(result.problems, [])
  // The insert may land after the closing facts; when it landed before, it is explained.
  if (seen.length > 0)
    assert.deepEqual(seen, ['public.users: 0 rows became 1; other sessions wrote to it meanwhile'])
})

test('an interrupted statement leaves a clear message and a run that goes on', async (t) => {
  const { database, owner } = await smallDatabase(t)
  const code = await scratchDirectory(t)
  const migrations = await withMigration(t, {
    up: `-- mode: statements
create table public.one (id int primary key);

select 1 / (select count(*) from public.users);`,
    down: 'drop table if exists public.one',
  })
  await assert.rejects(
    up({ ...database, code, migrations }),
    /^error: 9000-trial\/up.sql:4: division by zero$/,
  )
  const half = await status({ ...database, code, migrations })
  assert.deepEqual(half.interrupted, [{ migration: '9000-trial', direction: 'up' }])
  assert.deepEqual(
    (await verify({ ...database, migrations })).map((one) => one.problem),
    ['was interrupted: run it again to finish it'],
  )
  const left = await plan({ ...database, migrations })
  assert.deepEqual(
    left.map((step) => step.statements.length),
    [1],
  )
  await owner.query(`insert into public.users (email) values ('a@example.org')`)
  assert.deepEqual((await up({ ...database, code, migrations })).migrations, ['9000-trial'])
})

test('drift: the lines by which the live schema differs from the committed one', async (t) => {
  const { database, owner } = await smallDatabase(t)
  const code = await scratchDirectory(t)
  await up({ ...database, code })
  const snapshot = join(await scratchDirectory(t), 'schema.sql')
  await writeFile(snapshot, await schemaSnapshot(owner))
  assert.deepEqual((await status({ ...database, code, snapshot })).drift, [])
  await owner.query('drop index public.idx_crypto_trades_pair')
  await owner.query('alter table public.users add column nickname text')
  await owner.query('grant select (email), delete on public.users to fairlock_app')
  assert.deepEqual((await status({ ...database, code, snapshot })).drift, [
    '- CREATE INDEX idx_crypto_trades_pair ON public.crypto_trades USING btree (pair);',
    '+   nickname text,',
    '+ grant delete on public.users to fairlock_app;',
    '+ grant select on public.users (email) to fairlock_app;',
  ])
})

test('plan says what would run, which lock it takes and how many rows it goes through', async (t) => {
  const { database, owner } = await freshDatabase(t)
  const code = await scratchDirectory(t)
  await up({ ...database, code, to: '4' })
  await owner.query(`insert into public.users select from generate_series(1, 1000)`)
  await owner.query(
    `insert into public.crypto_profiles (user_id, kyc_status) select id, 'pending' from public.users`,
  )
  await owner.query('analyze public.crypto_profiles')
  const steps = await plan({ ...database, to: '7' })
  assert.deepEqual(
    steps.map((step) => [step.migration, step.transactional]),
    [
      ['0005-performance-indexes', false],
      ['0006-trade-columns', false],
      ['0007-laws', false],
    ],
  )
  assert.deepEqual(steps[0]!.statements[0], {
    sql: 'create index concurrently idx_crypto_profiles_user_id on public.crypto_profiles (user_id)',
    table: 'public.crypto_profiles',
    lock: 'SHARE UPDATE EXCLUSIVE',
    blocks: 'schema changes',
    estimatedRows: 1000,
  })
  const validate = steps[2]!.statements.find((one) =>
    /validate constraint crypto_profiles_kyc/.test(one.sql),
  )!
  assert.deepEqual([validate.blocks, validate.estimatedRows], ['schema changes', 1000])
  const dry = await up({ ...database, code, dryRun: true, to: '7' })
  assert.deepEqual([dry.planned, dry.migrations], [steps, []])
  assert.equal((await status({ ...database, code })).applied.length, 4)
})

test('an owner that may not manage roles is told what to let an administrator run', async (t) => {
  const { database } = await freshDatabase(t)
  await ensureRoles(database)
  const superuser = await connected(t, database.superuserUrl)
  const name = `plain_${database.name}`
  await superuser.query(`create role ${name} login password 'plain'`)
  await superuser.query(`alter database ${database.name} owner to ${name}`)
  const url = new URL(database.ownerUrl)
  url.username = name
  url.password = 'plain'
  await assert.rejects(
    ensureRoles({ ownerUrl: url.href, appUrl: database.appUrl }),
    new RegExp(`may not manage roles.*run: grant fairlock_engine to ${name}`),
  )
  await superuser.query(`alter database ${database.name} owner to fairlock_owner`)
  await superuser.query(`drop role ${name}`)
})

test('the application role can sign in, owns nothing and can become nobody else', async (t) => {
  const { database } = await freshDatabase(t)
  await up({ ...database, code: await scratchDirectory(t), to: '1' })
  const app = new pg.Client(database.appUrl)
  await app.connect()
  t.after(() => app.end())
  for (const role of ['fairlock_owner', 'fairlock_engine', 'fairlock_ledger']) {
    await assert.rejects(app.query(`set role ${role}`), /permission denied/)
  }
  const found = await app.query(
    `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
            exists (select from pg_class where relowner = pg_roles.oid) as owns
     from pg_roles where rolname = current_user`,
  )
  assert.deepEqual(Object.values(found.rows[0]), [false, false, false, false, false])
})
