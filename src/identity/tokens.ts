import { createHash, randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { type Caller, isUuid, newId } from '../platform/index.ts'

/**
 * A session's token is `<session id>.<32 random bytes, base64url>`; the database keeps the id and the SHA-256 of the
 * bytes, so that who reads the table cannot sign in with it.
 */
export function newToken(): { sessionId: string; token: string; tokenHash: Buffer } {
  const { secret, tokenHash } = newSecret()
  const sessionId = newId()
  return { sessionId, token: `${sessionId}.${secret}`, tokenHash }
}

/** The secret half of a token, as it is sent and as it is kept. */
export function newSecret(): { secret: string; tokenHash: Buffer } {
  const secret = randomBytes(32)
  return { secret: secret.toString('base64url'), tokenHash: sha256(secret) }
}

/** Reads a token of that form, from a mail for example; null for any other text. */
export function readToken(text: string): { id: string; hash: Buffer } | null {
  const match = /^([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})$/i.exec(text)
  if (match === null || !isUuid(match[1]!)) return null
  return { id: match[1]!, hash: sha256(Buffer.from(match[2]!, 'base64url')) }
}

const KEY_PREFIX = 'flk_'

/** A new API key: like a session's token, behind a prefix by which secret scanners know it. */
export function newApiKey(): { id: string; key: string; tokenHash: Buffer } {
  const { sessionId: id, token, tokenHash } = newToken()
  return { id, key: KEY_PREFIX + token, tokenHash }
}

/** Who an Authorization header names; null when there is a header that cannot be a token or a key of ours. */
export function callerFromHeader(
  header: string | undefined,
  requestId: string,
  from: string | null = null,
): Caller | null {
  const address = normalAddress(from)
  if (header === undefined) return { sessionId: null, tokenHash: null, requestId, address }
  const match = /^Bearer (flk_)?([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})$/i.exec(header)
  if (match === null || !isUuid(match[2]!)) return null
  const tokenHash = sha256(Buffer.from(match[3]!, 'base64url'))
  const apiKey = match[1] === undefined ? {} : { apiKey: true as const }
  return { sessionId: match[2]!, tokenHash, requestId, address, ...apiKey }
}

/** An address as PostgreSQL takes it: an IPv4 one that came in IPv6 clothes as IPv4, without a zone, null for no address. */
export function normalAddress(address: string | null): string | null {
  const plain = address?.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '').replace(/%.*$/, '') ?? ''
  return isIP(plain) ? plain : null
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
