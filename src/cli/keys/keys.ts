import { join } from 'node:path'
import { Command } from 'commander'
import { asEngine, type Config } from '../../platform/index.ts'
import {
  FileKeyring,
  type Keyring,
  KeyringError,
  type KeyStatus,
  keyringLocation,
  keyStatus,
  openKeyring,
  RotationError,
  rotate,
} from '../../platform/sealing/index.ts'
import { currentConfig, currentEnvironment, withDatabase } from '../connect.ts'
import { Finding, UsageError } from '../finding.ts'
import { confirm, print, printTable } from '../output.ts'
import { withProgress } from '../progress.ts'
import { withKeyring } from './keyring.ts'
import { rewrapCommand } from './rewrap.ts'

/** `fairlock keys …`: the keys that seal secrets. Nothing here shows a key. */
export function keysCommand(): Command {
  const keys = new Command('keys').description(
    'the keys that seal secrets: init, status, rotate, rewrap, destroy',
  )
  keys
    .command('init')
    .description('make a keyring file with a first key, readable by you alone; never over an existing one')
    .argument('[path]', 'if not given: the file that FAIRLOCK_KEYRING names')
    .action(initialise)
  keys
    .command('status')
    .description('keys with their age and use, values under retired keys, a running rewrap, warnings')
    .option('--json', 'as JSON', false)
    .action(showStatus)
  keys
    .command('rotate')
    .description(
      'put a new key-encryption key in force and wrap every data key with it; while the system serves',
    )
    .option('--prepare', 'only add the key, so that other machines’ keyrings can get it first', false)
    .option('--key <id>', 'a key that the keyring holds already')
    .option('--json', 'as JSON', false)
    .action(rotateKeys)
  keys
    .command('destroy')
    .description('mark a retired key-encryption key that wraps nothing any more as destroyed')
    .argument('<id>', 'of the key')
    .option('--yes', 'do not ask', false)
    .action(destroyKey)
  keys.addCommand(rewrapCommand())
  return keys
}

async function initialise(path: string | undefined): Promise<void> {
  const keyring = await FileKeyring.initialise(path ?? configuredPath())
  print(`${keyring.location} is made, with one key. FAIRLOCK_KEYRING=${keyring.location} uses it.`)
  print('Keep a copy where no backup of the database is: without it what it seals cannot be opened.')
}

function configuredPath(): string {
  const { keyring, databaseUrl, dataDir } = currentConfig()
  if (keyring?.startsWith('file:')) return keyring.slice('file:'.length)
  if (keyring === null && databaseUrl === null) return join(dataDir, 'keyring.json')
  throw new UsageError('name the file: fairlock keys init /etc/fairlock/keyring.json')
}

async function showStatus({ json }: { json: boolean }): Promise<void> {
  const status = await withDatabase(async ({ ownerUrl }, config) => {
    const keyring = await usableKeyring(config)
    try {
      return await keyStatus(ownerUrl, keyring)
    } finally {
      if (!(keyring instanceof Error)) await keyring.close()
    }
  })
  if (json) print(JSON.stringify(status, null, 2))
  else describeKeys(status)
  if (status.problems.length > 0)
    throw new Finding(`${status.problems.join('\n')}\nGo on with docs/operating/keys.md.`)
}

async function usableKeyring(config: Config): Promise<Keyring | Error> {
  try {
    return await openKeyring(await keyringLocation(config, true), currentEnvironment())
  } catch (error) {
    if (error instanceof KeyringError) return error
    throw error
  }
}

/** Prints `fairlock keys status` for people. */
function describeKeys(status: KeyStatus): void {
  const { keyring, keys, unused, dataKeys, columns, rewrap, warnings } = status
  print(`Keyring: ${keyring}\n`)
  printTable([
    ['key-encryption key', 'state', 'in use since', 'data keys', 'in the keyring'],
    ...keys.map(({ id, state, activatedAt, dataKeys: count, held }) => [
      id,
      state,
      activatedAt?.slice(0, 10) ?? '-',
      String(count),
      held === null ? 'unknown' : held ? 'yes' : 'NO',
    ]),
    ...unused.map((id) => [id, 'never used', '-', '0', 'yes']),
  ])
  print(
    `\nData keys: ${dataKeys.active} active, ${dataKeys.decrypt_only} retired, ${dataKeys.destroyed} destroyed\n`,
  )
  printTable([
    ['sealed column', 'values', 'under retired keys'],
    ...columns.map(({ column, values, retired }) => [column, String(values), String(retired)]),
  ])
  if (rewrap) print(`\nA rewrap runs since ${rewrap.requestedAt}: ${rewrap.left} data keys are left.`)
  for (const warning of warnings) print(`\nwarning: ${warning}`)
}

async function rotateKeys(options: { prepare: boolean; key?: string; json: boolean }): Promise<void> {
  const rotation = await withProgress(options.json, (show) =>
    withKeyring((keyring, { ownerUrl }) =>
      rotate(ownerUrl, keyring, {
        ...options,
        onProgress: (count) => show(`${count} data keys`),
      }),
    ),
  ).catch((error: unknown) => {
    throw error instanceof RotationError ? new Finding(error.message) : error
  })
  const { key, state, rewrapped, damaged, unneeded } = rotation
  if (options.json) print(JSON.stringify(rotation, null, 2))
  else if (state === 'pending') {
    print(`${key} is prepared. Bring it into the keyring of every machine, then: fairlock keys rotate`)
  } else {
    print(`${key} is in force; ${rewrapped} data keys were wrapped with it.`)
    for (const id of unneeded) print(`${id} is not needed any more: fairlock keys destroy ${id}`)
  }
  if (damaged.length > 0)
    throw new Finding(
      `The keyring does not unwrap ${damaged.length} data keys; they stay as they are: ${damaged.join(', ')}`,
    )
}

async function destroyKey(id: string, { yes }: { yes: boolean }): Promise<void> {
  await withDatabase(async ({ ownerUrl }) => {
    const state = await asEngine(ownerUrl, async (client) => {
      const found = await client.query('select state from fairlock.key_encryption_keys where id = $1', [id])
      return found.rows[0]?.state as string | undefined
    })
    if (state === undefined)
      throw new Finding(`The database knows no key ${id}. fairlock keys status lists them.`)
    if (state === 'destroyed') return print(`${id} is destroyed already. ${FROM_THE_KEYRING}`)
    if (state !== 'decrypt_only')
      throw new Finding(
        `${id} is ${state}: only a retired key can be destroyed. fairlock keys rotate retires one.`,
      )
    const question = `Backups older than its last use cannot be opened without ${id}. Destroy it?`
    if (!yes && !(await confirm(question))) throw new UsageError('nothing was done; --yes does not ask')
    const left = await asEngine(ownerUrl, async (client) => {
      const { rows } = await client.query('select fairlock.destroy_key_encryption_key($1) as left', [id])
      return Number(rows[0].left)
    })
    if (left > 0)
      throw new Finding(`${left} data keys need ${id} still. fairlock keys rotate wraps them anew.`)
    print(`${id} is marked as destroyed. ${FROM_THE_KEYRING}`)
  })
}

const FROM_THE_KEYRING =
  'Remove it from the keyring, and from every copy of it, once no backup that you may restore needs it.'
