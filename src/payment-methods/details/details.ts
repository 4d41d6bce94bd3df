import { type Place, type Sealer, Unsealable } from '../../platform/sealing/index.ts'
import { type Details, findType } from '../catalogue/index.ts'

/** A row with its sealed details, as the database's functions give it. */
export type SealedMethod = { id: string; owner: string; type: string; sealed: string }
/** One thing to know of an account, with the name that people read. */
export type NamedValue = { name: string; label: string; value: string }

/** How often a row that is sealed anew at this very moment is read again. */
const ATTEMPTS = 3

const TABLE = 'public.crypto_payment_methods'
export const detailsPlace = (row: string): Place => ({
  table: TABLE,
  column: 'account_details_encrypted',
  row,
})
export const statementPlace = (row: string): Place => ({
  table: TABLE,
  column: 'verification_statement_sealed',
  row,
})

/** What is sealed: the normalised details as JSON. The caller zeroes it. */
export function encodeDetails(details: Details): Buffer {
  return Buffer.from(JSON.stringify(details))
}

/** Reads what `encodeDetails` wrote; text of another form, which an older platform kept, is one value. */
function decodeDetails(bytes: Buffer): Details {
  const text = bytes.toString()
  try {
    const read: unknown = JSON.parse(text)
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) {
      return Object.fromEntries(Object.entries(read).map(([name, value]) => [name, String(value)]))
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return { account: text }
}

/**
 * Reads a row and opens its details; when a rewrap has replaced the key between the two, once more. `read` decides and
 * records the look each time. Throws `Unsealable`, `KeyringError`, and what `read` throws.
 */
export async function openDetails<Row extends SealedMethod>(
  sealer: Sealer,
  read: () => Promise<Row>,
): Promise<{ row: Row; details: Details }> {
  for (let attempt = 1; ; attempt++) {
    const row = await read()
    try {
      return { row, details: await openRow(sealer, row) }
    } catch (error) {
      if (!(error instanceof Unsealable) || attempt === ATTEMPTS) throw error
    }
  }
}

export async function openRow(sealer: Sealer, { id, owner, sealed }: SealedMethod): Promise<Details> {
  const bytes = await sealer.open(owner, detailsPlace(id), sealed)
  try {
    return decodeDetails(bytes)
  } finally {
    bytes.fill(0)
  }
}

/** The details in the catalogue's order, with its labels; what it does not know comes last, by its own name. */
export function namedValues(slug: string, details: Details): NamedValue[] {
  const fields = findType(slug)?.fields ?? []
  const labels = new Map(fields.map(({ name, label }) => [name, label]))
  const names = [...labels.keys(), ...Object.keys(details).filter((name) => !labels.has(name))]
  return names
    .filter((name) => details[name] !== undefined)
    .map((name) => ({ name, label: labels.get(name) ?? name, value: details[name] ?? '' }))
}

/**
 * Enough of the account for its owner to know which it is: the last four characters, of an address the first letter and
 * what follows the @. Nothing of what is so short that little would be left to guess.
 */
export function hintOf(slug: string, details: Details): string | null {
  const type = findType(slug)
  const name = type?.accountOf.at(-1)
  const value = name === undefined ? undefined : details[name]
  if (value === undefined) return null
  const at = value.lastIndexOf('@')
  if (at > 2) return `${value.slice(0, 1)}…${value.slice(at)}`
  return value.length >= 8 ? `…${value.slice(-4)}` : null
}

/** Whether text that is kept in clear repeats a number or address of the account. */
export function repeatsAccount(text: string, details: Details): boolean {
  const said = bare(text)
  return Object.values(details).some((value) => {
    const hidden = bare(value)
    return hidden.length >= 6 && /[\d@]/.test(value) && said.includes(hidden)
  })
}

const bare = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
