import { Command } from 'commander'
import {
  BadPeriod,
  csvOf,
  type Period,
  periodOf,
  REPORT_NAMES,
  REPORTS,
  type ReportName,
  runReport,
  tableOf,
} from '../../operations/index.ts'
import { withDatabase } from '../connect.ts'
import { UsageError } from '../finding.ts'
import { print, printTable } from '../output.ts'

type Options = { from?: string; to?: string; by?: string; json: boolean; csv: boolean }

/** `fairlock report …`: fees, volume, open escrow, liabilities and disputes, as a table, CSV or JSON. */
export function reportCommand(): Command {
  const report = new Command('report').description(`figures for the operator: ${REPORT_NAMES.join(', ')}`)
  for (const name of REPORT_NAMES) {
    const { about, hasPeriod } = REPORTS[name]
    const command = report.command(name).description(about)
    if (hasPeriod) {
      command
        .option('--from <day>', 'the first UTC day, like 2026-01-01; without it thirty days before the end')
        .option('--to <day>', 'the day after the last one; without it up to and with today')
    }
    if (name === 'disputes') command.option('--by <period>', 'day or week', 'day')
    command
      .option('--json', 'as JSON', false)
      .option('--csv', 'as CSV', false)
      .action((options: Options) => show(name, options))
  }
  return report
}

async function show(name: ReportName, { from, to, by = 'day', json, csv }: Options): Promise<void> {
  if (json && csv) throw new UsageError('--json and --csv exclude each other')
  if (by !== 'day' && by !== 'week') throw new UsageError('--by takes day or week')
  const period = requestedPeriod(from, to)
  const report = await withDatabase(({ ownerUrl }) => runReport(ownerUrl, name, period, by))
  if (json) {
    const days = REPORTS[name].hasPeriod ? period : { from: null, to: null }
    print(JSON.stringify({ ...report, ...days }, null, 2))
  } else if (csv) process.stdout.write(csvOf(name, report))
  else if (report.rows.length === 0) print('There is nothing to report.')
  else printTable(tableOf(name, report))
}

function requestedPeriod(from: string | undefined, to: string | undefined): Period {
  try {
    return periodOf(from, to)
  } catch (error) {
    if (error instanceof BadPeriod) throw new UsageError(`--${error.field} ${error.message}`)
    throw error
  }
}
