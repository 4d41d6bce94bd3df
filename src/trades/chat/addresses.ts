import { createHash } from 'node:crypto'
import { keccak256 } from './keccak.ts'

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const BECH32_GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
/** What the checksum comes to: of BIP 173 for version 0, of BIP 350 (bech32m) for the later ones. */
const BECH32_SUMS = { first: 1, later: 0x2bc830a3 }
/** Version bytes: Bitcoin pay-to-key-hash and pay-to-script-hash, the same of its test network, TRON. */
const BASE58_VERSIONS = [0x00, 0x05, 0x6f, 0xc4, 0x41]

/** Whether this is a Bitcoin or TRON address in base58: 21 bytes of a known version and a checksum that is right. */
export function isBase58Address(text: string): boolean {
  if (text.length < 25 || text.length > 35) return false
  const bytes = fromBase58(text)
  if (bytes === null || bytes.length !== 25 || !BASE58_VERSIONS.includes(bytes[0]!)) return false
  const twice = sha256(sha256(bytes.subarray(0, 21)))
  return twice.subarray(0, 4).equals(bytes.subarray(21))
}

/** Whether this is a Bitcoin address in bech32 or bech32m: right checksum, version and length of its program. */
export function isBech32Address(text: string): boolean {
  if (text !== text.toLowerCase() && text !== text.toUpperCase()) return false
  const [, prefix, data] = /^(bc|tb)1([a-z0-9]{11,87})$/.exec(text.toLowerCase()) ?? []
  if (prefix === undefined || data === undefined) return false
  const values = [...data].map((character) => BECH32.indexOf(character))
  if (values.includes(-1)) return false
  const sum = bech32Sum([...expanded(prefix), ...values])
  const version = values[0]!
  if (version > 16 || sum !== (version === 0 ? BECH32_SUMS.first : BECH32_SUMS.later)) return false
  const programBits = (values.length - 7) * 5
  const bytes = Math.floor(programBits / 8)
  return programBits % 8 < 5 && (version === 0 ? bytes === 20 || bytes === 32 : bytes >= 2 && bytes <= 40)
}

/**
 * An Ethereum address (0x and 40 hexadecimal digits) by EIP-55: `right` and `wrong` are its checksum, which is in the
 * case of the letters; `none` where all letters have one case and nothing can be checked.
 */
export function ethereumChecksum(address: string): 'right' | 'wrong' | 'none' {
  const digits = address.slice(2)
  if (digits === digits.toLowerCase() || digits === digits.toUpperCase()) return 'none'
  const hash = keccak256(Buffer.from(digits.toLowerCase(), 'ascii')).toString('hex')
  const isRight = [...digits].every(
    (digit, i) =>
      !/[a-f]/i.test(digit) || (digit === digit.toUpperCase()) === Number.parseInt(hash[i]!, 16) >= 8,
  )
  return isRight ? 'right' : 'wrong'
}

function fromBase58(text: string): Buffer | null {
  let number = 0n
  for (const character of text) {
    const digit = BASE58.indexOf(character)
    if (digit < 0) return null
    number = number * 58n + BigInt(digit)
  }
  const hex = number === 0n ? '' : number.toString(16)
  const leading = /^1*/.exec(text)![0].length
  return Buffer.concat([Buffer.alloc(leading), Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')])
}

function bech32Sum(values: number[]): number {
  let sum = 1
  for (const value of values) {
    const top = sum >>> 25
    sum = ((sum & 0x1ffffff) << 5) ^ value
    BECH32_GENERATORS.forEach((generator, i) => {
      if ((top >>> i) & 1) sum ^= generator
    })
  }
  return sum >>> 0
}

function expanded(prefix: string): number[] {
  const codes = [...prefix].map((character) => character.charCodeAt(0))
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)]
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest()
