import { hostname, networkInterfaces } from 'node:os'
import { type Allowed, isAddress, isAllowed, isPublic } from './addresses.ts'

/** An address on the web that must not be called: `why` says it in words for whoever gave it. */
export class TargetRefused extends Error {
  override readonly name = 'TargetRefused'
  readonly why: string

  constructor(why: string) {
    super(`the address ${why}`)
    this.why = why
  }
}

/** Where a name leads; throws when nobody says. */
export type Lookup = (name: string, signal: AbortSignal) => Promise<string[]>
/** A URL that may be called, and the addresses that were looked at: no others are connected to. */
export type Target = { url: URL; host: string; addresses: string[] }

export const MOST_CHARACTERS = 1000
/** Names that are nobody's on the public Internet (RFC 6761, 6762, 7686, 8375 and what private networks use). */
const INTERNAL =
  /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|private|corp|home|lan|arpa|onion|test|invalid|example|alt)$/
/** Above 1023, other services that speak first or take a line for a command; browsers refuse most of them as well. */
const OTHER_SERVICES = new Set([
  1433, 1521, 1719, 1720, 1723, 2049, 2375, 2376, 2379, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5900,
  6000, 6379, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042, 9200, 9300, 10080, 10250, 11211,
  27017,
])
/** One answer for all: which names exist inside, and where they lead, is nobody's business. */
const NOT_PUBLIC = 'does not lead to a public address'

/** What its spelling says of an address on the web. Throws `TargetRefused`. */
export function readTarget(
  text: string,
  allowed: Allowed,
  ownHosts: readonly string[],
): Omit<Target, 'addresses'> {
  const url = URL.canParse(text) ? new URL(text) : null
  if (Math.max(text.length, url?.href.length ?? 0) > MOST_CHARACTERS)
    throw new TargetRefused(`is longer than ${MOST_CHARACTERS} characters`)
  if (url === null) throw new TargetRefused('is not a URL')
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const isTrusted = allowed.names.has(host) || isAllowed(host, allowed)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isTrusted))
    throw new TargetRefused('must begin with https://')
  if (url.username !== '' || url.password !== '' || /^[^/?#]*\/\/[^/?#]*@/.test(text))
    throw new TargetRefused('must not contain a user name or password')
  if (url.hash !== '') throw new TargetRefused('must not end in a fragment (#)')
  if (isTrusted) return { url, host }
  const port = url.port === '' ? 443 : Number(url.port)
  if (port !== 443 && (port < 1024 || OTHER_SERVICES.has(port)))
    throw new TargetRefused('must use port 443 or one above 1023 that is no other service’s')
  if (isAddress(host)) {
    if (!isPublic(host) || isOwnAddress(host)) throw new TargetRefused(NOT_PUBLIC)
    return { url, host }
  }
  const own = [...ownHosts, hostname()].map((one) => one.toLowerCase())
  if (host.endsWith('.')) throw new TargetRefused('must not have a dot behind the host')
  if (!/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/.test(host) || INTERNAL.test(host) || own.includes(host))
    throw new TargetRefused(NOT_PUBLIC)
  return { url, host }
}

/**
 * Looks at where a target leads: every address must be a public one, or in the operator's list. Throws `TargetRefused`,
 * and what the lookup throws.
 */
export async function resolveTarget(
  { url, host }: Omit<Target, 'addresses'>,
  { allowed, lookup, signal }: { allowed: Allowed; lookup: Lookup; signal: AbortSignal },
): Promise<Target> {
  if (isAddress(host)) return { url, host, addresses: [host] }
  const addresses = await lookup(host, signal)
  const isFine = (address: string) =>
    allowed.names.has(host) || isAllowed(address, allowed) || (isPublic(address) && !isOwnAddress(address))
  if (addresses.length === 0 || !addresses.every(isFine)) throw new TargetRefused(NOT_PUBLIC)
  return { url, host, addresses }
}

/** Whether it is one of this machine's own: services may listen there for the machine alone. */
function isOwnAddress(address: string): boolean {
  return Object.values(networkInterfaces()).some((one) => one?.some((own) => own.address === address))
}
