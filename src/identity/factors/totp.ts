import { createHmac, randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'

/** What every authenticator app understands: RFC 6238 with HMAC-SHA-1, six digits, steps of 30 seconds. */
const SHAPE = { algorithm: 'SHA1', digits: 6, period: 30 }
/** As long as the hash, which RFC 4226 recommends. */
const SECRET_BYTES = 20
/** A code of the step before or after counts as well: clocks differ, and people type slowly. */
const WINDOW = 1
const ISSUER = 'Fairlock'
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A new secret as Base32 text, the form in which it is sealed and in which people type it. The caller zeroes it. */
export function newSecret(): Buffer {
  const bytes = randomBytes(SECRET_BYTES)
  try {
    return Buffer.from(new Secret({ buffer: arrayBufferOf(bytes) }).base32)
  } finally {
    bytes.fill(0)
  }
}

/** What an authenticator app reads from a QR code. */
export function otpauthUrl(secret: string, email: string): string {
  return new TOTP({ ...SHAPE, issuer: ISSUER, label: email, secret }).toString()
}

/** The time step that a code belongs to, judged at a time in milliseconds; null for a code of no step near it. */
export function stepOf(secret: Buffer, code: string, at: number): number | null {
  const key = decodeBase32(secret)
  try {
    const delta = TOTP.validate({
      ...SHAPE,
      token: code.replaceAll(' ', ''),
      secret: new Secret({ buffer: key.buffer }),
      timestamp: at,
      window: WINDOW,
      // The library's own makes a copy of the key in a buffer that nobody zeroes.
      hmac: (_, bytes, message) => createHmac('sha1', bytes).update(message).digest(),
    })
    return delta === null ? null : TOTP.counter({ period: SHAPE.period, timestamp: at }) + delta
  } finally {
    key.fill(0)
  }
}

/** Without a string in between, which could not be zeroed. */
function decodeBase32(text: Buffer): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8))
  let bits = 0
  let value = 0
  let length = 0
  for (const character of text) {
    const digit = ALPHABET.indexOf(String.fromCharCode(character).toUpperCase())
    if (digit === -1) continue
    value = ((value << 5) | digit) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[length++] = (value >> bits) & 0xff
    }
  }
  const exact = new Uint8Array(length)
  exact.set(bytes.subarray(0, length))
  bytes.fill(0)
  return exact
}

function arrayBufferOf(bytes: Buffer): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length)
  new Uint8Array(copy).set(bytes)
  return copy
}
