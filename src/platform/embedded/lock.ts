import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedError, systemCode } from './errors.ts'

/** What the program holding a data folder says about itself. */
export type Holder = { pid: number; port: number | null; address: string | null }

export type FolderLock = { describe(what: Partial<Holder>): void; release(): Promise<void> }

const ANSWER_WITHIN_MS = 2000

/**
 * Takes a data folder for this program. The lock is a listening socket: the kernel gives it to one
 * process only and frees it when that process dies, however it dies; no process id is trusted.
 */
export async function lockFolder(dataDir: string): Promise<FolderLock> {
  const holder: Holder = { pid: process.pid, port: null, address: null }
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.end(JSON.stringify(holder))
  })
  for (let attempt = 1; ; attempt++) {
    const taken = await new Promise<boolean>((resolve, reject) => {
      server.once('error', (error) => (systemCode(error) === 'EADDRINUSE' ? resolve(true) : reject(error)))
      server.listen(socketPath(dataDir), () => resolve(false))
    })
    server.removeAllListeners('error')
    if (!taken) break
    const other = await folderHolder(dataDir)
    if (other || attempt === 3) throw inUse(dataDir, other)
    // Nobody answers behind it: on systems without abstract sockets a crash leaves the file behind.
    if (process.platform !== 'linux') rmSync(socketPath(dataDir), { force: true })
  }
  server.unref()
  return {
    describe: (what) => void Object.assign(holder, what),
    release: () => new Promise((resolve) => server.close(() => resolve())),
  }
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
  const who = holder
    ? `process ${holder.pid}${holder.address ? `, ${holder.address}` : ''}`
    : 'it does not answer'
  return new EmbeddedError(
    'folder_in_use',
    `The data folder ${dataDir} is in use by another Fairlock (${who}). Stop that one, or set FAIRLOCK_DATA_DIR ` +
      'to another folder.',
  )
}

function socketPath(dataDir: string): string {
  const name = `fairlock-${createHash('sha256').update(dataDir).digest('hex').slice(0, 32)}`
  return process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`)
}
