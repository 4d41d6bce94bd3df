import { Command, InvalidArgumentError, Option } from 'commander'
import { type Legacy, makeLegacy, NotEmpty, type Variant } from '../../adoption/legacy/index.ts'
import { withDatabase } from '../connect.ts'
import { Finding } from '../finding.ts'
import { print, printTable } from '../output.ts'
import { withProgress } from '../progress.ts'

type Options = {
  rows: number
  dirty: boolean
  seed: number
  variant: Variant
  url?: string
  json: boolean
}

/** `fairlock dev …`: for those who work on Fairlock or try it out. */
export function devCommand(): Command {
  const dev = new Command('dev').description('for development and trials: make an old database to take over')
  dev
    .command('legacy')
    .description('fill an empty database with an old platform, as it was before Fairlock')
    .requiredOption('--rows <number>', 'about so many rows, over all tables together', wholeNumber)
    .option('--dirty', 'with every kind of dirt that docs/operating/migration.md has', false)
    .option('--seed <number>', 'another database of the same kind', wholeNumber, 1)
    .addOption(
      new Option('--variant <variant>', 'the specification’s own types, or those that others choose')
        .choices(['plain', 'odd'])
        .default('plain'),
    )
    .option('--url <url>', 'the empty database; without it the one in force')
    .option('--json', 'as JSON, with the keys of all dirty rows', false)
    .action((options: Options) => makeOld(options))
  return dev
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It takes a whole number.')
  return Number(text)
}

async function makeOld(options: Options): Promise<void> {
  const make = (url: string) =>
    withProgress(options.json, (show) =>
      makeLegacy(url, { ...options, onProgress: (what, done, of) => show(`${what} ${done}/${of}`) }),
    )
  try {
    const made = await (options.url === undefined
      ? withDatabase(({ ownerUrl }) => make(ownerUrl))
      : make(options.url))
    if (options.json) print(JSON.stringify(made, null, 2))
    else describe(made)
  } catch (error) {
    if (error instanceof NotEmpty) throw new Finding(error.message)
    throw error
  }
}

function describe(made: Legacy): void {
  printTable(Object.entries(made.rows).map(([table, rows]) => [table, String(rows)]))
  if (made.dirt.length > 0) {
    print('')
    printTable([
      ['dirt', 'in', 'rows', 'outcome'],
      ...made.dirt.map(({ code, table, keys, outcome, reason }) => [
        code,
        table,
        String(keys.length),
        reason === null ? outcome : `${outcome}: ${reason}`,
      ]),
    ])
  }
  print(`\nMade in ${made.seconds} s. What becomes of it: docs/operating/migration.md`)
}
