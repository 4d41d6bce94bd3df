import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command, Option } from 'commander'
import { asEngine } from '../platform/index.ts'
import { type ExportOptions, exportPieces, FORMATS, type Format } from '../wallets/index.ts'
import { withDatabase } from './connect.ts'
import { UsageError } from './finding.ts'
import { findPerson } from './person.ts'

type Asked = { user: string; from?: string; to?: string; currency?: string; format: Format; reason: string }

/** `fairlock export …`: what people can download, for an operator who has to hand it over. */
export function exportCommand(): Command {
  const command = new Command('export').description('files about one person: statement')
  command
    .command('statement')
    .description('a person’s movements as CSV on standard output; the look is written into the log')
    .requiredOption('--user <who>', 'e-mail address or id')
    .option('--from <time>', 'the first moment, like 2026-01-01 or 2026-01-01T00:00:00Z')
    .option('--to <time>', 'the moment after the last')
    .option('--currency <code>', 'one currency alone')
    .addOption(new Option('--format <format>').choices([...FORMATS]).default('statement'))
    .requiredOption('--reason <text>', 'why somebody’s money is looked at')
    .action(exportStatement)
  return command
}

async function exportStatement({ user, from, to, reason, currency, format }: Asked): Promise<void> {
  const options: ExportOptions = {
    format,
    currency,
    from: readTime('--from', from),
    to: readTime('--to', to),
  }
  if (options.from !== undefined && options.to !== undefined && options.from >= options.to)
    throw new UsageError('--to must be later than --from')
  await withDatabase(async ({ ownerUrl }) => {
    const person = await findPerson(ownerUrl, user)
    // Written down and committed before the first row is read: whoever breaks off has looked all the same.
    await asEngine(ownerUrl, (client) =>
      client.query(`select fairlock.record_event('money.exported_by_operator', 'users', $1, $2, $3)`, [
        person,
        reason,
        JSON.stringify(options),
      ]),
    )
    await asEngine(ownerUrl, async (client) => {
      const rows = Readable.from(exportPieces(client, person, options), { objectMode: false })
      await pipeline(rows, process.stdout, { end: false }).catch(unlessClosed)
    })
  })
}

/** A date is its first moment in UTC. Throws `UsageError`. */
function readTime(option: string, said: string | undefined): string | undefined {
  if (said === undefined) return undefined
  const isTime = /^[12]\d{3}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d))?$/.test(said)
  const time = new Date(said)
  if (!isTime || Number.isNaN(time.getTime()))
    throw new UsageError(`${option} takes a date like 2026-01-31 or a time like 2026-01-31T08:00:00Z`)
  return time.toISOString()
}

/** Whoever reads our output may stop when they have seen enough, like head. */
function unlessClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
