import { createHash, randomBytes } from 'node:crypto'
import { type Caller, isUuid, newId } from '../platform/index.ts'

/**
 * A session's token is `<session id>.<32 random bytes, base64url>`; the database keeps the id and the SHA-256 of the
 * bytes, so that who reads the table cannot sign in with it.
 */
export function newToken(): { sessionId: string; token: string; tokenHash: Buffer } {
  const secret = randomBytes(32)
  const sessionId = newId()
  return { sessionId, token: `${sessionId}.${secret.toString('base64url')}`, tokenHash: sha256(secret) }
}

/** Who an Authorization header names; null when there is a header that cannot be a token of ours. */
export function callerFromHeader(header: string | undefined, requestId: string): Caller | null {
  if (header === undefined) return { sessionId: null, tokenHash: null, requestId }
  const match = /^Bearer ([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})$/i.exec(header)
  if (match === null || !isUuid(match[1]!)) return null
  return { sessionId: match[1]!, tokenHash: sha256(Buffer.from(match[2]!, 'base64url')), requestId }
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
