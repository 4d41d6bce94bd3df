import { createECDH } from 'node:crypto'
import { type Caller, type Database, newId } from '../../platform/index.ts'
import type { Place, Sealer } from '../../platform/sealing/index.ts'

type Kept = { key: { id: string; publicKey: string; sealed: string } | null }
/** Both halves in base64url, as browsers and the library want them. */
export type VapidPair = { publicKey: string; privateKey: string }

const nobody: Caller = { sessionId: null, tokenHash: null, requestId: 'web push' }
const placeOf = (row: string): Place => ({ table: 'fairlock.push_keys', column: 'private_key', row })

/**
 * The key pair by which push services know this market (VAPID, RFC 8292). It is made when it is first asked for, once
 * for all processes: browsers are bound to its public half, so it has to stay.
 */
export class Vapid {
  readonly #db: Database
  readonly #sealer: Sealer

  constructor(db: Database, sealer: Sealer) {
    this.#db = db
    this.#sealer = sealer
  }

  /** For somebody who has to be signed in. Throws `Problem` not_signed_in. */
  async publicKey(caller: Caller): Promise<string> {
    return (await this.#kept(caller)).publicKey
  }

  /** Throws `KeyringError` and, where the platform's data key is gone, `Unsealable`. */
  async pair(): Promise<VapidPair> {
    const { id, publicKey, sealed } = await this.#kept(nobody)
    const secret = await this.#sealer.open(null, placeOf(id), sealed)
    try {
      return { publicKey, privateKey: secret.toString('base64url') }
    } finally {
      secret.fill(0)
    }
  }

  async #kept(caller: Caller): Promise<NonNullable<Kept['key']>> {
    const { key } = await this.#db.call<Kept>(caller, 'select fairlock.push_key() as answer', [])
    return key ?? this.#make()
  }

  async #make(): Promise<NonNullable<Kept['key']>> {
    const pair = createECDH('prime256v1')
    const publicKey = pair.generateKeys()
    const secret = Buffer.alloc(32)
    const made = pair.getPrivateKey()
    made.copy(secret, 32 - made.length)
    made.fill(0)
    const id = newId()
    try {
      const { key } = await this.#sealer.store(null, placeOf(id), secret, (sealed) =>
        this.#db.call<Kept>(nobody, 'select fairlock.add_push_key($1, $2, $3) as answer', [
          id,
          publicKey,
          sealed,
        ]),
      )
      if (key === null) throw new Error('no key pair was kept')
      return key
    } finally {
      secret.fill(0)
    }
  }
}
