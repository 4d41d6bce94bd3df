import { Command, Option } from 'commander'
import { requireAdopted } from '../adoption/index.ts'
import {
  down,
  plan,
  type RunOptions,
  type RunResult,
  type Status,
  status,
  verify,
} from '../platform/migrator/index.ts'
import { adoptCommand } from './adoption/adopt.ts'
import { contractCommand } from './adoption/contract.ts'
import { type GiveBackOptions, giveBack, refuseBeforeTakeOver } from './adoption/down.ts'
import { isTakenOver, planTakeOver } from './adoption/plan.ts'
import { quarantineCommand } from './adoption/quarantine.ts'
import { scrubCommand, secretsCommand } from './adoption/secrets.ts'
import { NOT_TAKEN_OVER, type StatusOptions, watchTakeOver, withoutLoans } from './adoption/status.ts'
import { type TakeOverOptions, takeOver, wholeNumber } from './adoption/up.ts'
import { type VerifyOptions, verifyTakeOver } from './adoption/verify.ts'
import { bringUp, writeSettings } from './bring-up.ts'
import { type Connection, withDatabase } from './connect.ts'
import { Finding, UsageError } from './finding.ts'
import { confirm, print, printTable } from './output.ts'
import { ProgressLine } from './progress.ts'

/** `fairlock db …`: the schema's way up and down, and whether it is as it should be. */
export function dbCommand(): Command {
  const db = new Command('db').description('the schema: status, plan, up, down, verify, url')
  db.command('status')
    .description(
      'which migrations have run, what is pending, drift between the live schema and the expected one',
    )
    .option('--json', 'as JSON', false)
    .option('--watch', 'of a take-over: a page that shows how far it is, until you press q', false)
    .option('--interval <seconds>', 'how often --watch looks', '2')
    .option('--prometheus', 'of a take-over: its metrics as text, for a node exporter', false)
    .action((options: StatusOptions) =>
      withDatabase(async (connection) => {
        const takenOver = await isTakenOver(connection.ownerUrl)
        if (!takenOver && (options.watch || options.prometheus)) throw new UsageError(NOT_TAKEN_OVER)
        if (!takenOver) return await showStatus(connection, options.json)
        await watchTakeOver(connection, options)
        if (!options.json && !options.watch && !options.prometheus)
          await showStatus(connection, false, withoutLoans)
      }),
    )
  db.command('plan')
    .description('what `up` would do: each step, the locks it takes, an estimate of rows touched')
    .option('--to <migration>', 'stop after this one')
    .option('--json', 'as JSON', false)
    .action((options: { to?: string; json: boolean }) =>
      withDatabase((connection) => showPlan(connection, options)),
    )
  db.command('up')
    .description('applies what is pending; a killed run goes on where it stopped')
    .option('--to <migration>', 'stop after this one')
    .option('--dry-run', 'only say what would be done', false)
    .option('--no-wait', 'fail at once when another migrator is at work')
    .option(
      '--max-rate <rows>',
      'of a database that is taken over: carry so many rows a second at most',
      wholeNumber,
    )
    .option(
      '--max-p99 <ms>',
      'of a database that is taken over: give way when the probe’s p99 is above this (else: 1.5 times that before)',
      wholeNumber,
    )
    .option('--no-expand', 'of a database that is taken over: add no columns to the old tables')
    .option('--follow', 'go on carrying what the old application writes, until Ctrl-C', false)
    .option('--yes', 'do not ask which wallets are in custody: the mapping says', false)
    .option('--json', 'as JSON', false)
    .action((options: UpOptions) =>
      withDatabase((connection, config) =>
        goUp(connection, options, () => writeSettings(connection.ownerUrl, config)),
      ),
    )
  db.command('down')
    .description(
      'rolls back; what only the newer schema knows is kept aside and comes back with the next `up`',
    )
    .requiredOption('--to <migration>', 'the last one that stays')
    .option('--dry-run', 'only say what would be done', false)
    .option('--yes', 'do not ask', false)
    .option('--force', 'give a database that is taken over back though a Fairlock is connected', false)
    .option('--reason <text>', 'why a database that is taken over is given back, for the audit log')
    .option('--json', 'as JSON', false)
    .action((options: DownOptions) => withDatabase((connection) => goDown(connection, options)))
  db.command('verify')
    .description('every migration’s own checks, and the data against what was recorded')
    .option('--json', 'as JSON', false)
    .option('--out <file>', 'of a take-over: also write the signed report to a new file')
    .option('--require-signature', 'of a take-over: fail when nothing can sign the report', false)
    .action((options: VerifyOptions) =>
      withDatabase(async (connection, config) => {
        if (await isTakenOver(connection.ownerUrl)) await verifyTakeOver(connection, config, options)
        else if (options.out !== undefined || options.requireSignature) throw new UsageError(NOT_TAKEN_OVER)
        else await showProblems(connection, options.json)
      }),
    )
  db.addCommand(adoptCommand())
  db.command('url')
    .description('the connection string in force, the embedded server’s too')
    .addOption(new Option('--role <role>', 'whose').choices(['owner', 'app']).default('owner'))
    .action((options: { role: string }) =>
      withDatabase(async ({ ownerUrl, appUrl }) => print(options.role === 'app' ? appUrl : ownerUrl)),
    )
  db.addCommand(contractCommand())
  db.addCommand(quarantineCommand())
  db.addCommand(secretsCommand())
  db.addCommand(scrubCommand())
  return db
}

