import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command } from 'commander'
import {
  exportJournal,
  type LedgerFinding,
  type LedgerReport,
  type LedgerTotals,
  ledgerTotals,
  verifyLedger,
} from '../ledger/index.ts'
import { asEngine } from '../platform/index.ts'
import { withDatabase } from './connect.ts'
import { Finding, UsageError } from './finding.ts'
import { print, printTable } from './output.ts'
import { withProgress } from './progress.ts'

/** `fairlock ledger …`: the books, proved and handed to other programs. Nothing here changes anything. */
export function ledgerCommand(): Command {
  const ledger = new Command('ledger').description('the books: verify, export, balances')
  ledger
    .command('verify')
    .description('prove every law about money, also while people trade; names the first wrong row')
    .option('--json', 'as JSON', false)
    .action((options: { json: boolean }) => verify(options.json))
  ledger
    .command('export')
    .description('the books as a plain text journal, for hledger, Ledger and the like')
    .option('--output <file>', 'a new file, instead of standard output')
    .action((options: { output?: string }) => exportBooks(options.output))
  ledger
    .command('balances')
    .description('what traders, escrows, fees and custody hold in each currency')
    .option('--json', 'as JSON', false)
    .action(async (options: { json: boolean }) => {
      const totals = await withDatabase(({ ownerUrl }) => asEngine(ownerUrl, ledgerTotals))
      if (options.json) print(JSON.stringify(totals, null, 2))
      else printTotals(totals)
    })
  return ledger
}

async function verify(json: boolean): Promise<void> {
  const report = await withProgress(json, (show) =>
    withDatabase(({ ownerUrl }) =>
      asEngine(ownerUrl, (client) =>
        verifyLedger(client, {
          onProgress: ({ check, done, of }) => show(`${done + 1}/${of} ${check}`),
        }),
      ),
    ),
  )
  if (json) print(JSON.stringify(report, null, 2))
  else describe(report)
  if (report.first !== null) {
    throw new Finding(
      `The books are wrong. The first wrong row is ${sentence(report.first)}\n` +
        'Stop trading, keep the database as it is, and go on with docs/operating/ledger.md.',
    )
  }
}

function describe({ checks, totals }: LedgerReport): void {
  printTable(
    checks.map(({ invariant, name, rows, findings }) => [
      findings.length === 0 ? 'ok' : 'WRONG',
      invariant,
      name,
      `${rows} rows`,
    ]),
  )
  for (const finding of checks.flatMap(({ findings }) => findings)) print(`wrong: ${sentence(finding)}`)
  print('')
  printTotals(totals)
}

function sentence({ invariant, table, id, what, at }: LedgerFinding): string {
  return `${table} ${id}${at === null ? '' : ` of ${at}`}: ${what} (${invariant}).`
}

function printTotals(totals: LedgerTotals[]): void {
  if (totals.length === 0) print('The ledger has no accounts yet.')
  else
    printTable([
      ['currency', 'traders', 'escrows', 'fees', 'custody'],
      ...totals.map(({ currency, trader, escrow, fees, custody }) => [
        currency,
        trader,
        escrow,
        fees,
        custody,
      ]),
    ])
}

async function exportBooks(file: string | undefined): Promise<void> {
  await withDatabase(({ ownerUrl }) =>
    asEngine(ownerUrl, async (client) => {
      const journal = Readable.from(exportJournal(client))
      if (file === undefined) await pipeline(journal, process.stdout, { end: false }).catch(unlessClosed)
      else await writeNew(file, journal)
    }),
  )
}

/** Whoever reads our output may stop when they have seen enough, like head. */
function unlessClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

/** Writes a file that nobody else may read, whole or not at all. */
async function writeNew(file: string, content: Readable): Promise<void> {
  try {
    await pipeline(content, createWriteStream(file, { flags: 'wx', mode: 0o600 }))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EEXIST')
      throw new UsageError(`${file} exists already. Name another file, or remove it first.`)
    if (code === 'ENOENT' || code === 'EACCES') throw new UsageError(`cannot write ${file}: ${message}`)
    await rm(file, { force: true })
    throw error
  }
}
