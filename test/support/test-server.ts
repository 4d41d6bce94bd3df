import {
  chmodSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { freemem, tmpdir } from 'node:os'
import { join } from 'node:path'
import { attachEmbedded, type EmbeddedError, startEmbedded } from '../../src/platform/embedded/index.ts'

/** A server in a folder of its own, both gone after stop(). */
export type TestServer = {
  superuserUrl: string
  /** For the temporary files of the tests: removed with the server. */
  temporary: string
  exited: Promise<EmbeddedError>
  stop(): Promise<void>
}

// Nothing in a test server outlives the tests, so nothing has to reach the disk.
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '500',
  shared_buffers: '512MB',
  // Nobody asks what took how long, nobody copies the server, and nobody steals its passwords.
  shared_preload_libraries: '',
  track_io_timing: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  scram_iterations: '1',
}
const PREFIX = 'fairlock-test-'
// Some hundred databases are made and dropped: in memory that costs a run of all tests a tenth less time. They take
// 1.3 GB of it at most, all at once.
const MEMORY = '/dev/shm'
const ROOM_BYTES = 4 * 2 ** 30
const ABANDONED_AFTER_MS = 10 * 60_000

/** Starts a PostgreSQL for tests, in memory where there is much of it; `onDisk` is for tests that need much room. */
export async function startTestServer({ onDisk = false } = {}): Promise<TestServer> {
  await removeAbandoned()
  const folder = newFolder(tmpdir())
  const place = !onDisk && hasRoom() ? newFolder(MEMORY) : folder
  const [dataDir, temporary] = [join(place, 'data'), join(folder, 'tmp')]
  const remove = () => {
    for (const made of new Set([place, folder])) rmSync(made, { recursive: true, force: true })
  }
  try {
    mkdirSync(temporary)
    // By which another run sees that this folder is in use.
    if (place !== folder) symlinkSync(dataDir, join(folder, 'data'))
    const server = await startEmbedded({ dataDir, settings: SETTINGS })
    const stop = async () => {
      await server.stop()
      remove()
    }
    return { superuserUrl: server.superuserUrl, temporary, exited: server.exited, stop }
  } catch (error) {
    remove()
    throw error
  }
}

function newFolder(under: string): string {
  const folder = mkdtempSync(join(under, PREFIX))
  // Run by root, a server is another user and has to get through.
  chmodSync(folder, 0o711)
  return folder
}

function hasRoom(): boolean {
  if (statSync(MEMORY, { throwIfNoEntry: false }) === undefined) return false
  const { bavail, bsize } = statfsSync(MEMORY)
  return Math.min(bavail * bsize, freemem() / 2) >= ROOM_BYTES
}

/** A run that was killed outright could not tidy up after itself. */
async function removeAbandoned(): Promise<void> {
  for (const folder of globSync([tmpdir(), MEMORY].map((under) => join(under, `${PREFIX}*`)))) {
    const { uid, mtimeMs } = statSync(folder, { throwIfNoEntry: false }) ?? {}
    if (uid !== process.getuid?.() || Date.now() - (mtimeMs ?? 0) < ABANDONED_AFTER_MS) continue
    if (await isInUse(join(folder, 'data'))) continue
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Also by a run that does not answer: one that was suspended with Ctrl-Z, say. */
async function isInUse(dataDir: string): Promise<boolean> {
  try {
    return (await attachEmbedded({ dataDir })) !== null
  } catch {
    return true
  }
}
