import { randomBytes } from 'node:crypto'
import { type Keyring, KeyringError } from '../keyring.ts'
import { KEY_BYTES } from '../sealed.ts'
import { unwrapInMemory, wrapInMemory } from '../wrapping.ts'

/**
 * Key-encryption keys in an environment variable, oldest first: `id=base64,id=base64`. For platforms that hand secrets
 * to programs that way; the program cannot add a key by itself, and says what to set.
 */
export class EnvKeyring implements Keyring {
  readonly kind = 'env'
  readonly location: string
  readonly #name: string
  readonly #env: NodeJS.ProcessEnv

  constructor(name: string, env: NodeJS.ProcessEnv) {
    this.#name = name
    this.#env = env
    this.location = `env:${name}`
  }

  async ids(): Promise<string[]> {
    return [...this.#keys().keys()]
  }

  async wrap(keyId: string, dataKey: Buffer, context: Buffer): Promise<Buffer> {
    return this.#withKey(keyId, (key) => wrapInMemory(key, dataKey, context))
  }

  async unwrap(keyId: string, wrapped: Buffer, context: Buffer): Promise<Buffer> {
    return this.#withKey(keyId, (key) => unwrapInMemory(key, wrapped, context))
  }

  async create(): Promise<string> {
    const id = `key-${randomBytes(8).toString('hex')}`
    throw new KeyringError(
      `The program cannot change ${this.#name}. Append ",${id}=" and the output of \`openssl rand -base64 32\` to it, ` +
        'restart every process with it, and rotate again.',
    )
  }

  async close(): Promise<void> {}

  #withKey(id: string, work: (key: Buffer) => Buffer): Buffer {
    const text = this.#keys().get(id)
    if (text === undefined) throw new KeyringError(`${this.#name} does not hold the key ${id}.`)
    const key = Buffer.from(text, 'base64')
    try {
      return work(key)
    } finally {
      key.fill(0)
    }
  }

  #keys(): Map<string, string> {
    const text = this.#env[this.#name]
    if (text === undefined || text === '')
      throw new KeyringError(`${this.#name} is not set: it is to hold the keyring.`)
    const keys = new Map<string, string>()
    for (const entry of text.split(',')) {
      const match = /^\s*([A-Za-z0-9._-]{1,100})=([A-Za-z0-9+/]{43}=)\s*$/.exec(entry)
      if (match === null || Buffer.from(match[2]!, 'base64').length !== KEY_BYTES || keys.has(match[1]!)) {
        throw new KeyringError(
          `${this.#name} must be "id=key,id=key", each key 32 bytes in base64 (openssl rand -base64 32), each id once.`,
        )
      }
      keys.set(match[1]!, match[2]!)
    }
    return keys
  }
}
