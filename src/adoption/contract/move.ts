import { retried, type Session, sqlState, transaction } from '../../platform/migrator/index.ts'
import { removeViews } from '../expand.ts'
import type { OldTable } from '../old-tables.ts'
import type { Dependents } from './dependents.ts'

/** Moves everything to its new place, inside the caller's transaction and after the code was dropped. */
export async function move(session: Session, tables: OldTable[], dependents: Dependents): Promise<void> {
  const { foreignKeys, views } = dependents
  for (const { relation } of views.toReversed()) await session.query(`drop view ${relation}`)
  for (const { relation, name } of foreignKeys) {
    await session.query(`alter table ${relation} drop constraint ${name}`)
  }
  await removeViews(session)
  await noteNeighbours(session, views)
  await dropCarrying(session)
  await session.query('create schema if not exists fairlock_old')
  for (const { relation } of tables) await session.query(`alter table ${relation} set schema fairlock_old`)
  await moveNewTables(session)
  for (const { relation, name, definition } of foreignKeys) {
    const valid = definition.replace(/ NOT VALID$/, '')
    await session.query(`alter table ${relation} add constraint ${name} ${valid} not valid`)
  }
  for (const view of views) {
    const options = view.options === null ? '' : ` with (${view.options.join(', ')})`
    await session.query(`create view ${view.relation}${options} as ${view.definition}`)
    await session.query(`alter view ${view.relation} owner to ${view.owner}`)
    for (const grant of view.grants) await session.query(grant)
  }
  await session.query(
    `update fairlock_adoption.state
     set phase = 'contracted', market_schema = 'public', changed_at = clock_timestamp(),
         contracted_at = clock_timestamp(), installed = null`,
  )
}

/** Whatever stays in public beside Fairlock's tables is no drift of Fairlock's schema. */
async function noteNeighbours(session: Session, views: Dependents['views']): Promise<void> {
  // Without a path names come out with their schemas.
  await session.query(`set local search_path = ''`)
  await session.query(
    `insert into fairlock_adoption.neighbours
     select oid::regclass::text from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')
       and to_regclass(format('fairlock_next.%I', relname)) is null
     union select oid::regprocedure::text from pg_proc where pronamespace = 'public'::regnamespace
     union select oid::regtype::text from pg_type
     where typnamespace = 'public'::regnamespace and typtype in ('e', 'd', 'r')
     union select unnest($1::text[])
     on conflict do nothing`,
    [views.map(({ name }) => name)],
  )
  await session.query('set local search_path = public')
}

/** Nothing is carried any more: its functions and views go, its records stay. */
async function dropCarrying(session: Session): Promise<void> {
  const { rows } = await session.query<{ command: string }>(
    `select format('drop routine if exists %s cascade', oid::regprocedure) as command
     from pg_proc where pronamespace = 'fairlock_adoption'::regnamespace
     union all
     select format('drop view if exists %s cascade', oid::regclass)
     from pg_class where relnamespace = 'fairlock_adoption'::regnamespace and relkind = 'v'`,
  )
  for (const { command } of rows) await session.query(command)
}

async function moveNewTables(session: Session): Promise<void> {
  const { rows } = await session.query<{ command: string }>(
    `select format('alter table %s set schema public', oid::regclass) as command
     from pg_class
     where relnamespace = 'fairlock_next'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
     union all
     select format('alter sequence %s set schema public', oid::regclass)
     from pg_class
     where relnamespace = 'fairlock_next'::regnamespace and relkind = 'S'
       and not exists (select from pg_depend where objid = pg_class.oid and deptype in ('a', 'i') and refobjsubid > 0)
     union all
     select format('alter routine %s set schema public', oid::regprocedure)
     from pg_proc where pronamespace = 'fairlock_next'::regnamespace
     union all
     select format('alter type %s set schema public', pg_type.oid::regtype)
     from pg_type left join pg_class on pg_class.oid = typrelid
     where typnamespace = 'fairlock_next'::regnamespace and typelem = 0 and (typtype in ('e', 'd', 'r') or relkind = 'c')`,
  )
  for (const { command } of rows) await session.query(command)
  await rewriteFunctions(session)
  await session.query('drop schema fairlock_next')
}

/** Functions of the migrations name the schema in their text. */
async function rewriteFunctions(session: Session): Promise<void> {
  const { rows } = await session.query<{ definition: string }>(
    `select replace(pg_get_functiondef(oid), 'fairlock_next', 'public') as definition
     from pg_proc
     where pronamespace::regnamespace::text in ('public', 'fairlock', 'ledger', 'audit') and prokind in ('f', 'p')
       and (prosrc like '%fairlock\\_next%' or proconfig::text like '%fairlock\\_next%')`,
  )
  for (const { definition } of rows) await session.query(definition)
}

/**
 * Checks the rows behind the foreign keys that now refer to new tables; names those that do not hold. The check is made
 * with the owner's eyes, from which forced row-level security hides everything: the code that forces it comes afterwards.
 */
export async function pointForeignKeys(session: Session): Promise<string[]> {
  const { rows } = await session.query<{ table: string; name: string; target: string; forced: boolean }>(
    `select conrelid::regclass::text as "table", quote_ident(conname) as name, confrelid::regclass::text as target,
            relforcerowsecurity as forced
     from pg_constraint join pg_class on pg_class.oid = confrelid
     where contype = 'f' and not convalidated and relnamespace = 'public'::regnamespace
       and relname in (select relname from pg_class where relnamespace = 'fairlock_old'::regnamespace)`,
  )
  const broken: string[] = []
  for (const { table, name, target, forced } of rows) {
    try {
      await retried(() =>
        transaction(session, async () => {
          if (forced) await session.query(`alter table ${target} no force row level security`)
          await session.query(`alter table ${table} validate constraint ${name}`)
          if (forced) await session.query(`alter table ${target} force row level security`)
        }),
      )
    } catch (error) {
      if (sqlState(error) !== '23503') throw error
      const { detail } = error as { detail?: string }
      broken.push(
        `Foreign key ${name} of ${table} holds for new rows only: ${detail ?? (error as Error).message}`,
      )
    }
  }
  return broken
}
