import { retried, type Session, transaction } from '../platform/migrator/index.ts'
import { briefly } from './briefly.ts'
import { ADDED_COLUMNS, ADDED_TABLES, INDEXED, NEVER_FILLED } from './specified.ts'
import { readState } from './state.ts'
import { quote } from './views.ts'

/** What an expansion did: `skipped` names what the old database has under a name of the specification's already. */
export type Expansion = { columns: number; indexes: number; views: number; skipped: string[] }
type Options = { onMessage?: ((message: string) => void) | undefined }
type Part = { kind: 'column' | 'index' | 'view'; table: string; name: string; definition: string }

/**
 * Adds to the old tables what the specification says they lack, so that its whole schema is visible in `public`. Nothing
 * that is there is altered; everything added is noted in `fairlock_adoption.expansion`. It may be run again.
 */
export async function expand(session: Session, options: Options = {}): Promise<Expansion> {
  const done: Expansion = { columns: 0, indexes: 0, views: 0, skipped: [] }
  for (const table of Object.keys(ADDED_COLUMNS) as (keyof typeof ADDED_COLUMNS)[])
    done.columns += await addColumns(session, table, options)
  const mapping = (await readState(session))?.mapping
  for (const [table, columns] of Object.entries(INDEXED)) {
    const named = mapping?.tables[table as keyof typeof INDEXED] ?? {}
    for (const column of columns) {
      const added = await addIndex(session, table, column, named[column] ?? column)
      if (typeof added === 'string') done.skipped.push(added)
      else if (added) done.indexes++
    }
  }
  for (const [view, columns] of Object.entries(ADDED_TABLES)) {
    const added = await addView(session, view, columns)
    if (typeof added === 'string') done.skipped.push(added)
    else if (added) done.views++
  }
  return done
}

/**
 * Takes away what `expand` added and nothing else: afterwards the old tables are built as they were. What the old
 * application has built on an added column since then is in the way, and the error names it.
 */
export async function removeExpansion(session: Session, options: Options = {}): Promise<void> {
  await removeViews(session)
  for (const { table, name } of await noted(session, 'index')) {
    await dropIndex(session, name)
    await forget(session, 'index', table, [name])
  }
  const columns = Map.groupBy(await noted(session, 'column'), ({ table }) => table)
  for (const [table, parts] of columns) {
    const relation = `public.${quote(table)}`
    const names = parts.map(({ name }) => name)
    await briefly(
      session,
      [relation],
      async () => {
        const dropped = names.map((name) => `drop column if exists ${quote(name)}`).join(', ')
        await session.query(`alter table ${relation} ${dropped}`)
        await forget(session, 'column', table, names)
      },
      options,
    )
  }
}

/** Takes the views of the new tables away, which the contract needs before the tables themselves take their names. */
export async function removeViews(session: Session): Promise<void> {
  for (const { table, name } of await noted(session, 'view')) {
    await session.query(`drop view if exists public.${quote(name)}`)
    await forget(session, 'view', table, [name])
  }
}

