import { createHash, randomBytes } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { bringUp } from '../../src/cli/bring-up.ts'
import { furnish } from './house.ts'
import { startTestServer } from './test-server.ts'

/** A database of its own for one test or test file; it goes when the process ends, if not dropped before. */
export type TestDatabase = {
  name: string
  ownerUrl: string
  appUrl: string
  superuserUrl: string
  drop(): Promise<void>
}

const OWNER = 'fairlock_owner'
const APP = 'fairlock_app'
// Roles belong to the whole server, so every test database shares these two passwords.
const PASSWORDS = { [OWNER]: 'owner-of-the-test-server', [APP]: 'app-of-the-test-server' }
const root = fileURLToPath(new URL('../..', import.meta.url))

/** A clone of the template, which the first test to come makes with the migrator. */
export async function testDatabase(): Promise<TestDatabase> {
  const template = await onServer(ensureTemplate)
  // Measured with 60 tables: 10 ms a clone, against 80 ms with strategy wal_log.
  return newDatabase(`template ${template} strategy file_copy`)
}

/** A database with nothing in it, for tests that migrate it themselves. */
export function emptyDatabase(): Promise<TestDatabase> {
  return newDatabase('template template0 strategy file_copy')
}

/** The superuser's connection string of the server all tests share. */
export function testServer(): Promise<string> {
  serverUrl ??= findServer()
  return serverUrl
}

let serverUrl: Promise<string> | undefined

// node:test runs hooks in the order they were added, so a hook added here would drop a database
// before the file's own hooks close their pools. The end of the process comes after all of them.
const cleanups: (() => Promise<void>)[] = []
process.on('beforeExit', async () => {
  while (cleanups.length > 0) await cleanups.pop()?.()
})

async function findServer(): Promise<string> {
  const url = process.env.FAIRLOCK_TEST_SERVER ?? (await ownServer())
  const client = new pg.Client(url)
  await client.connect()
  await locked(client, () => ensureOwner(client))
  await client.end()
  return url
}

/** For a single test file run by hand: a server that lives as long as this process. */
async function ownServer(): Promise<string> {
  const { superuserUrl, stop } = await startTestServer()
  cleanups.push(stop)
  return superuserUrl
}

async function newDatabase(origin: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await onServer((client) => client.query(`create database ${name} owner ${OWNER} ${origin}`))
  const drop = async () => {
    await onServer((client) => client.query(`drop database if exists ${name} with (force)`))
  }
  cleanups.push(drop)
  const superuserUrl = urlOf(await testServer(), name)
  return {
    name,
    superuserUrl,
    ownerUrl: urlOf(superuserUrl, name, OWNER),
    appUrl: urlOf(superuserUrl, name, APP),
    drop,
  }
}

async function onServer<T>(action: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(urlOf(await testServer(), 'postgres'))
  await client.connect()
  try {
    return await action(client)
  } finally {
    await client.end()
  }
}

/** Named after what makes it and the day, so that a server that lives longer never hands out an old schema or old prices. */
async function ensureTemplate(client: pg.Client): Promise<string> {
  const name = `template_${schemaHash()}_${Math.floor(Date.now() / 86_400_000)}`
  if (await isReady(client, name)) return name
  await locked(client, async () => {
    if (await isReady(client, name)) return
    await client.query(`drop database if exists ${name} with (force)`)
    await client.query(`create database ${name} owner ${OWNER} template template0`)
    const url = await testServer()
    const urls = { ownerUrl: urlOf(url, name, OWNER), appUrl: urlOf(url, name, APP) }
    const { problems } = await bringUp(urls)
    if (problems.length > 0) throw new Error(problems.join('\n'))
    await furnish(urls)
    await client.query(`alter database ${name} is_template true`)
  })
  return name
}

async function isReady(client: pg.Client, name: string): Promise<boolean> {
  const { rowCount } = await client.query('select from pg_database where datname = $1 and datistemplate', [
    name,
  ])
  return rowCount === 1
}

/**
 * A pool of a test's own. Its `end` is over before its connections are, and dropping the database then ends those: somebody
 * has to listen, or the whole process fails although each test passed.
 */
export function testPool(connectionString: string, options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ ...options, connectionString })
  pool.on('error', () => undefined)
  return pool
}

/** A session of its own for this work. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function ensureOwner(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [OWNER])
  if (rowCount === 0) await client.query(`create role ${OWNER}`)
  await client.query(`alter role ${OWNER} login createrole password '${PASSWORDS[OWNER]}'`)
}

/** One test process at a time; the lock goes with the connection. */
async function locked(client: pg.Client, action: () => Promise<void>): Promise<void> {
  await client.query(`select pg_advisory_lock(hashtext('fairlock tests'))`)
  try {
    await action()
  } finally {
    await client.query(`select pg_advisory_unlock(hashtext('fairlock tests'))`)
  }
}

function schemaHash(): string {
  const hash = createHash('sha256')
  const made = [
    'db/migrations/**/*.sql',
    'src/**/*.sql',
    'src/platform/migrator/*.ts',
    'test/support/{house,quotes}.ts',
  ]
  for (const file of globSync(made, { cwd: root }).sort()) {
    hash.update(`${file}\n`).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex').slice(0, 16)
}

function urlOf(base: string, database: string, role?: keyof typeof PASSWORDS): string {
  const url = new URL(base)
  url.pathname = `/${database}`
  if (role) {
    url.username = role
    url.password = PASSWORDS[role] ?? ''
  }
  return url.href
}
