import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { emptyDatabase, type TestDatabase } from '../support/server.ts'

export const migrationsDirectory = fileURLToPath(new URL('../../db/migrations/', import.meta.url))

/** The last of the migrations that only make the specification's tables and their laws. */
export const lastOfSpecification = '0008'

/** An empty database and a session of its owner, both gone after the test. */
export async function freshDatabase(t: TestContext): Promise<{ database: TestDatabase; owner: pg.Client }> {
  const database = await emptyDatabase()
  const owner = await connected(t, database.ownerUrl)
  return { database, owner }
}

/**
 * The same with the migrations of the specification alone, for tests of what the migrator does whatever it applies:
 * spread into its options, it makes eight migrations of forty.
 */
export async function smallDatabase(
  t: TestContext,
): Promise<{ database: TestDatabase & { migrations: string }; owner: pg.Client }> {
  const { database, owner } = await freshDatabase(t)
  return { database: { ...database, migrations: await specificationMigrations(t) }, owner }
}

/** A copy of the migrations of the specification. */
export async function specificationMigrations(t: TestContext): Promise<string> {
  const directory = await scratchDirectory(t)
  for (const name of await readdir(migrationsDirectory)) {
    if (name.slice(0, 4) > lastOfSpecification) continue
    await cp(join(migrationsDirectory, name), join(directory, name), { recursive: true })
  }
  return directory
}

/** A session that ends with the test. */
export async function connected(t: TestContext, url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  await client.query(`set timezone = 'UTC'`)
  t.after(() => client.end())
  return client
}

/** A directory that goes with the test, with a copy of `source` in it or nothing. */
export async function scratchDirectory(t: TestContext, source?: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'fairlock-migrations-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  if (source !== undefined) await cp(source, directory, { recursive: true })
  return directory
}

/**
 * Per table of the managed schemas a checksum that depends neither on the order of rows nor on that of
 * columns.
 */
export async function checksums(client: pg.Client, schemas: string[]): Promise<Record<string, string>> {
  const tables = await client.query<{ name: string }>(
    `select format('%I.%I', nspname, relname) as name
     from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where nspname = any ($1) and relkind in ('r', 'p') and not relispartition order by 1`,
    [schemas],
  )
  const sums: Record<string, string> = {}
  for (const { name } of tables.rows) {
    const found = await client.query<{ sum: string }>(
      `select count(*) || ' ' ||
              coalesce(md5(string_agg(md5(to_jsonb(rows)::text), '' order by to_jsonb(rows)::text)), '')
              as sum
       from ${name} as rows`,
    )
    sums[name] = found.rows[0]!.sum
  }
  return sums
}