async function addColumns(
  session: Session,
  table: keyof typeof ADDED_COLUMNS,
  options: Options,
): Promise<number> {
  const relation = `public.${quote(table)}`
  const wanted = ADDED_COLUMNS[table]
  const found = await session.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = $1::regclass and not attisdropped`,
    [relation],
  )
  const names = Object.keys(wanted).filter((name) => !found.rows.some((row) => row.name === name))
  if (names.length === 0) return 0
  // One statement, so that the table is locked once; the note is of the same transaction as the columns.
  await briefly(
    session,
    [relation],
    async () => {
      for (const name of names)
        await note(session, { kind: 'column', table, name, definition: wanted[name]! })
      const added = names.map((name) => `add column ${quote(name)} ${wanted[name]}`).join(', ')
      await session.query(`alter table ${relation} ${added}`)
    },
    options,
  )
  return names.length
}

/** True when it made the index, false when an index of the old platform does the same, a text when the name is taken. */
async function addIndex(
  session: Session,
  table: string,
  column: string,
  oldColumn: string,
): Promise<boolean | string> {
  const name = `idx_${table}_${column}`
  const found = await session.query<{
    name: string
    valid: boolean
    equal: boolean
    ours: boolean
  }>(
    `select c.relname as name, i.indisvalid as valid,
       i.indisvalid and m.amname = 'btree' and i.indpred is null and i.indrelid = t.oid and a.attname = $3 as equal,
       exists (select from fairlock_adoption.expansion e where e.kind = 'index' and e.name = c.relname) as ours
     from pg_class t join pg_index i on true join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
     left join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]
     where t.oid = $1::regclass and c.relnamespace = t.relnamespace and (c.relname = $2 or i.indrelid = t.oid)`,
    [`public.${quote(table)}`, name, oldColumn],
  )
  if (found.rows.some((row) => row.equal)) return false
  const taken = found.rows.find((row) => row.name === name)
  if (taken !== undefined && (taken.valid || !taken.ours)) return `index ${name}`
  // PostgreSQL builds an index of a partitioned table only under a lock that keeps writers out.
  const partitioned = await session.query(`select from pg_class where oid = $1::regclass and relkind = 'p'`, [
    `public.${quote(table)}`,
  ])
  if (partitioned.rowCount !== 0) return `index ${name}`
  const there = await session.query(
    'select from pg_attribute where attrelid = $1::regclass and attname = $2 and not attisdropped',
    [`public.${quote(table)}`, oldColumn],
  )
  if (there.rowCount === 0) return false
  // Noted first: a build that was killed leaves an index that is not valid, and that has to be known as ours.
  const definition = `create index concurrently ${quote(name)} on public.${quote(table)} (${quote(oldColumn)})`
  await note(session, { kind: 'index', table, name, definition })
  await patiently(session, async () => {
    await session.query(`drop index concurrently if exists public.${quote(name)}`)
    await session.query(definition)
  })
  return true
}

/** Views read with the rights of who asks, so that the new tables' policies hold; nobody writes through them. */
async function addView(session: Session, name: string, columns: string): Promise<boolean | string> {
  const view = `public.${quote(name)}`
  const definition = `create view ${view} with (security_invoker = true) as
    select ${columns} from fairlock_next.${quote(name)}`
  const found = await session.query<{ ours: boolean }>(
    `select exists (select from fairlock_adoption.expansion where kind = 'view' and name = $2) as ours
     where to_regclass($1) is not null`,
    [view, name],
  )
  if (found.rows[0] !== undefined) return found.rows[0].ours ? false : `table ${name}`
  await transaction(session, async () => {
    await note(session, { kind: 'view', table: name, name, definition })
    await session.query(definition)
    await session.query(`revoke insert, update, delete on ${view} from current_user`)
    await session.query(`grant select on ${view} to fairlock_engine`)
  })
  return true
}

async function dropIndex(session: Session, name: string): Promise<void> {
  await patiently(session, () => session.query(`drop index concurrently if exists public.${quote(name)}`))
}

/** Building or dropping an index beside others waits for their transactions, and nobody waits behind it. */
async function patiently(session: Session, work: () => Promise<unknown>): Promise<void> {
  await session.query(`set lock_timeout = '60s'`)
  try {
    await retried(work)
  } finally {
    await session.query(`set lock_timeout = '2s'`)
  }
}

async function note(session: Session, { kind, table, name, definition }: Part): Promise<void> {
  await session.query(
    `insert into fairlock_adoption.expansion (kind, table_name, name, definition, is_filled)
     values ($1, $2, $3, $4, $5) on conflict (kind, table_name, name) do nothing`,
    [kind, table, name, definition, kind === 'column' && !NEVER_FILLED.includes(name)],
  )
}

async function noted(session: Session, kind: Part['kind']): Promise<{ table: string; name: string }[]> {
  const found = await session.query<{ table: string; name: string }>(
    `select table_name as "table", name from fairlock_adoption.expansion where kind = $1 order by at, name`,
    [kind],
  )
  return found.rows
}

async function forget(session: Session, kind: Part['kind'], table: string, names: string[]): Promise<void> {
  await session.query(
    'delete from fairlock_adoption.expansion where kind = $1 and table_name = $2 and name = any ($3)',
    [kind, table, names],
  )
}
