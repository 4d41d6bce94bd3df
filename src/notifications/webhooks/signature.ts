import { createHmac, randomBytes } from 'node:crypto'

// Standard Webhooks: https://www.standardwebhooks.com. The secret is the text behind "whsec_", decoded.

const SECRET_BYTES = 32
const PREFIX = 'whsec_'

/** A new secret, in bytes; the caller zeroes it. */
export function newWebhookSecret(): Buffer {
  return randomBytes(SECRET_BYTES)
}

/** The secret as receivers are given it. */
export function secretText(secret: Buffer): string {
  return `${PREFIX}${secret.toString('base64')}`
}

/** The headers that show whose message it is, and that it is not old; one signature for each secret. */
export function signedHeaders(
  { id, body, at }: { id: string; body: string; at: Date },
  secrets: readonly Buffer[],
): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const sign = (secret: Buffer) =>
    `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map(sign).join(' '),
  }
}
