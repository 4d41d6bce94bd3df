import { randomBytes } from 'node:crypto'
import type { Caller, Database } from '../database.ts'
import { newId } from '../ids.ts'
import { Problem } from '../problem.ts'
import { type Keyring, wrapContext } from './keyring.ts'
import { KEY_BYTES, Unsealable } from './sealed.ts'

/** How long an unwrapped data key stays in memory: an erased or rotated key is forgotten everywhere after that. */
const KEPT_MS = 60_000
const MOST_KEPT = 10_000
/** A new data key is wrapped once more when the key-encryption key was rotated at the same moment. */
const ATTEMPTS = 5

type Row = { id: string; owner: string | null; wrapped: string; keyEncryptionKey: string }
type Kept = { key: Buffer; owner: string | null; until: number }

const NOBODY: Caller = { sessionId: null, tokenHash: null, requestId: 'sealing' }

/**
 * Data keys: one in use per person (or for the platform itself, owner null), each wrapped by a key-encryption key of the
 * keyring. The database keeps the wrapped ones; who has a copy of the database alone can open nothing.
 */
export class DataKeys {
  readonly #db: Database
  readonly #keyring: Keyring
  readonly #kept = new Map<string, Kept>()
  /** Keys that are being unwrapped: who needs one of them waits, and the keyring is asked once. */
  readonly #unwrapping = new Map<string, Promise<void>>()

  constructor(db: Database, keyring: Keyring) {
    this.#db = db
    this.#keyring = keyring
  }

  /** Works with the key that seals new values of this person, and makes it if it is the first one. */
  async withActive<T>(owner: string | null, work: (key: Buffer, id: string) => T): Promise<T> {
    const row = (await this.#active(owner)) ?? (await this.#make(owner))
    return this.#use(row, owner, (key) => work(key, row.id))
  }

  /**
   * Works with a key by its id. Throws `Unsealable` when there is none, it has been destroyed, or it is not this
   * owner's: that it is theirs is authenticated by the keyring, while the row that names it can be given to another.
   */
  async withKey<T>(id: string, owner: string | null, work: (key: Buffer) => T): Promise<T> {
    const kept = this.#remembered(id)
    if (kept !== undefined) return this.#useKept(kept, owner, work)
    const row = await this.#ask('select fairlock.data_key($1) as answer', [id])
    if (row === null) throw new Unsealable()
    return this.#use(row, owner, work)
  }

  /** Retires a key and makes its person's next one, unless somebody else has just done it. */
  async replace(id: string, owner: string | null): Promise<void> {
    await this.#wrapped(owner, (next, wrapped, keyId) =>
      this.#db.call(NOBODY, 'select fairlock.replace_data_key($1, $2, $3, $4) as answer', [
        id,
        next,
        wrapped,
        keyId,
      ]),
    )
  }

  /** Forgets what is in memory, with zeros over it. */
  forget(): void {
    for (const id of [...this.#kept.keys()]) this.#drop(id)
  }

  #active(owner: string | null): Promise<Row | null> {
    return this.#ask('select fairlock.active_data_key($1) as answer', [owner])
  }

  /** Two processes may make a person's first key at once: the database keeps one, and both use that. */
  async #make(owner: string | null): Promise<Row> {
    return this.#wrapped(owner, async (id, wrapped, keyId) => {
      const row = await this.#ask('select fairlock.add_data_key($1, $2, $3, $4) as answer', [
        id,
        owner,
        wrapped,
        keyId,
      ])
      if (row === null) throw new Error('a data key was made and is not there')
      return row
    })
  }

  /** Makes a key and wraps it with the active key-encryption key; anew when that has just been rotated. */
  async #wrapped<T>(
    owner: string | null,
    write: (id: string, wrapped: Buffer, keyId: string) => Promise<T>,
  ): Promise<T> {
    const key = randomBytes(KEY_BYTES)
    try {
      for (let attempt = 1; ; attempt++) {
        const { id: keyId } = await this.#db.call<{ id: string }>(
          NOBODY,
          'select fairlock.active_key_encryption_key() as answer',
          [],
        )
        const id = newId()
        const wrapped = await this.#keyring.wrap(keyId, key, wrapContext(id, owner))
        try {
          return await write(id, wrapped, keyId)
        } catch (error) {
          const wasRotated = error instanceof Problem && error.code === 'conflict'
          if (!wasRotated || attempt === ATTEMPTS) throw error
        }
      }
    } finally {
      key.fill(0)
    }
  }

  /** Works with an unwrapped key in the same turn that has it: a moment later it may be forgotten, all zeros. */
  async #use<T>(row: Row, owner: string | null, work: (key: Buffer) => T): Promise<T> {
    while (true) {
      const kept = this.#remembered(row.id)
      if (kept !== undefined) return this.#useKept(kept, owner, work)
      await (this.#unwrapping.get(row.id) ?? this.#unwrap(row))
    }
  }

  #useKept<T>(kept: Kept, owner: string | null, work: (key: Buffer) => T): T {
    if (kept.owner !== owner) throw new Unsealable()
    return work(kept.key)
  }

  #unwrap(row: Row): Promise<void> {
    const wrapped = Buffer.from(row.wrapped, 'base64')
    const unwrapping = this.#keyring
      .unwrap(row.keyEncryptionKey, wrapped, wrapContext(row.id, row.owner))
      .then((key) => this.#keep(row.id, { key, owner: row.owner, until: performance.now() + KEPT_MS }))
      .finally(() => this.#unwrapping.delete(row.id))
    this.#unwrapping.set(row.id, unwrapping)
    return unwrapping
  }

  #remembered(id: string): Kept | undefined {
    const kept = this.#kept.get(id)
    if (kept === undefined || kept.until > performance.now()) return kept
    this.#drop(id)
    return undefined
  }

  #keep(id: string, kept: Kept): void {
    this.#drop(id)
    const oldest = this.#kept.size >= MOST_KEPT ? this.#kept.keys().next().value : undefined
    if (oldest !== undefined) this.#drop(oldest)
    this.#kept.set(id, kept)
  }

  #drop(id: string): void {
    this.#kept.get(id)?.key.fill(0)
    this.#kept.delete(id)
  }

  async #ask(text: string, values: unknown[]): Promise<Row | null> {
    const { key } = await this.#db.call<{ key: Row | null }>(NOBODY, text, values)
    return key
  }
}
