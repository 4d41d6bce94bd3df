import { MigrationError, type Session } from './connection.ts'
import { quoted } from './managed.ts'
import type { Migration, TableColumns } from './migrations.ts'

export type Kept = {
  id: string
  migration: string
  schema: string
  table: string
  /** Empty: the whole table was kept. */
  columns: string[]
  key: string[]
  copy: string
  sequences: Record<string, string>
}

/** What came back from the side schema, and what could not: its row or a row it refers to is gone. */
export type Restored = { table: string; columns: string[]; restored: number; left: number; copy: string }

/** Copies what a way down would lose into the side schema, in the transaction of that way down. */
export async function keepAll(session: Session, migration: Migration): Promise<void> {
  for (const table of migration.down.keeps) await keep(session, migration.id, table)
  // What an earlier way up could not bring back gets another chance on the next one.
  await session.query('update fairlock_migrations.kept set restored_at = null where migration = $1', [
    migration.id,
  ])
}

async function keep(session: Session, migration: string, wanted: TableColumns): Promise<void> {
  const name = quoted(wanted.schema, wanted.table)
  const table = await describeTable(session, wanted.schema, wanted.table)
  // A migration that was killed half way up has not made everything that its way down takes away.
  if (table === undefined) return
  const columns = wanted.columns.filter((column) => table.columns.includes(column))
  if (wanted.columns.length > 0 && columns.length === 0) return
  if (table.key.length === 0) {
    throw new MigrationError(`${name} has no primary key, so its rows cannot be kept. Give it one first.`)
  }
  await session.query(`lock table ${name} in access exclusive mode`)
  const sequences = columns.length > 0 ? {} : await readSequences(session, wanted)
  const registered = await session.query<{ id: string }>(
    `insert into fairlock_migrations.kept (migration, "schema", "table", columns, key, copy, sequences)
     values ($1, $2, $3, $4, $5, '', $6) returning id`,
    [migration, wanted.schema, wanted.table, columns, table.key, sequences],
  )
  const id = registered.rows[0]!.id
  const copy = `k${id}_${migration}_${wanted.table}`.slice(0, 63)
  await session.query('update fairlock_migrations.kept set copy = $1 where id = $2', [copy, id])
  const rowsKept = await notKeptYet(session, migration, wanted, id)
  const selected = columns.length === 0 ? '*' : quotedList([...new Set([...table.key, ...columns])])
  await session.query(`create table ${quoted('fairlock_kept', copy)} as
     select ${selected} from ${name} as rows where ${rowsKept}`)
  await session.query(
    `alter table ${quoted('fairlock_kept', copy)} add primary key (${quotedList(table.key)})`,
  )
}

const registry =
  'select id, migration, "schema", "table", columns, key, copy, sequences from fairlock_migrations.kept'

/**
 * A condition on `rows`. When a way up was killed before it brought anything back, the live values are only
 * defaults, and what was kept before is what people had.
 */
async function notKeptYet(
  session: Session,
  migration: string,
  wanted: TableColumns,
  id: string,
): Promise<string> {
  const found = await session.query<Kept>(
    `${registry} where migration = $1 and "schema" = $2 and "table" = $3 and restored_at is null
     and id <> $4`,
    [migration, wanted.schema, wanted.table, id],
  )
  const conditions = found.rows.map((kept) => {
    const same = kept.key.map((column) => `kept.${quoted(column)} = rows.${quoted(column)}`).join(' and ')
    return `not exists (select from ${quoted('fairlock_kept', kept.copy)} as kept where ${same})`
  })
  return ['true', ...conditions].join(' and ')
}

/** Counts the rows that wait in the side schema. */
export async function countKept(session: Session): Promise<Restored[]> {
  const result: Restored[] = []
  const all = await session.query<Kept>(`${registry} order by id`)
  for (const kept of all.rows) {
    const found = await session.query<{ left: number }>(
      `select count(*)::int as left from ${quoted('fairlock_kept', kept.copy)}`,
    )
    result.push({
      table: `${kept.schema}.${kept.table}`,
      columns: kept.columns,
      restored: 0,
      left: found.rows[0]!.left,
      copy: kept.copy,
    })
  }
  return result
}

