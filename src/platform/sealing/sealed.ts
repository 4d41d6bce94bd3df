import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { isUuid } from '../api.ts'

/**
 * Where a sealed value lives. All of it is authenticated with the ciphertext, so that a value which somebody moves to
 * another row, column or table cannot be opened there (I15).
 */
export type Place = {
  /** With its schema: `public.crypto_profiles`. */
  readonly table: string
  readonly column: string
  /** The row's primary key as text. */
  readonly row: string
  /** What the value is for, where one column holds values of several kinds. */
  readonly purpose?: string
}

/** A value that cannot be opened: changed, moved, cut short, or sealed with another key. It says no more than that. */
export class Unsealable extends Error {
  override readonly name = 'Unsealable'

  constructor() {
    super('The sealed value cannot be opened.')
  }
}

const MAGIC = Buffer.from('FL')
const VERSION = 1
/** AES-256-GCM with a random nonce of 96 bits and a tag of 128 bits (NIST SP 800-38D). */
const AES_256_GCM = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_ID_AT = 4
const NONCE_AT = 20
const CIPHERTEXT_AT = NONCE_AT + NONCE_BYTES
export const KEY_BYTES = 32
/** What sealing adds: magic, version, algorithm, key id, nonce and tag. */
export const OVERHEAD_BYTES = CIPHERTEXT_AT + TAG_BYTES
/** Nothing that Fairlock seals is larger: evidence files have 20 MB. */
const MOST_BYTES = 32 * 1024 * 1024

/**
 * Seals `plaintext` with a data key of 32 bytes: `FL`, version, algorithm, the data key's id, nonce, ciphertext, tag;
 * as base64url. A key seals one person's values, far below the 2^32 messages that random nonces allow.
 */
export function sealWith(key: Buffer, keyId: string, place: Place, plaintext: Buffer): string {
  if (plaintext.length > MOST_BYTES) throw new RangeError('a value of more than 32 MB cannot be sealed')
  const header = Buffer.concat([MAGIC, Buffer.from([VERSION, AES_256_GCM]), uuidBytes(keyId)])
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(associatedData(header, place))
  const ciphertext = [cipher.update(plaintext), cipher.final()]
  return Buffer.concat([header, nonce, ...ciphertext, cipher.getAuthTag()]).toString('base64url')
}

/** The id of the data key that a sealed value names. Throws `Unsealable`. */
export function keyIdOf(sealed: string): string {
  return uuidText(bytesOf(sealed).subarray(KEY_ID_AT, NONCE_AT))
}

/** Opens what `sealWith` sealed for this place. The caller zeroes the result when done. Throws `Unsealable`. */
export function openWith(key: Buffer, place: Place, sealed: string): Buffer {
  const bytes = bytesOf(sealed)
  const tagAt = bytes.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(NONCE_AT, CIPHERTEXT_AT), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(associatedData(bytes.subarray(0, NONCE_AT), place))
  decipher.setAuthTag(bytes.subarray(tagAt))
  const plaintext = decipher.update(bytes.subarray(CIPHERTEXT_AT, tagAt))
  try {
    // GCM is a stream: final() compares the tag and gives no bytes.
    decipher.final()
  } catch {
    plaintext.fill(0)
    throw new Unsealable()
  }
  return plaintext
}

function bytesOf(sealed: string): Buffer {
  if (sealed.length > MOST_BYTES * 2 || !/^[A-Za-z0-9_-]+$/.test(sealed)) throw new Unsealable()
  const bytes = Buffer.from(sealed, 'base64url')
  const isOurs =
    bytes.length >= OVERHEAD_BYTES &&
    bytes.subarray(0, 2).equals(MAGIC) &&
    bytes[2] === VERSION &&
    bytes[3] === AES_256_GCM &&
    // One text for each value: base64url with stray bits in its last character is refused.
    bytes.toString('base64url') === sealed
  if (!isOurs) throw new Unsealable()
  return bytes
}

/** Each part with its length before it, so that no two places have the same bytes. */
function associatedData(header: Buffer, place: Place): Buffer {
  const names = [place.table, place.column, place.row, place.purpose ?? '']
  // Half characters would all become the same bytes, and two places one.
  if (!names.every((name) => name.isWellFormed())) throw new Unsealable()
  const parts = [header, ...names.map((name) => Buffer.from(name))]
  return Buffer.concat(parts.flatMap((part) => [lengthOf(part), part]))
}

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(part.length)
  return length
}

function uuidBytes(id: string): Buffer {
  if (!isUuid(id)) throw new TypeError('a data key is named by a UUID')
  return Buffer.from(id.replaceAll('-', ''), 'hex')
}

function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
