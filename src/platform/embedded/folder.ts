import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { POSTGRES_MAJOR } from './binaries.ts'
import { EmbeddedError, systemCode } from './errors.ts'

const FORMAT = 1

/** The places inside a data folder that the embedded server uses. */
export type Folder = { dataDir: string; pgdata: string; pgdataNew: string; log: string; credentials: string }

/** What is remembered between starts; kept readable by its owner alone. */
export type Credentials = { port: number | null; superuserPassword: string; ownerPassword: string }

/** Makes the data folder when it is missing, and checks that it can be written to and is of our format. */
export function openFolder(dataDir: string): Folder {
  try {
    if (!existsSync(dataDir)) {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 })
      // Started by root, the server runs as another user, who has to get through to its own folder.
      if (process.getuid?.() === 0) chmodSync(dataDir, 0o711)
    }
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
    checkFormat(dataDir)
  } catch (error) {
    if (error instanceof EmbeddedError) throw error
    throw new EmbeddedError(
      'unwritable_folder',
      `The data folder ${dataDir} cannot be written to (${systemCode(error) ?? error}). Make it writable for this ` +
        'user, or set FAIRLOCK_DATA_DIR to another folder.',
      { cause: error },
    )
  }
  const folder = folderAt(realpathSync(dataDir))
  checkCluster(folder.pgdata)
  return folder
}

/** The places inside a data folder, whether or not they exist yet. */
export function folderAt(dataDir: string): Folder {
  return {
    dataDir,
    pgdata: join(dataDir, 'postgres'),
    pgdataNew: join(dataDir, 'postgres.new'),
    log: join(dataDir, 'log'),
    credentials: join(dataDir, 'postgres.json'),
  }
}

/** The remembered port and passwords; null when there are none, as in a new folder. */
export function readCredentials(folder: Folder): Credentials | null {
  if (!existsSync(folder.credentials)) return null
  const read: unknown = JSON.parse(readFileSync(folder.credentials, 'utf8'))
  if (isCredentials(read)) return read
  throw new EmbeddedError(
    'damaged_folder',
    `${folder.credentials} is not what Fairlock wrote. Remove the file: new passwords are then set.`,
  )
}

/** Remembers the port and passwords, never half written. */
export function writeCredentials(folder: Folder, credentials: Credentials): void {
  replaceFile(folder.credentials, `${JSON.stringify(credentials, null, 2)}\n`)
}

function isCredentials(value: unknown): value is Credentials {
  if (typeof value !== 'object' || value === null) return false
  const { port, superuserPassword, ownerPassword } = value as Record<string, unknown>
  const isPort = port === null || Number.isInteger(port)
  return isPort && typeof superuserPassword === 'string' && typeof ownerPassword === 'string'
}

function checkFormat(dataDir: string): void {
  const file = join(dataDir, 'format.json')
  if (!existsSync(file)) {
    replaceFile(file, `${JSON.stringify({ format: FORMAT })}\n`)
    return
  }
  const { format } = JSON.parse(readFileSync(file, 'utf8'))
  if (format === FORMAT) return
  throw new EmbeddedError(
    'newer_format',
    `The data folder ${dataDir} was written by a newer Fairlock (format ${format}; this version knows ${FORMAT}). ` +
      'Update Fairlock, or set FAIRLOCK_DATA_DIR to another folder.',
  )
}

function checkCluster(pgdata: string): void {
  if (!existsSync(pgdata)) return
  const versionFile = join(pgdata, 'PG_VERSION')
  const ownUid = process.getuid?.() ?? 0
  const { uid } = statSync(pgdata)
  if (ownUid !== 0 && uid !== ownUid) {
    throw new EmbeddedError(
      'wrong_owner',
      `${pgdata} belongs to another user (uid ${uid}; this is uid ${ownUid}). Start Fairlock as that user or as ` +
        'root, or set FAIRLOCK_DATA_DIR to another folder.',
    )
  }
  if (!existsSync(versionFile)) {
    throw new EmbeddedError(
      'damaged_folder',
      `${pgdata} holds no PostgreSQL database. Restore it from a backup, or move it away to begin anew.`,
    )
  }
  const version = readFileSync(versionFile, 'utf8').trim()
  if (version === String(POSTGRES_MAJOR)) return
  throw new EmbeddedError(
    'other_postgres_version',
    `${pgdata} was made by PostgreSQL ${version}; the embedded server is PostgreSQL ${POSTGRES_MAJOR}. Run the ` +
      'Fairlock version that made it, take a backup there and restore it here, or choose another FAIRLOCK_DATA_DIR.',
  )
}

function replaceFile(file: string, content: string): void {
  const next = `${file}.next`
  writeFileSync(next, content, { mode: 0o600, flush: true })
  renameSync(next, file)
}
