import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Vault } from './vault.ts'

const VICTIM = fileURLToPath(new URL('victim.ts', import.meta.url))

/**
 * Kills a rotation or a rewrap at its statements, one after the other, before and after they are sent; after each kill
 * everything opens, and the same command goes on and ends. Gives the number of kills.
 */
export async function killAtStatements(
  vault: Vault,
  operation: 'rotate' | 'rewrap',
  every: number,
  first = 1,
): Promise<number> {
  const again = async () => {
    if (operation === 'rewrap') await vault.requestRewrap()
  }
  await again()
  const statements = Number(run(vault, operation, {}).stdout)
  assert.ok(statements > 5, 'the victim did its work')
  let kills = 0
  for (let at = first; at <= statements; at += every) {
    for (const when of ['before', 'sent']) {
      await again()
      const { signal } = run(vault, operation, { DIE_AT: String(at), DIE_WHEN: when })
      if (signal === 'SIGKILL') kills++
      await vault.checkAll()
      const resumed = run(vault, operation, {})
      assert.equal(
        resumed.status,
        0,
        `${operation} killed at ${at} (${when}) does not go on: ${resumed.stderr}`,
      )
      await vault.checkAll()
      await assertAtRest(vault, `${operation} killed at statement ${at} (${when})`)
    }
  }
  return kills
}

function run(vault: Vault, operation: string, env: NodeJS.ProcessEnv) {
  const { ownerUrl, appUrl } = vault.market.database
  return spawnSync(process.execPath, [VICTIM, operation, vault.keyringPath, ownerUrl, appUrl], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 60_000,
  })
}

/** One key-encryption key wraps everything, and nothing retired is left over. */
async function assertAtRest(vault: Vault, what: string): Promise<void> {
  const { rows } = await vault.superuser.query(
    `select (select count(*)::int from fairlock.key_encryption_keys where state = 'active') as active,
       (select count(*)::int from fairlock.key_encryption_keys where state = 'pending') as pending,
       (select count(*)::int from fairlock.data_keys k join fairlock.key_encryption_keys e
          on e.id = k.key_encryption_key and e.state <> 'active' where k.state <> 'destroyed') as behind,
       (select count(*)::int from fairlock.data_keys where state = 'decrypt_only') as retired`,
  )
  assert.deepEqual(rows[0], { active: 1, pending: 0, behind: 0, retired: 0 }, what)
}
