import ipaddr from 'ipaddr.js'

/** Networks that an operator allows although they are internal, and names that lead wherever they lead. */
export type Allowed = { names: ReadonlySet<string>; networks: ReturnType<typeof ipaddr.parseCIDR>[] }

/** What is routed on the public Internet today; everything else of IPv6 is reserved or has a meaning of its own. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')

/**
 * Whether an address is somebody's on the public Internet. Not: loopback, private, link-local with the metadata
 * services of clouds, carrier-grade NAT, multicast, broadcast, documentation and everything reserved; and no IPv6
 * form that carries an IPv4 address within (mapped, compatible, NAT64, 6to4, Teredo, ISATAP), whatever that one is.
 */
export function isPublic(address: string): boolean {
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) return ipaddr.IPv4.parse(address).range() === 'unicast'
  if (address.includes('%') || !ipaddr.IPv6.isValid(address)) return false
  const parsed = ipaddr.IPv6.parse(address)
  return parsed.range() === 'unicast' && parsed.match(GLOBAL_UNICAST) && !isIsatap(parsed.parts)
}

/** Reads the operator's list: names, addresses and networks with commas between. Throws an `Error` naming what is neither. */
export function readAllowed(list: string): Allowed {
  const names = new Set<string>()
  const networks: Allowed['networks'] = []
  for (const entry of list.split(',').map((one) => one.trim().toLowerCase())) {
    if (entry === '') continue
    const bare = entry.replace(/^\[(.*)\]$/, '$1')
    if (ipaddr.isValidCIDR(bare)) networks.push(ipaddr.parseCIDR(bare))
    else if (isAddress(bare)) networks.push([ipaddr.parse(bare), bare.includes(':') ? 128 : 32])
    else if (/^(?!-)[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(bare) && !/(?:^|\.)\d+$/.test(bare)) names.add(bare)
    else throw new Error(`"${entry}" is neither a host name nor an address nor a network`)
  }
  return { names, networks }
}

/** Whether an address lies in one of the operator's networks. */
export function isAllowed(address: string, { networks }: Allowed): boolean {
  if (!isAddress(address)) return false
  const parsed = ipaddr.parse(address)
  return networks.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits))
}

/** Whether a text is an address as it is written today: four decimal parts, or IPv6. */
export function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || (!text.includes('%') && ipaddr.IPv6.isValid(text))
}

/** An interface identifier ::0:5efe:a.b.c.d or ::200:5efe:a.b.c.d (RFC 5214): a tunnel to that IPv4 address. */
function isIsatap(parts: number[]): boolean {
  return parts[5] === 0x5efe && (parts[4]! & 0xfdff) === 0
}
