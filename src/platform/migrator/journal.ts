import { MigrationError, type Session, sqlState } from './connection.ts'
import { chained, label, type Migration } from './migrations.ts'

export type Entry = {
  id: string
  name: string
  hash: string
  chain: string
  applied_at: Date
  applied_by: string
}

export type Progress = { migration: string; direction: 'up' | 'down'; statement: number; hash: string }

const tables = `
  create schema if not exists fairlock_migrations;
  create schema if not exists fairlock_kept;
  create table if not exists fairlock_migrations.journal (
    id          text primary key,
    name        text not null,
    hash        text not null,
    chain       text not null,
    applied_at  timestamptz not null default clock_timestamp(),
    applied_by  text not null default session_user,
    duration_ms integer not null,
    pg_version  text not null default current_setting('server_version'),
    facts       jsonb not null default '{}'
  );
  create table if not exists fairlock_migrations.progress (
    migration text not null,
    direction text not null check (direction in ('up', 'down')),
    statement integer not null,
    hash      text not null,
    done_at   timestamptz not null default clock_timestamp(),
    primary key (migration, direction, statement)
  );
  create table if not exists fairlock_migrations.runner (
    one boolean primary key default true check (one)
  );
  create table if not exists fairlock_migrations.runs (
    id           bigint generated always as identity primary key,
    direction    text not null check (direction in ('up', 'down')),
    started_at   timestamptz not null default clock_timestamp(),
    finished_at  timestamptz,
    snapshot     text not null,
    own_xids     text[] not null default '{}',
    facts_before jsonb not null,
    facts_after  jsonb,
    problems     text[] not null default '{}'
  );
  create table if not exists fairlock_migrations.kept (
    id        bigint generated always as identity primary key,
    migration text not null,
    "schema"  text not null,
    "table"   text not null,
    columns   text[] not null,
    key       text[] not null,
    copy      text not null,
    sequences jsonb not null,
    kept_at   timestamptz not null default clock_timestamp(),
    -- Set when the way up has brought back what it could; rows that are left wait for the operator.
    restored_at timestamptz
  );
  create table if not exists fairlock_migrations.code (
    one        boolean primary key default true check (one),
    hash       text,
    applied_at timestamptz not null default clock_timestamp()
  );
  create table if not exists fairlock_migrations.code_objects (
    kind     text not null,
    identity text not null,
    primary key (kind, identity)
  );
  insert into fairlock_migrations.runner default values on conflict do nothing;
  insert into fairlock_migrations.code default values on conflict do nothing;`

/** Whether the database has a journal at all: an untouched one has not. */
export async function hasJournal(session: Session): Promise<boolean> {
  const found = await session.query<{ there: boolean }>(
    `select to_regclass('fairlock_migrations.code_objects') is not null as there`,
  )
  return found.rows[0]!.there
}

/** Creates the journal where it is missing. */
export async function ensureJournal(session: Session): Promise<void> {
  for (let attempt = 1; !(await hasJournal(session)); attempt++) {
    try {
      await session.query(tables)
    } catch (error) {
      // Two runners that start together on an empty database: the other one has just created it.
      const lostRace = ['23505', '42P06', '42P07', '40P01', '55P03'].includes(sqlState(error) ?? '')
      if (!lostRace || attempt >= 5) throw error
    }
  }
}

/** The applied migrations, oldest first. */
export async function readJournal(session: Session): Promise<Entry[]> {
  if (!(await hasJournal(session))) return []
  const found = await session.query<Entry>(
    'select id, name, hash, chain, applied_at, applied_by from fairlock_migrations.journal order by id',
  )
  return found.rows
}

/** Statements done of migrations that are neither up nor down: a run was killed in the middle. */
export async function readProgress(session: Session): Promise<Progress[]> {
  if (!(await hasJournal(session))) return []
  const found = await session.query<Progress>(
    'select migration, direction, statement, hash from fairlock_migrations.progress order by 1, 2, 3',
  )
  return found.rows
}

/** What is wrong between the journal and the files: changed, missing or out of order. */
export function journalProblems(entries: Entry[], migrations: Migration[]): string[] {
  const problems: string[] = []
  let chain = ''
  for (const entry of entries) {
    const migration = migrations.find((one) => one.id === entry.id)
    if (migration === undefined) {
      problems.push(
        `${label(entry)} was applied here and this program does not know it: the database was brought up ` +
          'by a newer version. Use that version, or roll back with it first.',
      )
      continue
    }
    chain = chained(chain, entry)
    if (migration.hash !== entry.hash) {
      problems.push(
        `${label(migration)}/up.sql changed after it was applied. Restore its text and put the change into ` +
          'a new migration.',
      )
    }
    if (chain !== entry.chain) {
      problems.push(`The journal was edited by hand: its chain of hashes breaks at ${label(entry)}.`)
      chain = entry.chain
    }
  }
  const newest = entries.at(-1)?.id ?? ''
  for (const migration of migrations) {
    if (migration.id < newest && !entries.some((entry) => entry.id === migration.id)) {
      problems.push(
        `${label(migration)} is older than the newest applied one: give it a number after ${newest}.`,
      )
    }
  }
  return problems
}

/** Throws when the files and the journal do not fit together. */
export function requireSoundJournal(entries: Entry[], migrations: Migration[]): void {
  const problems = journalProblems(entries, migrations)
  if (problems.length > 0) throw new MigrationError(problems.join('\n'))
}
