import type { Database } from '../database.ts'
import { Problem } from '../problem.ts'
import { DataKeys } from './data-keys.ts'
import type { Keyring } from './keyring.ts'
import { keyIdOf, openWith, type Place, sealWith } from './sealed.ts'

const ATTEMPTS = 3

/** Seals and opens the values of sealed columns, each with the data key of the person whose it is. */
export class Sealer {
  readonly keys: DataKeys

  constructor(db: Database, keyring: Keyring) {
    this.keys = new DataKeys(db, keyring)
  }

  /**
   * Seals a value for its place with its owner's data key; `owner` null: the platform's own. Write it with `store`, or
   * be ready for `Problem` data_key_retired. Throws `Problem` person_erased, `KeyringError`.
   */
  async seal(owner: string | null, place: Place, plaintext: Buffer): Promise<string> {
    return this.keys.withActive(owner, (key, id) => sealWith(key, id, place, plaintext))
  }

  /**
   * Seals a value and writes it. The database takes no value sealed with a key that has just been retired, so that a
   * key can be destroyed once nothing names it; then this seals anew with the next one.
   */
  async store<T>(
    owner: string | null,
    place: Place,
    plaintext: Buffer,
    write: (sealed: string) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await write(await this.seal(owner, place, plaintext))
      } catch (error) {
        const isRetired = error instanceof Problem && error.code === 'data_key_retired'
        if (!isRetired || attempt === ATTEMPTS) throw error
      }
    }
  }

  /**
   * Opens what was sealed for this owner and place: a row that was given to somebody else does not open for them. The
   * caller zeroes the result when done. Throws `Unsealable`, `KeyringError`.
   */
  async open(owner: string | null, place: Place, sealed: string): Promise<Buffer> {
    return this.keys.withKey(keyIdOf(sealed), owner, (key) => openWith(key, place, sealed))
  }

  /** Forgets all keys in memory. */
  close(): void {
    this.keys.forget()
  }
}
