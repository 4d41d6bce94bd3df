import { Command } from 'commander'
import type pg from 'pg'
import { asEngine, Database, engineSteps } from '../../platform/index.ts'
import { Rewrap, type RewrapReport, Sealer } from '../../platform/sealing/index.ts'
import { Finding, UsageError } from '../finding.ts'
import { print } from '../output.ts'
import { findPerson } from '../person.ts'
import { withProgress } from '../progress.ts'
import { withKeyring } from './keyring.ts'

type Options = { background: boolean; owner?: string; maxRate?: number; json: boolean }

/** `fairlock keys rewrap`: every secret sealed anew with new data keys. */
export function rewrapCommand(): Command {
  return new Command('rewrap')
    .description('replace every data key and seal all secrets anew, while the system serves; resumable')
    .option('--background', 'only ask for it; the running program does it', false)
    .option('--owner <person>', 'only what is this person’s: e-mail address or id')
    .option('--max-rate <n>', 'at most so many values a second', (text) => {
      if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError('--max-rate takes a number from 1 to 999999')
      return Number(text)
    })
    .option('--json', 'as JSON', false)
    .action(rewrap)
}

async function rewrap(options: Options): Promise<void> {
  if (options.background && options.owner !== undefined)
    throw new UsageError('--background does everything; leave --owner away, or --background')
  const report = await withKeyring(async (keyring, { ownerUrl, appUrl }) => {
    const owner = options.owner === undefined ? null : await findPerson(ownerUrl, options.owner)
    if (owner === null) await request(ownerUrl, options.maxRate ?? null)
    if (options.background) return null
    const db = new Database(appUrl, { connections: 2 })
    const sealer = new Sealer(db, keyring)
    try {
      if (owner !== null) await retireKeysOf(ownerUrl, sealer, owner)
      return await run(db, sealer, owner, options)
    } finally {
      sealer.close()
      await db.close()
    }
  })
  if (report === null) return print('Asked for. `fairlock keys status` shows how far it is.')
  if (options.json) print(JSON.stringify(report, null, 2))
  else print(`${report.keys} data keys gone through, ${report.values} values sealed anew.`)
  if (report.stuck.length > 0)
    throw new Finding(
      `These values cannot be opened with their key; they and it stay as they are:\n${report.stuck.join('\n')}`,
    )
}

async function run(
  db: Database,
  sealer: Sealer,
  owner: string | null,
  { json, maxRate }: Options,
): Promise<RewrapReport> {
  return await withProgress(json, (show) =>
    new Rewrap(db, sealer, {
      backwards: true,
      maxRate: maxRate ?? null,
      ...(owner === null ? {} : { owner }),
      onProgress: ({ keys, values }) => show(`${keys} data keys, ${values} values`),
    }).run(),
  )
}

/** A rewrap that is under way goes on from where it is; otherwise everything that is sealed now is to be done. */
async function request(ownerUrl: string, maxRate: number | null): Promise<void> {
  await asEngine(ownerUrl, (client) =>
    client.query(
      `update fairlock.rewrap set max_rate = coalesce($1, max_rate),
         requested_at = case when requested_at is null or finished_at is not null then clock_timestamp()
           else requested_at end, finished_at = null`,
      [maxRate],
    ),
  )
}

/** Where a rewrap of this person was cut off there are retired keys: those are finished, without another new one. */
async function retireKeysOf(ownerUrl: string, sealer: Sealer, owner: string): Promise<void> {
  const keys = await engineSteps(ownerUrl, async (client: pg.Client) => {
    const found = await client.query<{ id: string; state: string }>(
      `select id, state from fairlock.data_keys where owner_id = $1 and state <> 'destroyed'`,
      [owner],
    )
    return found.rows
  })
  if (keys.some(({ state }) => state === 'decrypt_only')) return
  for (const { id } of keys) await sealer.keys.replace(id, owner)
}
