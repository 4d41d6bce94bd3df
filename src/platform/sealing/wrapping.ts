import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { Unsealable } from './sealed.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Wraps a data key with a key-encryption key held in memory: nonce, AES-256-GCM ciphertext, tag. */
export function wrapInMemory(key: Buffer, dataKey: Buffer, context: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(context)
  return Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()])
}

/** Throws `Unsealable`. */
export function unwrapInMemory(key: Buffer, wrapped: Buffer, context: Buffer): Buffer {
  if (wrapped.length <= NONCE_BYTES + TAG_BYTES) throw new Unsealable()
  const tagAt = wrapped.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(context)
  decipher.setAuthTag(wrapped.subarray(tagAt))
  const dataKey = decipher.update(wrapped.subarray(NONCE_BYTES, tagAt))
  try {
    decipher.final()
  } catch {
    dataKey.fill(0)
    throw new Unsealable()
  }
  return dataKey
}
