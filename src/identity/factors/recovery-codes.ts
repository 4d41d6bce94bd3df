import { createHash, randomInt } from 'node:crypto'

const HOW_MANY = 10
/** Crockford's Base32: no I, L, O and U, which are misread. Twenty-four of them are 120 bits. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const GROUPS = 4
const GROUP_LENGTH = 6

/**
 * Ten new recovery codes and their hashes. A code has 120 random bits: there is nothing to guess (ASVS asks 112 for
 * that), so SHA-256 keeps it as well as a slow hash would, and its use is one look-up by key.
 */
export function newRecoveryCodes(): { codes: string[]; hashes: string[] } {
  const codes = Array.from({ length: HOW_MANY }, () =>
    Array.from({ length: GROUPS }, () =>
      Array.from({ length: GROUP_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join(''),
    ).join('-'),
  )
  return { codes, hashes: codes.map(hashOfCode) }
}

/** The hash of a recovery code as it is kept, however it was typed. */
export function hashOfCode(code: string): string {
  const plain = code.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  return createHash('sha256').update(`fairlock recovery code ${plain}`).digest('hex')
}
