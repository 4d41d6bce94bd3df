import { Command } from 'commander'
import { type Erasure, erasePerson } from '../operations/index.ts'
import { withDatabase } from './connect.ts'
import { Finding, UsageError } from './finding.ts'
import { confirm, print, printTable } from './output.ts'
import { findPerson } from './person.ts'

type Options = { reason: string; yes: boolean; withBalance: boolean; dryRun: boolean; json: boolean }

/** `fairlock user erase`: what is personal goes, and the keys of what they sealed. */
export function eraseCommand(): Command {
  return new Command('erase')
    .description(
      'erase a person: destroys their data keys, removes what is personal, keeps what the books need',
    )
    .argument('<person>', 'e-mail address or id')
    .requiredOption('--reason <text>', 'written to the log')
    .option('--dry-run', 'only say what would go and what would stay', false)
    .option('--with-balance', 'even if coins are left in the wallets; they stay in the books', false)
    .option('--yes', 'do not ask', false)
    .option('--json', 'as JSON', false)
    .action(erase)
}

async function erase(named: string, options: Options): Promise<void> {
  const { reason, dryRun, withBalance, json } = options
  if (reason.trim().length < 3 || reason.length > 1000)
    throw new UsageError('--reason takes 3 to 1000 characters')
  await withDatabase(async ({ ownerUrl, appUrl }) => {
    const userId = await findPerson(ownerUrl, named)
    const isSure =
      dryRun || options.yes || (await confirm(`Erase ${named} (${userId})? Nothing brings them back.`))
    if (!isSure) throw new UsageError('nothing was done; --yes does not ask')
    const erasure = await erasePerson({ ownerUrl, appUrl, userId, reason, withBalance, dryRun })
    if (json) print(JSON.stringify(erasure, null, 2))
    else describe(userId, erasure, dryRun)
    if (erasure.refused.length > 0 && !dryRun)
      throw new Finding(`${userId} was not erased. ${erasure.refused.join(' ')}`)
  })
}

function describe(userId: string, { erasedAt, refused, rows }: Erasure, dryRun: boolean): void {
  if (erasedAt !== undefined) print(`${userId} was erased at ${erasedAt}; nothing was left to do.`)
  if (rows.length > 0)
    printTable([
      ['table', 'rows', '', ''],
      ...rows.filter((row) => row.rows > 0).map((row) => [row.table, String(row.rows), row.fate, row.why]),
    ])
  if (dryRun) print(['', 'Nothing was done: --dry-run.', ...refused].join('\n'))
  else if (refused.length === 0 && erasedAt === undefined)
    print(`\n${userId} is erased. Copies outside the database: docs/operating/erasure.md`)
}
