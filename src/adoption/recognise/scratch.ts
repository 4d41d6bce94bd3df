import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Session } from '../../platform/migrator/index.ts'
import type { Mapping } from '../mapping.ts'
import { mappingSql } from '../views.ts'

const directory = fileURLToPath(new URL('../sql/', import.meta.url))
/** What reads and judges old values, as the carrying functions do. */
const HELPERS = ['parse.sql', 'secrets.sql']

/** Text of the schema `fairlock_adoption` for the session's own temporary one. */
export function temporary(sql: string): string {
  return sql.replaceAll('fairlock_adoption.', 'pg_temp.')
}

/**
 * Makes the helpers and the mapping known to this session alone: they are gone with it, and the database has nothing of
 * them. From then on the session cannot write.
 */
export async function prepareSession(session: Session, mapping: Mapping, known: string[]): Promise<void> {
  const texts = await Promise.all(HELPERS.map((name) => readFile(directory + name, 'utf8')))
  // The planner knows nothing of keys that are compared as text, and would sort what is better hashed.
  await session.query(
    `set default_transaction_read_only = off; set check_function_bodies = off; set work_mem = '64MB';
     set enable_mergejoin = off; set jit = off`,
  )
  await session.query(temporary([texts[0]!, mappingSql(mapping, known), ...texts.slice(1)].join('\n')))
  await session.query('set default_transaction_read_only = on')
}
