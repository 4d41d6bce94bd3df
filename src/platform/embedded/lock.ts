import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EmbeddedError, systemCode } from './errors.ts'

/** What the program holding a data folder says about itself. */
export type Holder = { pid: number; port: number | null; address: string | null }

export type FolderLock = { describe(what: Partial<Holder>): void; release(): Promise<void> }

const ANSWER_WITHIN_MS = 2000
const RETRY_MS = 100
const ATTEMPTS_UNANSWERED = 5

/**
 * Takes a data folder for this program. The lock is a listening socket: the kernel gives it to one
 * process only and frees it when that process dies, however it dies; no process id is trusted.
 * A program that is just ending is waited for, within reason.
 */
export async function lockFolder(
  dataDir: string,
  { waitMs, log }: { waitMs: number; log: (message: string) => void },
): Promise<FolderLock> {
  const holder: Holder = { pid: process.pid, port: null, address: null }
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.end(JSON.stringify(holder))
  })
  const deadline = performance.now() + waitMs
  for (let attempt = 1; !(await listens(server, socketPath(dataDir))); attempt++) {
    const other = await folderHolder(dataDir)
    // Nobody answers behind it: on systems without abstract sockets a crash leaves the file behind.
    if (!other && process.platform !== 'linux') rmSync(socketPath(dataDir), { force: true })
    if (performance.now() >= deadline && (other || attempt > ATTEMPTS_UNANSWERED)) throw inUse(dataDir, other)
    if (other && attempt === 1)
      log(`the data folder is in use (${describe(other)}); waiting for that one to end`)
    await sleep(RETRY_MS)
  }
  server.unref()
  return {
    describe: (what) => void Object.assign(holder, what),
    release: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** False when somebody else listens there already. */
function listens(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const listening = () => {
      server.off('error', refused)
      resolve(true)
    }
    const refused = (error: Error) => {
      server.off('listening', listening)
      if (systemCode(error) === 'EADDRINUSE') resolve(false)
      else reject(error)
    }
    server.once('error', refused)
    server.once('listening', listening)
    server.listen(path)
  })
}

/** Who holds the data folder; null when nobody does. */
export function folderHolder(dataDir: string): Promise<Holder | null> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath(dataDir))
    let answer = ''
    socket.setEncoding('utf8')
    socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy(inUse(dataDir, null)))
    socket.on('data', (text) => {
      answer += text
    })
    socket.on('error', (error) => (error instanceof EmbeddedError ? reject(error) : resolve(null)))
    socket.on('end', () => resolve(answer === '' ? null : (JSON.parse(answer) as Holder)))
  })
}

function inUse(dataDir: string, holder: Holder | null): EmbeddedError {
  return new EmbeddedError(
    'folder_in_use',
    `The data folder ${dataDir} is in use by another Fairlock (${holder ? describe(holder) : 'it does not answer'}). ` +
      'Stop that one, or set FAIRLOCK_DATA_DIR to another folder.',
  )
}

function describe({ pid, address }: Holder): string {
  return `process ${pid}${address ? `, ${address}` : ''}`
}

function socketPath(dataDir: string): string {
  const name = `fairlock-${createHash('sha256').update(dataDir).digest('hex').slice(0, 32)}`
  return process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`)
}
