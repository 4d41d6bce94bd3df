import {
  chmodSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
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
  wal_compression: 'off',
}
const PREFIX = 'fairlock-test-'
// Some hundred databases are made and dropped: in memory a run of all tests takes a tenth less time. They are 1.3 GB at
// most, all at once.
const MEMORY = '/dev/shm'
const ROOM_BYTES = 4 * 2 ** 30
const ABANDONED_AFTER_MS = 10 * 60_000

/** Starts a PostgreSQL for tests, in memory where there is much of it; `onDisk` is for tests that need much room. */
export async function startTestServer({ onDisk = false } = {}): Promise<TestServer> {
  await removeAbandoned()
  const folder = mkdtempSync(join(!onDisk && memoryWillDo() ? MEMORY : tmpdir(), PREFIX))
  const [dataDir, temporary] = [join(folder, 'data'), join(folder, 'tmp')]
  // Run by root, the server is another user and has to get through.
  chmodSync(folder, 0o711)
  mkdirSync(temporary)
  try {
    const server = await startEmbedded({ dataDir, settings: SETTINGS })
    const stop = async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    }
    return { superuserUrl: server.superuserUrl, temporary, exited: server.exited, stop }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** Tests also make programs in their folder and run them, which containers mostly forbid in memory. */
function memoryWillDo(): boolean {
  if (process.env.TMPDIR !== undefined || process.platform !== 'linux') return false
  const mount = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .find((line) => line.split(' ')[1] === MEMORY)
  if (mount === undefined || mount.includes('noexec')) return false
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