/**
 * Brings back everything of a migration whose table and columns exist by now and that is not back yet. Called
 * before the first VALIDATE of a migration and at its end, since a foreign key is validated against what came
 * back.
 */
export async function restore(session: Session, migration: string): Promise<Restored[]> {
  const ready: Kept[] = []
  const waiting = await session.query<Kept>(
    `${registry} where migration = $1 and restored_at is null order by id`,
    [migration],
  )
  for (const kept of waiting.rows) {
    const table = await describeTable(session, kept.schema, kept.table)
    const complete = table !== undefined && kept.columns.every((column) => table.columns.includes(column))
    if (complete) ready.push(kept)
  }
  const whole = await parentsFirst(
    session,
    ready.filter((kept) => kept.columns.length === 0),
  )
  // What up.sql itself put into a table that was kept is replaced by what people made of it.
  for (const kept of [...whole].reverse()) {
    if (whole.find((one) => one.schema === kept.schema && one.table === kept.table) === kept) {
      await session.query(`delete from ${quoted(kept.schema, kept.table)}`)
    }
  }
  const results: Restored[] = []
  for (const kept of [...whole, ...ready.filter((one) => one.columns.length > 0)]) {
    results.push(await restoreOne(session, kept))
  }
  return results
}

async function restoreOne(session: Session, kept: Kept): Promise<Restored> {
  const name = quoted(kept.schema, kept.table)
  const copy = quoted('fairlock_kept', kept.copy)
  const triggers = await session.query(
    'select from pg_trigger where tgrelid = $1::regclass and not tgisinternal limit 1',
    [name],
  )
  if (triggers.rowCount === 1) await session.query(`alter table ${name} disable trigger user`)
  const parents = await parentConditions(session, kept)
  const written = kept.columns.length === 0 ? await insertRows(session, kept, parents) : undefined
  const restored = written ?? (await updateRows(session, kept, parents))
  if (triggers.rowCount === 1) await session.query(`alter table ${name} enable trigger user`)
  for (const [column, value] of Object.entries(kept.sequences)) {
    await session.query('select setval(pg_get_serial_sequence($1, $2), $3::bigint)', [name, column, value])
  }
  const rest = await session.query<{ left: number }>(`select count(*)::int as left from ${copy}`)
  const left = rest.rows[0]!.left
  if (left === 0) {
    await session.query(`drop table ${copy}`)
    await session.query('delete from fairlock_migrations.kept where id = $1', [kept.id])
  } else {
    await session.query('update fairlock_migrations.kept set restored_at = clock_timestamp() where id = $1', [
      kept.id,
    ])
  }
  return { table: `${kept.schema}.${kept.table}`, columns: kept.columns, restored, left, copy: kept.copy }
}

