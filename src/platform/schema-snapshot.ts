import type pg from 'pg'
import { PUBLIC } from './market-schema.ts'

const schemasWith = (market: string) => [market, 'fairlock', 'ledger', 'audit']

type Relation = { oid: string; name: string; kind: string; rls: boolean; forced: boolean; owner: string }
type Line = { name: string; text: string }

/**
 * The whole schema as text that reads like SQL: the same for the same schema on PostgreSQL 15 to 18 and
 * whoever owns it. Reviewers see in it what a migration or a change of code did, and `db status` finds drift
 * with it. `market` is the schema of the market tables.
 */
export async function schemaSnapshot(client: pg.ClientBase, market = PUBLIC): Promise<string> {
  await client.query('begin isolation level repeatable read, read only')
  try {
    // Names come out qualified whatever the session's path is.
    await client.query(`set local search_path = ''; set local timezone = 'UTC'`)
    const schemas = schemasWith(market)
    const parts = [await schemaLines(client, schemas)]
    const strangers = await neighbours(client)
    for (const relation of await relations(client, schemas))
      if (!strangers.includes(relation.name)) parts.push(await describeRelation(client, relation))
    parts.push(await types(client, schemas, strangers), await functions(client, schemas, strangers))
    return `${parts.filter((part) => part !== '').join('\n\n')}\n`
  } finally {
    await client.query('rollback')
  }
}

/** What an older platform has beside its tables in public, once Fairlock's have taken the places of those. */
async function neighbours(client: pg.ClientBase): Promise<string[]> {
  const there = await client.query<{ there: boolean }>(
    `select to_regclass('fairlock_adoption.neighbours') is not null as there`,
  )
  if (!there.rows[0]!.there) return []
  const found = await client.query<{ name: string }>('select name from fairlock_adoption.neighbours')
  return found.rows.map(({ name }) => name)
}

/** The owner's name differs from installation to installation; the three roles' names do not. */
const ownerOf = (column: string) =>
  `case when pg_get_userbyid(${column}) like 'fairlock\\_%' and pg_get_userbyid(${column}) <> 'fairlock_owner'
        then pg_get_userbyid(${column})::text else 'owner' end`

/**
 * Grants to Fairlock's roles and to everybody, one line each; `acl` is an aclitem[] and `what` the object.
 */
const grantsOf = (acl: string, what: string) =>
  `(select string_agg(line, E'\\n' order by line) from (
      select format('grant %s on %s to %s;', string_agg(lower(privilege_type), ', ' order by privilege_type),
                    ${what},
                    case when grantee = 0 then 'public' else pg_get_userbyid(grantee)::text end) as line
      from aclexplode(${acl})
      where (grantee = 0
             or pg_get_userbyid(grantee) in ('fairlock_app', 'fairlock_engine', 'fairlock_ledger'))
        and privilege_type <> 'MAINTAIN'
      group by grantee
    ) as grants)`

async function schemaLines(client: pg.ClientBase, schemas: string[]): Promise<string> {
  const found = await client.query<Line>(
    `select nspname as name,
            concat_ws(E'\\n', format('create schema %I;', nspname),
                      ${grantsOf('nspacl', `format('schema %I', nspname)`)}) as text
     from pg_namespace where nspname = any ($1) order by nspname`,
    [schemas],
  )
  return found.rows.map((row) => row.text).join('\n')
}

async function relations(client: pg.ClientBase, schemas: string[]): Promise<Relation[]> {
  const found = await client.query<Relation>(
    `select pg_class.oid::text, oid::regclass::text as name, relkind as kind, relrowsecurity as rls,
            relforcerowsecurity as forced, ${ownerOf('relowner')} as owner
     from pg_class
     where relnamespace::regnamespace::text = any ($1) and relkind in ('r', 'p', 'v', 'm', 'S')
       and not relispartition -- which partitions there are depends on the month
       and not exists (select from pg_depend where objid = pg_class.oid and classid = 'pg_class'::regclass
                       and (deptype = 'e' or relkind = 'S' and deptype in ('a', 'i')))
     order by oid::regclass::text collate "C"`,
    [schemas],
  )
  return found.rows
}

