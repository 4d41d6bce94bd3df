import { adoptionDown } from '../../adoption/index.ts'
import { UsageError } from '../finding.ts'
import { confirm, print } from '../output.ts'

export type GiveBackOptions = { to: string; dryRun: boolean; yes: boolean; json: boolean; force: boolean }

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
    onMessage: (text) => void process.stderr.write(`${text}\n`),
  })
  print(options.json ? JSON.stringify({ phase: 'parked' }) : 'The database is the old application’s again.')
}
