import type { Session } from '../../platform/migrator/index.ts'
import { OLD_TABLES } from '../tables.ts'

/** What stands around the old tables and goes on working as it does. */
export type Surroundings = {
  tables: string[]
  views: string[]
  foreignKeys: { name: string; from: string; to: string }[]
  triggers: { name: string; table: string }[]
  policies: { name: string; table: string }[]
}

/** Other tables and views of the database, and what is tied to the old tables. */
export async function lookAround(session: Session): Promise<Surroundings> {
  const found = await session.query<Surroundings>(
    `with old as (
       select oid from pg_class where relnamespace = 'public'::regnamespace and relname = any ($1)
     )
     select
       (select coalesce(jsonb_agg(format('%s.%s', n.nspname, c.relname) order by n.nspname, c.relname), '[]')
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'f', 'm') and not c.relispartition and c.oid not in (select oid from old)
          and n.nspname !~ '^(pg_|information_schema$|fairlock|ledger$|audit$|graphile_worker$)'
          and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')) as tables,
       (select coalesce(jsonb_agg(distinct format('%s.%s', n.nspname, v.relname)), '[]')
        from pg_depend d join pg_rewrite r on r.oid = d.objid join pg_class v on v.oid = r.ev_class
        join pg_namespace n on n.oid = v.relnamespace
        where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
          and d.refobjid in (select oid from old) and v.oid not in (select oid from old)
          and n.nspname !~ '^fairlock') as views,
       (select coalesce(jsonb_agg(jsonb_build_object('name', conname, 'from', conrelid::regclass::text,
           'to', confrelid::regclass::text) order by conrelid::regclass::text, conname), '[]')
        from pg_constraint
        where contype = 'f' and confrelid in (select oid from old) and conrelid not in (select oid from old)
          and conparentid = 0) as "foreignKeys",
       (select coalesce(jsonb_agg(jsonb_build_object('name', tgname, 'table', tgrelid::regclass::text)
           order by tgrelid::regclass::text, tgname), '[]')
        from pg_trigger
        where tgrelid in (select oid from old) and not tgisinternal and tgname !~ '^fairlock') as triggers,
       (select coalesce(jsonb_agg(jsonb_build_object('name', polname, 'table', polrelid::regclass::text)), '[]')
        from pg_policy where polrelid in (select oid from old)) as policies`,
    [[...OLD_TABLES]],
  )
  return found.rows[0]!
}
