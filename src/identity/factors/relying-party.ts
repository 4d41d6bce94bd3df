import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { Problem } from '../../platform/index.ts'

/** The name that passkeys are bound to, and the only origin whose pages may use them. */
export type RelyingParty = { readonly id: string; readonly origin: string }

/**
 * The operator says the name with FAIRLOCK_PUBLIC_URL. Without it this is somebody's own machine, reached at
 * http://localhost and the port it listens on, whatever the request claims. Browsers allow no passkeys at a number, so
 * who comes by http://127.0.0.1 hears which address to open. Throws `Problem` passkeys_need_name.
 */
export function relyingPartyOf(publicUrl: string | null, request: FastifyRequest): RelyingParty {
  if (publicUrl !== null) {
    const { hostname, origin } = new URL(publicUrl)
    if (isIP(hostname.replaceAll(/[[\]]/g, '')) !== 0) throw new Problem('passkeys_need_name')
    return { id: hostname, origin }
  }
  const { origin } = new URL(`http://localhost:${request.socket.localPort ?? 80}`)
  if (request.hostname !== 'localhost') throw new Problem('passkeys_need_name', { open: origin })
  return { id: 'localhost', origin }
}
