import type { Session } from '../../platform/migrator/index.ts'
import type { Mapping } from '../mapping.ts'
import { OLD_TABLES, type Shape } from '../tables.ts'
import { keyOf, quote } from '../views.ts'
import { ESSENTIAL } from './propose.ts'

/** Why this database cannot be taken over as it is, and what to do about it. */
export type Blocker = { code: string; message: string; remedy: string }

type Facts = {
  journal: boolean
  state: boolean
  contracted: boolean
  taken: string[]
  mayCreate: boolean
  mayMove: boolean
  login: string
  database: string
  /** Tables that have the name in other letters, or in another schema. */
  similar: { name: string; relation: string }[]
  relations: { table: string; kind: string; owner: string; owned: boolean; hidden: boolean }[]
}

/** What the catalog alone rules out. */
export async function findBlockers(session: Session, shapes: Shape[], mapping: Mapping): Promise<Blocker[]> {
  const facts = await readFacts(session)
  if (facts.journal && !facts.state) {
    return [
      {
        code: 'already-fairlock',
        message: 'This is a Fairlock database already: its journal of migrations has no take-over.',
        remedy: 'Use fairlock db up to bring it to the newest schema.',
      },
    ]
  }
  if (facts.contracted) {
    return [
      {
        code: 'contracted',
        message: 'This database was taken over and contracted: the old tables are Fairlock’s history now.',
        remedy: 'Use fairlock db up to bring it to the newest schema.',
      },
    ]
  }
  return [
    ...OLD_TABLES.filter((table) => !shapes.some((shape) => shape.table === table)).map((table) =>
      missing(table, facts),
    ),
    ...shapes.flatMap((shape) => [...tableBlockers(shape, facts), ...columnBlockers(shape, mapping)]),
    ...databaseBlockers(facts),
  ]
}

async function readFacts(session: Session): Promise<Facts> {
  const there = await session.query<{ journal: boolean; state: boolean }>(
    `select to_regclass('fairlock_migrations.journal') is not null as journal,
       to_regclass('fairlock_adoption.state') is not null as state`,
  )
  const { journal, state } = there.rows[0]!
  const entries = journal
    ? `exists (select from fairlock_migrations.journal)`
    : `to_regclass('fairlock.currencies') is not null`
  const found = await session.query<Facts>(
    `select ${entries} as journal,
       ${state ? 'exists (select from fairlock_adoption.state)' : 'false'} as state,
       ${state ? `exists (select from fairlock_adoption.state where phase = 'contracted')` : 'false'} as contracted,
       (select coalesce(array_agg(nspname::text order by nspname), '{}') from pg_namespace
        where nspname in ('fairlock', 'fairlock_next', 'fairlock_old', 'fairlock_migrations', 'fairlock_kept', 'ledger', 'audit',
          'graphile_worker') or nspname = 'fairlock_adoption' and not $2) as taken,
       has_database_privilege(current_database(), 'CREATE') as "mayCreate",
       has_schema_privilege('public', 'CREATE') as "mayMove",
       (select coalesce(jsonb_agg(jsonb_build_object('name', lower(relname),
           'relation', format('%I.%I', nspname, relname))), '[]')
        from pg_class join pg_namespace on pg_namespace.oid = relnamespace
        where relkind in ('r', 'p') and lower(relname) = any ($1)
          and (nspname <> 'public' or relname <> lower(relname))
          and nspname not in ('fairlock_next', 'fairlock_old')) as similar,
       current_user::text as login, current_database()::text as database,
       (select coalesce(jsonb_agg(jsonb_build_object('table', relname, 'kind', relkind, 'owner', pg_get_userbyid(relowner),
           'owned', pg_has_role(current_user, relowner, 'USAGE'), 'hidden', row_security_active(oid))), '[]')
        from pg_class where relnamespace = 'public'::regnamespace and relname = any ($1)) as relations`,
    [[...OLD_TABLES], state],
  )
  return found.rows[0]!
}

const KINDS: Record<string, string> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  S: 'a sequence',
}

function missing(table: string, { relations, similar, database }: Facts): Blocker {
  const alike = similar.filter(({ name }) => name === table).map(({ relation }) => relation)
  const other = relations.find((relation) => relation.table === table)
  return other === undefined
    ? {
        code: 'table-missing',
        message: `The table public.${table} is not there.`,
        remedy:
          alike.length > 0
            ? `There is ${alike.join(', ')}: the old application’s table has to be public.${table} by name, so rename or ` +
              'move it there and leave a view of the old name behind.'
            : `Is ${database} the right database? All six tables are needed; one that was never used may be empty.`,
      }
    : {
        code: 'not-a-table',
        message: `public.${table} is ${KINDS[other.kind] ?? 'not a table'}.`,
        remedy:
          'The rows have to be in an ordinary table, so that what the old application writes can be noticed.',
      }
}

