import { Command } from 'commander'
import { accessCommand, dutyCommand } from './access.ts'
import { auditCommand } from './audit.ts'
import { type BenchOptions, benchCommand } from './bench.ts'
import { configCommand } from './config.ts'
import { dbCommand } from './db.ts'
import { devCommand } from './dev/legacy.ts'
import { exportCommand } from './export.ts'
import { UsageError } from './finding.ts'
import { keysCommand } from './keys/keys.ts'
import { ledgerCommand } from './ledger.ts'
import { announceCommand, newsCommand } from './news.ts'
import { liabilitiesCommand } from './operator/liabilities.ts'
import { pricesCommand } from './operator/prices.ts'
import { reportCommand } from './operator/report.ts'
import { userCommand } from './user.ts'

/** What the commands need of main.ts, where the parts are put together. */
export type Programs = {
  serve(options: ServeOptions): Promise<void>
  demo(options: { yes: boolean }): Promise<void>
  bench(options: BenchOptions): Promise<void>
}
export type ServeOptions = { only?: 'api' | 'worker' | undefined; demo: boolean }

/** The command line. Exit codes: 0 all is well, 1 it ran and found something wrong, 2 wrong usage or configuration. */
export function buildProgram(programs: Programs): Command {
  const program = new Command('fairlock')
    .description('Self-hosted peer-to-peer crypto trading on PostgreSQL.')
    .showHelpAfterError('(fairlock --help shows what there is)')
    .exitOverride()
  program
    .command('serve')
    .description('API and background work; without DATABASE_URL on the embedded PostgreSQL')
    .option('--only <part>', 'api or worker: one of the two in this process', (value) => {
      if (value !== 'api' && value !== 'worker') throw new UsageError('--only takes api or worker')
      return value
    })
    .option('--demo', 'fill an empty embedded database with a demo market first', false)
    .action((options: ServeOptions) => programs.serve(options))
  program
    .command('demo')
    .description('fill an empty database with a lively demo market')
    .option('--yes', 'do not ask', false)
    .action((options: { yes: boolean }) => programs.demo(options))
  program.addCommand(dbCommand())
  program.addCommand(ledgerCommand())
  program.addCommand(exportCommand())
  program.addCommand(reportCommand())
  program.addCommand(liabilitiesCommand())
  program.addCommand(auditCommand())
  program.addCommand(keysCommand())
  program.addCommand(userCommand())
  program.addCommand(accessCommand())
  program.addCommand(dutyCommand())
  program.addCommand(announceCommand())
  program.addCommand(newsCommand())
  program.addCommand(pricesCommand())
  program.addCommand(configCommand())
  program.addCommand(benchCommand(programs.bench))
  program.addCommand(devCommand())
  for (const command of everyCommand(program)) command.exitOverride().showHelpAfterError()
  return program
}

function everyCommand(command: Command): Command[] {
  return command.commands.flatMap((one) => [one, ...everyCommand(one)])
}
