import { Command } from 'commander'
import { asEngine } from '../platform/index.ts'
import { withDatabase } from './connect.ts'
import { UsageError } from './finding.ts'
import { confirm, print } from './output.ts'
import { findPerson } from './person.ts'

/** `fairlock user reset-factors`: for somebody who has lost every second factor and all recovery codes. */
export function resetFactorsCommand(): Command {
  return new Command('reset-factors')
    .description('take one-time codes, passkeys and recovery codes away; ends sessions and API keys')
    .argument('<person>', 'e-mail address or id')
    .requiredOption('--reason <text>', 'written to the log; how you know that it is them')
    .option('--yes', 'do not ask', false)
    .action(resetFactors)
}

async function resetFactors(named: string, { reason, yes }: { reason: string; yes: boolean }): Promise<void> {
  if (reason.trim().length < 3 || reason.length > 1000)
    throw new UsageError('--reason takes 3 to 1000 characters')
  await withDatabase(async ({ ownerUrl }) => {
    const userId = await findPerson(ownerUrl, named)
    const question = `Take the second factors of ${named} (${userId}) away? Their password alone signs in then.`
    if (!yes && !(await confirm(question))) throw new UsageError('nothing was done; --yes does not ask')
    await asEngine(ownerUrl, (client) =>
      client.query('select fairlock.reset_factors($1, $2)', [userId, reason]),
    )
    print(
      `${named}: the password alone signs in. Sessions and API keys have ended, withdrawals are paused, a notice went out.`,
    )
  })
}
