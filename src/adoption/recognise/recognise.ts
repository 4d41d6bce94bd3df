import { type Session, withSession } from '../../platform/migrator/index.ts'
import { readShapes } from '../catalog.ts'
import type { Mapping } from '../mapping.ts'
import { OLD_TABLES, type OldTable, type Shape } from '../tables.ts'
import { type Blocker, findBlockers, findKeyBlockers } from './blockers.ts'
import { type Care, careOf } from './care.ts'
import { shippedCurrencies } from './currencies.ts'
import { type FoundWord, findWallets, findWords, together } from './found.ts'
import { columnsOnly, propose, withNews } from './propose.ts'
import { peopleWithoutProfile, repeatedOf } from './repeated.ts'
import { prepareSession } from './scratch.ts'
import { lookAround, type Surroundings } from './surroundings.ts'

export type TableFound = {
  table: OldTable
  key: string
  keyType: string
  /** Counted roughly, by the statistics. */
  rows: number
  bytes: number
  partitioned: boolean
  columns: { name: string; old: string; type: string }[]
  missing: string[]
  extra: string[]
}
export type Recognition = {
  server: string
  database: string
  login: string
  blockers: Blocker[]
  tables: TableFound[]
  shapes: Shape[]
  around: Surroundings
  /** What a mapping file can begin with when the rows could not be read. */
  draft: Mapping
  /** The mapping as it would be recorded; null when a blocker keeps the rows from being read. */
  mapping: Mapping | null
  words: (FoundWord & { becomes: string | null })[]
  care: Care[]
}
export type RecogniseOptions = {
  /** What people decided before or just now: the proposal only adds what it does not speak of. */
  mapping?: Mapping | undefined
  onProgress?: (what: string) => void
}

/** Whether there are tables of an older platform here that Fairlock has not made itself and has not put aside. */
export async function hasOldTables(session: Session): Promise<boolean> {
  const found = await session.query<{ old: boolean; journal: boolean; state: boolean }>(
    `select exists (
         select from pg_class where relnamespace = to_regnamespace('public') and relkind in ('r', 'p') and relname = any ($1)
       ) as old,
       to_regclass('fairlock_migrations.journal') is not null as journal,
       to_regclass('fairlock_adoption.state') is not null as state`,
    [[...OLD_TABLES]],
  )
  const { old, journal, state } = found.rows[0]!
  if (!old) return false
  if (state) {
    const phase = await session.query<{ over: boolean }>(
      `select exists (select from fairlock_adoption.state where phase = 'contracted') as over`,
    )
    return !phase.rows[0]!.over
  }
  if (!journal) return true
  const entries = await session.query('select from fairlock_migrations.journal limit 1')
  return entries.rowCount === 0
}

/** Looks at an old database: what is there, what it would become, and what needs care. Nothing is changed. */
export async function recognise(ownerUrl: string, options: RecogniseOptions = {}): Promise<Recognition> {
  return await withSession(ownerUrl, (session) => look(session, options))
}

async function look(session: Session, options: RecogniseOptions): Promise<Recognition> {
  const progress = options.onProgress ?? (() => undefined)
  await session.query('set default_transaction_read_only = on')
  const shapes = await readShapes(session)
  const first = options.mapping ?? columnsOnly(shapes)
  const found: Recognition = {
    ...(await whereWeAre(session)),
    blockers: await findBlockers(session, shapes, first),
    tables: await describeTables(session, shapes, first),
    shapes,
    around: await lookAround(session),
    draft: first,
    mapping: null,
    words: [],
    care: [],
  }
  if (found.blockers.some(({ code }) => UNREADABLE.has(code))) return found
  return await lookIntoRows(session, found, first, options, progress)
}

/** Blockers behind which the rows cannot be read or make no sense. */
const UNREADABLE = new Set([
  'already-fairlock',
  'contracted',
  'table-missing',
  'not-a-table',
  'no-key',
  'key-type',
  'not-owner',
  'rows-hidden',
  'column-missing',
  'column-unknown',
])

async function lookIntoRows(
  session: Session,
  found: Recognition,
  first: Mapping,
  options: RecogniseOptions,
  progress: (what: string) => void,
): Promise<Recognition> {
  const { shapes } = found
  const known = shippedCurrencies()
  await prepareSession(session, first, known)
  const blockers = [...found.blockers, ...(await findKeyBlockers(session, shapes))]
  const words = await findWords(session, first, shapes, (table) => progress(`words of ${table}`))
  progress('wallets')
  const wallets = await findWallets(session, first, shapes)
  const proposal = propose(shapes, words, wallets, known)
  const mapping = options.mapping === undefined ? proposal : withNews(options.mapping, proposal)
  await prepareSession(session, mapping, known)
  const care: Care[] = []
  for (const shape of shapes) {
    progress(shape.table)
    care.push(...(await careOf(session, mapping, shapes, shape)))
    care.push(...(await repeatedOf(session, mapping, shape)))
    if (shape.table === 'users') care.push(...(await peopleWithoutProfile(session, mapping, shapes)))
  }
  return { ...found, blockers, mapping, words: await meanings(session, together(words, wallets)), care }
}

/** What the mapping makes of each word that is there. */
async function meanings(session: Session, words: FoundWord[]): Promise<Recognition['words']> {
  const found = await session.query<{ becomes: string | null }>(
    `select case kind when 'pair' then pg_temp.pair(word) else pg_temp.mapped(kind, word) end as becomes
     from unnest($1::text[], $2::text[]) with ordinality as w (kind, word, place) order by place`,
    [words.map((one) => one.kind), words.map((one) => one.word)],
  )
  return words.map((one, index) => ({ ...one, becomes: found.rows[index]!.becomes }))
}

async function whereWeAre(session: Session): Promise<{ server: string; database: string; login: string }> {
  const found = await session.query<{ server: string; database: string; login: string }>(
    `select split_part(current_setting('server_version'), ' ', 1) as server, current_database()::text as database,
       current_user::text as login`,
  )
  return found.rows[0]!
}

async function describeTables(session: Session, shapes: Shape[], mapping: Mapping): Promise<TableFound[]> {
  const sizes = await session.query<{ table: OldTable; rows: number; bytes: number; partitioned: boolean }>(
    `select c.relname as "table", c.relkind = 'p' as partitioned, sum(greatest(p.reltuples, 0))::float8 as rows,
       sum(pg_total_relation_size(p.oid))::float8 as bytes
     from pg_class c
     join pg_class p on p.oid = c.oid or p.oid in (select relid from pg_partition_tree(c.oid))
     where c.relnamespace = to_regnamespace('public') and c.relname = any ($1)
     group by c.relname, c.relkind`,
    [shapes.map((shape) => shape.table)],
  )
  return shapes.map((shape) => {
    const { rows, bytes, partitioned } = sizes.rows.find((size) => size.table === shape.table)!
    const columns = Object.entries(mapping.tables[shape.table])
    const used = new Set([...shape.key, ...columns.map(([, old]) => old)])
    const declared = (name: string) => shape.columns.find((column) => column.name === name)?.declared ?? '?'
    return {
      table: shape.table,
      key: shape.key.join(', '),
      keyType: shape.key.map(declared).join(', '),
      rows,
      bytes,
      partitioned,
      columns: columns.flatMap(([name, old]) => (old === null ? [] : [{ name, old, type: declared(old) }])),
      missing: columns.filter(([, old]) => old === null).map(([name]) => name),
      extra: shape.columns.map((column) => column.name).filter((name) => !used.has(name)),
    }
  })
}