async function describeRelation(client: pg.ClientBase, relation: Relation): Promise<string> {
  const lines: string[] = []
  if (relation.kind === 'v' || relation.kind === 'm') lines.push(await viewText(client, relation))
  else if (relation.kind === 'S') lines.push(await sequenceText(client, relation))
  else lines.push(await tableText(client, relation))
  if (relation.owner !== 'owner') lines.push(`alter table ${relation.name} owner to ${relation.owner};`)
  if (relation.rls) lines.push(`alter table ${relation.name} enable row level security;`)
  if (relation.forced) lines.push(`alter table ${relation.name} force row level security;`)
  for (const part of [indexes, policies, triggers, grants]) lines.push(...(await part(client, relation)))
  return lines.join('\n')
}

async function tableText(client: pg.ClientBase, relation: Relation): Promise<string> {
  const columns = await client.query<Line>(
    `select attname as name,
            concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod),
              case when attcollation <> typcollation then 'collate ' || attcollation::regcollation end,
              case when attgenerated <> ''
                   then format('generated always as (%s) stored', pg_get_expr(adbin, adrelid))
                   when attidentity = 'a' then 'generated always as identity'
                   when attidentity = 'd' then 'generated by default as identity'
                   when atthasdef then 'default ' || pg_get_expr(adbin, adrelid) end,
              case when attnotnull then 'not null' end) as text
     from pg_attribute
     join pg_type on pg_type.oid = atttypid
     left join pg_attrdef on adrelid = attrelid and adnum = attnum
     where attrelid = $1::oid and attnum > 0 and not attisdropped
     order by attname collate "C"`,
    [relation.oid],
  )
  // PostgreSQL 18 lists NOT NULL among the constraints; the columns say it already.
  const constraints = await client.query<Line>(
    `select conname as name, format('constraint %I %s', conname, pg_get_constraintdef(oid)) as text
     from pg_constraint where conrelid = $1::oid and contype not in ('n', 't')
     order by contype, conname collate "C"`,
    [relation.oid],
  )
  const lines = [...columns.rows, ...constraints.rows].map((row) => `  ${row.text}`)
  return `create table ${relation.name} (\n${lines.join(',\n')}\n);`
}

async function viewText(client: pg.ClientBase, relation: Relation): Promise<string> {
  // How a view's query is printed differs between versions (PostgreSQL 16 leaves out needless qualifiers), so
  // the picture has its columns and options; the text itself is in src/.
  const found = await client.query<{ columns: string; options: string | null }>(
    `select string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod), ', '
                       order by attnum) as columns,
            (select array_to_string(reloptions, ', ') from pg_class where oid = $1::oid) as options
     from pg_attribute where attrelid = $1::oid and attnum > 0 and not attisdropped`,
    [relation.oid],
  )
  const { columns, options } = found.rows[0]!
  const kind = relation.kind === 'm' ? 'materialized view' : 'view'
  return `create ${kind} ${relation.name} (${columns})${options === null ? '' : ` with (${options})`};`
}

async function sequenceText(client: pg.ClientBase, relation: Relation): Promise<string> {
  const found = await client.query<{ text: string }>(
    `select format('as %s increment by %s start with %s', seqtypid::regtype, seqincrement, seqstart) as text
     from pg_sequence where seqrelid = $1::oid`,
    [relation.oid],
  )
  return `create sequence ${relation.name} ${found.rows[0]!.text};`
}

async function indexes(client: pg.ClientBase, relation: Relation): Promise<string[]> {
  return await texts(
    client,
    `select pg_get_indexdef(indexrelid) || case when indisvalid then ';' else '; -- invalid' end as text
     from pg_index
     where indrelid = $1::oid and not exists (
       select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x')
     )`,
    relation.oid,
  )
}

