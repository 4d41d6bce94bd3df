import { Command, InvalidArgumentError } from 'commander'
import { type ContractPlan, contract } from '../../adoption/index.ts'
import { bringUp } from '../bring-up.ts'
import { type Connection, withDatabase } from '../connect.ts'
import { UsageError } from '../finding.ts'
import { confirm, print } from '../output.ts'

type Options = {
  afterDays: number
  acceptQuarantine: boolean
  force: boolean
  yes: boolean
  dryRun: boolean
  wait: boolean
  reason?: string
}

/** `fairlock db contract`: the end of a take-over. */
export function contractCommand(): Command {
  return new Command('contract')
    .description('ends a take-over: the old tables are put aside, Fairlock’s take their names')
    .option('--after-days <days>', 'both applications must have been beside each other for so long', days, 3)
    .option('--accept-quarantine', 'rows in quarantine stay behind with the old tables', false)
    .option(
      '--force',
      'though the old application wrote in the last minutes or a Fairlock is connected',
      false,
    )
    .option('--dry-run', 'only say what would be done, or what speaks against it', false)
    .option('--no-wait', 'fail at once when another run is at work')
    .option('--reason <text>', 'why, for the audit log')
    .option('--yes', 'do not ask', false)
    .action((options: Options) => withDatabase((connection) => end(connection, options)))
}

function days(text: string): number {
  const value = Number(text)
  if (!(value >= 0)) throw new InvalidArgumentError('It has to be a number of days.')
  return value
}

async function end({ ownerUrl, appUrl }: Connection, options: Options): Promise<void> {
  const onMessage = (text: string) => void process.stderr.write(`${text}\n`)
  const result = await contract({
    ...options,
    ownerUrl,
    bringUp: () => bringUp({ ownerUrl, appUrl, wait: options.wait, onMessage }),
    confirm: (plan) => agree(plan, options.yes),
    onMessage,
  })
  if (options.dryRun) return tell(result.plan)
  if (!result.done)
    throw new UsageError('not confirmed: nothing was done. Pass --yes to go on without being asked.')
  for (const one of result.broken) print(`note: ${one}`)
  print('Done. The old tables are in the schema fairlock_old until you drop them; start Fairlock again.')
}

async function agree(plan: ContractPlan, yes: boolean): Promise<boolean> {
  tell(plan)
  return yes || (await confirm('Is there a backup that was tried, and shall the take-over end?'))
}

function tell({ moves, notes }: ContractPlan): void {
  for (const move of moves) print(move)
  for (const note of notes) print(`note: ${note}`)
  print(
    'After this the way back is a restore: fairlock db down no longer gives the database to the old application.',
  )
}
