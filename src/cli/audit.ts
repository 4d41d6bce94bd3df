import { createWriteStream, existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command } from 'commander'
import {
  type AuditFinding,
  type AuditReport,
  exportRoots,
  makeKey,
  planRetirement,
  RetirementRefused,
  type RootsRead,
  readRoots,
  recordVerification,
  retireAudit,
  searchAudit,
  verifyAudit,
} from '../audit/index.ts'
import { asEngine, Database } from '../platform/index.ts'
import { keyringInForce, Sealer } from '../platform/sealing/index.ts'
import { currentEnvironment, withDatabase } from './connect.ts'
import { Finding, UsageError } from './finding.ts'
import { confirm, print, printTable } from './output.ts'
import { withProgress } from './progress.ts'

/** `fairlock audit …`: the log, proved, published, searched, and what is old of it retired. */
export function auditCommand(): Command {
  const audit = new Command('audit').description('the log: verify, roots, search, retire')
  audit
    .command('verify')
    .description('prove every row and block of the log; names the first wrong one')
    .option('--roots <file>', 'published roots to compare with, from another place')
    .option('--json', 'as JSON', false)
    .action(verify)
  audit
    .command('roots')
    .description('the sealed blocks as lines of JSON, to be kept in another place')
    .option('--since <block>', 'only blocks after this number', '0')
    .option('--roots-only', 'without the hash of each row: small, but a wrong row is not named', false)
    .option('--output <file>', 'a new file, instead of standard output')
    .action(publish)
  audit
    .command('search')
    .description('rows of the log, newest first')
    .option('--actor <id>', 'who did it')
    .option('--subject <table>', 'a table')
    .option('--subject-id <id>', 'about whom or what')
    .option('--action <name>', 'for example trade.completed')
    .option('--from <time>', 'not before')
    .option('--to <time>', 'before')
    .option('--limit <n>', 'rows at most', '50')
    .option('--json', 'as JSON', false)
    .action(search)
  audit
    .command('retire')
    .description('take away the rows of old months; their blocks stay and can still be proved')
    .requiredOption('--before <month>', 'the first month to keep, for example 2026-01')
    .requiredOption('--reason <text>', 'why; it goes on the record')
    .option('--yes', 'do not ask', false)
    .action(retire)
  audit
    .command('new-key')
    .description(
      'a new key to sign blocks with, from the next start of the program on; the old ones stay known',
    )
    .action(newKey)
  return audit
}

async function newKey(): Promise<void> {
  await withDatabase(async ({ ownerUrl, appUrl }, config) => {
    const keyring = await keyringInForce(config, ownerUrl, currentEnvironment())
    const db = new Database(appUrl, { connections: 1 })
    const sealer = new Sealer(db, keyring)
    try {
      const { keyId } = await makeKey(ownerUrl, sealer)
      print(`Blocks are signed with ${keyId} from the next start of the program on.`)
    } finally {
      sealer.close()
      await db.close()
      await keyring.close()
    }
  })
}

async function verify({ roots, json }: { roots?: string; json: boolean }): Promise<void> {
  if (roots !== undefined && !existsSync(roots)) throw new UsageError(`there is no file ${roots}`)
  const read: RootsRead = { lines: 0, unreadable: 0 }
  const report = await withProgress(json, (show) =>
    withDatabase(async ({ ownerUrl }) => {
      const found = await asEngine(ownerUrl, (client) =>
        verifyAudit(client, {
          ...(roots === undefined ? {} : { published: readRoots(roots, read) }),
          onProgress: ({ blocks, of, rows }) => show(`${blocks}/${of} blocks, ${rows} rows`),
        }),
      )
      await recordVerification(ownerUrl, found)
      return found
    }),
  )
  if (read.unreadable > 0) report.notes.push(`${read.unreadable} lines of ${roots} could not be read.`)
  if (json) print(JSON.stringify(report, null, 2))
  else describe(report, roots !== undefined)
  if (report.first !== null) {
    throw new Finding(
      `The log is wrong. The first wrong place is ${sentence(report.first)}\n` +
        'Keep the database as it is, and go on with docs/operating/audit.md.',
    )
  }
}