async function policies(client: pg.ClientBase, relation: Relation): Promise<string[]> {
  return await texts(
    client,
    `select concat_ws(' ', format('create policy %I on %s', polname, polrelid::regclass),
              case when not polpermissive then 'as restrictive' end,
              'for', case polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
                                 when 'd' then 'delete' else 'all' end,
              'to', (select string_agg(case when role = 0 then 'public'
                                           else pg_get_userbyid(role)::text end, ', '
                                       order by 1)
                     from unnest(polroles) as role),
              'using (' || pg_get_expr(polqual, polrelid) || ')',
              'with check (' || pg_get_expr(polwithcheck, polrelid) || ')') || ';' as text
     from pg_policy where polrelid = $1::oid`,
    relation.oid,
  )
}

async function triggers(client: pg.ClientBase, relation: Relation): Promise<string[]> {
  return await texts(
    client,
    `select pg_get_triggerdef(oid) || case when tgenabled = 'O' then ';'
                                       else '; -- enabled: ' || tgenabled::text end as text
     from pg_trigger where tgrelid = $1::oid and not tgisinternal`,
    relation.oid,
  )
}

async function grants(client: pg.ClientBase, relation: Relation): Promise<string[]> {
  return await texts(
    client,
    `select unnest(string_to_array(${grantsOf('relacl', `$1::oid::regclass::text`)}, E'\\n')) as text
     from pg_class where oid = $1::oid
     union all
     select ${grantsOf('attacl', `format('%s (%I)', attrelid::regclass, attname)`)}
     from pg_attribute where attrelid = $1::oid and attacl is not null and not attisdropped`,
    relation.oid,
  )
}

/** Enumerations, domains and standalone composite types, by name only: so far there are none. */
async function types(client: pg.ClientBase, schemas: string[], strangers: string[]): Promise<string> {
  const lines = await texts(
    client,
    `select format('create type %s;', pg_type.oid::regtype) as text
     from pg_type left join pg_class on pg_class.oid = typrelid
     where typnamespace::regnamespace::text = any ($1) and (typtype in ('e', 'd') or relkind = 'c')`,
    schemas,
  )
  return lines.filter((line) => !strangers.some((name) => line === `create type ${name};`)).join('\n')
}

async function functions(client: pg.ClientBase, schemas: string[], strangers: string[]): Promise<string> {
  const found = await client.query<Line>(
    `select pg_proc.oid::regprocedure::text as name, concat_ws(E'\\n',
       concat_ws(' ', 'create',
         case prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
         format('%s(%s)', format('%I.%I', nspname, proname), pg_get_function_arguments(pg_proc.oid)),
         'returns ' || pg_get_function_result(pg_proc.oid), 'language ' || lanname,
         case provolatile when 'i' then 'immutable' when 's' then 'stable' end,
         case when proisstrict then 'strict' end,
         case when prosecdef then 'security definer' end,
         case when proleakproof then 'leakproof' end,
         'set ' || array_to_string(proconfig, ', '),
         'as ' || left(encode(sha256(convert_to(
           replace(coalesce(pg_get_function_sqlbody(pg_proc.oid), prosrc), ($1::text[])[1] || '.', 'public.'), 'UTF8')), 'hex'), 16)) || ';',
       format('alter function %s owner to %s;', pg_proc.oid::regprocedure,
              nullif(${ownerOf('proowner')}, 'owner')),
       ${grantsOf(
         `coalesce(proacl, acldefault('f', proowner))`,
         `format('function %s', pg_proc.oid::regprocedure)`,
       )}
     ) as text
     from pg_proc
     join pg_namespace on pg_namespace.oid = pronamespace
     join pg_language on pg_language.oid = prolang
     where nspname = any ($1::text[])
       and not exists (select from pg_depend where objid = pg_proc.oid and classid = 'pg_proc'::regclass
                       and deptype = 'e')
     order by nspname, proname, pg_get_function_identity_arguments(pg_proc.oid) collate "C"`,
    [schemas],
  )
  const ours = found.rows.filter(({ name }) => !strangers.includes(name))
  return ours.map((row) => row.text).join('\n\n')
}

async function texts(client: pg.ClientBase, sql: string, parameter: string | string[]): Promise<string[]> {
  const found = await client.query<{ text: string | null }>(sql, [parameter])
  return found.rows
    .map((row) => row.text)
    .filter((text) => text !== null)
    .sort()
}