function tableBlockers(shape: Shape, { relations, login }: Facts): Blocker[] {
  const name = `public.${shape.table}`
  const { owner, owned, hidden } = relations.find((relation) => relation.table === shape.table)!
  const blockers: Blocker[] = []
  if (shape.key.length !== 1) {
    blockers.push({
      code: 'no-key',
      message:
        shape.key.length === 0
          ? `${name} has no primary key.`
          : `The primary key of ${name} has ${shape.key.length} columns (${shape.key.join(', ')}).`,
      remedy: `Rows are followed by a key of one column: alter table ${name} add primary key (id).`,
    })
  } else if (!['uuid', 'text', 'character varying', 'character'].includes(keyOf(shape).type)) {
    blockers.push({
      code: 'key-type',
      message: `${name}.${shape.key[0]} is ${keyOf(shape).declared}; Fairlock's ids are UUIDs and stay what they are.`,
      remedy: 'Give the old tables UUIDs first, as uuid or text; docs/operating/migration.md says how.',
    })
  }
  if (!owned) {
    blockers.push({
      code: 'not-owner',
      message: `${name} belongs to ${owner}; ${login} may neither put triggers on it nor move it.`,
      remedy: `Let an administrator run: grant ${quote(owner)} to ${quote(login)}. Nothing changes for the old application.`,
    })
  }
  if (hidden) {
    blockers.push({
      code: 'rows-hidden',
      message: `Row-level security of ${name} hides rows from ${login}.`,
      remedy: `alter table ${name} no force row level security, or use a login with bypassrls.`,
    })
  }
  return blockers
}

function columnBlockers(shape: Shape, mapping: Mapping): Blocker[] {
  const columns = mapping.tables[shape.table]
  const strange = Object.values(columns).filter(
    (name) => name !== null && !shape.columns.some((column) => column.name === name),
  )
  const lacking = ESSENTIAL[shape.table].filter((column) => columns[column] === null)
  return [
    ...lacking.map((column) => ({
      code: 'column-missing',
      message: `public.${shape.table} has no column ${column}, and a row means nothing without it.`,
      remedy: `If it has another name, say so with --mapping: tables.${shape.table}.${column}.`,
    })),
    ...strange.map((name) => ({
      code: 'column-unknown',
      message: `The mapping names the column ${name} of public.${shape.table}, which is not there.`,
      remedy: `It has ${shape.columns.map((column) => column.name).join(', ')}.`,
    })),
  ]
}

function databaseBlockers(facts: Facts): Blocker[] {
  const blockers: Blocker[] = []
  if (!facts.state && facts.taken.length > 0) {
    blockers.push({
      code: 'schema-taken',
      message: `Schemas of somebody else have names that Fairlock needs: ${facts.taken.join(', ')}.`,
      remedy: 'Rename what is there: alter schema … rename to …, after asking whose it is.',
    })
  }
  if (!facts.mayCreate || !facts.mayMove) {
    const lacking = facts.mayCreate ? 'schema public' : `database ${quote(facts.database)}`
    blockers.push({
      code: 'may-not-create',
      message: `${facts.login} may not create anything in the ${lacking}.`,
      remedy: `Let an administrator run: grant create on ${lacking} to ${quote(facts.login)}.`,
    })
  }
  return blockers
}

/** Text ids of which most are no UUIDs, or that would be the same one: some rows more or less are quarantined instead. */
export async function findKeyBlockers(session: Session, shapes: Shape[]): Promise<Blocker[]> {
  const blockers: Blocker[] = []
  for (const shape of shapes.filter((one) => keyOf(one).type !== 'uuid')) {
    const id = `t.${quote(keyOf(shape).name)}::text`
    const found = await session.query<{ rows: number; strange: number; same: number }>(
      `select count(*)::float8 as rows, count(*) filter (where u is null)::float8 as strange,
         (count(u) - count(distinct u))::float8 as same
       from (select pg_temp.try_uuid(${id}) as u from ${quote(shape.schema)}.${quote(shape.table)} t) ids`,
    )
    const { rows, strange, same } = found.rows[0]!
    if (strange * 2 > rows) {
      blockers.push({
        code: 'key-type',
        message: `${strange} of ${rows} ids of public.${shape.table} are no UUIDs, and Fairlock's are.`,
        remedy: 'Give the old tables UUIDs first; docs/operating/migration.md says how.',
      })
    }
    if (same > 0) {
      blockers.push({
        code: 'key-repeated',
        message: `${same} ids of public.${shape.table} differ from another only in case or signs and are the same UUID.`,
        remedy: 'Give one row of each pair another id.',
      })
    }
  }
  return blockers
}
