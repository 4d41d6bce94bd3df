import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Database, loadConfig } from '../../src/platform/index.ts'
import {
  type Keyring,
  KeyringError,
  keyringInForce,
  rotate,
  Sealer,
} from '../../src/platform/sealing/index.ts'
import { testDatabase } from '../support/server.ts'
import { fakeVault } from './fake-vault.ts'
import { NO_SOFTHSM, PIN, SOFTHSM, softhsmFolder } from './softhsm.ts'

const PLACE = { table: 'public.crypto_wallets', column: 'backup_phrase_encrypted', row: '7' }
const SECRET = Buffer.from('abandon abandon about')

/** A new installation with such a keyring: its first start, sealing, a rotation, another process, and a wrong one. */
async function life(uri: string, env: NodeJS.ProcessEnv, otherUri: string): Promise<void> {
  const { ownerUrl, appUrl, drop } = await testDatabase()
  const db = new Database(appUrl, { connections: 2 })
  const opened: Keyring[] = []
  const start = async (place: string) => {
    const keyring = await keyringInForce(loadConfig({ FAIRLOCK_KEYRING: place }), ownerUrl, env)
    opened.push(keyring)
    return { keyring, sealer: new Sealer(db, keyring) }
  }
  try {
    const { keyring, sealer } = await start(uri)
    const before = await keyring.ids()
    const sealed = await sealer.seal(null, PLACE, SECRET)
    const { key, rewrapped, unneeded } = await rotate(ownerUrl, keyring, {
      prepare: false,
      onProgress: () => undefined,
    })
    assert.deepEqual(await keyring.ids(), [...before, key])
    assert.equal(rewrapped, 1)
    assert.deepEqual(unneeded, before)
    const again = await start(uri)
    assert.deepEqual(await again.sealer.open(null, PLACE, sealed), SECRET)
    await assert.rejects(start(otherUri), (error: Error) => {
      assert.ok(error instanceof KeyringError)
      assert.match(error.message, new RegExp(`does not hold ${key}`))
      return true
    })
  } finally {
    await Promise.all(opened.map((keyring) => keyring.close()))
    await db.close()
    await drop()
  }
}

test('an installation lives with its keys on a token', { skip: NO_SOFTHSM }, async () => {
  const softhsm = softhsmFolder()
  after(() => softhsm.stop())
  for (const label of ['first', 'second']) softhsm.initToken(label)
  const uri = (label: string) => `pkcs11:${SOFTHSM}?token=${label}&pin-env=TOKEN_PIN`
  await life(uri('first'), { TOKEN_PIN: PIN }, uri('second'))
})

test('an installation lives with its keys in Vault', async () => {
  const vault = await fakeVault({ token: 'a token' })
  after(() => vault.stop())
  for (const name of ['first', 'second']) vault.addKey(name)
  const uri = (name: string) => `vault:${vault.url}/transit/${name}?token-env=VAULT`
  await life(uri('first'), { VAULT: 'a token' }, uri('second'))
})
