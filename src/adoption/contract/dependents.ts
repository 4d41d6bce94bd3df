import type { Session } from '../../platform/migrator/index.ts'
import type { OldTable } from '../old-tables.ts'
import { quote } from '../views.ts'

/** A foreign key of somebody else's table to an old table. */
export type ForeignKey = {
  name: string
  relation: string
  target: string
  definition: string
  /** Why it cannot point to the new table; null when it can. */
  obstacle: string | null
}

/** A view of somebody else's over old tables, after those it is built on. */
export type View = {
  relation: string
  /** The same with quotes only where they are needed. */
  name: string
  owner: string
  options: string[] | null
  grants: string[]
  definition: string
  obstacle: string | null
}

export type Dependents = { foreignKeys: ForeignKey[]; views: View[] }

/** What other tables and views have on the old tables, and what of it can go over to the new ones. */
export async function readDependents(session: Session, tables: OldTable[]): Promise<Dependents> {
  const relations = tables.map(({ relation }) => relation)
  // Without a path every definition names its schemas.
  await session.query(`begin; set local search_path = pg_catalog`)
  try {
    return {
      foreignKeys: await readForeignKeys(session, relations),
      views: await tried(session, await readViews(session, relations)),
    }
  } finally {
    await session.query('rollback')
  }
}

async function readForeignKeys(session: Session, relations: string[]): Promise<ForeignKey[]> {
  const { rows } = await session.query<ForeignKey & { column: string }>(
    `select quote_ident(conname) as name, conrelid::regclass::text as relation,
            target.relname as target, pg_get_constraintdef(pg_constraint.oid) as definition,
            (select quote_ident(attname) from pg_attribute where attrelid = conrelid and attnum = conkey[1]) as column,
            case
              when conparentid <> 0 then 'it belongs to a partition'
              when cardinality(confkey) <> 1 or confkey[1] <> (
                select indkey[0] from pg_index where indrelid = confrelid and indisprimary
              ) then 'it refers to other columns than the key'
              when (select atttypid from pg_attribute where attrelid = conrelid and attnum = conkey[1])
                <> 'uuid'::regtype then 'its column is no uuid, as the keys of the new table are'
            end as obstacle
     from pg_constraint join pg_class target on target.oid = confrelid
     where contype = 'f' and confrelid = any ($1::regclass[]) and conrelid <> all ($1::regclass[])
     order by 2, 1`,
    [relations],
  )
  const keys: ForeignKey[] = []
  for (const { column, ...one } of rows) {
    keys.push({ ...one, obstacle: one.obstacle ?? (await leftBehind(session, one, column)) })
  }
  return keys
}

/** Rows that refer to what is not in the new table under the same key. */
async function leftBehind(
  session: Session,
  { relation, target }: ForeignKey,
  column: string,
): Promise<string | null> {
  const { rows } = await session.query<{ count: string; example: string }>(
    `select count(*), min(${column}::text) as example from ${relation} other
     where ${column} is not null and not exists (
       select from fairlock_adoption.carried
       where table_name = $1 and key = other.${column}::text and target_id = other.${column}
     )`,
    [target],
  )
  const { count, example } = rows[0]!
  return count === '0'
    ? null
    : `${count} of its rows refer to old rows that are in quarantine or became one with another, such as ${example}`
}

async function readViews(session: Session, relations: string[]): Promise<View[]> {
  const { rows } = await session.query<View & { kind: string; triggers: boolean }>(
    `with recursive built (oid, depth) as (
       select oid, 0 from pg_class where oid = any ($1::regclass[])
       union
       select ev_class, depth + 1
       from built
       join pg_depend on refclassid = 'pg_class'::regclass and refobjid = built.oid
         and classid = 'pg_rewrite'::regclass
       join pg_rewrite on pg_rewrite.oid = objid
       where ev_class <> built.oid and depth < 50
     ), views as (
       select oid, max(depth) as depth from built where depth > 0 group by oid
     )
     select format('%I.%I', nspname, relname) as relation, pg_class.oid::regclass::text as name,
            quote_ident(pg_get_userbyid(relowner)) as owner,
            reloptions as options, pg_get_viewdef(pg_class.oid) as definition, relkind as kind,
            exists (select from pg_trigger where tgrelid = pg_class.oid) as triggers,
            array(
              select format('grant %s on %I.%I to %s%s', privilege_type, nspname, relname,
                case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end,
                case when is_grantable then ' with grant option' else '' end)
              from aclexplode(relacl) where grantee <> relowner
            ) as grants
     from views join pg_class using (oid) join pg_namespace on pg_namespace.oid = relnamespace
     where nspname <> 'fairlock_adoption'
     order by depth, 1`,
    [relations],
  )
  const views: View[] = []
  for (const { kind, triggers, ...view } of rows) {
    const obstacle =
      kind === 'm'
        ? 'it is materialized: drop it before, and make it again afterwards'
        : triggers
          ? 'it has triggers'
          : null
    views.push({ ...view, obstacle })
  }
  return views
}

/** Makes the views over the new tables for a moment, to see whether these have the columns. */
async function tried(session: Session, views: View[]): Promise<View[]> {
  const result: View[] = []
  for (const [index, view] of views.entries()) {
    if (view.obstacle !== null) {
      result.push(view)
      continue
    }
    const text = toNewTables(view.definition, views.slice(0, index))
    await session.query('savepoint attempt')
    try {
      await session.query(`create temporary view ${trial(index)} as ${text}`)
      result.push(view)
    } catch (error) {
      await session.query('rollback to savepoint attempt')
      result.push({ ...view, obstacle: (error as Error).message })
    }
  }
  return result
}

const trial = (index: number) => quote(`fairlock_trial_${index}`)

/** The definition over the tables beside, and over the trials of the views before it. */
function toNewTables(definition: string, earlier: View[]): string {
  let text = definition.replace(
    /\b(?:public\.)(users|crypto_(?:profiles|wallets|transactions|trades|prices))\b/g,
    'fairlock_next.$1',
  )
  for (const [index, { relation }] of earlier.entries()) {
    for (const name of new Set([relation, relation.replaceAll('"', '')]))
      text = text.replaceAll(name, trial(index))
  }
  return text
}
