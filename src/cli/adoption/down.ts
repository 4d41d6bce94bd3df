import { adoptionDown, readState } from '../../adoption/index.ts'
import { MigrationError, withSession } from '../../platform/migrator/index.ts'
import { UsageError } from '../finding.ts'
import { confirm, print } from '../output.ts'

export type GiveBackOptions = {
  to: string
  dryRun: boolean
  yes: boolean
  json: boolean
  force: boolean
  reason?: string
}

/** `fairlock db down` where a database is being taken over. */
export async function giveBack(ownerUrl: string, options: GiveBackOptions): Promise<void> {
  const steps = [
    'triggers and everything else of Fairlock go from the old tables',
    'Fairlock’s functions, views and policies are dropped; its tables stay aside as they are',
    'the old application is alone again; the next `fairlock db up` goes through its rows once more',
  ]
  if (options.dryRun) {
    for (const step of steps) print(`would do: ${step}`)
    return
  }
  if (!options.yes && !(await confirm(`Give the database back to the old application? ${steps.join('; ')}.`)))
    throw new UsageError('not confirmed: nothing was done. Pass --yes to go on without being asked.')
  await adoptionDown({
    ownerUrl,
    to: options.to,
    force: options.force,
    reason: options.reason,
    onMessage: (text) => void process.stderr.write(`${text}\n`),
  })
  print(options.json ? JSON.stringify({ phase: 'parked' }) : 'The database is the old application’s again.')
}

/** The first migration that a database which was taken over has to keep: its records have no place in older schemas. */
const OLDEST = 42

/** Refuses a way down that would undo the end of a take-over, before anything is undone. */
export async function refuseBeforeTakeOver(ownerUrl: string, to: string): Promise<void> {
  const state = await withSession(ownerUrl, readState)
  const number = /^\d+/.exec(to)
  if (state === null || (number !== null && Number(number[0]) >= OLDEST)) return
  throw new MigrationError(
    'This database was taken over, and its contract is done: the way back is a restore of the backup made before it. ' +
      'Nothing was done. The old tables, as they were at the contract, are in the schema fairlock_old.',
  )
}
