import { Command, InvalidArgumentError } from 'commander'
import {
  countQuarantine,
  listQuarantine,
  OLD_TABLES,
  type Quarantined,
  type QuarantineFilter,
  readState,
  retryQuarantine,
} from '../../adoption/index.ts'
import { type Session, withSession } from '../../platform/migrator/index.ts'
import { withDatabase } from '../connect.ts'
import { Finding } from '../finding.ts'
import { print, printTable } from '../output.ts'
import { wholeNumber } from './up.ts'

type ListOptions = QuarantineFilter & { json: boolean; limit: number }

/** `fairlock db quarantine …`: old rows that could not be carried, and why. */
export function quarantineCommand(): Command {
  const command = new Command('quarantine').description('old rows that have no place in the new schema yet')
  const filtered = (name: string) =>
    command
      .command(name)
      .option('--table <table>', 'of this old table', tableName)
      .option('--code <code>', 'with this reason')
  filtered('list')
    .description('the rows and their reasons, the latest first')
    .option('--limit <rows>', 'at most', wholeNumber, 100)
    .option('--json', 'as JSON', false)
    .action((options: ListOptions) => withQuarantine((session) => list(session, options)))
  command
    .command('show <key>')
    .description('one old row as it was when it was refused, its secrets masked')
    .option('--table <table>', 'of this old table', tableName)
    .action((key: string, { table }: { table?: string }) =>
      withQuarantine((session) => show(session, { key, table })),
    )
  filtered('retry')
    .description('tries again: after rows were mended in the old tables, or the mapping was')
    .option('--key <key>', 'only this row')
    .option('--json', 'as JSON', false)
    .action((options: QuarantineFilter & { json: boolean }) =>
      withDatabase(({ ownerUrl }) => retry(ownerUrl, options)),
    )
  return command
}

function tableName(text: string): string {
  if (!OLD_TABLES.some((table) => table === text))
    throw new InvalidArgumentError(`It is one of ${OLD_TABLES.join(', ')}.`)
  return text
}

async function withQuarantine(work: (session: Session) => Promise<void>): Promise<void> {
  await withDatabase(({ ownerUrl }) =>
    withSession(ownerUrl, async (session) => {
      if ((await readState(session)) === null)
        throw new Finding('Nothing was adopted here: there is no quarantine.')
      await work(session)
    }),
  )
}

async function list(session: Session, options: ListOptions): Promise<void> {
  const rows = await listQuarantine(session, options)
  if (options.json) return print(JSON.stringify(rows, null, 2))
  if (rows.length === 0) return print('There is nothing in quarantine.')
  printTable(rows.map((row) => [row.table, row.key, describe(row)]))
  const counts = await countQuarantine(session, options)
  print('')
  for (const { table, code, rows: count } of counts) print(`${count} in ${table}: ${code}`)
}

async function show(session: Session, filter: QuarantineFilter): Promise<void> {
  const rows = await listQuarantine(session, filter)
  if (rows.length === 0) throw new Finding(`No row with the key ${filter.key} is in quarantine.`)
  print(JSON.stringify(rows, null, 2))
}

function describe({ reasons, waitsFor }: Quarantined): string {
  const waiting = waitsFor.length === 0 ? '' : `; waits for ${waitsFor.join(', ')}`
  return `${reasons.map(({ code, message }) => `${code}: ${message}`).join('; ')}${waiting}`
}

async function retry(ownerUrl: string, options: QuarantineFilter & { json: boolean }): Promise<void> {
  const { tried, carried, left } = await retryQuarantine(ownerUrl, options)
  if (options.json) return print(JSON.stringify({ tried, carried, left }, null, 2))
  if (tried === 0) {
    print(
      'No such row is in quarantine. A row that was mended in its old table has been carried by itself since, or is in ' +
        'quarantine for another reason now: fairlock db quarantine list.',
    )
  } else print(`${tried} rows were tried again: ${carried} were carried.`)
  for (const { table, code, rows } of left) print(`${rows} left in ${table}: ${code}`)
}
