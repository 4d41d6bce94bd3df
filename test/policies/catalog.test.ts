import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { SEALED_COLUMNS } from '../../src/platform/sealing/index.ts'
import { type TestDatabase, testDatabase } from '../support/server.ts'
import { FUNCTIONS } from './functions.ts'

// The lint of the catalog: what must hold for every table, view, policy and function there is.
const SCHEMAS = ['public', 'fairlock', 'ledger', 'audit']

/** Tables without forced row-level security: the job library's own, which hold nothing of a person's. */
const NOT_FORCED = ['graphile_worker._private_job_queues', 'graphile_worker._private_jobs']
  .concat(['graphile_worker._private_known_crontabs', 'graphile_worker._private_tasks'])
  .concat(['graphile_worker.migrations'])

/** Views that read with the rights of their owner, and the columns they thereby show. */
const OWNER_VIEWS: Record<string, string> = {
  // The public face of a trader; fairlock_app may read it.
  'fairlock.traders': 'user_id, display_name, total_trades, average_rating, is_verified_trader, created_at',
  // Traders as the market and their public pages show them, and what was said of them without who said it.
  'fairlock.makers': 'user_id, body',
  'fairlock.public_ratings':
    'id, rated_id, given_on, role, rating, feedback, answer, feedback_hidden, answer_hidden',
  // Granted to fairlock_engine alone, for the verifier.
  'ledger.balances': 'id, kind, currency, user_id, balance',
}

/** What everybody may execute: no rule, no row. Trigger functions cannot be called at all. */
// A law looks at nothing but the row it is given.
const PUBLIC_FUNCTIONS = [
  'fairlock.acting_key',
  'fairlock.acting_user',
  'fairlock.broken_law',
  'fairlock.is_carrying',
]

