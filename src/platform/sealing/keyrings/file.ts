import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Keyring, KeyringError } from '../keyring.ts'
import { KEY_BYTES } from '../sealed.ts'
import { unwrapInMemory, wrapInMemory } from '../wrapping.ts'

type Entry = { id: string; created: string; key: string }
type Content = { format: 'fairlock keyring 1'; keys: Entry[] }

const ABANDONED_AFTER_MS = 60_000

/**
 * Key-encryption keys in a JSON file that only its owner may read. The file is read anew for every use: a rotation by
 * another process is seen at once, and no key stays in memory.
 */
export class FileKeyring implements Keyring {
  readonly kind = 'file'
  readonly location: string
  readonly #path: string

  constructor(path: string) {
    this.#path = resolve(path)
    this.location = `file:${this.#path}`
  }

  /** Makes the file with a first key. Throws `KeyringError` when there is one already. */
  static async initialise(path: string): Promise<FileKeyring> {
    const keyring = new FileKeyring(path)
    const handle = await open(keyring.#path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      throw new KeyringError(`The keyring ${keyring.#path} cannot be made: ${error.message}`)
    })
    await write(handle, { format: 'fairlock keyring 1', keys: [newEntry()] })
    return keyring
  }

  async ids(): Promise<string[]> {
    return (await this.#read()).keys.map(({ id }) => id)
  }

  async wrap(keyId: string, dataKey: Buffer, context: Buffer): Promise<Buffer> {
    return this.#withKey(keyId, (key) => wrapInMemory(key, dataKey, context))
  }

  async unwrap(keyId: string, wrapped: Buffer, context: Buffer): Promise<Buffer> {
    return this.#withKey(keyId, (key) => unwrapInMemory(key, wrapped, context))
  }

  /** Adds a key; the file is replaced as a whole, and another process that is adding one makes this one fail. */
  async create(): Promise<string> {
    const path = await targetOf(this.#path)
    const next = `${path}.new`
    await removeAbandoned(next)
    const handle = await open(next, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw new KeyringError(`${next} cannot be written: ${error.message}`)
      throw new KeyringError(
        `${next} is there: another rotation is running, or one was killed. Repeat the command in a minute.`,
      )
    })
    try {
      const content = await this.#read().catch(async (error) => {
        await handle.close()
        throw error
      })
      const entry = newEntry()
      await write(handle, { ...content, keys: [...content.keys, entry] })
      await rename(next, path)
      await syncFolder(dirname(path))
      return entry.id
    } catch (error) {
      await rm(next, { force: true })
      throw error
    }
  }

  async close(): Promise<void> {}

  async #withKey(id: string, work: (key: Buffer) => Buffer): Promise<Buffer> {
    const entry = (await this.#read()).keys.find((one) => one.id === id)
    if (!entry)
      throw new KeyringError(`The keyring ${this.location} does not hold the key ${id}. Restore its file.`)
    const key = Buffer.from(entry.key, 'base64')
    try {
      return work(key)
    } finally {
      key.fill(0)
    }
  }

  async #read(): Promise<Content> {
    const path = this.#path
    const handle = await open(path, constants.O_RDONLY).catch((error: NodeJS.ErrnoException) => {
      throw new KeyringError(
        error.code === 'ENOENT'
          ? `There is no keyring at ${path}. Restore it, or make one: fairlock keys init`
          : `The keyring ${path} cannot be read: ${error.message}`,
      )
    })
    try {
      const { mode, uid } = await handle.stat()
      if ((mode & 0o077) !== 0)
        throw new KeyringError(`Others may read the keyring ${path}. Correct it: chmod 600 ${path}`)
      if (process.getuid && process.getuid() !== 0 && uid !== process.getuid())
        throw new KeyringError(`The keyring ${path} belongs to another user. Correct it with chown.`)
      await refuseOpenFolder(dirname(path))
      await refuseOpenFolder(dirname(await targetOf(path)))
      return parse(await handle.readFile('utf8'), path)
    } finally {
      await handle.close()
    }
  }
}

/** What is being written is renamed within moments; an old one is of a process that was killed. */
async function removeAbandoned(path: string): Promise<void> {
  const written = await stat(path).catch(unlessMissing(null))
  if (written !== null && Date.now() - written.mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true })
}

/** The file itself, where the path is a link: a rotation replaces what the link leads to, for all who read it. */
function targetOf(path: string): Promise<string> {
  return realpath(path).catch(unlessMissing(path))
}

/** For a file that need not be there; any other error goes on. */
function unlessMissing<T>(otherwise: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code !== 'ENOENT') throw error
    return otherwise
  }
}

/** Who may write to the folder may put another file in the keyring's place. */
async function refuseOpenFolder(folder: string): Promise<void> {
  const { mode } = await stat(folder)
  const isSticky = (mode & 0o1000) !== 0
  if ((mode & 0o022) !== 0 && !isSticky)
    throw new KeyringError(
      `Others may write to ${folder}, where the keyring is. Correct it: chmod 700 ${folder}`,
    )
}

function parse(text: string, path: string): Content {
  const wrong = new KeyringError(
    `${path} is not a keyring of Fairlock. Restore it from where you keep a copy.`,
  )
  let content: Partial<Content> | null
  try {
    content = JSON.parse(text)
  } catch {
    // The parser's message would quote the file.
    throw wrong
  }
  const isValid =
    content?.format === 'fairlock keyring 1' &&
    Array.isArray(content.keys) &&
    content.keys.length > 0 &&
    content.keys.every(
      (one) => typeof one?.id === 'string' && Buffer.from(String(one.key), 'base64').length === KEY_BYTES,
    ) &&
    // With one id twice, an older reader and a newer one could wrap with different keys.
    new Set(content.keys.map(({ id }) => id)).size === content.keys.length
  if (!isValid) throw wrong
  return content as Content
}

function newEntry(): Entry {
  return {
    id: `key-${randomBytes(8).toString('hex')}`,
    created: new Date().toISOString(),
    key: randomBytes(KEY_BYTES).toString('base64'),
  }
}

async function write(handle: FileHandle, content: Content): Promise<void> {
  try {
    await handle.writeFile(`${JSON.stringify(content, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
