import { existsSync, realpathSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { appUrlFor } from '../app-login.ts'
import { postgresBinaries } from './binaries.ts'
import { DATABASE, ensureCluster, OWNER, SUPERUSER } from './cluster.ts'
import { EmbeddedError } from './errors.ts'
import {
  type Credentials,
  type Folder,
  folderAt,
  openFolder,
  readCredentials,
  writeCredentials,
} from './folder.ts'
import { clearLeftovers } from './leftovers.ts'
import { folderHolder, lockFolder } from './lock.ts'
import { freePort, isFree } from './ports.ts'
import { type Postmaster, startPostmaster } from './postmaster.ts'
import { chooseRunner, type Runner } from './runner.ts'
import { writeSettings } from './settings.ts'
import { supervise } from './supervise.ts'

export { EmbeddedError, type EmbeddedErrorCode } from './errors.ts'

/** The embedded PostgreSQL of one data folder. */
export type Embedded = {
  /** The schema's owner: migrations and nothing else. */
  ownerUrl: string
  /** The application's role, which the migrator creates. */
  appUrl: string
  superuserUrl: string
  port: number
  /** Where PGDATA is. */
  pgdata: string
  /** Resolves when the server has died and restarting it has failed too often. */
  exited: Promise<EmbeddedError>
  /** Tells other programs that find the folder in use where this one answers. */
  announce(address: string): void
  /** Shuts the server down, fast and cleanly. Of an attached server it stops nothing. */
  stop(): Promise<void>
}

export type EmbeddedOptions = {
  dataDir: string
  log?: (message: string) => void
  /** Server settings beside or instead of the usual ones. */
  settings?: Record<string, string>
  /** How long to wait for another program on the folder that may just be ending. */
  waitMs?: number
}

const WAIT_MS = 5_000
const PORT_ATTEMPTS = 5
const STARTING_WITHIN_MS = 60_000

/** Starts the PostgreSQL of a data folder, made on first use, and keeps it running until stop(). */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { log = () => {}, settings = {} } = options
  const binaries = postgresBinaries()
  const folder = openFolder(options.dataDir)
  const lock = await lockFolder(folder.dataDir, { waitMs: options.waitMs ?? WAIT_MS, log })
  try {
    const runner = chooseRunner(binaries, folder.pgdata, folder.dataDir)
    await clearLeftovers(folder.pgdata, log)
    const credentials = ensureCluster(folder, runner, settings)
    const { postmaster, port } = await startOnFreePort(folder, runner, credentials, settings, log)
    const server = supervise(postmaster, { runner, pgdata: folder.pgdata, log })
    lock.describe({ port })
    const stop = once(async () => {
      await server.stop()
      await lock.release()
    })
    const { exited } = server
    return {
      ...urls(credentials, port),
      pgdata: folder.pgdata,
      exited,
      announce: (address) => lock.describe({ address }),
      stop,
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** The server of a data folder that another program is running; null when none is. */
export async function attachEmbedded({ dataDir }: { dataDir: string }): Promise<Embedded | null> {
  if (!existsSync(dataDir)) return null
  const folder = folderAt(realpathSync(dataDir))
  const deadline = performance.now() + STARTING_WITHIN_MS
  while (true) {
    const holder = await folderHolder(folder.dataDir)
    if (!holder) return null
    if (holder.port !== null) return attached(folder, holder.port)
    if (performance.now() > deadline) {
      throw new EmbeddedError('folder_in_use', `Process ${holder.pid} has not finished starting PostgreSQL.`)
    }
    await sleep(50)
  }
}

function attached(folder: Folder, port: number): Embedded {
  const credentials = readCredentials(folder)
  if (!credentials) throw new EmbeddedError('damaged_folder', `${folder.credentials} is missing.`)
  return {
    ...urls(credentials, port),
    pgdata: folder.pgdata,
    exited: new Promise(() => {}),
    announce: () => {},
    stop: async () => {},
  }
}

/** Another program may take the port between our look and the server's bind; then the next one. */
async function startOnFreePort(
  folder: Folder,
  runner: Runner,
  credentials: Credentials,
  settings: Record<string, string>,
  log: (message: string) => void,
): Promise<{ postmaster: Postmaster; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(credentials.port)
    if (port !== credentials.port) {
      if (credentials.port !== null)
        log(`port ${credentials.port} is busy; PostgreSQL listens on ${port} instead`)
      credentials.port = port
      writeCredentials(folder, credentials)
    }
    writeSettings(folder.pgdata, { port: String(port), log_directory: folder.log, ...settings })
    try {
      return { postmaster: await startPostmaster(runner, folder.pgdata, log), port }
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || (await isFree(port))) throw error
    }
  }
}

function urls(credentials: Credentials, port: number) {
  const url = (user: string, password: string) =>
    `postgres://${user}:${password}@127.0.0.1:${port}/${DATABASE}`
  const ownerUrl = url(OWNER, credentials.ownerPassword)
  const superuserUrl = url(SUPERUSER, credentials.superuserPassword)
  return { ownerUrl, appUrl: appUrlFor(ownerUrl), superuserUrl, port }
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  return () => {
    running ??= action()
    return running
  }
}
