import { isIP } from 'node:net'
import { type FieldError, Problem } from '../../platform/index.ts'

/** A range wider than this is no list of addresses but everywhere. */
const WIDEST_IPV4 = 8
const WIDEST_IPV6 = 16

/** Throws `Problem` invalid_request naming each that is not an address or a CIDR range. PostgreSQL normalises the rest. */
export function checkAddresses(addresses: string[]): void {
  const errors = addresses.flatMap((address, i): FieldError[] => {
    const problem = problemOf(address)
    return problem === null ? [] : [{ field: `addresses.${i}`, problem }]
  })
  if (errors.length > 0) throw new Problem('invalid_request', {}, errors)
}

function problemOf(text: string): string | null {
  const [address = '', prefix, ...rest] = text.split('/')
  const version = address.includes('%') ? 0 : isIP(address)
  const most = version === 4 ? 32 : 128
  const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= most)
  if (version === 0 || !isPrefix || rest.length > 0)
    return 'must be an address or a CIDR range, like 192.0.2.0/24'
  const bits = prefix === undefined ? most : Number(prefix)
  // IPv4 in IPv6 clothes lies in ::ffff:0:0/96.
  const isMapped = version === 6 && /^(?:0{0,4}:){1,6}:?ffff:/i.test(address) && bits >= 96
  const ipv4Bits = isMapped ? bits - 96 : bits
  const tooWide = version === 4 || isMapped ? ipv4Bits < WIDEST_IPV4 : bits < WIDEST_IPV6
  return tooWide ? 'is too wide a range: at least /8, for IPv6 /16' : null
}
