// Writes what is generated: from the live schema the picture of it for reviewers and the types of its rows, from the
// routes the description of the API, from the catalogue of payment methods its rows. With `--check` nothing is written
// and a difference is an error.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import pino from 'pino'
import { buildApp } from '../src/http/index.ts'
import { SignInLimits } from '../src/identity/index.ts'
import { catalogueSql } from '../src/payment-methods/index.ts'
import { Database } from '../src/platform/index.ts'
import { schemaSnapshot } from '../src/platform/schema-snapshot.ts'
import { openKeyring, Sealer } from '../src/platform/sealing/index.ts'
import { testDatabase } from '../test/support/server.ts'

const root = new URL('../', import.meta.url)
const check = process.argv.includes('--check')

const wrong: string[] = []
// First, because the schema's code has it in it.
await put('src/payment-methods/payment-methods.catalogue.sql', catalogueSql())
const database = await testDatabase()
await put('db/schema.snapshot.sql', await snapshot(database.ownerUrl))
await put('src/platform/database-types.ts', await rowTypes(database.ownerUrl))
await put('openapi.json', await openApi(database.appUrl))
await database.drop()
if (wrong.length > 0) {
  console.error(`Out of date: ${wrong.join(', ')}. Run \`npm run generate\` and commit what it writes.`)
  process.exitCode = 1
}

async function put(path: string, text: string): Promise<void> {
  const file = new URL(path, root)
  if (!check) await writeFile(file, text)
  else if ((await readFile(file, 'utf8')) !== text) wrong.push(path)
}

async function snapshot(url: string): Promise<string> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return await schemaSnapshot(client)
  } finally {
    await client.end()
  }
}

/** The API described for programs, from the schemas of its routes; no request is made. */
async function openApi(url: string): Promise<string> {
  const db = new Database(url)
  const app = await buildApp({
    db,
    sealer: new Sealer(db, await openKeyring('env:NO_KEYS', {})),
    limits: new SignInLimits(db.pool),
    log: pino({ level: 'silent' }),
    trustProxy: false,
    metricsToken: null,
    jobs: () => null,
  })
  await app.ready()
  const text = `${JSON.stringify(app.swagger(), null, 2)}\n`
  await app.close()
  await db.close()
  return text
}

/** Kysely's types: numeric and bigint are strings, times are Dates. */
async function rowTypes(url: string): Promise<string> {
  const codegen = fileURLToPath(new URL('node_modules/kysely-codegen/dist/cli/bin.js', root))
  const directory = await mkdtemp(join(tmpdir(), 'fairlock-types-'))
  const file = join(directory, 'database-types.ts')
  const options = [
    ...['--dialect', 'postgres', '--url', url, '--numeric-parser', 'string', '--date-parser', 'timestamp'],
    ...['--default-schema', 'public', '--include-pattern', '{public,fairlock,ledger,audit}.*'],
    ...['--out-file', file],
  ]
  try {
    await promisify(execFile)(process.execPath, [codegen, ...options])
    return await readFile(file, 'utf8')
  } finally {
    await rm(directory, { recursive: true })
  }
}
