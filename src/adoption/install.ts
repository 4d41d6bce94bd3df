import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { retried, type Session, transaction, withSession } from '../platform/migrator/index.ts'
import { readShapes } from './catalog.ts'
import { type Mapping, requireMapping } from './mapping.ts'
import { isCarrying, readState } from './state.ts'
import { mappingSql, viewsSql } from './views.ts'

const directory = fileURLToPath(new URL('sql/', import.meta.url))

/** Run first and in this order, before the views. */
const FIRST = ['state.sql', 'parse.sql']
/** What the rest is made of, which follows by name. */
const SECOND = ['secrets.sql', 'quarantine.sql', 'figures.sql']

type Source = { path: string; text: string }

/** The tables in which a take-over keeps what it knows. Each statement may be run again. */
export async function installState(session: Session): Promise<void> {
  await session.query(await readFile(`${directory}state.sql`, 'utf8'))
}

/**
 * Brings the functions and views of `fairlock_adoption` to what the files and the recorded mapping say, in one
 * transaction, and gives the engine what it needs to carry rows. Returns false when nothing had changed.
 */
export async function install(session: Session): Promise<boolean> {
  await installState(session)
  return await retried(() =>
    transaction(session, async () => {
      // Locked: a mapping that is recorded meanwhile waits, and its words replace these.
      const found = await session.query<{ installed: string | null; mapping: unknown }>(
        'select installed, mapping from fairlock_adoption.state for update',
      )
      const { installed, mapping } = found.rows[0]!
      const sources = await readSources(await views(session, requireMapping(mapping)))
      const hash = createHash('sha256')
      for (const { path, text } of sources) hash.update(`${path}\n${text}\n`)
      const wanted = hash.digest('hex')
      const current = installed === wanted
      if (!current) {
        // Functions may call what a later file makes.
        await session.query('set local check_function_bodies = off')
        await dropOld(session)
        for (const source of sources) await run(session, source)
        await session.query('update fairlock_adoption.state set installed = $1', [wanted])
      }
      await grantToEngine(session)
      return !current
    }),
  )
}

/** The functions that say what the mapping says, where the others are installed; in the transaction of the session. */
export async function installMapping(session: Session, mapping: Mapping): Promise<void> {
  await session.query(mappingSql(mapping, await currencies(session)))
}

/** Installs once more after the code was applied anew, where a take-over is under way. */
export async function keepInstalled(ownerUrl: string): Promise<void> {
  await withSession(ownerUrl, async (session) => {
    const state = await readState(session)
    if (state !== null && isCarrying(state.phase)) await install(session)
  })
}

/**
 * The engine's privileges alone: whenever the code is applied anew, it takes all of them back. Views and functions of the
 * code belong to the engine itself, or to the ledger, which have granted what is needed.
 */
export async function grantToEngine(session: Session): Promise<void> {
  const found = await session.query<{ command: string }>(
    `with spaces as (
       select oid, nspname from pg_namespace
       where nspname in ('fairlock_adoption', 'fairlock', 'ledger', (select market_schema from fairlock_adoption.state))
     )
     select format('grant usage on schema %I to fairlock_engine', nspname) as command from spaces
     union all
     select format('grant %s on %s %s to fairlock_engine', case nspname when 'ledger' then 'select' else 'all' end,
       case relkind when 'S' then 'sequence' else 'table' end, c.oid::regclass)
     from pg_class c join spaces on spaces.oid = relnamespace
     where relkind in ('r', 'p', 'v', 'S') and pg_has_role(current_user, relowner, 'USAGE')
     union all
     select format('grant execute on routine %s to fairlock_engine', p.oid::regprocedure)
     from pg_proc p join spaces on spaces.oid = pronamespace where pg_has_role(current_user, proowner, 'USAGE')`,
  )
  await session.query(found.rows.map(({ command }) => command).join(';'))
}

/** The views are of the old tables without what the take-over added to them, and of the currencies that the market has. */
async function views(session: Session, mapping: Mapping): Promise<string> {
  const added = await session.query<{ table: string; name: string }>(
    `select table_name as "table", name from fairlock_adoption.expansion where kind = 'column'`,
  )
  return viewsSql(
    mapping,
    (await readShapes(session)).map((shape) => ({
      ...shape,
      columns: shape.columns.filter(
        ({ name }) => !added.rows.some((row) => row.table === shape.table && row.name === name),
      ),
    })),
    await currencies(session),
  )
}

/** The codes that the market has. Policies are forced on the owner, too: as itself it would see none. */
async function currencies(session: Session): Promise<string[]> {
  await session.query('set local role fairlock_engine')
  const { rows } = await session.query<{ code: string }>('select code from fairlock.currencies order by code')
  await session.query('reset role')
  return rows.map(({ code }) => code)
}

async function readSources(views: string): Promise<Source[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql'))
  const present = (wanted: string[]) => wanted.filter((name) => names.includes(name))
  const rest = names.filter((name) => ![...FIRST, ...SECOND].includes(name)).sort()
  const read = async (name: string) => ({ path: name, text: await readFile(`${directory}${name}`, 'utf8') })
  const [first, others] = await Promise.all([
    Promise.all(present(FIRST).map(read)),
    Promise.all([...present(SECOND), ...rest].map(read)),
  ])
  return [...first, { path: 'views of the old tables', text: views }, ...others]
}

/**
 * Functions and views of an earlier version would keep their old signatures alive. What triggers on the old tables call,
 * and what something outside of the schema is built on, stays and is replaced where it is.
 */
async function dropOld(session: Session): Promise<void> {
  const found = await session.query<{ command: string }>(
    `with ours as (
       select 'pg_proc'::regclass as class, oid, format('routine if exists %s', oid::regprocedure) as name
       from pg_proc where pronamespace = 'fairlock_adoption'::regnamespace
       union all
       select 'pg_class'::regclass, oid, format('view if exists %s', oid::regclass)
       from pg_class where relnamespace = 'fairlock_adoption'::regnamespace and relkind = 'v'
     )
     select format('drop %s cascade', name) as command from ours
     where not exists (
       select from pg_depend
       left join pg_rewrite on pg_depend.classid = 'pg_rewrite'::regclass and pg_rewrite.oid = objid
       left join pg_class on pg_class.oid = ev_class
       where refclassid = ours.class and refobjid = ours.oid and deptype = 'n'
         and (pg_depend.classid <> 'pg_rewrite'::regclass
              or relnamespace <> 'fairlock_adoption'::regnamespace)
         and pg_depend.classid not in ('pg_proc'::regclass, 'pg_type'::regclass)
     )`,
  )
  for (const { command } of found.rows) await session.query(command)
}

async function run(session: Session, { path, text }: Source): Promise<void> {
  try {
    await session.query(text)
  } catch (error) {
    if (error instanceof Error) error.message = `src/adoption/sql/${path}: ${error.message}`
    throw error
  }
}
