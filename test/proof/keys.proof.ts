import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { killAtStatements } from '../sealing/kills.ts'
import { underLoad } from '../sealing/load.ts'
import { Vault } from '../sealing/vault.ts'

const SECONDS = Number(process.env.KEYS_SECONDS ?? 60)

let vault: Vault
before(async () => {
  vault = await Vault.open()
})
after(() => vault?.close())

test(`rotations and rewraps for ${SECONDS} s under load: no request fails (I14, I15)`, async (t) => {
  const people = await vault.people(8)
  let rounds = 0
  const load = await underLoad(vault, people, async () => {
    const until = performance.now() + SECONDS * 1000
    while (performance.now() < until) {
      await vault.rotate()
      await vault.requestRewrap()
      await Promise.all([vault.rewrap(), vault.rewrap({ backwards: true })])
      rounds++
    }
  })
  await vault.checkAll()
  assert.equal((await vault.keyStates()).decrypt_only, undefined)
  t.diagnostic(
    `keys: ${rounds} rotations and rewraps of everything, beside them ${load.stored} secrets stored, ` +
      `${load.opened} opened, ${load.trades} trades over HTTP; none failed, the slowest took ${Math.round(load.slowestMs)} ms`,
  )
})

for (const operation of ['rotate', 'rewrap'] as const) {
  test(`${operation}: kill -9 before and after every statement loses nothing, and it goes on`, async (t) => {
    const small = await Vault.open()
    try {
      await small.people(2)
      const kills = await killAtStatements(small, operation, 1)
      assert.ok(kills > 20)
      t.diagnostic(`keys: ${operation} killed ${kills} times, every secret opened after each`)
    } finally {
      await small.close()
    }
  })
}
