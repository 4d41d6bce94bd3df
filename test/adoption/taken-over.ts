import type pg from 'pg'
import { adoptionUp, recognise, recordMapping, verifyAdoption } from '../../src/adoption/index.ts'
import { type LegacyOptions, makeLegacy } from '../../src/adoption/legacy/index.ts'
import { bringUp } from '../../src/cli/bring-up.ts'
import { marketUrls } from '../../src/platform/index.ts'
import { type Session, withSession } from '../../src/platform/migrator/index.ts'
import { emptyDatabase, type TestDatabase } from '../support/server.ts'

/** A database of its own with the old platform in it, adopted. */
export async function adoptedDatabase(options: LegacyOptions): Promise<TestDatabase> {
  const database = await emptyDatabase()
  await makeAdopted(database.ownerUrl, options)
  return database
}

/** Makes the old platform's database there, and adopts it with the mapping that is proposed. */
export async function makeAdopted(ownerUrl: string, options: LegacyOptions): Promise<void> {
  await makeLegacy(ownerUrl, options)
  const { mapping, shapes } = await recognise(ownerUrl)
  await withSession(ownerUrl, (session) =>
    recordMapping(session, { mapping: mapping!, shapes, confirmed: true }),
  )
}

type Urls = Pick<TestDatabase, 'ownerUrl' | 'appUrl'>

/** `fairlock db up`, at its usual pace whatever else the machine does. */
export function takeOver(urls: Urls, options: Partial<Parameters<typeof adoptionUp>[0]> = {}) {
  return adoptionUp({
    ...urls,
    listenMs: 0,
    bringUp: () => bringUp(urls),
    confirmCustody: async () => true,
    ...options,
  })
}

/** What a verification finds wrong, as sentences. */
export async function mistakes(database: Urls): Promise<string[]> {
  const { ownerUrl } = await marketUrls(database)
  const report = await verifyAdoption(ownerUrl, { version: 'test' })
  return report.findings.map(({ table, key, what }) => `${table} ${key}: ${what}`)
}

/** Per old table an order-free checksum of the columns that the old application made. */
export async function oldChecksums(client: pg.Client | Session): Promise<Record<string, string>> {
  const tables = await client.query<{ relation: string; columns: string }>(
    `select format('public.%I', relname) as relation,
            string_agg(quote_ident(attname), ', ' order by attname) as columns
     from pg_class join pg_attribute on attrelid = pg_class.oid
     where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped
       and not exists (
         select from fairlock_adoption.expansion
         where kind = 'column' and table_name = relname and name = attname
       )
     group by 1 order by 1`,
  )
  return await sums(client, tables.rows)
}

/** The same of Fairlock's own market tables and books. */
export async function newChecksums(client: pg.Client): Promise<Record<string, string>> {
  const tables = await client.query<{ relation: string; columns: string }>(
    `select format('%I.%I', nspname, relname) as relation,
            string_agg(quote_ident(attname), ', ' order by attname) as columns
     from pg_class join pg_namespace on pg_namespace.oid = relnamespace join pg_attribute on attrelid = pg_class.oid
     where nspname in ('fairlock_next', 'ledger') and relkind = 'r' and attnum > 0 and not attisdropped
     group by 1 order by 1`,
  )
  return await sums(client, tables.rows)
}

async function sums(
  client: pg.Client | Session,
  tables: { relation: string; columns: string }[],
): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const { relation, columns } of tables) {
    const { rows } = await client.query<{ sum: string }>(
      `select count(*) || ' ' || coalesce(sum(hashtextextended(row(${columns})::text, 0)), 0) as sum from ${relation}`,
    )
    found[relation] = rows[0]!.sum
  }
  return found
}