function describe(report: AuditReport, isCompared: boolean): void {
  const { blocks, rows, unsealed, published, retired } = report
  print(`${rows} rows, ${blocks} blocks${isCompared ? `, ${published} of them as published` : ''}.`)
  if (unsealed.rows > 0) print(`${unsealed.rows} rows are not sealed yet, the oldest of ${unsealed.oldest}.`)
  if (retired.before !== null) print(`${retired.rows} rows before ${retired.before} were retired.`)
  for (const note of report.notes) print(note)
  for (const finding of report.findings) print(`wrong: ${sentence(finding)}`)
  if (!isCompared) {
    print('Who can change rows, blocks and keys together is found out only with --roots from another place.')
  }
}

function sentence({ table, id, block, at, what }: AuditFinding): string {
  const where = block === null || table !== 'audit.events' ? '' : ` in block ${block}`
  return `${table} ${id}${where}${at === null ? '' : ` of ${at}`}: ${what}.`
}

type RootsOptions = { since: string; rootsOnly: boolean; output?: string }

async function publish({ since, rootsOnly, output }: RootsOptions): Promise<void> {
  if (!/^\d{1,15}$/.test(since)) throw new UsageError('--since takes the number of a block')
  if (output !== undefined && existsSync(output)) {
    throw new UsageError(`${output} exists already. Name another file, or remove it first.`)
  }
  await withDatabase(({ ownerUrl }) =>
    asEngine(ownerUrl, async (client) => {
      const lines = Readable.from(exportRoots(client, { after: Number(since), leaves: !rootsOnly }))
      if (output === undefined) await pipeline(lines, process.stdout, { end: false }).catch(unlessClosed)
      else await pipeline(lines, createWriteStream(output, { flags: 'wx', mode: 0o600 }))
    }),
  )
}

/** Whoever reads our output may stop when they have seen enough, like head. */
function unlessClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

type SearchOptions = {
  actor?: string
  subject?: string
  subjectId?: string
  action?: string
  from?: string
  to?: string
  limit: string
  json: boolean
}

async function search({ json, limit, ...filters }: SearchOptions): Promise<void> {
  if (!/^[1-9]\d{0,3}$/.test(limit)) throw new UsageError('--limit takes a number from 1 to 9999')
  for (const time of [filters.from, filters.to]) {
    if (time !== undefined && Number.isNaN(Date.parse(time)))
      throw new UsageError('--from and --to take a time like 2027-01-31T00:00:00Z')
  }
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
  for (const id of [filters.actor, filters.subjectId]) {
    if (id !== undefined && !uuid.test(id)) throw new UsageError(`${id} is not an id`)
  }
  const items = await withDatabase(({ ownerUrl }) =>
    searchAudit(ownerUrl, { ...filters, limit: Number(limit) }),
  )
  if (json) print(JSON.stringify(items, null, 2))
  else {
    printTable(
      items.map((one) => [
        one.at,
        one.action,
        one.subjectId ?? '-',
        one.actorId ?? '-',
        [one.reason ?? '', one.changes === null ? '' : JSON.stringify(one.changes)].join(' ').trim(),
      ]),
    )
  }
}

async function retire(options: { before: string; reason: string; yes: boolean }): Promise<void> {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(options.before))
    throw new UsageError('--before takes a month like 2026-01')
  try {
    await withDatabase(async ({ ownerUrl }) => {
      const planned = await planRetirement(ownerUrl, options.before)
      const what = `${planned.rows} rows of ${planned.partitions.join(', ')}`
      if (!options.yes && !(await confirm(`Take away ${what} for good?`))) {
        throw new UsageError('nothing was retired. Pass --yes to do it without a question.')
      }
      await retireAudit(ownerUrl, options.before, options.reason)
      print(`Retired ${what}. Their blocks stay.`)
    })
  } catch (error) {
    if (error instanceof RetirementRefused) throw new Finding(error.message)
    throw error
  }
}
