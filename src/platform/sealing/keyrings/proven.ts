import { randomBytes } from 'node:crypto'
import { type Keyring, KeyringError } from '../keyring.ts'
import { KEY_BYTES, Unsealable } from '../sealed.ts'

const TRIAL = Buffer.from('fairlock trial')
const OTHER_TRIAL = Buffer.from('fairlock other trial')

/**
 * A keyring outside this program, tried out with each key before that key wraps anything: it must give back what it
 * wrapped, and must refuse it in another context. A Vault too old for `associated_data` ignores it, and a PKCS#11
 * module may misread its parameters; both would wrap without the context, and nobody would notice.
 */
export class ProvenKeyring implements Keyring {
  readonly kind: Keyring['kind']
  readonly location: string
  readonly #keyring: Keyring
  readonly #proofs = new Map<string, Promise<void>>()

  constructor(keyring: Keyring) {
    this.#keyring = keyring
    this.kind = keyring.kind
    this.location = keyring.location
  }

  ids(): Promise<string[]> {
    return this.#keyring.ids()
  }

  create(): Promise<string> {
    return this.#keyring.create()
  }

  close(): Promise<void> {
    return this.#keyring.close()
  }

  async wrap(keyId: string, dataKey: Buffer, context: Buffer): Promise<Buffer> {
    await this.#prove(keyId)
    return this.#keyring.wrap(keyId, dataKey, context)
  }

  async unwrap(keyId: string, wrapped: Buffer, context: Buffer): Promise<Buffer> {
    const dataKey = await this.#keyring.unwrap(keyId, wrapped, context)
    if (dataKey.length === KEY_BYTES) return dataKey
    dataKey.fill(0)
    throw new Unsealable()
  }

  /** Once per key; a proof that failed is tried again with the next use. */
  #prove(keyId: string): Promise<void> {
    const known = this.#proofs.get(keyId)
    if (known !== undefined) return known
    const proof = this.#try(keyId)
    this.#proofs.set(keyId, proof)
    proof.catch(() => this.#proofs.delete(keyId))
    return proof
  }

  async #try(keyId: string): Promise<void> {
    const trial = randomBytes(KEY_BYTES)
    const wrapped = await this.#keyring.wrap(keyId, trial, TRIAL)
    if (!(await this.unwrap(keyId, wrapped, TRIAL)).equals(trial))
      throw new KeyringError(`The keyring ${this.location} unwraps something else than it wrapped.`)
    if (await this.#opens(keyId, wrapped, OTHER_TRIAL))
      throw new KeyringError(
        `The keyring ${this.location} does not bind keys to their context: what it wraps for one person would open ` +
          'for another. Use a version of it that does.',
      )
  }

  async #opens(keyId: string, wrapped: Buffer, context: Buffer): Promise<boolean> {
    try {
      await this.#keyring.unwrap(keyId, wrapped, context)
      return true
    } catch (error) {
      if (error instanceof Unsealable) return false
      throw error
    }
  }
}
