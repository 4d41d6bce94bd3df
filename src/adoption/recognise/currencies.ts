import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const seed = fileURLToPath(new URL('../../../db/migrations/0012-market/up.sql', import.meta.url))

/**
 * The currencies that Fairlock begins with, from the migration that makes them: an unadopted database has no table of
 * them.
 */
export function shippedCurrencies(kind: 'crypto' | 'fiat' | 'any' = 'any'): string[] {
  const rows = readFileSync(seed, 'utf8').matchAll(/\('([A-Z0-9]{2,10})', '(crypto|fiat)',/g)
  return [...rows].filter((row) => kind === 'any' || row[2] === kind).map((row) => row[1]!)
}
