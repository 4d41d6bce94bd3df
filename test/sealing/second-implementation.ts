import { gcm } from '@noble/ciphers/aes.js'

export type SealedPlace = { table: string; column: string; row: string; purpose?: string }

/**
 * The format once more, from its description in docs/decisions/0019-sealing.md and with another library, so that no
 * mistake is made twice. Sealed: `FL`, 1, 1, the key's id (16 bytes), nonce (12), ciphertext, tag (16), in base64url.
 */
export function sealAnew(
  key: Uint8Array,
  keyId: string,
  nonce: Uint8Array,
  place: SealedPlace,
  text: Uint8Array,
): string {
  const header = [
    0x46,
    0x4c,
    1,
    1,
    ...keyId
      .replaceAll('-', '')
      .match(/../g)!
      .map((pair) => Number.parseInt(pair, 16)),
  ]
  const ciphertext = gcm(key, nonce, associated(header, place)).encrypt(text)
  const bytes = [...header, ...nonce, ...ciphertext]
  return btoa(bytes.map((byte) => String.fromCharCode(byte)).join(''))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')
}

export function openAnew(key: Uint8Array, place: SealedPlace, sealed: string): Uint8Array {
  const bytes = Uint8Array.from(atob(sealed.replace(/-/g, '+').replace(/_/g, '/')), (one) =>
    one.charCodeAt(0),
  )
  const header = [...bytes.subarray(0, 20)]
  return gcm(key, bytes.subarray(20, 32), associated(header, place)).decrypt(bytes.subarray(32))
}

export function wrapAnew(
  key: Uint8Array,
  nonce: Uint8Array,
  dataKey: Uint8Array,
  context: Uint8Array,
): Uint8Array {
  return Uint8Array.from([...nonce, ...gcm(key, nonce, context).encrypt(dataKey)])
}

export function unwrapAnew(key: Uint8Array, wrapped: Uint8Array, context: Uint8Array): Uint8Array {
  return gcm(key, wrapped.subarray(0, 12), context).decrypt(wrapped.subarray(12))
}

/** Header, table, column, row and purpose, each after its length in four bytes, the largest first. */
function associated(header: number[], { table, column, row, purpose = '' }: SealedPlace): Uint8Array {
  const parts = [header, ...[table, column, row, purpose].map((text) => [...new TextEncoder().encode(text)])]
  return Uint8Array.from(
    parts.flatMap((part) => [
      part.length >>> 24,
      (part.length >>> 16) & 255,
      (part.length >>> 8) & 255,
      part.length & 255,
      ...part,
    ]),
  )
}
