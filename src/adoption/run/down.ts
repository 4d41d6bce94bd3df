import {
  alone,
  dropCode,
  ensureJournal,
  MigrationError,
  transaction,
  withSession,
} from '../../platform/migrator/index.ts'
import { tellDeeds } from '../deeds.ts'
import { removeExpansion } from '../expand.ts'
import { oldTables } from '../old-tables.ts'
import { enter, readState } from '../state.ts'
import { removeTriggers } from '../triggers.ts'
import { REWIND } from './backfill.ts'
import { onlyOne } from './only-one.ts'
import { refuseWhileServing } from './serving.ts'

export type AdoptionDownOptions = {
  ownerUrl: string
  to: string
  /** Goes on though a Fairlock is connected. */
  force?: boolean | undefined
  /** Why, for the audit log. */
  reason?: string | undefined
  wait?: boolean | undefined
  onMessage?: ((message: string) => void) | undefined
}

/** Where a way down can lead while a database is being taken over; they all mean that the old application is alone again. */
const DESTINATIONS = ['adopted', 'nothing', '0001', '0001-old-tables', '1']

/**
 * Gives the database back to the old application: nothing of Fairlock hangs on the old tables any more. Fairlock's own
 * schemas stay aside as they are, and the next way up goes through all old rows again. A run that was killed is ended by
 * the next one, down or up.
 */
export async function adoptionDown(options: AdoptionDownOptions): Promise<void> {
  if (!DESTINATIONS.includes(options.to)) {
    throw new MigrationError(
      `While a database is being taken over, single migrations are not undone: its own schema stays beside the old ` +
        `tables as it is. "--to adopted" gives the database back to the old application; ${options.to} is no such step.`,
    )
  }
  const onMessage = options.onMessage ?? (() => undefined)
  const waiting = { wait: options.wait ?? true, onWait: onMessage }
  await onlyOne(options.ownerUrl, waiting, () =>
    withSession(options.ownerUrl, async (session) => {
      const state = await readState(session)
      if (state === null) throw new MigrationError('Nothing was adopted here.')
      if (state.phase === 'contracted') {
        throw new MigrationError(
          'This take-over has ended with its contract: the way back is now a restore of the backup made before it.',
        )
      }
      if (state.phase === 'adopted') return
      if (options.force !== true) await refuseWhileServing(session)
      const tables = await oldTables(session)
      // First of all nobody carries any more; what changes from here on, the next walk finds.
      await transaction(session, async () => {
        await enter(session, 'parked', options.reason)
        await session.query(REWIND)
      })
      await tellDeeds(session)
      await removeTriggers(session, tables, { onMessage })
      await removeExpansion(session, { onMessage })
      await ensureJournal(session)
      await alone(options.ownerUrl, waiting, async () => void (await dropCode(session)))
    }),
  )
}