type UpOptions = TakeOverOptions & { to?: string; dryRun: boolean }
type DownOptions = GiveBackOptions

async function showStatus(
  { ownerUrl }: Connection,
  json: boolean,
  seen: (found: Status) => Status = (found) => found,
): Promise<void> {
  await requireAdopted(ownerUrl)
  const found = seen(await status({ ownerUrl }))
  if (json) print(JSON.stringify(found, null, 2))
  else describeStatus(found)
  if (found.problems.length > 0 || (found.drift?.length ?? 0) > 0)
    throw new Finding('The schema is not as expected.')
}

function describeStatus(found: Status): void {
  for (const one of found.applied)
    print(`applied  ${one.migration}  ${one.appliedAt.toISOString()}  by ${one.appliedBy}`)
  for (const one of found.interrupted)
    print(`halfway  ${one.migration}  on the way ${one.direction}: run db ${one.direction} again`)
  for (const one of found.pending) print(`pending  ${one}`)
  print(`code     ${found.code}`)
  for (const kept of found.kept) print(`kept     ${JSON.stringify(kept)}`)
  if (found.holder !== null) print(`busy     ${JSON.stringify(found.holder)}`)
  for (const problem of found.problems) print(`problem  ${problem}`)
  if (found.drift === null) print('drift    is compared once everything is applied')
  else if (found.drift.length === 0) print('drift    none: the live schema is db/schema.snapshot.sql')
  else for (const line of found.drift) print(`drift    ${line}`)
}

async function showPlan({ ownerUrl }: Connection, options: { to?: string; json: boolean }): Promise<void> {
  if (await isTakenOver(ownerUrl)) return await planTakeOver(ownerUrl, options.json)
  await requireAdopted(ownerUrl)
  const steps = await plan({ ownerUrl, to: options.to })
  if (options.json) return print(JSON.stringify(steps, null, 2))
  if (steps.length === 0) return print('Nothing is pending.')
  for (const step of steps) {
    print(`${step.migration}${step.transactional ? '' : '  (statement by statement)'}`)
    printTable(
      step.statements.map((one) => [
        `  ${one.lock}`,
        `blocks ${one.blocks}`,
        `~${one.estimatedRows} rows`,
        one.sql.replace(/\s+/g, ' ').slice(0, 90),
      ]),
    )
  }
}

async function goUp(
  { ownerUrl, appUrl }: Connection,
  options: UpOptions,
  afterwards: () => Promise<void>,
): Promise<void> {
  if (!options.dryRun && (await isTakenOver(ownerUrl))) {
    await takeOver({ ownerUrl, appUrl }, options)
    return await afterwards()
  }
  await requireAdopted(ownerUrl)
  const { to, dryRun, wait, json } = options
  const result = await reporting(json, (report) => bringUp({ ownerUrl, appUrl, to, dryRun, wait, ...report }))
  const { pending } = options.dryRun ? { pending: ['?'] } : await status({ ownerUrl })
  if (pending.length === 0) await afterwards()
  describeRun(result, options)
}

async function goDown({ ownerUrl }: Connection, options: DownOptions): Promise<void> {
  if (await isTakenOver(ownerUrl)) return await giveBack(ownerUrl, options)
  await requireAdopted(ownerUrl)
  await refuseBeforeTakeOver(ownerUrl, options.to)
  if (
    !(
      options.dryRun ||
      options.yes ||
      (await confirm(`Roll back to ${options.to}? The API must not be running.`))
    )
  ) {
    throw new UsageError('not confirmed: nothing was done. Pass --yes to go on without being asked.')
  }
  const { to, dryRun, json } = options
  describeRun(await reporting(json, (report) => down({ ownerUrl, to, dryRun, ...report })), options)
}

type Report = Required<Pick<RunOptions, 'onProgress' | 'onMessage'>>

async function reporting(json: boolean, work: (report: Report) => Promise<RunResult>): Promise<RunResult> {
  const line = new ProgressLine()
  try {
    return await work({
      onProgress: ({ direction, migration, done, of }) => {
        if (!json) line.show(`${direction} ${migration} ${done}/${of}`)
      },
      onMessage: (message) => line.say(message),
    })
  } finally {
    line.clear()
  }
}

function describeRun(result: RunResult, options: { dryRun: boolean; json: boolean }): void {
  if (options.json) print(JSON.stringify(result, null, 2))
  else if (options.dryRun) {
    for (const step of result.planned) print(`would go ${result.direction}: ${step.migration}`)
    if (result.planned.length === 0) print('There is nothing to do.')
  } else {
    for (const one of result.migrations) print(`${result.direction}  ${one}`)
    for (const one of result.restored) print(`kept rows: ${JSON.stringify(one)}`)
    for (const note of result.notes) print(`note: ${note}`)
    if (result.migrations.length === 0)
      print(result.codeApplied ? 'The code was brought up to date.' : 'There was nothing to do.')
  }
  for (const problem of result.problems) print(`problem: ${problem}`)
  if (result.problems.length > 0)
    throw new Finding('The data is not what it was before; see the problems above.')
}

async function showProblems({ ownerUrl }: Connection, json: boolean): Promise<void> {
  await requireAdopted(ownerUrl)
  const problems = await verify({ ownerUrl })
  if (json) print(JSON.stringify(problems, null, 2))
  else for (const one of problems) print(`${one.source}: ${one.problem}`)
  if (problems.length > 0) throw new Finding(`${problems.length} problems.`)
  if (!json) print('Everything is as it should be.')
}
