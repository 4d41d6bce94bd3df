import type { Session } from '../platform/migrator/index.ts'
import { OLD_TABLES, type OldColumn, type OldTable, type Shape } from './tables.ts'

/**
 * The old tables as the catalog has them now, in `public` or, after the contract, where they were put. Those that are
 * not there are left out, and so are the columns that the take-over added: they are no part of what the old platform says.
 */
export async function readShapes(session: Session, schema = 'public'): Promise<Shape[]> {
  const expansion = await session.query<{ there: boolean }>(
    `select to_regclass('fairlock_adoption.expansion') is not null as there`,
  )
  const isAdded = expansion.rows[0]!.there
    ? `exists (select from fairlock_adoption.expansion e
         where e.kind = 'column' and e.table_name = c.relname and e.name = a.attname)`
    : 'false'
  const found = await session.query<{ table: OldTable; key: string[]; columns: OldColumn[] }>(
    `select c.relname as "table",
       coalesce((
         select array_agg(a.attname::text order by k.at)
         from pg_index i
         cross join unnest(i.indkey::int2[]) with ordinality as k (attnum, at)
         join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
         where i.indrelid = c.oid and i.indisprimary
       ), '{}') as key,
       (select coalesce(jsonb_agg(jsonb_build_object(
           'name', a.attname,
           'type', format_type(coalesce(nullif(t.typbasetype, 0), t.oid), null),
           'category', t.typcategory,
           -- The same whatever path the session has: what was recorded is compared with it later.
           'declared', regexp_replace(format_type(a.atttypid, a.atttypmod), '^public\\.', ''),
           'required', a.attnotnull
         ) order by a.attnum), '[]')
         from pg_attribute a join pg_type t on t.oid = a.atttypid
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and not ${isAdded}) as columns
     from pg_class c
     where c.relnamespace = to_regnamespace($1) and c.relkind in ('r', 'p') and c.relname = any ($2)
     order by array_position($2, c.relname::text)`,
    [schema, [...OLD_TABLES]],
  )
  return found.rows.map((row) => ({ ...row, schema }))
}
