import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inSchema, PUBLIC } from '../market-schema.ts'
import { MigrationError, retried, type Session, transaction } from './connection.ts'
import { codeSchemas, managedRoles, managedSchemas } from './managed.ts'
import { sha256 } from './migrations.ts'

export type CodeFile = { path: string; text: string }
type CodeObject = { kind: string; identity: string }

/** The folders with database code, each after those it may call. */
const folders =
  'platform audit jobs ledger identity wallets escrow payment-methods prices offers trades disputes ' +
  'reputation notifications operations adoption http cli'

/**
 * Reads `<folder>/<folder>.sql` and `<folder>/<folder>.*.sql` of every folder, in the order of application, as code
 * for market tables in `schema`.
 */
export async function readCode(directory: string, schema = PUBLIC): Promise<CodeFile[]> {
  const files: CodeFile[] = []
  for (const folder of folders.split(' ')) {
    const names = await readdir(join(directory, folder)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    const sql = names.filter((name) => name.startsWith(`${folder}.`) && name.endsWith('.sql'))
    // 'x.sql' before 'x.y.sql', whatever the characters say.
    for (const name of sql.sort((a, b) =>
      a === `${folder}.sql` ? -1 : b === `${folder}.sql` ? 1 : a < b ? -1 : 1,
    )) {
      const text = await readFile(join(directory, folder, name), 'utf8')
      files.push({ path: `${folder}/${name}`, text: inSchema(text, schema) })
    }
  }
  return files
}

/** The hash that says whether the database has this code. */
export function codeHash(files: CodeFile[]): string {
  return sha256(files.map((file) => `${file.path}\n${sha256(file.text)}`).join('\n'))
}

/** The hash of the code in the database, or null when none is applied. */
export async function appliedCode(session: Session): Promise<string | null> {
  const found = await session.query<{ hash: string | null }>('select hash from fairlock_migrations.code')
  return found.rows[0]?.hash ?? null
}

/**
 * Makes the database's functions, views, triggers, policies and grants what the files say and nothing else:
 * in one transaction, everything that code made before is dropped and the files are run. Returns false when
 * nothing changed.
 */
export async function applyCode(session: Session, files: CodeFile[]): Promise<boolean> {
  const hash = codeHash(files)
  if ((await appliedCode(session)) === hash) return false
  await retried(() =>
    transaction(session, async () => {
      await dropObjects(session)
      const before = new Set((await listObjects(session)).map(key))
      const tables = await structure(session)
      const mayCreate = await letRolesCreate(session, 'grant', 'to')
      for (const file of files) await runFile(session, file)
      if (mayCreate) await letRolesCreate(session, 'revoke', 'from')
      await refuseStructure(session, tables)
      const made = (await listObjects(session)).filter((object) => !before.has(key(object)))
      await session.query(
        `insert into fairlock_migrations.code_objects (kind, identity)
         select * from unnest($1::text[], $2::text[])`,
        [made.map((object) => object.kind), made.map((object) => object.identity)],
      )
      await session.query('update fairlock_migrations.code set hash = $1, applied_at = clock_timestamp()', [
        hash,
      ])
    }),
  )
  return true
}

/**
 * Takes all code out of the database, before it goes back to an older shape. Returns false when there was
 * none.
 */
export async function dropCode(session: Session): Promise<boolean> {
  if ((await appliedCode(session)) === null) return false
  await retried(() => transaction(session, () => dropObjects(session)))
  return true
}

/** The same inside a transaction of the caller, who moves the tables in it. */
export async function dropCodeHere(session: Session): Promise<void> {
  await dropObjects(session)
}

async function runFile(session: Session, file: CodeFile): Promise<void> {
  try {
    await session.query(file.text)
    await session.query('reset role')
  } catch (error) {
    const position = Number((error as { position?: string }).position ?? 0)
    const line = position > 0 ? `:${[...file.text].slice(0, position).join('').split('\n').length}` : ''
    if (error instanceof Error) error.message = `src/${file.path}${line}: ${error.message}`
    throw error
  }
}

/**
 * Giving a function to a role needs that role's CREATE on the schema: lent for the length of the transaction.
 */
async function letRolesCreate(session: Session, verb: string, preposition: string): Promise<boolean> {
  const found = await session.query<{ command: string }>(
    `select format('${verb} create on schema %I ${preposition} %I', nspname, rolname) as command
     from pg_namespace, pg_roles
     where nspname = any ($1) and rolname in ('fairlock_engine', 'fairlock_ledger')`,
    [await managedSchemas(session)],
  )
  for (const row of found.rows) await session.query(row.command)
  return found.rows.length > 0
}

async function dropObjects(session: Session): Promise<void> {
  const tables = await structure(session)
  const found = await session.query<CodeObject>('select kind, identity from fairlock_migrations.code_objects')
  for (const object of found.rows) await session.query(dropCommand(object))
  await refuseStructure(session, tables)
  await revokeAll(session)
  await session.query('delete from fairlock_migrations.code_objects')
  await session.query('update fairlock_migrations.code set hash = null')
}

function dropCommand({ kind, identity }: CodeObject): string {
  if (kind === 'row security') return `alter table if exists ${identity} disable row level security`
  if (kind === 'forced row security') return `alter table if exists ${identity} no force row level security`
  return `drop ${kind} if exists ${identity} cascade`
}

/** Takes back what the owner granted to Fairlock's roles, in the schemas of other parts too. */
async function revokeAll(session: Session): Promise<void> {
  const found = await session.query<{ command: string }>(
    `with grants (object, acl) as (
       select format('schema %I', nspname), nspacl from pg_namespace
       union all
       select format('%s %s', case relkind when 'S' then 'sequence' else 'table' end, oid::regclass), relacl
       from pg_class
       union all
       select format('table %s', attrelid::regclass), attacl from pg_attribute where not attisdropped
       union all
       select format('routine %s', oid::regprocedure), proacl from pg_proc
     )
     select distinct format('revoke all on %s from %I', object, pg_get_userbyid(grantee)) as command
     from grants, aclexplode(acl)
     where pg_get_userbyid(grantee) = any ($1) and pg_has_role(current_user, grantor, 'USAGE')`,
    [managedRoles],
  )
  for (const row of found.rows) await session.query(row.command)
}

function key(object: CodeObject): string {
  return `${object.kind} ${object.identity}`
}

/** Everything of the kinds that code may make, apart from what extensions brought. */
async function listObjects(session: Session): Promise<CodeObject[]> {
  const found = await session.query<CodeObject>(
    `with spaces as (select oid from pg_namespace where nspname = any ($1)),
     relations as (select * from pg_class where relnamespace in (select oid from spaces)),
     objects (classid, objid) as (
       select 'pg_proc'::regclass, oid from pg_proc where pronamespace in (select oid from spaces)
       union all select 'pg_class'::regclass, oid from relations where relkind in ('v', 'm')
       union all select 'pg_trigger'::regclass, oid from pg_trigger
         where tgrelid in (select oid from relations) and not tgisinternal and tgparentid = 0
       union all select 'pg_policy'::regclass, oid from pg_policy
         where polrelid in (select oid from relations)
       union all select 'pg_type'::regclass, pg_type.oid
         from pg_type left join pg_class on pg_class.oid = typrelid
         where typnamespace in (select oid from spaces) and (typtype in ('e', 'd') or relkind = 'c')
     )
     select type as kind, identity
     from objects, pg_identify_object(classid, objid, 0)
     where not exists (
       select from pg_depend
       where pg_depend.classid = objects.classid and pg_depend.objid = objects.objid and deptype = 'e'
     )
     union all select 'row security', oid::regclass::text from relations where relrowsecurity
     union all select 'forced row security', oid::regclass::text from relations where relforcerowsecurity`,
    [await codeSchemas(session)],
  )
  return found.rows
}

/** What only migrations may make: tables, columns, constraints, defaults and indexes. */
async function structure(session: Session): Promise<Set<string>> {
  const found = await session.query<{ part: string }>(
    `with relations as (
       -- The partitions of a table come and go while the program runs.
       select oid, relkind from pg_class where relnamespace::regnamespace::text = any ($1) and not relispartition
     )
     select 'table ' || oid::regclass as part from relations where relkind in ('r', 'p')
     union all select format('index %s', oid::regclass) from relations where relkind in ('i', 'I')
     union all select format('column %s.%I', attrelid::regclass, attname) from pg_attribute
       where attrelid in (select oid from relations where relkind in ('r', 'p')) and attnum > 0
         and not attisdropped
     union all select format('constraint %I on %s', conname, conrelid::regclass) from pg_constraint
       where conrelid in (select oid from relations) and contype <> 't'
     union all select format('default of %s.%s', adrelid::regclass, adnum) from pg_attrdef
       where adrelid in (select oid from relations where relkind in ('r', 'p'))`,
    [await managedSchemas(session)],
  )
  return new Set(found.rows.map((row) => row.part))
}

async function refuseStructure(session: Session, before: Set<string>): Promise<void> {
  const after = await structure(session)
  const changed = [...after].filter((part) => !before.has(part))
  changed.push(...[...before].filter((part) => !after.has(part)))
  if (changed.length > 0) {
    throw new MigrationError(
      `Code in src/ may not make or carry parts of tables; these come and go with it: ` +
        `${changed.join(', ')}. ` +
        'Move them, and the functions they need, into a migration.',
    )
  }
}