async function insertRows(session: Session, kept: Kept, parents: string): Promise<number> {
  const table = (await describeTable(session, kept.schema, kept.table))!
  const has = await session.query<{ name: string }>(
    `select attname as name from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
    [quoted('fairlock_kept', kept.copy)],
  )
  const common = has.rows.map((row) => row.name).filter((column) => table.columns.includes(column))
  const columns = quotedList(common)
  const done = await session.query(
    `with moved as (delete from ${quoted('fairlock_kept', kept.copy)} as kept where ${parents} returning *)
     insert into ${quoted(kept.schema, kept.table)} (${columns}) overriding system value
     select ${columns} from moved`,
  )
  return done.rowCount ?? 0
}

async function updateRows(session: Session, kept: Kept, parents: string): Promise<number> {
  const sets = kept.columns.map((column) => `${quoted(column)} = moved.${quoted(column)}`).join(', ')
  const same = (left: string, right: string) =>
    kept.key.map((column) => `${left}.${quoted(column)} = ${right}.${quoted(column)}`).join(' and ')
  const name = quoted(kept.schema, kept.table)
  const done = await session.query(
    `with moved as (
       delete from ${quoted('fairlock_kept', kept.copy)} as kept
       where exists (select from ${name} as target where ${same('target', 'kept')}) and ${parents}
       returning *
     )
     update ${name} as target set ${sets} from moved where ${same('target', 'moved')}`,
  )
  return done.rowCount ?? 0
}

/** A condition on `kept` that holds for rows all of whose foreign keys lead somewhere. */
async function parentConditions(session: Session, kept: Kept): Promise<string> {
  const keys = await foreignKeys(session, kept.schema, kept.table)
  const name = `${kept.schema}.${kept.table}`
  const conditions = keys
    .filter((key) => key.parent !== name)
    .filter((key) => kept.columns.length === 0 || key.columns.some((column) => kept.columns.includes(column)))
    .map((key) => {
      const empty = key.columns.map((column) => `kept.${quoted(column)} is null`).join(' or ')
      const match = key.columns.map(
        (column, i) => `parent.${quoted(key.parentColumns[i]!)} = kept.${quoted(column)}`,
      )
      const parent = quoted(...key.parent.split('.'))
      return `(${empty} or exists (select from ${parent} as parent where ${match.join(' and ')}))`
    })
  return ['true', ...conditions].join(' and ')
}

type ForeignKey = { parent: string; columns: string[]; parentColumns: string[] }

async function foreignKeys(session: Session, schema: string, table: string): Promise<ForeignKey[]> {
  const names = (relation: string, numbers: string) =>
    `(select array_agg(attname::text order by place)
      from unnest(${numbers}) with ordinality as parts (number, place)
      join pg_attribute on attrelid = ${relation} and attnum = number)`
  const found = await session.query<ForeignKey>(
    `select nspname || '.' || relname as parent, ${names('conrelid', 'conkey')} as columns,
            ${names('confrelid', 'confkey')} as "parentColumns"
     from pg_constraint
     join pg_class on pg_class.oid = confrelid
     join pg_namespace on pg_namespace.oid = relnamespace
     where contype = 'f' and conrelid = $1::regclass`,
    [quoted(schema, table)],
  )
  return found.rows
}

/** Orders tables so that each comes after those it refers to. */
async function parentsFirst(session: Session, tables: Kept[]): Promise<Kept[]> {
  const waiting = new Map<Kept, string[]>()
  for (const kept of tables) {
    const keys = await foreignKeys(session, kept.schema, kept.table)
    waiting.set(
      kept,
      keys.map((key) => key.parent).filter((parent) => parent !== `${kept.schema}.${kept.table}`),
    )
  }
  const ordered: Kept[] = []
  while (waiting.size > 0) {
    const names = [...waiting.keys()].map((kept) => `${kept.schema}.${kept.table}`)
    const free = [...waiting].filter(([, parents]) => !parents.some((parent) => names.includes(parent)))
    if (free.length === 0) throw new MigrationError(`${names.join(', ')} refer to each other in a circle.`)
    for (const [kept] of free) {
      ordered.push(kept)
      waiting.delete(kept)
    }
  }
  return ordered
}

async function describeTable(
  session: Session,
  schema: string,
  table: string,
): Promise<{ key: string[]; columns: string[] } | undefined> {
  const found = await session.query<{ key: string[]; columns: string[] }>(
    `select coalesce((
              select array_agg(attname::text order by attnum) from pg_index
              join pg_attribute on attrelid = indrelid and attnum = any (indkey)
              where indrelid = pg_class.oid and indisprimary
            ), '{}') as key,
            (select array_agg(attname::text order by attnum) from pg_attribute
             where attrelid = pg_class.oid and attnum > 0 and not attisdropped
               and attgenerated = '') as columns
     from pg_class where pg_class.oid = to_regclass($1)`,
    [quoted(schema, table)],
  )
  return found.rows[0]
}

async function readSequences(session: Session, table: TableColumns): Promise<Record<string, string>> {
  const name = quoted(table.schema, table.table)
  const found = await session.query<{ column: string; sequence: string }>(
    `select attname as column, pg_get_serial_sequence($1, attname) as sequence
     from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped
       and pg_get_serial_sequence($1, attname) is not null`,
    [name],
  )
  const values: Record<string, string> = {}
  for (const row of found.rows) {
    const last = await session.query<{ value: string }>(
      `select last_value::text as value from ${row.sequence} where is_called`,
    )
    if (last.rows[0] !== undefined) values[row.column] = last.rows[0].value
  }
  return values
}

function quotedList(names: string[]): string {
  return names.map((name) => quoted(name)).join(', ')
}
