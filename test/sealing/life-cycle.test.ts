import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keyStatus } from '../../src/platform/sealing/index.ts'
import { Vault } from './vault.ts'

let vault: Vault
before(async () => {
  vault = await Vault.open()
})
after(() => vault?.close())

test('a rotation wraps every data key with a new key, and the old one is not needed any more', async () => {
  await vault.people(4)
  const [first] = await vault.keyring.ids()
  const rotation = await vault.rotate()
  assert.equal(rotation.rewrapped, 4)
  assert.deepEqual(rotation.unneeded, [first])
  await vault.checkAll()
  const { rows } = await vault.superuser.query(
    `select action, details from audit.events where action = 'keys.rotated'`,
  )
  assert.equal(rows[0].details.rewrapped, 4)
})

test('a rewrap gives everybody a new data key, seals everything anew and destroys the old keys', async () => {
  const before = await sealedValues()
  await vault.requestRewrap()
  const report = await vault.rewrap()
  assert.deepEqual([report.keys, report.values, report.stuck, report.done], [4, 12, [], true])
  const now = await sealedValues()
  assert.equal(now.length, before.length)
  assert.ok(now.every((value) => !before.includes(value)))
  assert.deepEqual(await vault.keyStates(), { active: 4, destroyed: 4 })
  await vault.checkAll()
})

test('what fairlock keys status says', async () => {
  const status = await keyStatus(vault.market.database.ownerUrl, vault.keyring)
  assert.deepEqual(status.problems, [])
  assert.equal(status.dataKeys.active, 4)
})

async function sealedValues(): Promise<string[]> {
  const { rows } = await vault.superuser.query(
    `select two_factor_secret as v from crypto_profiles where two_factor_secret is not null
     union all select encrypted_private_key from crypto_wallets where encrypted_private_key is not null
     union all select backup_phrase_encrypted from crypto_wallets where backup_phrase_encrypted is not null`,
  )
  return rows.map(({ v }) => v)
}
