import { createHmac, randomBytes } from 'node:crypto'
import { type Caller, type Database, newId } from '../../platform/index.ts'
import { type Place, type Sealer, Unsealable } from '../../platform/sealing/index.ts'

const NOBODY: Caller = { sessionId: null, tokenHash: null, requestId: 'blind index' }
/** One key for each purpose (trust.md); this one's values tell that two accounts are one. */
const NAME = 'payment_accounts'
const KEY_BYTES = 32
const ATTEMPTS = 3

type Row = { id: string; sealed: string }

/**
 * HMAC-SHA-256 under a key of the platform's own, which is sealed like everything else: who has the database alone can
 * neither name an account nor try all there are, as they could with a plain hash.
 */
export class BlindIndex {
  readonly #db: Database
  readonly #sealer: Sealer

  constructor(db: Database, sealer: Sealer) {
    this.#db = db
    this.#sealer = sealer
  }

  /** The index of an account. */
  async ofAccount(account: string): Promise<Buffer> {
    return this.#digest('account', account)
  }

  /** What stands for a secret part of a request in its fingerprint, which the database keeps for a week. */
  async ofRequest(text: string): Promise<Buffer> {
    return this.#digest('request', text)
  }

  async #digest(purpose: 'account' | 'request', text: string): Promise<Buffer> {
    const key = await this.#key()
    try {
      return createHmac('sha256', key).update(`${purpose}\0${text}`).digest()
    } finally {
      key.fill(0)
    }
  }

  /** Opens the key, and makes it when it is the first time; the caller zeroes it. */
  async #key(): Promise<Buffer> {
    for (let attempt = 1; ; attempt++) {
      const row = (await this.#row()) ?? (await this.#make())
      try {
        return await this.#sealer.open(null, placeOf(row.id), row.sealed)
      } catch (error) {
        // Sealed anew since it was read.
        if (!(error instanceof Unsealable) || attempt === ATTEMPTS) throw error
      }
    }
  }

  async #row(): Promise<Row | null> {
    const text = 'select fairlock.blind_index_key($1) as answer'
    return (await this.#db.call<{ key: Row | null }>(NOBODY, text, [NAME])).key
  }

  /** Two processes may make it at once: the database keeps the first, and both use that. */
  async #make(): Promise<Row> {
    const id = newId()
    const key = randomBytes(KEY_BYTES)
    try {
      const { key: row } = await this.#sealer.store(null, placeOf(id), key, (sealed) =>
        this.#db.call<{ key: Row }>(NOBODY, 'select fairlock.add_blind_index_key($1, $2, $3) as answer', [
          NAME,
          id,
          sealed,
        ]),
      )
      return row
    } finally {
      key.fill(0)
    }
  }
}

const placeOf = (row: string): Place => ({
  table: 'fairlock.blind_index_keys',
  column: 'sealed_key',
  row,
})