const SEALED = [
  ...SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`),
  'fairlock.credentials.password_hash',
  'fairlock.sessions.token_hash',
  'fairlock.recovery_codes.code_hash',
  'fairlock.passkeys.public_key',
  'fairlock.passkey_challenges.challenge',
  'fairlock.api_keys.token_hash',
]

let database: TestDatabase
let client: pg.Client
before(async () => {
  database = await testDatabase()
  client = new pg.Client(database.superuserUrl)
  await client.connect()
})
after(async () => {
  await client?.end()
  await database?.drop()
})

test('row-level security is enabled and forced on every table', async () => {
  const found = await list(
    `select format('%I.%I', nspname, relname) from pg_class c join pg_namespace n on n.oid = relnamespace
     where relkind in ('r', 'p') and (nspname = any ($1) or nspname = 'graphile_worker')
       and not (relrowsecurity and relforcerowsecurity)`,
  )
  assert.deepEqual(found, NOT_FORCED.sort())
})

test('policies ask who is acting once per statement, and name their roles', async () => {
  const found = await client.query<{ name: string; text: string; roles: string[]; verb: string }>(
    `select format('%I.%I: %s', schemaname, tablename, policyname) as name, roles::text[], cmd as verb,
       concat_ws(' ', qual, with_check) as text from pg_policies`,
  )
  for (const { name, text, roles, verb } of found.rows) {
    const outside = text.replaceAll(/\( SELECT (?:fairlock\.acting_(?:user|key)|current_setting)\(/g, '')
    assert.doesNotMatch(
      outside,
      /acting_(?:user|key)\(|current_setting\(/,
      `${name} needs (select …) around the call`,
    )
    const isSettings = name === 'fairlock.settings: everybody reads the settings'
    assert.ok(isSettings || !roles.includes('public'), `${name} is for everybody; name the role`)
    const mayWrite = /^(graphile_worker\.|fairlock\.rate_limits:)/.test(name)
    assert.ok(
      verb === 'SELECT' || !roles.includes('fairlock_app') || mayWrite,
      `${name} lets the application write`,
    )
  }
})

test('a function that runs as its owner names its search_path, pg_temp last, and so do those it calls', async () => {
  const found = await list(
    `select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = pronamespace
     where nspname = any ($1) and (prosecdef or proconfig::text like '%search_path%')
       and not coalesce(proconfig @> '{"search_path=pg_catalog, pg_temp"}', false)`,
  )
  assert.deepEqual(found, [], 'These need "set search_path = pg_catalog, pg_temp" (see shadowing.test.ts).')
})

test('nobody may execute what they were not given', async () => {
  const callable = (role: string) =>
    list(
      `select distinct format('%I.%I', nspname, proname) from pg_proc p join pg_namespace n on n.oid = pronamespace
       where nspname = any ($1) and prorettype <> 'trigger'::regtype and has_function_privilege('${role}', p.oid, 'execute')`,
    )
  assert.deepEqual(await callable('public'), PUBLIC_FUNCTIONS)
  assert.deepEqual(
    await callable('fairlock_app'),
    [...Object.keys(FUNCTIONS).sort()].sort(),
    'What is new here is a new door: say in test/policies/functions.ts what it goes by.',
  )
})

test('views read with the rights of who asks, or show named columns', async () => {
  const found = await client.query<{ name: string; columns: string }>(
    `select format('%I.%I', nspname, relname) as name,
       (select string_agg(attname, ', ' order by attnum) from pg_attribute where attrelid = c.oid and attnum > 0) as columns
     from pg_class c join pg_namespace n on n.oid = relnamespace
     where nspname = any ($1) and relkind in ('v', 'm')
       and coalesce(array_to_string(reloptions, ','), '') !~ 'security_invoker=(true|on)'`,
    [SCHEMAS],
  )
  assert.deepEqual(Object.fromEntries(found.rows.map((row) => [row.name, row.columns])), OWNER_VIEWS)
})

test('fairlock_app owns nothing, is a member of nothing and has no right beside the rows', async () => {
  const [role] = (
    await client.query(
      `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication from pg_roles
       where rolname = 'fairlock_app'`,
    )
  ).rows
  assert.deepEqual(Object.values(role), [false, false, false, false, false])
  assert.deepEqual(
    await list(
      `select format('%s %s', classid::regclass, objid) from pg_shdepend
       where refobjid = 'fairlock_app'::regrole and deptype = 'o' and $1::text[] is not null`,
    ),
    [],
  )
  assert.deepEqual(
    await list(
      `select roleid::regrole::text from pg_auth_members
       where member = 'fairlock_app'::regrole and $1::text[] is not null`,
    ),
    [],
  )
  const beyond = await list(
    `select format('%s on %I.%I', privilege, nspname, relname)
     from pg_class c join pg_namespace n on n.oid = relnamespace,
       unnest(array['TRUNCATE', 'REFERENCES', 'TRIGGER']) privilege
     where (nspname = any ($1) or nspname = 'graphile_worker') and relkind in ('r', 'p', 'v', 'm')
       and has_table_privilege('fairlock_app', c.oid, privilege)`,
  )
  assert.deepEqual(beyond, [])
  const creatable = await list(
    `select nspname::text from pg_namespace
     where has_schema_privilege('fairlock_app', oid, 'CREATE') and $1::text[] is not null`,
  )
  assert.deepEqual(creatable, [])
  const closed = await list(
    `select nspname::text from pg_namespace
     where has_schema_privilege('fairlock_app', oid, 'USAGE') and nspname in ('audit', 'fairlock_migrations', 'fairlock_kept')
       and $1::text[] is not null`,
  )
  assert.deepEqual(closed, [])
})

test('sealed columns cannot be selected by the application, alone or with the rest', async () => {
  const app = new pg.Client(database.appUrl)
  await app.connect()
  try {
    for (const sealed of SEALED) {
      const [schema, table, column] = sealed.split('.')
      for (const columns of [column, '*', `(t).${column}`, `to_jsonb(t)`]) {
        await assert.rejects(
          app.query(`select ${columns} from ${schema}.${table} t`),
          { code: '42501' },
          sealed,
        )
      }
    }
  } finally {
    await app.end()
  }
})

/** The single column of a query, in order; $1 are the schemas. */
async function list(sql: string): Promise<string[]> {
  const { rows } = await client.query<[string]>({ text: sql, values: [SCHEMAS], rowMode: 'array' })
  return rows.map(([value]) => value).sort()
}
