import { Command } from 'commander'
import { readState, type SealWalk, scrubSecrets, sealSecrets } from '../../adoption/index.ts'
import { asEngine, type Config, ConfigError, Database } from '../../platform/index.ts'
import { withSession } from '../../platform/migrator/index.ts'
import { keyringInForce, Sealer } from '../../platform/sealing/index.ts'
import { currentEnvironment, withDatabase } from '../connect.ts'
import { Finding, UsageError } from '../finding.ts'
import { confirm, print, printTable } from '../output.ts'
import { withProgress } from '../progress.ts'

/** `fairlock db secrets …`: what the old application kept in clear. */
export function secretsCommand(): Command {
  const command = new Command('secrets').description('what the old application keeps in clear')
  command
    .command('seal')
    .description('seals what stands in clear in the old tables; the old rows stay as they are')
    .action(() => withSealer(seal))
  command.command('list').description('what is sealed: whose, and where it stood').action(list)
  command
    .command('open <id>')
    .description('writes one sealed secret to the standard output, and to the record that it was opened')
    .requiredOption('--reason <text>', 'why; it goes on the record')
    .action((id: string, { reason }: { reason: string }) => withSealer((at) => open(at, id, reason)))
  return command
}

/** `fairlock db scrub`: takes sealed secrets out of the old rows. */
export function scrubCommand(): Command {
  return new Command('scrub')
    .description('takes the secrets that are sealed out of the old rows, which the old application may read')
    .option('--reason <text>', 'why, for the audit log')
    .option('--yes', 'do not ask', false)
    .action((options: ScrubOptions) => withSealer((at) => scrub(at, options)))
}

type ScrubOptions = { yes: boolean; reason?: string }
type At = { ownerUrl: string; sealer: Sealer }

/** Seals for `fairlock db up`; says what was done, or what is left to do where no keyring is configured. */
export async function sealForUp(config: Config, { ownerUrl, appUrl }: Urls, walk: SealWalk): Promise<string> {
  try {
    return await withKeyring(config, { ownerUrl, appUrl }, async ({ sealer }) => {
      const { sealed, changed, known } = await sealSecrets(ownerUrl, sealer, walk)
      return `${sealed + changed} secrets that stand in clear in the old tables were sealed, ${known} were before.`
    })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return `Secrets in clear were not sealed: ${error.message.replace(/\.?$/, '.')} Then run fairlock db secrets seal.`
  }
}

type Urls = { ownerUrl: string; appUrl: string }

async function withSealer(work: (at: At) => Promise<void>): Promise<void> {
  await withDatabase((urls, config) => withKeyring(config, urls, work))
}

async function withKeyring<T>(config: Config, urls: Urls, work: (at: At) => Promise<T>): Promise<T> {
  const keyring = await keyringInForce(config, urls.ownerUrl, currentEnvironment())
  const db = new Database(urls.appUrl, { connections: 2 })
  const sealer = new Sealer(db, keyring)
  try {
    return await work({ ownerUrl: urls.ownerUrl, sealer })
  } finally {
    sealer.close()
    await db.close()
    await keyring.close()
  }
}

async function requireOldTables(ownerUrl: string) {
  const state = await withSession(ownerUrl, (session) => readState(session))
  if (state === null || ['adopted', 'contracted', 'parked'].includes(state.phase)) {
    throw new Finding(
      'No old tables are being carried here: run fairlock db up first. After the contract they are in the schema ' +
        'fairlock_old, and dropping it ends what stands in clear in it.',
    )
  }
  return state
}

async function seal({ ownerUrl, sealer }: At): Promise<void> {
  await requireOldTables(ownerUrl)
  let looked = 0
  const { sealed, changed, known, unowned } = await withProgress(false, (show) =>
    sealSecrets(ownerUrl, sealer, {
      onRows: async ({ rows }) => {
        looked += rows
        show(`${looked} old rows looked through`)
      },
    }),
  )
  print(`${sealed} secrets sealed, ${changed} anew because they had changed, ${known} were sealed already.`)
  if (unowned > 0) print(`${unowned} of them stand in rows whose person has not been carried.`)
  print(
    'The old rows still have them in clear: docs/operating/migration.md, "Secrets in clear", says how that ends.',
  )
}

async function list(): Promise<void> {
  await withDatabase(async ({ ownerUrl }) => {
    const { rows } = await asEngine(ownerUrl, (client) =>
      client.query<{ id: string; person: string | null; place: string; at: string }>(
        `select id, user_id as person, format('%s %s %s', table_name, row_key, array_to_string(path, '.')) as place,
           fairlock.rfc3339(sealed_at) as at
         from fairlock.adopted_secrets order by table_name, row_key, path`,
      ),
    )
    printTable([
      ['id', 'person', 'where', 'sealed'],
      ...rows.map(({ id, person, place, at }) => [id, person ?? '', place, at]),
    ])
  })
}

async function open({ ownerUrl, sealer }: At, id: string, reason: string): Promise<void> {
  const found = await asEngine(ownerUrl, async (client) => {
    const { rows } = await client.query<{ owner: string | null; secret: string }>(
      'select user_id as owner, secret from fairlock.adopted_secrets where id::text = $1',
      [id],
    )
    if (rows[0] !== undefined) {
      await client.query(
        `select fairlock.record_event('secret.opened', 'adopted_secrets', $1, $2, '{"column": "secret"}')`,
        [id, reason],
      )
    }
    return rows[0]
  })
  if (found === undefined) throw new UsageError(`there is no sealed secret ${id}: fairlock db secrets list`)
  const place = { table: 'fairlock.adopted_secrets', column: 'secret', row: id }
  const secret = await sealer.open(found.owner, place, found.secret)
  process.stdout.write(secret)
  secret.fill(0)
}

async function scrub({ ownerUrl, sealer }: At, { yes, reason }: ScrubOptions): Promise<void> {
  const { mapping } = await requireOldTables(ownerUrl)
  print('The old application may read these secrets: what it does without them, its makers know.')
  if (!yes && !(await confirm('Take them out of its rows?')))
    throw new UsageError('not confirmed: nothing was done. Pass --yes to go on without being asked.')
  const { scrubbed, unsealed, tables } = await scrubSecrets(ownerUrl, sealer, mapping, { reason })
  print(`${scrubbed} secrets were taken out of ${tables.join(', ') || 'no table'}.`)
  if (tables.length > 0) {
    print('They are still in dead rows, in the WAL and in backups. What ends that, in this order:')
    for (const table of tables)
      print(`  vacuum (full, analyze) ${table};  -- locks it; pg_repack does the same without`)
    print('  let the backups and archived WAL from before now expire, or destroy them')
    print('  move coins from keys that stood in clear to new ones, and have people choose new passwords')
  }
  if (unsealed > 0)
    throw new Finding(
      `${unsealed} secrets are not sealed as they stand and were left: fairlock db secrets seal.`,
    )
}
