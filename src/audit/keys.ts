import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { asEngine, type Database } from '../platform/index.ts'

/** Keeps the private half of a signing key: `seal` gives text for the database, `open` the bytes again. */
export type Vault = {
  seal(keyId: string, secret: Buffer): Promise<string>
  open(keyId: string, sealed: string): Promise<Buffer>
}

/** Signs the hashes of blocks with one Ed25519 key. */
export type Signer = { readonly keyId: string; sign(hash: Buffer): Buffer }

/** Makes the first signing key of a database, or with `anew` another one, which signs from then on. Gives its id. */
export async function ensureSigningKey(ownerUrl: string, vault: Vault, anew = false): Promise<string> {
  return asEngine(ownerUrl, async (client) => {
    const found = await client.query<{ id: string }>('select id from fairlock.audit_signing_key()')
    if (found.rows[0] !== undefined && !anew) return found.rows[0].id
    const pair = generateKeyPairSync('ed25519')
    const spki = pair.publicKey.export({ format: 'der', type: 'spki' })
    const publicKey = spki.subarray(SPKI.length)
    const secret = pair.privateKey.export({ format: 'der', type: 'pkcs8' })
    const id = createHash('sha256').update(publicKey).digest('hex').slice(0, 16)
    try {
      // Two programs that start at once on a new database may both make one: the later one signs, both are known.
      await client.query(
        'insert into audit.signing_keys (id, public_key, sealed_private_key) values ($1, $2, $3)',
        [id, publicKey, await vault.seal(id, secret)],
      )
    } finally {
      secret.fill(0)
    }
    return id
  })
}

/** The signer with the newest key of the database, or null where there is none yet. */
export async function openSigner(db: Database, vault: Vault): Promise<Signer | null> {
  const found = await db.pool.query<{ id: string; sealed_private_key: string }>(
    'select id, sealed_private_key from fairlock.audit_signing_key()',
  )
  const row = found.rows[0]
  if (row === undefined) return null
  const secret = await vault.open(row.id, row.sealed_private_key)
  try {
    const key = createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' })
    return { keyId: row.id, sign: (hash) => sign(null, hash, key) }
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
