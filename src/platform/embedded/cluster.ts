import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { EmbeddedError } from './errors.ts'
import { type Credentials, type Folder, readCredentials, writeCredentials } from './folder.ts'
import { type Runner, runPostgres } from './runner.ts'
import { writeSettings } from './settings.ts'

export const OWNER = 'fairlock_owner'
export const DATABASE = 'fairlock'
export const SUPERUSER = 'postgres'

const INITDB = [
  `--username=${SUPERUSER}`,
  '--encoding=UTF8',
  // Built in: sorts alike on every machine and after every system upgrade, so indexes stay right.
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--locale=C',
  '--data-checksums',
  '--auth=trust',
  '--no-instructions',
]

/**
 * Makes the database folder when there is none. It is made under another name and renamed when
 * whole, so that an interrupted first start leaves nothing that looks finished. Where the
 * passwords are lost they are set anew.
 */
export function ensureCluster(folder: Folder, runner: Runner, settings: Record<string, string>): Credentials {
  const isNew = !existsSync(folder.pgdata)
  mkdirSync(folder.log, { recursive: true, mode: 0o700 })
  give(folder.log, runner)
  const known = readCredentials(folder)
  const credentials = known ?? { port: null, superuserPassword: secret(), ownerPassword: secret() }
  if (isNew) initialise(folder, runner, settings, credentials)
  else if (!known) setRoles(folder.pgdata, runner, settings, credentials)
  if (!known) writeCredentials(folder, credentials)
  if (isNew) renameSync(folder.pgdataNew, folder.pgdata)
  return credentials
}

function initialise(
  folder: Folder,
  runner: Runner,
  settings: Record<string, string>,
  credentials: Credentials,
) {
  rmSync(folder.pgdataNew, { recursive: true, force: true })
  mkdirSync(folder.pgdataNew, { mode: 0o700 })
  give(folder.pgdataNew, runner)
  const sync = settings.fsync === 'off' ? ['--no-sync'] : []
  const made = runPostgres(runner, 'initdb', [...INITDB, ...sync, '-D', folder.pgdataNew])
  if (made.status !== 0) throw failed(folder.pgdataNew, made)
  setRoles(folder.pgdataNew, runner, settings, credentials)
}

/** In single-user mode: nobody can connect before the passwords are there. */
function setRoles(
  pgdata: string,
  runner: Runner,
  settings: Record<string, string>,
  credentials: Credentials,
) {
  writeSettings(pgdata, { ...settings, logging_collector: 'off' })
  const statements = [
    `do $$ begin create role ${OWNER}; exception when duplicate_object then null; end $$`,
    `alter role ${OWNER} login createrole password '${credentials.ownerPassword}'`,
    `alter role ${SUPERUSER} password '${credentials.superuserPassword}'`,
    `create database ${DATABASE} owner ${OWNER}`,
  ]
  const done = runPostgres(
    runner,
    'postgres',
    ['--single', '-D', pgdata, 'postgres'],
    `${statements.join('\n')}\n`,
  )
  const errors = done.stderr.split('\n').filter((line) => /(ERROR|FATAL|PANIC):/.test(line))
  const isExpected = (line: string) => line.includes(`database "${DATABASE}" already exists`)
  if (done.status !== 0 || !errors.every(isExpected)) throw failed(pgdata, done)
}

function failed(pgdata: string, { stderr, error }: { stderr: string | null; error?: Error }): EmbeddedError {
  const said = error?.message ?? (stderr ?? '').trim().split('\n').slice(-5).join('\n')
  return new EmbeddedError(
    'initialisation_failed',
    `The database in ${pgdata} could not be made ready:\n${said}`,
  )
}

/** Run by root, the folder belongs to the user the server runs as. */
function give(path: string, { account }: Runner): void {
  if (account) chownSync(path, account.uid, account.gid)
}

function secret(): string {
  return randomBytes(24).toString('base64url')
}
