import { MigrationError, withSession } from '../platform/migrator/index.ts'
import { hasOldTables } from './recognise/recognise.ts'
import { readState } from './state.ts'

/**
 * Refuses to build a schema where an older platform's tables have its names and nobody has adopted them. Throws
 * MigrationError, which says what to do.
 */
export async function requireAdopted(ownerUrl: string): Promise<void> {
  await withSession(ownerUrl, async (session) => {
    if ((await readState(session)) === null && (await hasOldTables(session))) {
      throw new MigrationError(
        'This database has the tables of an older platform. Nothing was done. See what is in them and what needs care ' +
          'with fairlock db adopt, then carry them over with fairlock db up; docs/operating/migration.md tells how.',
      )
    }
  })
}

/**
 * Refuses to serve a database whose take-over has not come so far that both applications may run. Throws MigrationError,
 * which says what to do.
 */
export async function requireServable(ownerUrl: string): Promise<void> {
  await requireAdopted(ownerUrl)
  const state = await withSession(ownerUrl, readState)
  if (state === null || state.phase === 'beside' || state.phase === 'contracted') return
  throw new MigrationError(
    `This database is being taken over and stands at "${state.phase}": run fairlock db up until it says that both ` +
      'applications can be served. fairlock db status tells how far it is.',
  )
}
