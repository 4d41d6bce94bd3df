import { type Found, literal, look, type Moment, together } from './moment.ts'

type Reference = { name: string; child: string; parent: string; columns: string[]; parents: string[] }

/**
 * Follows every foreign key of the market's tables and to them, and every carried row to where it was carried. Keys are
 * enforced by the database; this finds what was written while somebody had that switched off.
 */
export async function findOrphans(moment: Moment): Promise<{ references: number; found: Found }> {
  const { rows: references } = await moment.client.query<Reference>(
    `select conname as name, conrelid::regclass::text as child, confrelid::regclass::text as parent,
       (select array_agg(quote_ident(attname) order by place) from unnest(conkey) with ordinality k (attnum, place)
        join pg_attribute a on a.attrelid = conrelid and a.attnum = k.attnum) as columns,
       (select array_agg(quote_ident(attname) order by place) from unnest(confkey) with ordinality k (attnum, place)
        join pg_attribute a on a.attrelid = confrelid and a.attnum = k.attnum) as parents
     from pg_constraint join pg_class on pg_class.oid = conrelid
     where contype = 'f' and conparentid = 0 and ($1::regnamespace in (relnamespace,
       (select relnamespace from pg_class where oid = confrelid)))
     order by 2, 1`,
    [moment.market],
  )
  const found: Found[] = []
  for (const reference of references) found.push(await follow(moment, reference))
  const { rows: targets } = await moment.client.query<{ table_name: string; target: string }>(
    'select distinct table_name, target from fairlock_adoption.carried order by 1, 2',
  )
  for (const { table_name, target } of targets) found.push(await arrived(moment, table_name, target))
  return { references: references.length + targets.length, found: together(found) }
}

function follow(moment: Moment, { name, child, parent, columns, parents }: Reference): Promise<Found> {
  const given = columns.map((column) => `child.${column} is not null`).join(' and ')
  const same = columns.map((column, i) => `parent.${parents[i]} = child.${column}`).join(' and ')
  return look(
    moment,
    {
      check: 'orphan',
      table: child,
      todo: `Somebody wrote past the constraint ${name}: bring the row it names back, or clear the reference.`,
    },
    `select to_jsonb(child) ->> 'id' as key,
       format('%s names %s, which is not in %s', ${literal(columns.join(', '))},
         concat_ws(', ', ${columns.map((column) => `child.${column}`).join(', ')}), ${literal(parent)}) as what
     from ${child} child where ${given} and not exists (select from ${parent} parent where ${same})`,
  )
}

/** Rows that are noted as carried, and are not where they were carried to. */
function arrived(moment: Moment, table: string, target: string): Promise<Found> {
  const of = `c.table_name = ${literal(table)} and c.target = ${literal(target)}`
  return look(
    moment,
    {
      check: 'orphan',
      table,
      todo:
        'The new row was removed past Fairlock. To carry the row anew: delete from fairlock_adoption.carried where ' +
        `table_name = ${literal(table)} and key = '<key>'; then: fairlock db up`,
    },
    `select c.key, format('was carried to %s %s, which is not there', c.target, c.target_id) as what
     from fairlock_adoption.carried c
     where ${of} and not exists (select from ${whereIs(target, moment.market, table)} n where n.id = c.target_id)`,
  )
}

/** What rows are carried to that is Fairlock's own and not one of the market's tables. */
const OWN = new Set(['offers', 'outside_wallets'])

/**
 * The relation that a target of `carried` is. What Fairlock wrote to the old table itself is `mirrored` from the new table
 * of the same name.
 */
export function whereIs(target: string, market: string, table = target): string {
  if (OWN.has(target)) return `fairlock."${target}"`
  return `"${market}"."${target === 'mirrored' ? table : target}"`
}
