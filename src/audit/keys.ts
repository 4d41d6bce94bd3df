import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { asEngine, type Database } from '../platform/index.ts'
import { type Place, type Sealer, Unsealable } from '../platform/sealing/index.ts'

/** Signs the hashes of blocks, and of other things that are published, with one Ed25519 key. */
export type Signer = { readonly keyId: string; readonly publicKey: Buffer; sign(hash: Buffer): Buffer }

const placeOf = (keyId: string): Place => ({
  table: 'audit.signing_keys',
  column: 'sealed_private_key',
  row: keyId,
})

/**
 * The signer with the newest key of the database. Where there is none yet, or its private half cannot be opened any more
 * because what sealed it has been rotated away, it makes a new one. Throws `KeyringError`.
 */
export async function openSigner(ownerUrl: string, db: Database, sealer: Sealer): Promise<Signer> {
  const found = await db.pool.query<{ id: string; sealed_private_key: string }>(
    'select id, sealed_private_key from fairlock.audit_signing_key()',
  )
  for (const { id, sealed_private_key } of found.rows) {
    try {
      return signerOf(id, await sealer.open(null, placeOf(id), sealed_private_key))
    } catch (error) {
      if (!(error instanceof Unsealable)) throw error
    }
  }
  return makeKey(ownerUrl, sealer)
}

/** Makes a key that signs from now on; the ones before it stay known. Only the owner may. */
export async function makeKey(ownerUrl: string, sealer: Sealer): Promise<Signer> {
  const pair = generateKeyPairSync('ed25519')
  const publicKey = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI.length)
  const secret = pair.privateKey.export({ format: 'der', type: 'pkcs8' })
  const id = createHash('sha256').update(publicKey).digest('hex').slice(0, 16)
  try {
    await sealer.store(null, placeOf(id), secret, (sealed) =>
      asEngine(ownerUrl, async (client) => {
        await client.query(
          'insert into audit.signing_keys (id, public_key, sealed_private_key) values ($1, $2, $3)',
          [id, publicKey, sealed],
        )
        await client.query(
          `select fairlock.record_event('audit.key_made', 'audit', audit.itself(), 'command line', $1)`,
          [{ key: id, publicKey: publicKey.toString('hex') }],
        )
      }),
    )
    return signerOf(id, secret)
  } finally {
    secret.fill(0)
  }
}

function signerOf(keyId: string, secret: Buffer): Signer {
  try {
    const key = createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' })
    const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI.length)
    return { keyId, publicKey, sign: (hash) => sign(null, hash, key) }
  } finally {
    secret.fill(0)
  }
}

/** What stands in front of the 32 bytes of an Ed25519 public key (RFC 8410). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/** Whether a signature is one of this hash by this key; all three in hexadecimal. */
export function isSignedBy(publicKey: string, hash: string, signature: string): boolean {
  const raw = Buffer.from(publicKey, 'hex')
  if (raw.length !== 32) return false
  const key = createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' })
  return verify(null, Buffer.from(hash, 'hex'), key, Buffer.from(signature, 'hex'))
}
