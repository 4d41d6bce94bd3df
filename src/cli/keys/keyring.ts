import type { Config } from '../../platform/index.ts'
import { type Keyring, keyringLocation, openKeyring } from '../../platform/sealing/index.ts'
import { type Connection, currentEnvironment, withDatabase } from '../connect.ts'

/** Runs `work` with the keyring in force, without asking whether it holds every key that is needed. */
export async function withKeyring<T>(
  work: (keyring: Keyring, connection: Connection, config: Config) => Promise<T>,
): Promise<T> {
  return withDatabase(async (connection, config) => {
    const keyring = await openKeyring(await keyringLocation(config, true), currentEnvironment())
    try {
      return await work(keyring, connection, config)
    } finally {
      await keyring.close()
    }
  })
}
