import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../config/config.ts'
import type { Config } from '../config/variables.ts'
import { asEngine } from '../owner.ts'
import { type Keyring, KeyringError } from './keyring.ts'
import { FileKeyring } from './keyrings/file.ts'
import { openKeyring } from './open-keyring.ts'

/**
 * Opens the keyring that the configuration names and makes sure that it holds the key in use; the first key of a new
 * keyring is taken into use. With the embedded server and no FAIRLOCK_KEYRING it is a file in the data folder, made
 * when nothing has been sealed yet. Throws `ConfigError` outside the demo without a keyring, `KeyringError` when keys
 * are missing: what they sealed could not be opened, and nothing may be sealed beside it.
 */
export async function keyringInForce(
  config: Config,
  ownerUrl: string,
  env: NodeJS.ProcessEnv,
): Promise<Keyring> {
  const used = await keysInUse(ownerUrl)
  const keyring = await openKeyring(await keyringLocation(config, used.length > 0), env)
  try {
    const held = await keyring.ids()
    const missing = used.filter((id) => !held.includes(id))
    if (missing.length > 0)
      throw new KeyringError(
        `The keyring ${keyring.location} does not hold ${missing.join(', ')}, with which data is sealed. ` +
          'Restore the keyring that does; without it that data cannot be opened.',
      )
    // A new token is empty.
    if (used.length === 0) await takeIntoUse(ownerUrl, keyring, held.at(-1) ?? (await keyring.create()))
    return keyring
  } catch (error) {
    await keyring.close()
    throw error
  }
}

/** What FAIRLOCK_KEYRING says, or the demo's file, which is made when nothing has been sealed yet. */
export async function keyringLocation(config: Config, isUsed: boolean): Promise<string> {
  if (config.keyring !== null) return config.keyring
  if (config.databaseUrl !== null)
    throw new ConfigError(
      'FAIRLOCK_KEYRING is not set. Outside the demo it must say where the key-encryption keys are. To make a ' +
        'keyring file: fairlock keys init /etc/fairlock/keyring.json; then FAIRLOCK_KEYRING=file:/etc/fairlock/keyring.json',
    )
  const path = join(config.dataDir, 'keyring.json')
  if (!existsSync(path)) {
    if (isUsed)
      throw new KeyringError(`${path} is gone, and data is sealed with its keys. Restore it from a copy.`)
    await FileKeyring.initialise(path)
  }
  return `file:${path}`
}

async function keysInUse(ownerUrl: string): Promise<string[]> {
  return asEngine(ownerUrl, async (client) => {
    const { rows } = await client.query<{ id: string }>(
      `select id from fairlock.key_encryption_keys k where state = 'active'
         or exists (select from fairlock.data_keys where key_encryption_key = k.id and state <> 'destroyed')`,
    )
    return rows.map(({ id }) => id)
  })
}

/** Two programs that start at once on a new database may do this both: the first one's key counts. */
async function takeIntoUse(ownerUrl: string, keyring: Keyring, id: string): Promise<void> {
  await asEngine(ownerUrl, (client) =>
    client.query(
      `insert into fairlock.key_encryption_keys (id, keyring, state, activated_at) values ($1, $2, 'active', now())
       on conflict do nothing`,
      [id, keyring.kind],
    ),
  )
}
