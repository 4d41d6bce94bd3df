import type pg from 'pg'
import { newClient } from '../../platform/index.ts'
import { fillsFor, pricesFor, type Sizes, SYMBOLS, sizesFor } from './fill.ts'
import { dirtOf, type Injected, injection } from './inject.ts'
import type { OldTable } from './kind.ts'
import type { Shape, Variant } from './shape.ts'
import { ODD } from './shape-odd.ts'
import { PLAIN } from './shape-plain.ts'

export type LegacyOptions = {
  /** About so many rows over all tables together. */
  rows: number
  dirty?: boolean
  seed?: number
  variant?: Variant
  onProgress?: (what: string, done: number, of: number) => void
}
export type Legacy = {
  variant: Variant
  rows: Record<OldTable, number>
  /** Every kind of dirt with the keys of its rows; empty for a clean database. */
  dirt: Injected[]
  seconds: number
}
/** The database has something in it already. */
export class NotEmpty extends Error {
  override readonly name = 'NotEmpty'
}

const CHUNK = 250_000
const TABLES: OldTable[] = [
  'users',
  'crypto_profiles',
  'crypto_wallets',
  'crypto_transactions',
  'crypto_trades',
  'crypto_prices',
]

/** Makes an old platform's database in an empty one, in one transaction: as a whole or not at all. */
export async function makeLegacy(url: string, options: LegacyOptions): Promise<Legacy> {
  const { rows, dirty = false, seed = 1, variant = 'plain', onProgress = () => undefined } = options
  const started = performance.now()
  const client = newClient({ connectionString: url, application_name: 'fairlock dev legacy' })
  await client.connect()
  try {
    await refuseUnlessEmpty(client)
    await client.query(`begin; set local timezone = 'UTC'; set local search_path = pg_catalog;
      set local maintenance_work_mem = '256MB'; set local synchronous_commit = off`)
    const shape = variant === 'odd' ? ODD : PLAIN
    await client.query(shape.before)
    await fill(client, sizesFor(rows), seed, shape, onProgress)
    const dirt = dirty ? await soil(client, shape, { rows, seed, variant }) : []
    const statements = dirty ? shape.keys : [...shape.keys, ...shape.foreign]
    for (const [index, statement] of statements.entries()) {
      onProgress('keys and indexes', index, statements.length)
      await client.query(statement)
    }
    await client.query(shape.after)
    const counted = await count(client)
    await client.query('commit')
    await client.query(`analyze ${TABLES.map((table) => `public.${table}`).join(', ')}`)
    return { variant, rows: counted, dirt, seconds: Math.round(performance.now() - started) / 1000 }
  } finally {
    await client.end()
  }
}

async function refuseUnlessEmpty(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1 limit 3`,
  )
  if (rows.length > 0) {
    const names = rows.map(({ name }) => name).join(', ')
    throw new NotEmpty(
      `The database has tables already (${names} ...). Nothing was done: give an empty database.`,
    )
  }
}

async function fill(
  client: pg.Client,
  sizes: Sizes,
  seed: number,
  shape: Shape,
  onProgress: NonNullable<LegacyOptions['onProgress']>,
): Promise<void> {
  const fills = fillsFor(sizes, seed, shape)
  for (const { table, sql } of fills) {
    // Profiles are counted from all trades, which is done once.
    const chunk = table === 'profiles' ? sizes.profiles : CHUNK
    for (let from = 1; from <= sizes[table]; from += chunk) {
      onProgress(table, from - 1, sizes[table])
      await client.query(sql, [from, Math.min(from + chunk - 1, sizes[table])])
    }
  }
  const columns = [0, 1, 2].map((column) => SYMBOLS.map((symbol) => symbol[column]))
  await client.query(pricesFor(seed), columns)
}

type Soil = { rows: number; seed: number; variant: Variant }

async function soil(client: pg.Client, shape: Shape, { rows, seed, variant }: Soil): Promise<Injected[]> {
  for (const statement of shape.loose) await client.query(`alter table ${statement}`)
  const made = dirtOf(variant).map((dirt) => injection(dirt, seed, Math.max(3, Math.floor(rows / 100_000))))
  for (const { sql } of made) await client.query(sql)
  return made.map(({ injected }) => injected)
}

async function count(client: pg.Client): Promise<Record<OldTable, number>> {
  const counted = TABLES.map((table) => `'${table}', (select count(*) from public.${table})`)
  const { rows } = await client.query<{ counts: Record<OldTable, number> }>(
    `select jsonb_build_object(${counted.join(', ')}) as counts`,
  )
  return rows[0]!.counts
}
